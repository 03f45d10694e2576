"""What both engines run on: buffers, the memory of a run, views, errors, results."""
