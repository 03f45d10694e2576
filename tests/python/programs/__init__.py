"""The measured programs as a user writes them in Python."""
