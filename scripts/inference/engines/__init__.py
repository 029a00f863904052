"""What works on the blocks of an input: this machine's processes, or a cluster."""
