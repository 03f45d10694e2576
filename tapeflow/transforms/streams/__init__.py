"""The tape on chip: layers, scratchpad, transfers that start early, and their check."""
