"""`tapeflow-opt` from the command line's side: files, streams, exit codes, messages."""

import io
import os
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import run

import pytest
from xdsl.ir import Attribute

from tapeflow.tools.opt.command import main

PROGRAM = """\
func.func @f(%x: f64) -> f64 {
  %y = arith.addf %x, %x : f64
  %z = arith.addf %x, %x : f64
  func.return %z : f64
}
"""
BROKEN = PROGRAM.replace("addf %x, %x", "addf %w, %x", 1)


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def opt(capsys: pytest.CaptureFixture[str]):
    """Runs the command in this process."""

    def call(*args: str | Path) -> Outcome:
        code = 0
        try:
            main([str(arg) for arg in args])
        except SystemExit as exit_:
            code = exit_.code if isinstance(exit_.code, int) else 1
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "f.mlir"
    path.write_text(PROGRAM)
    return path


def use_stdin(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_prints_the_result(opt, program: Path) -> None:
    done = opt(program, "-p", "cse")
    assert (done.code, done.err) == (0, "")
    assert done.out.count("arith.addf") == 1


@pytest.mark.parametrize("args", [(), ("-",)])
def test_reads_standard_input(opt, monkeypatch, args: Sequence[str]) -> None:
    use_stdin(monkeypatch, PROGRAM)
    done = opt(*args, "--print-debuginfo")
    assert done.code == 0
    assert 'loc("<stdin>":2:8)' in done.out


def test_any_suffix_is_read_as_mlir(opt, tmp_path: Path) -> None:
    path = tmp_path / "f.txt"
    path.write_text(PROGRAM)
    assert opt(path).code == 0


@pytest.mark.parametrize(
    "pipeline",
    ["cse,dce", "builtin.module(func.func(cse), dce)", "builtin.module(\n cse,\n dce)"],
)
@pytest.mark.parametrize("option", ["-p", "--pass-pipeline"])
def test_both_options_take_both_spellings(opt, program, option, pipeline) -> None:
    assert opt(program, option, pipeline).out.count("arith.addf") == 1


def test_both_options_at_once_are_refused(opt, program: Path) -> None:
    done = opt(program, "-p", "cse", "--pass-pipeline=dce")
    assert done == Outcome(
        1,
        "",
        "tapeflow-opt: error: give the passes by -p or by --pass-pipeline, not both\n",
    )


def test_a_wrong_pipeline_is_shown_with_a_caret(opt, program: Path) -> None:
    done = opt(program, "--pass-pipeline=builtin.module(cse, canonicalise)")
    assert done.code == 1
    assert done.err == (
        "tapeflow-opt: error: --pass-pipeline: there is no pass or pipeline "
        "'canonicalise'; did you mean canonicalize or canonicalize-dmp?\n"
        "  builtin.module(cse, canonicalise)\n"
        "                      ^\n"
    )


def test_print_between_passes_and_time_passes(opt, program: Path) -> None:
    done = opt(program, "-p", "cse,dce,cse", "--print-between-passes", "--time-passes")
    assert done.code == 0
    assert done.out.count("IR after cse:") == 1
    assert done.out.count("IR after dce:") == 1
    assert done.out.count("Pass cse took ") == 2
    assert done.out.count("Pass dce took ") == 1


def test_help_lists_passes_and_pipelines(opt) -> None:
    done = opt("--help")
    assert done.code == 0
    assert "form-regions{layout block conditional layouts}\n" in done.out
    loops = "as-written copies unroll jam hoist addresses loop-stages"
    loops = f"{loops} jam-factor datapath reorder"
    policy = "policy operations-per-byte assumed-trips strong-zero stagger compress"
    options = f"function wrt {policy} {loops} capacity-bytes machine merge dynamic-only"
    assert f"layers{{{options}}}\n" in done.out


def test_help_explains_options(opt) -> None:
    text = " ".join(opt("--help").out.split())
    assert (
        "rank: 0 for the best plan by the estimates, 1 for the second best, and so on. "
        "Takes a whole number; by default 0." in text
    )
    assert "slots: Tiles of one region that are on chip at a time. Takes" in text


def test_version_names_the_tool(opt) -> None:
    assert opt("--version").out.startswith("tapeflow-opt 0.")


# Output files


def test_output_file_is_written_with_usual_permissions(opt, program, tmp_path) -> None:
    output = tmp_path / "out.mlir"
    done = opt(program, "-o", output)
    assert (done.code, done.out, done.err) == (0, "", "")
    assert "func.func @f" in output.read_text()
    fresh = tmp_path / "fresh"
    fresh.touch()
    assert stat.S_IMODE(output.stat().st_mode) == stat.S_IMODE(fresh.stat().st_mode)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f.mlir", "fresh", "out.mlir"]


def test_a_program_can_be_rewritten_in_place(opt, program: Path) -> None:
    assert opt(program, "-p", "cse", "-o", program).code == 0
    assert program.read_text().count("arith.addf") == 1


@pytest.mark.parametrize("text", [BROKEN, f"{PROGRAM}\n// -----\n{BROKEN}"])
def test_no_output_file_is_left_after_an_error(opt, tmp_path, program, text) -> None:
    program.write_text(text)
    output = tmp_path / "out.mlir"
    assert opt(program, "--split-input-file", "-o", output).code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["f.mlir"]
    output.write_text("old")
    assert opt(program, "--split-input-file", "-o", output).code == 1
    assert output.read_text() == "old"


def test_unwritable_output_is_refused(opt, program: Path, tmp_path: Path) -> None:
    done = opt(program, "-o", tmp_path / "none" / "out.mlir")
    assert done.code == 1
    assert "there is no directory" in done.err
    done = opt(program, "-o", tmp_path)
    assert done.code == 1
    assert "is a directory; give a file name" in done.err


def test_a_device_can_be_the_output(opt, program: Path) -> None:
    assert opt(program, "-o", os.devnull) == Outcome(0, "", "")


# Errors


def test_input_errors(opt, tmp_path: Path) -> None:
    missing = tmp_path / "missing.mlir"
    assert opt(missing) == Outcome(1, "", f"{missing}: error: no such file\n")
    done = opt(tmp_path)
    assert done.err == f"{tmp_path}: error: this is a directory, not a file\n"
    binary = tmp_path / "f.bin"
    binary.write_bytes(b"\x7fELF\x02\xff")
    done = opt(binary)
    assert (
        done.err == f"{binary}: error: this is not UTF-8 text: byte 0xff at offset 5\n"
    )


def test_a_parse_error_names_the_line_of_the_whole_file(opt, program: Path) -> None:
    program.write_text(f"{PROGRAM}// -----\n{BROKEN}")
    done = opt(program, "--split-input-file")
    assert done.code == 1
    assert done.err == (
        f"{program}:8:19: error: value %w is not defined here\n"
        "  %y = arith.addf %w, %x : f64\n"
        "                  ^^\n"
    )


def test_verification_errors_name_the_operation(opt, program: Path) -> None:
    program.write_text(
        'func.func @f(%x: f64) {\n  "arith.addf"(%x) : (f64) -> f64\n  func.return\n}\n'
    )
    done = opt(program)
    assert done.code == 1
    expected = f"{program}:2:3: error: 'arith.addf': Expected 2 operands, but got 1\n"
    assert done.err == expected


def test_dominance_is_checked_on_the_input(opt, program, monkeypatch) -> None:
    # xDSL's --disable-verify replaces this method for the rest of the process.
    monkeypatch.setattr(Attribute, "__post_init__", Attribute.__post_init__)
    program.write_text(PROGRAM.replace("addf %x, %x", "addf %z, %x", 1))
    done = opt(program)
    assert done.code == 1
    assert done.err == (
        f"{program}:2:8: error: 'arith.addf': operand %z is used before its definition "
        "on line 3; define it earlier\n"
    )
    assert opt(program, "--disable-verify").code == 0


def test_a_pass_that_fails_is_named(opt, program: Path) -> None:
    done = opt(program, "-p", "cse,request-gradient{function=g wrt=0}")
    assert done.code == 1
    assert done.err.count("\n") == 1
    assert "(in pass 'request-gradient')" in done.err


def test_an_error_inside_the_compiler_is_one_line(opt, program, monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError("lost")

    monkeypatch.setattr(
        "xdsl.transforms.dead_code_elimination.DeadCodeElimination.apply", fail
    )
    done = opt(program, "-p", "cse,dce")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "tapeflow-opt: error: internal error (in pass 'dce'): KeyError: 'lost'\n"
        "This is a bug; --traceback shows where.\n"
    )
    with pytest.raises(KeyError):
        opt(program, "-p", "cse,dce", "--traceback")


def test_unknown_arguments_exit_with_two(opt) -> None:
    done = opt("--no-such-flag")
    assert done.code == 2
    assert done.err.endswith(
        "tapeflow-opt: error: unrecognized arguments: --no-such-flag\n"
    )


def test_expected_diagnostics_are_printed(opt, program: Path) -> None:
    program.write_text(
        f"{BROKEN}// -----\n"
        'func.func @g() {\n  "arith.addf"() : () -> f64\n  func.return\n}\n'
        f"// -----\n{PROGRAM}"
    )
    done = opt(
        program, "--split-input-file", "--verify-diagnostics", "--parsing-diagnostics"
    )
    assert (done.code, done.err) == (0, "")
    assert ":2:19: error: value %w is not defined here" in done.out
    assert "Expected 2 operands, but got 0" in done.out
    assert "| Operation does not verify: Expected 2 operands" in done.out
    assert done.out.count("func.func @f") == 1


def test_a_reader_that_stops_early_is_no_error(program: Path) -> None:
    call = "from tapeflow.tools.opt.command import main; main()"
    script = f"'{sys.executable}' -c '{call}' '{program}' | true"
    assert run(script, shell=True, capture_output=True, check=True).stderr == b""
