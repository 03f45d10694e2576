"""Rings on chip: where layers begin, and the proof that no tile is used wrongly."""
