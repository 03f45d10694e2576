"""Second opinions on the machine: models that share no code with the kernels."""
