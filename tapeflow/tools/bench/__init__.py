"""`tapeflow bench`: programs at several pipelines on the machine, compared."""
