"""What a machine is: its fields, presets, files, operations, errors and rings."""
