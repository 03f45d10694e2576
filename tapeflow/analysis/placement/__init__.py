"""Where tape regions live: what each place costs on a machine, and the best of them."""
