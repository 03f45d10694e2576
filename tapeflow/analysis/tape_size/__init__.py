"""The bill of a tape: its bytes as formulas of the program's sizes, and why."""
