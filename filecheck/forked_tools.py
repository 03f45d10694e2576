"""Runs the tools of lit's tests in forks of lit, not in new interpreters.

A test runs two or three commands for some milliseconds each, and Python takes half a
second to import what they need. So lit imports it once, and where a test asks for
tapeflow-opt or filecheck, the new process calls its main function instead of becoming
another program. Files, pipes and exit codes are as ever. With TAPEFLOW_LIT_FORKS=0,
as every night, or where a platform does not fork, each command is a program.
"""

import gc
import importlib
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import lit.TestRunner
from filecheck.main import main as filecheck

from tapeflow.tools.opt.command import main as tapeflow_opt
from tapeflow.universe import multiverse


def _filecheck() -> None:
    sys.exit(filecheck(sys.argv))


TOOLS: dict[str, Callable[[], object]] = {
    "tapeflow-opt": tapeflow_opt,
    "filecheck": _filecheck,
}


def fork_tools() -> None:
    """From now on, in this process and those that it forks."""
    for load in multiverse().all_passes.values():
        load()
    for load in multiverse().all_dialects.values():
        load()
    for name in ("pipelines.building", "diagnostics", "opt.help_text"):
        importlib.import_module(f"tapeflow.tools.{name}")
    gc.freeze()
    lit.TestRunner.subprocess = _Subprocess()


class _Popen(subprocess.Popen[str]):
    def __init__(self, args: Sequence[str], **options: Any):
        main = TOOLS.get(Path(args[0]).name)
        if main is not None:
            options["preexec_fn"] = partial(_become, main, args, options["env"])
        super().__init__(args, **options)


class _Subprocess:
    """The module `subprocess` with another `Popen`."""

    Popen = _Popen

    def __getattr__(self, name: str) -> Any:
        return getattr(subprocess, name)


def _become(
    main: Callable[[], object], args: Sequence[str], environment: Mapping[str, str]
) -> None:
    """Be a tool, in a child whose first three files and directory are its own."""
    # Among the others is the one on which the parent waits for another program.
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    code: object = 0
    try:
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = list(args)
        sys.stdin, sys.stdout, sys.stderr = map(os.fdopen, (0, 1, 2), "rww")
        main()
    except SystemExit as exit_:
        code = exit_.code
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:
                code = 120
        os._exit(code if isinstance(code, int) else int(code is not None))
