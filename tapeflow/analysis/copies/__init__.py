"""Which copies between buffers are only detours."""
