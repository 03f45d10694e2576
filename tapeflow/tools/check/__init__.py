"""`tapeflow check`: a gradient against differences, or a pipeline pass by pass."""
