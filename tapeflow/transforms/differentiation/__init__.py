"""The gradient: a forward sweep that saves, a reverse that accumulates adjoints."""
