"""Passes that let the program compute addresses, where it costs least."""
