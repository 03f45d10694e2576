"""The house rules that a program can check."""

import ast
import re
from pathlib import Path

import pytest
from xdsl.passes import ModulePass
from xdsl.utils.arg_spec import ArgSpecConvertible

from tapeflow.tools.opt.help_text import first_sentence
from tapeflow.transforms import get_all_passes
from tapeflow.transforms.building.option_help import field_docstrings, option_types
from tapeflow.transforms.pipelines import PIPELINES
from tapeflow.universe import DIALECTS, TAPEFLOW

ROOT = Path(__file__).parent.parent
SOURCES = sorted([*ROOT.glob("tapeflow/**/*.py"), *ROOT.glob("hwmodel/**/*.py")])
LIT_TESTS = sorted(
    path for path in ROOT.glob("filecheck/**/*.mlir") if "Output" not in path.parts
)
PASSES = {name: factory() for name, factory in get_all_passes().items()}
EXAMPLES = {
    "tapeflow/transforms/STAGE/do_thing.py",
    "tapeflow/tools/COMMAND/command.py",
    "NAME.py",
    "mine.toml",
    "table.md",
}
"""Names of files that a reader is told to write."""
MEANINGLESS = {"base", "common", "helpers", "manager", "misc", "utils"}
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
FILES = sorted(
    path
    for part in ("tapeflow", "hwmodel", "tests", "benchmarks", "docs", "filecheck")
    for path in (ROOT / part).rglob("*.*")
    if "__pycache__" not in path.parts and "Output" not in path.parts
)


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
    assert first_sentence(pass_).endswith(".")
    room = pass_.__module__.split(".")[-2]
    assert (ROOT / "filecheck/transforms" / room / f"{name}.mlir").is_file()


@pytest.mark.parametrize("kind", [*PASSES.values(), *PIPELINES.values()])
def test_an_option_has_its_meaning_below_it(kind: type[ArgSpecConvertible]) -> None:
    explained = {name for base in kind.__mro__ for name in field_docstrings(base)}
    options = {name.replace("-", "_") for name in option_types(kind)}
    assert options - explained == set()


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
    assert path.stem not in MEANINGLESS
    text = path.read_text()
    assert ast.get_docstring(ast.parse(text)), "say in a sentence what is in the file"


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_a_file_that_is_named_exists(path: Path) -> None:
    """A path from the root or from `tapeflow/`, or the last part of one."""
    names = {name_of(file) for file in FILES} | {p.name for p in ROOT.glob("*.*")}
    known = {
        "/".join(parts[start:])
        for parts in (name.split("/") for name in names)
        for start in range(len(parts))
    }
    named = set(re.findall(r"(?<![\w/.$*-])[\w/]+\.(?:py|md|toml)\b", path.read_text()))
    assert sorted(named - known - EXAMPLES) == []


def test_the_table_of_passes_is_complete() -> None:
    table = section("The passes")
    assert re.findall(r"^\| `([\w-]+)` \|", table, re.MULTILINE) == list(PASSES)


def test_a_word_of_the_glossary_names_a_module_or_an_operation() -> None:
    rows = re.findall(
        r"^\| ([\w ,]+) \| .* \| (.*) \|$", section("Words"), re.MULTILINE
    )
    assert len(rows) > 10
    operations = {
        part.name
        for factory in DIALECTS.values()
        for part in (*factory().operations, *factory().attributes)
    }
    for word, where in rows[1:]:
        names = [name.lstrip("!") for name in re.findall(r"`([^`]+)`", where)]
        assert names, f"{word} names nothing"
        for name in names:
            assert name in operations or (ROOT / "tapeflow" / name).is_file(), name


def section(heading: str) -> str:
    """A section of docs/architecture.md."""
    text = (ROOT / "docs/architecture.md").read_text()
    return text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
