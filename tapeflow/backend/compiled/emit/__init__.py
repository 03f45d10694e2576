"""Any level of the IR as plain, typed Python over arrays, with its event table."""
