"""The reference engine: xDSL's interpreter with times and exact memory, op by op."""
