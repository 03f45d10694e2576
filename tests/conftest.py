"""What holds for all tests."""

import os

# A pass that leaves a malformed module is found at once, also in processes of tests.
os.environ["TAPEFLOW_VERIFY_EACH"] = "1"
