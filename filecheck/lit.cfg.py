"""lit: every `.mlir` file below this directory is a test of tapeflow-opt."""

import os
import sys

import lit.formats

config.name = "tapeflow"
config.test_format = lit.formats.ShTest()
config.test_source_root = os.path.dirname(__file__)
config.suffixes = [".mlir"]
config.excludes = ["Output"]

# The tools of the environment lit runs in come first, wherever it was started from.
tools = os.path.dirname(sys.executable)
config.environment["PATH"] = os.pathsep.join((tools, os.environ.get("PATH", "")))
# The code of this checkout comes first, whatever is installed.
config.environment["PYTHONPATH"] = os.path.dirname(config.test_source_root)
# A pass that leaves a malformed module is found at once.
config.environment["TAPEFLOW_VERIFY_EACH"] = "1"

if hasattr(os, "fork") and os.environ.get("TAPEFLOW_LIT_FORKS") != "0":
    sys.path[:0] = [config.environment["PYTHONPATH"], config.test_source_root]
    from forked_tools import fork_tools

    fork_tools()

# What a file means must survive printing in pretty and in generic form.
config.substitutions += [
    (
        "TAPEFLOW_ROUNDTRIP",
        "tapeflow-opt %s --split-input-file --print-op-generic"
        " | tapeflow-opt --split-input-file | filecheck %s",
    ),
    (
        "TAPEFLOW_GENERIC_ROUNDTRIP",
        "tapeflow-opt %s --split-input-file"
        " | tapeflow-opt --split-input-file --print-op-generic"
        " | filecheck %s --check-prefix=GENERIC",
    ),
]
