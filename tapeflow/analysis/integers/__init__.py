"""Whole numbers of a program: their bounds, as formulas, and as estimates."""
