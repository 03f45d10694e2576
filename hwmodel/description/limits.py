"""The greatest sizes that the kernels can represent."""

from typing import Final

MOST_BANKS: Final = 16
"""Banks of a scratchpad: the banks taken in a cycle are bits of one packed word."""
