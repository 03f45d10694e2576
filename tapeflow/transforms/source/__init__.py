"""From what programs are written in to what is differentiated, bit for bit."""
