"""Iterations that overlap: where they are cut, and the loop that runs both parts."""
