"""What every stage asks: levels, order, places in the source, costs of operations."""
