"""`tapeflow machine`: a machine as a file to start from."""
