"""Pipelines: from their text to passes, and fitted to a machine."""
