"""The tape in memory behind the cache: arrays of fields, arenas, growth."""
