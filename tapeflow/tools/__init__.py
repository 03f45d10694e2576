"""The commands: `tapeflow-opt` and `tapeflow`."""
