"""Where accesses find their elements, as whole numbers in a normal form."""
