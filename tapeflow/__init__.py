"""Gradients of loop programs whose tape streams through a scratchpad.

The dialects are in `tapeflow.dialects`, the passes in `tapeflow.transforms`, the
engines that run a program at any level in `tapeflow.backend`.
"""
