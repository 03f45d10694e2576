"""`python -m tapeflow` is the command `tapeflow`."""

from tapeflow.tools.main import main

main(prog_name="tapeflow")
