"""Analyses: IR in, frozen dataclasses out; nothing is rewritten here."""
