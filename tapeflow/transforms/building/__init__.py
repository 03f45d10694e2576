"""What all passes build with: index arithmetic, rewriting, threaded state, refusal."""
