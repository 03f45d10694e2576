"""What all components are made of: compiled kernels, the state of a run, its log."""
