"""A machine as passes know it, and what a loop takes on it."""
