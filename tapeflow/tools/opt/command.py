"""`tapeflow-opt`: everything `xdsl-opt` does, with MLIR's pipelines and short errors.

It differs from `xdsl-opt` in this: operations carry their file, line and column; SSA
dominance is checked with every verification; the output file appears only when all
went well; an error is one message and exit code 1, unless `--verify-diagnostics` asks
for the annotated module that `xdsl-opt` prints.
"""

import argparse
import os
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from io import BytesIO, StringIO
from itertools import accumulate
from pathlib import Path
from time import perf_counter
from typing import IO, BinaryIO, ClassVar, NoReturn

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass, PassPipeline
from xdsl.printer import Printer
from xdsl.utils.exceptions import (
    ArgSpecParseError,
    DiagnosticException,
    ShrinkException,
)
from xdsl.xdsl_opt_main import xDSLOptMain

from tapeflow.analysis.verification.between_passes import (
    find_malformed_result,
    verifies_each,
)
from tapeflow.analysis.verification.module import verify_module
from tapeflow.frontend.input_error import InputError
from tapeflow.frontend.reader import decode, parse_module, read_bytes
from tapeflow.near_names import did_you_mean
from tapeflow.tools.diagnostics import message_of
from tapeflow.tools.garbage import collect_rarely
from tapeflow.tools.output_files import check_outputs, write_outputs
from tapeflow.universe import full_context, multiverse

_TOOL = "tapeflow-opt"
_SEPARATOR = b"// -----"


class _StoreOnce(argparse.Action):
    """What argparse does without an action, but an option given twice is an error."""

    _is_given = False

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        if self._is_given and option_string is not None:
            parser.error(f"{option_string} is given twice")
        self._is_given = True
        setattr(namespace, self.dest, values)


def _reject_arguments(parser: argparse.ArgumentParser, message: str) -> NoReturn:
    """What argparse does, with a near name for an option that there is not."""
    _, _, words = message.partition("unrecognized arguments: ")
    hint = did_you_mean(words.partition("=")[0], parser._option_string_actions)
    type(parser).error(parser, f"{message}{';' if hint else ''}{hint}")


class TapeflowOptMain(xDSLOptMain):
    """The driver; `run` raises what `main` turns into a message."""

    version_format: ClassVar[str] = (
        f"{_TOOL} {version('tapeflow')} with xDSL {{xdsl_version}}"
    )

    def __init__(self, args: Sequence[str]):
        self._shows_help = not {"-h", "--help"}.isdisjoint(args)
        self.stage: str | None = None
        """What is being done, for messages: "in pass 'cse'"."""
        super().__init__("Runs passes over MLIR text.", args)

    def register_all_arguments(self, arg_parser: argparse.ArgumentParser) -> None:
        arg_parser.prog = _TOOL
        arg_parser.usage = (
            f"{_TOOL} [-p 'PASS,PASS{{OPTION=VALUE}}'] [options] [input_file]"
        )
        arg_parser.formatter_class = argparse.RawDescriptionHelpFormatter
        if self._shows_help:  # importing every pass takes time
            from tapeflow.tools.opt.help_text import passes_and_pipelines

            arg_parser.epilog = passes_and_pipelines()
        arg_parser.register("action", None, _StoreOnce)
        arg_parser.error = partial(_reject_arguments, arg_parser)
        super().register_all_arguments(arg_parser)
        arg_parser.add_argument(
            "--pass-pipeline",
            metavar="PIPELINE",
            help="Passes and pipelines in MLIR's spelling, such as "
            "'builtin.module(cse,func.func(canonicalize))', or in that of -p",
        )
        arg_parser.add_argument(
            "--emit",
            choices=("python",),
            help="Print the Python source that the compiled engine makes of each "
            "function instead of MLIR",
        )
        arg_parser.add_argument(
            "--verify-each",
            action="store_true",
            default=verifies_each(),
            help="Verify the module behind every pass, not only behind the last; so "
            "does the environment variable TAPEFLOW_VERIFY_EACH=1",
        )
        arg_parser.add_argument(
            "--traceback",
            action="store_true",
            help="Show where in the compiler an error arose",
        )

    def register_all_dialects(self) -> None:
        self.ctx = full_context()

    def register_all_passes(self) -> None:
        self.available_passes.update(multiverse().all_passes)

    def register_all_targets(self) -> None:
        self.available_targets.update(multiverse().all_targets)

    def setup_pipeline(self) -> None:
        if self.args.passes and self.args.pass_pipeline is not None:
            raise InputError("give the passes by -p or by --pass-pipeline, not both")
        option = "-p" if self.args.passes else "--pass-pipeline"
        text = self.args.passes or self.args.pass_pipeline or ""
        passes = _built(option, text, self.available_passes) if text else ()
        self.pipeline = PassPipeline(passes, self._between_passes)
        self._started = perf_counter()

    def _between_passes(
        self, before: ModulePass | None, module: ModuleOp, after: ModulePass | None
    ) -> None:
        if before is not None:
            self.stage = f"after pass '{before.name}'"
            if self.args.time_passes:
                duration = perf_counter() - self._started
                print(f"Pass {before.name} took {duration} seconds")
        is_inside = before is not None and after is not None
        if not self.args.disable_verify and (self.args.verify_each or not is_inside):
            verify_module(module, before)
        if before and after and self.args.print_between_passes:
            print(f"IR after {before.name}:")
            Printer(stream=sys.stdout).print_op(module)
            print("\n\n\n")
        self.stage = None if after is None else f"in pass '{after.name}'"
        self._started = perf_counter()

    def get_input_name(self) -> str:
        return "<stdin>" if self._reads_stdin() else self.args.input_file

    def _reads_stdin(self) -> bool:
        return self.args.input_file in (None, "-")

    def prepare_input(self) -> tuple[list[tuple[IO[bytes], int]], str]:
        """The input's pieces with the number of lines before each, and its kind."""
        if self._reads_stdin():
            data = sys.stdin.buffer.read()
        else:
            data = read_bytes(self.args.input_file)
        suffix = Path(self.get_input_name()).suffix.removeprefix(".")
        kind = suffix if suffix in self.available_frontends else "mlir"
        pieces = data.split(_SEPARATOR) if self.args.split_input_file else [data]
        lines = accumulate((piece.count(b"\n") for piece in pieces[:-1]), initial=0)
        chunks = [
            (BytesIO(piece), line) for piece, line in zip(pieces, lines, strict=True)
        ]
        return [*chunks], self.args.frontend or kind

    def parse_chunk(
        self, chunk: IO[bytes], file_extension: str, start_offset: int = 0
    ) -> ModuleOp | None:
        if file_extension != "mlir":
            return super().parse_chunk(chunk, file_extension, start_offset)
        name = self.get_input_name()
        return parse_module(
            decode(chunk.read(), name),
            name,
            self.ctx,
            line_offset=start_offset,
            allow_implicit_module=not self.args.no_implicit_module,
        )

    def output_resulting_program(self, prog: ModuleOp) -> str:
        if self.args.emit == "python":
            return python_text(prog)
        return super().output_resulting_program(prog)

    def run(self) -> None:
        """Read, transform and print every piece of the input."""
        path = self._output_path()
        chunks, kind = self.prepare_input()
        output = sys.stdout if path is None else StringIO()
        try:
            for number, (chunk, line_offset) in enumerate(chunks):
                if number > 0:
                    output.write("// -----\n")
                with self._expected_errors_printed():
                    self._run_chunk(chunk, kind, line_offset, output)
        except ShrinkException:
            print("Success, can shrink")
            sys.exit(0)
        if isinstance(output, StringIO) and path is not None:
            _write_text(path, output.getvalue())
        if self.args.shrink:
            print("Failure, can't shrink")
            sys.exit(1)

    def _output_path(self) -> Path | None:
        if self.args.output_file in (None, "-"):
            return None
        path = Path(self.args.output_file)
        check_outputs({"-o": path}, ())
        return path

    def _run_chunk(
        self, chunk: IO[bytes], kind: str, line_offset: int, output: IO[str]
    ) -> None:
        self.stage = None
        module = self.parse_chunk(chunk, kind, line_offset)
        if module is not None:
            try:
                self.apply_passes(module)
            except Exception:
                if self.stage is not None:  # the input is well formed
                    self._find_malformed_result(chunk, kind, line_offset)
                raise
            self.stage = "while printing the result"
            output.write(self.output_resulting_program(module))
            self.stage = None
        output.flush()

    def _find_malformed_result(
        self, chunk: IO[bytes], kind: str, line_offset: int
    ) -> None:
        """Raise the error of the pass at fault if an earlier one is than it seems."""
        if self.args.disable_verify or self.args.verify_each:
            return
        chunk.seek(0)
        module = self.parse_chunk(chunk, kind, line_offset)
        assert module is not None
        find_malformed_result(module, self.pipeline.passes, self.ctx)

    @contextmanager
    def _expected_errors_printed(self) -> Generator[None]:
        """Print the errors that the options ask for, as `xdsl-opt` does."""
        try:
            yield
        except InputError as error:
            cause = error.__cause__
            if isinstance(cause, DiagnosticException) and self.args.verify_diagnostics:
                print(cause)
            elif self.args.parsing_diagnostics:
                print(error)
            else:
                raise
        except DiagnosticException as error:
            if not self.args.verify_diagnostics:
                raise
            print(error, *getattr(error, "__notes__", ()), sep="\n")


def _built(
    option: str, text: str, factories: Mapping[str, Callable[[], type[ModulePass]]]
) -> tuple[ModulePass, ...]:
    # Imported late: a text that is only read and printed needs no named pipelines.
    from tapeflow.tools.pipelines.building import build_passes
    from tapeflow.tools.pipelines.text import PipelineError

    try:
        return build_passes(text, factories)
    except PipelineError as error:
        message = f"{option}: {error.message}"
        raise PipelineError(message, text, error.position) from error


def python_text(module: ModuleOp) -> str:
    """The Python source of every function with a body, values only."""
    # Imported late: no other use of the driver needs the backend.
    from tapeflow.backend.compiled.run import python_source

    functions = [op for op in module.walk() if isinstance(op, FuncOp)]
    return "\n\n".join(
        python_source(module, function, timed=False)
        for function in functions
        if not function.is_declaration
    )


def _write_text(path: Path, text: str) -> None:
    def write(file: BinaryIO) -> None:
        file.write(text.encode())

    write_outputs({path: write})


def main(args: Sequence[str] | None = None) -> None:
    """Run the command; exits with 1 after a message, with 2 on unknown arguments."""
    collect_rarely()
    arguments = sys.argv[1:] if args is None else args
    stage: str | None = None
    try:
        tool = TapeflowOptMain(arguments)
        try:
            tool.run()
        finally:
            stage = tool.stage
    except BrokenPipeError:  # the reader of our output has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (Exception, ArgSpecParseError) as error:
        if "--traceback" in arguments:
            raise
        message = message_of(error, during=stage)
        print(message.render(_TOOL), file=sys.stderr)
        if message.is_internal:
            print("This is a bug; --traceback shows where.", file=sys.stderr)
        sys.exit(1)
