"""In which order an iteration may run: what waits for what, and where it can be cut."""
