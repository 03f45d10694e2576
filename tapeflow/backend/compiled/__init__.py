"""The compiled engine: Python source from the IR, machine code from that source."""
