"""Programs are found by name; unknown names and sizes are told so."""

import numpy as np
import pytest

from tapeflow.programs import EVERY_PROGRAM, ProgramError, get_program
from tapeflow.programs.program import draw_until_kept


def test_names_are_unique():
    assert len({program.name for program in EVERY_PROGRAM}) == len(EVERY_PROGRAM)


@pytest.mark.parametrize("program", EVERY_PROGRAM, ids=lambda p: p.name)
def test_program_is_found_by_name(program):
    assert get_program(program.name) is program


def test_unknown_program_is_refused_with_a_near_match():
    with pytest.raises(ProgramError, match=r"'logsumexq'; did you mean 'logsumexp'"):
        get_program("logsumexq")
    with pytest.raises(ProgramError, match=r"'zzz'; valid: logsumexp, "):
        get_program("zzz")


def test_unknown_size_is_refused():
    with pytest.raises(ProgramError, match=r"nn: unknown size 'larg'; .*'large'"):
        get_program("nn").make_inputs("larg")


def test_a_program_without_the_size_peer_says_why():
    with pytest.raises(ProgramError, match="lstm has no size 'peer': no measurement"):
        get_program("lstm").make_inputs("peer")


def test_missing_argument_is_refused():
    with pytest.raises(ProgramError, match="logsumexp: inputs lack arg0"):
        get_program("logsumexp").reference({"x": np.zeros(3)})


def test_broken_promise_is_reported_after_the_last_attempt():
    with pytest.raises(ProgramError, match=r"no suitable inputs in 3 draws: bad"):
        draw_until_kept(lambda: (np.zeros(1),), lambda _: "bad", attempts=3)
