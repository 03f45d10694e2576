"""`tapeflow-gui`: passes one by one on a program, in the terminal."""
