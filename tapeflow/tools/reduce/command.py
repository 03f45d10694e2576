"""`tapeflow reduce`: a small program that fails as a big one does."""

import shlex
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import click
from rich.console import Console
from xdsl.dialects.builtin import ModuleOp

from tapeflow.tools.command_error import CommandError
from tapeflow.tools.command_line import Command
from tapeflow.tools.gradient_request import read_asked
from tapeflow.tools.interruption import exit_code_of
from tapeflow.tools.options import (
    OUTPUT,
    GradientOptions,
    gradient_options,
    machine_options,
)
from tapeflow.tools.output_files import check_outputs, write_outputs
from tapeflow.tools.program_files import read_program_file
from tapeflow.tools.reduce.failure_kinds import STAGES, Failure, Probe
from tapeflow.tools.reduce.probe_process import CommandProber, ProbeProcess, Prober
from tapeflow.tools.reduce.smaller_programs import Reducer, operations_in, text_of
from tapeflow.universe import full_context

PATIENCE, LEAST_SECONDS = 10, 5
"""How many times as long as the whole program a smaller one may take, and seconds."""
COMMANDS = {
    "run": "grad {} --output gradient.npz",
    "passes": "check {} --each-pass",
    "check": "check {}",
    "measure": "grad {} --output gradient.npz",
}
"""What shows the failure of each stage."""


def _checked_command(
    _context: click.Context, _parameter: click.Parameter, command: str | None
) -> str | None:
    """A command that a shell could read; else a `BadParameter`."""
    try:
        words = ["none"] if command is None else shlex.split(command)
    except ValueError as error:
        raise click.BadParameter(f"{error}: {command}") from None
    if not words:
        raise click.BadParameter("is empty; name a program that gets the file")
    return command


@dataclass
class _Search:
    """One reduction, and what it tells."""

    file: Path
    module: ModuleOp
    """The whole program."""
    functions: tuple[str, ...]
    """Those that have to stay."""
    prober: Prober
    failure: Failure
    """Of the whole program."""
    output: Path
    shown: str
    """The command that shows the failure."""
    tried: int = 0

    def run(self) -> None:
        """Write ever smaller programs, until there is none or the user has enough."""
        failure = self.failure
        click.echo(f"reproduces: {failure.text}", err=True)
        whole = operations_in(self.module)
        interrupt: KeyboardInterrupt | None = None
        self._write(self.module, failure)
        with tempfile.TemporaryDirectory() as directory, _progress() as tell:
            path = Path(directory) / self.file.name

            def keeps(candidate: ModuleOp) -> bool:
                self.tried += 1
                path.write_text(text_of(candidate))
                found = self.prober.failure(path)
                if found is not None and failure.is_like(found):
                    self._write(candidate, found)
                size = operations_in(reducer.module)
                tell(f"{size} of {whole} operations left, {self.tried} programs tried")
                return failure.is_like(found)

            reducer = Reducer(self.module, keeps, self.functions)
            try:
                reducer.run()
            except KeyboardInterrupt as error:
                interrupt = error
        click.echo(
            f"{'stopped; ' if interrupt else ''}{operations_in(reducer.module)} of "
            f"{whole} operations left, {self.tried} programs tried: {self.output}",
            err=True,
        )
        if interrupt:
            raise click.exceptions.Exit(exit_code_of(interrupt))

    def _write(self, module: ModuleOp, failure: Failure) -> None:
        head = f"// reproduces: {failure.text}\n// {self.shown}\n"
        text = f"{head}{text_of(module)}".encode()

        def write(file: BinaryIO) -> None:
            file.write(text)

        write_outputs({self.output: write})


@click.command("reduce", cls=Command)
@gradient_options(required=False)
@click.option(
    "--command",
    "test",
    metavar="COMMAND",
    callback=_checked_command,
    help="Keep instead what this command, with the file as its last argument, ends "
    "with exit status 0 for.",
)
@click.option(
    "--timeout",
    default=60.0,
    show_default=True,
    type=click.FloatRange(min=0.1),
    help="Seconds that one program may take; one that takes more is stopped.",
)
@click.option(
    "-o",
    "--output",
    type=OUTPUT,
    required=True,
    metavar="SMALL.mlir",
    help="Where to write the smallest program, each time there is a smaller one.",
)
@machine_options
def command(
    asked: GradientOptions, test: str | None, timeout: float, output: Path
) -> None:
    """Shrink a program that fails to a small one that fails in the same way.

    A failure is a message, an internal error, a crash, a run that does not end, a pass
    that changes bits or a gradient that disagrees with differences, whichever is found
    first. The arguments and the inputs stay as they are. Ctrl-C ends the search and
    keeps what has been found.
    """
    check_outputs({"--output": output}, asked.files)
    if test is None:
        search = _search_for_stage(asked, timeout, output)
    else:
        search = _search_for_command(test, asked.file, timeout, output)
    with closing(search.prober):
        search.run()


def _search_for_command(test: str, file: Path, timeout: float, output: Path) -> _Search:
    """Programs for which a command ends with exit status 0."""
    module = read_program_file(file, full_context())
    prober = CommandProber(test, timeout)
    failure = _first_failure(file, prober)
    if failure is None:
        raise CommandError(
            f"{file}: error: '{test}' does not end with status 0 for it, so there "
            "is nothing to keep; the file is the command's last argument"
        )
    return _Search(file, module, (), prober, failure, output, f"{test} {output}")


def _search_for_stage(asked: GradientOptions, timeout: float, output: Path) -> _Search:
    """Programs whose gradient fails where that of the whole program first does."""
    if asked.wrt is None or asked.inputs is None:
        raise click.UsageError("give --wrt and --inputs, or a --command")
    # What is wrong with the request is no failure of the program.
    fitted, request = read_asked(asked)
    function = request.signature.function
    seeds = None if asked.seeds is None else request.seeds
    probe = Probe(function, asked.wrt, request.inputs, seeds, fitted, asked.engine)
    stage, prober, failure = _failing_stage(asked.file, probe, timeout)
    shown = _command_line(stage, replace(asked, file=output, function=function))
    module = request.module
    return _Search(asked.file, module, (function,), prober, failure, output, shown)


def _command_line(stage: str, asked: GradientOptions) -> str:
    """The command that shows the failure of a stage."""
    words = [str(asked.file), "--function", str(asked.function)]
    words += ["--wrt", ",".join(map(str, asked.wrt or ())), "--inputs"]
    words += [str(asked.inputs)]
    words += [] if asked.seeds is None else ["--seeds", str(asked.seeds)]
    words += ["--pipeline", asked.pipeline, "--engine", asked.engine]
    words += ["--machine", asked.machine]
    words += [word for change in asked.overrides for word in ("--set", change)]
    return f"tapeflow {COMMANDS[stage].format(shlex.join(words))}"


def _failing_stage(
    file: Path, probe: Probe, seconds: float
) -> tuple[str, Prober, Failure]:
    """The first stage at which something goes wrong, what asks for it, and what."""
    for stage in STAGES:
        prober = ProbeProcess(probe.at(stage), seconds)
        failure = _first_failure(file, prober)
        if failure is not None:
            return stage, prober, failure
        prober.close()
    raise CommandError(
        f"{file}: error: nothing goes wrong with it: it runs, no pass changes a bit, "
        "and no difference disagrees with the gradient; there is nothing to reduce"
    )


def _first_failure(file: Path, prober: Prober) -> Failure | None:
    """The failure of the whole program; what is smaller may take so much longer."""
    started = time.perf_counter()
    failure = prober.failure(file)
    enough = LEAST_SECONDS + PATIENCE * (time.perf_counter() - started)
    prober.seconds = min(prober.seconds, enough)
    return failure


@contextmanager
def _progress() -> Generator[Callable[[str], None]]:
    """What shows how far the search is, on a terminal."""
    with Console(stderr=True).status("looks for smaller programs") as status:
        yield status.update
