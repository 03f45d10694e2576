"""What operations compute, cost and wait for: one definition for both engines."""
