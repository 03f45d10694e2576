"""What must hold of every module, beyond what xDSL's own verifiers look at."""
