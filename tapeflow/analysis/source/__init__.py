"""What operations mean in which programs are written: affine, linalg, parallel."""
