"""What is on the tape: stacks and regions, their contents, counts and layouts."""
