"""The parts of a machine, one a file: datapath, cache, scratchpad, DMA, DRAM."""
