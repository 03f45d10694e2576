"""`tapeflow inputs`: the seeded inputs of a benchmark program."""
