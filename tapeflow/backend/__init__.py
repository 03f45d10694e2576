"""Running programs at every level: two engines, one semantics, equal counters."""
