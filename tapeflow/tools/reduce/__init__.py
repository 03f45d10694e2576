"""`tapeflow reduce`: a small program that fails as a big one does."""
