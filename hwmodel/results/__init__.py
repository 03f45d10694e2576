"""What a run tells: counters, energy, bounds, timelines and traces."""
