"""`tapeflow tape`: what a gradient saves, how much of it, and why."""
