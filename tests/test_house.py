"""The house rules that a program can check."""

import ast
import re
from pathlib import Path

import pytest
from xdsl.passes import ModulePass

from tapeflow.tools.opt.command import first_sentence
from tapeflow.transforms import get_all_passes
from tapeflow.universe import DIALECTS, TAPEFLOW

ROOT = Path(__file__).parent.parent
SOURCES = sorted([*ROOT.glob("tapeflow/**/*.py"), *ROOT.glob("hwmodel/**/*.py")])
LIT_TESTS = sorted(
    path for path in ROOT.glob("filecheck/**/*.mlir") if "Output" not in path.parts
)
PASSES = {name: factory() for name, factory in get_all_passes().items()}
MEANINGLESS = {"base", "common", "helpers", "manager", "misc", "utils"}
LONGEST = 400
"""Past 300 lines ask what the second idea is; past this there is one."""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize(("name", "pass_"), PASSES.items(), ids=PASSES)
def test_a_pass_is_named_alike_everywhere(name: str, pass_: type[ModulePass]) -> None:
    """Pass `form-regions`: class FormRegionsPass in form_regions.py of some room."""
    words = name.split("-")
    assert pass_.name == name
    assert pass_.__name__ == "".join(map(str.capitalize, words)) + "Pass"
    assert re.fullmatch(
        rf"tapeflow\.transforms\.\w+\.{'_'.join(words)}", pass_.__module__
    )


@pytest.mark.parametrize(("name", "pass_"), PASSES.items(), ids=PASSES)
def test_a_pass_has_a_docstring_and_a_lit_test(
    name: str, pass_: type[ModulePass]
) -> None:
    generated = f"{pass_.__name__}("  # what `dataclass` writes where there is none
    assert not (pass_.__doc__ or generated).startswith(generated)
    assert first_sentence(pass_).endswith((".", ":"))
    room = pass_.__module__.split(".")[-2]
    assert (ROOT / "filecheck/transforms" / room / f"{name}.mlir").is_file()


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_has_a_lit_test_of_its_syntax(name: str) -> None:
    assert any(ROOT.glob(f"filecheck/dialects/{name}*/*.mlir")) or any(
        ROOT.glob(f"filecheck/dialects/{name}*.mlir")
    )


def test_the_universe_has_every_dialect_and_pass() -> None:
    assert TAPEFLOW.all_passes.keys() == PASSES.keys()
    for name, factory in TAPEFLOW.all_dialects.items():
        assert factory().name == name


@pytest.mark.parametrize("path", LIT_TESTS, ids=name_of)
def test_a_lit_test_runs_something(path: Path) -> None:
    assert path.read_text().startswith("// RUN: ")


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_source_file_holds_one_idea(path: Path) -> None:
    text = path.read_text()
    assert path.stem not in MEANINGLESS
    is_dialect = path.parent.name == "dialects"  # as long as its operations are many
    assert is_dialect or len(text.splitlines()) <= LONGEST
    assert ast.get_docstring(ast.parse(text)), "say in a sentence what is in the file"
