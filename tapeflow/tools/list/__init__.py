"""`tapeflow list`: what there is to choose from, and what it means."""
