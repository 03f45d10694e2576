"""A compilation of the machine model is told, once."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hwmodel.engine.kernel import is_disabled
from tapeflow.tools.compilation_notice import NOTICE, compilation_told, tell_compilation

MODEL = logging.getLogger("hwmodel.compilation")
KERNEL = """
from hwmodel.engine.kernel import kernel, machine_code
from tapeflow.tools.compilation_notice import compilation_told

@kernel
def twice(x):
    return 2 * x

@kernel
def thrice(x):
    return 3 * x

with compilation_told():
    print(machine_code(twice)(1), machine_code(thrice)(2))
"""


def test_it_is_told_once(capsys):
    with compilation_told():
        MODEL.info("compiling step")
        MODEL.info("compiling access")
    MODEL.info("compiling step")
    assert capsys.readouterr().err == f"{NOTICE}\n"


def test_one_process_of_several_tells_it(capsys):
    handler = tell_compilation(lambda: False)
    MODEL.info("compiling step")
    MODEL.removeHandler(handler)
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(is_disabled(), reason="plain Python compiles nothing")
def test_the_model_logs_what_no_cache_has(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(KERNEL)
    told: list[str] = []
    for _ in range(2):
        finished = subprocess.run(
            [sys.executable, str(script)],
            env=os.environ
            | {"PYTHONPATH": str(Path(__file__).parents[2])}
            | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")},
            capture_output=True,
            text=True,
            check=True,
        )
        assert finished.stdout == "2 6\n"
        told.append(finished.stderr)
    assert told == [f"{NOTICE}\n", ""]
