"""Where each region lives: chosen by cost, kept only where it can be proved."""
