"""What holds for all tests."""

import os

from hwmodel.engine import kernel

# A pass that leaves a malformed module is found at once, also in processes of tests.
os.environ["TAPEFLOW_VERIFY_EACH"] = "1"

# Plain Python is tested where it is chosen: else the order of tests would decide.
kernel.MOST_PLAIN_WORK = -1
