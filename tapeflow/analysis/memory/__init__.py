"""Which values are names of which memory, who writes it, and until when it is read."""
