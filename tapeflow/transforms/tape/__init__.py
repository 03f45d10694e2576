"""The tape above addresses: smaller stacks, regions of records, merged and split."""
