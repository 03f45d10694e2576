"""`tapeflow list` names everything, each with a meaning, in 80 columns."""

import pytest

from hwmodel import PRESET_MEANINGS, PRESETS
from tapeflow.analysis.differentiation.policy import POLICIES, POLICY_MEANINGS
from tapeflow.dialects.tape_types import LAYOUTS
from tapeflow.tools.bench.arms import ARM_MEANINGS, KNOWN_ARMS
from tapeflow.tools.list.command import KINDS
from tapeflow.tools.result_row import COLUMNS
from tapeflow.transforms.pipelines import PIPELINES


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind(run, kind):
    result = run("list", kind)
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert max(map(len, lines)) <= 80
    for name, meaning in KINDS[kind][1]():
        assert any(line.split()[:1] == [name] for line in lines)
        assert meaning.endswith(".")


def test_everything_has_a_meaning(run):
    assert PRESET_MEANINGS.keys() == PRESETS.keys()
    assert tuple(POLICY_MEANINGS) == POLICIES
    assert {*PIPELINES, *ARM_MEANINGS} == set(KNOWN_ARMS)
    places = [name.partition("[")[0] for name, _ in KINDS["places"][1]()]
    assert set(places) == {"auto", *LAYOUTS, "scratchpad", "stream"}
    assert all(meaning.endswith(".") for meaning in COLUMNS.values())
    for kind in ("columns", "options"):
        assert f"{kind} (" not in run("list").output
