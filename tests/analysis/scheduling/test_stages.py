"""Where an iteration is cut, so that the next one begins before it ends."""

import pytest

from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.analysis.scheduling.stages import cut_loop

CHAIN = "\n".join(f"%v{number + 1} = math.sin %v{number} : f64" for number in range(8))
"""Eight operations, each of which waits for the one before."""
LOAD = "%v0 = memref.load %x[%i] : memref<8xf64>\n"
STORE = "\nmemref.store %v8, %{}[%i] : memref<8xf64>"


def stages_of(parse, body: str, carried: str = "%v8", upper="%n", step="%c1"):
    """A program with that in a loop that carries %k, and where it is cut."""
    program = parse(f"""%end = scf.for %i = %c0 to {upper} step {step}
        iter_args(%k = %a) -> (f64) {{
      {body}
      scf.yield {carried} : f64
    }}""")
    loop = program.op("end")
    return program, cut_loop(loop, find_buffers(program.function))


def test_a_chain_is_cut_in_the_middle(parse):
    program, stages = stages_of(parse, LOAD + CHAIN + STORE.format("y"))
    assert stages is not None
    names = [op.results[0].name_hint for op in stages.early]
    assert names == ["v0", "v1", "v2", "v3", "v4"]
    assert stages.late[-1].name == "memref.store"
    assert (stages.early_carried, stages.late_carried) == ((), (0,))
    first, second = program.op("v5"), program.op("v6")
    assert stages.starts[first] == 0  # each half counts from its own begin
    assert stages.starts[second] == 20


WHOLE = {
    "what is stored late is loaded early": (LOAD + CHAIN + STORE.format("x"), {}),
    "what the iteration before has computed late": (
        CHAIN.replace("%v0", "%k"),
        {},
    ),
    "a body of few operations": (LOAD + CHAIN.partition("%v6")[0], {"carried": "%v5"}),
    "one iteration": (LOAD + CHAIN, {"upper": "%c1"}),
    "another step": (LOAD + CHAIN, {"step": "%c2"}),
    "no chain: all begins at once": (
        "\n".join(f"%v{n} = math.sin %b : f64" for n in range(9)),
        {},
    ),
    "a loop inside": (LOAD + CHAIN + "\nscf.for %j = %c0 to %n step %c1 {\n}", {}),
}


@pytest.mark.parametrize("case", WHOLE)
def test_what_is_not_cut(parse, case):
    body, options = WHOLE[case]
    assert stages_of(parse, body, **options)[1] is None


def test_what_is_carried_early_stays_early(parse):
    """A sum at the begin of the chain needs nothing of the late half."""
    body = LOAD + "%s = arith.addf %k, %v0 : f64\n" + CHAIN + STORE.format("y")
    program, stages = stages_of(parse, body, carried="%s")
    assert stages is not None
    assert program.op("s") in stages.early
    assert (stages.early_carried, stages.late_carried) == ((0,), ())


def test_what_takes_a_late_value_of_the_iteration_before_is_late(parse):
    body = LOAD + "%s = arith.addf %k, %v0 : f64\n" + CHAIN + STORE.format("y")
    program, stages = stages_of(parse, body, carried="%v8")
    assert stages is not None
    assert program.op("s") in stages.late
