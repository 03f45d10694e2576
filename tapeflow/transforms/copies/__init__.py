"""Passes that remove copies between buffers."""
