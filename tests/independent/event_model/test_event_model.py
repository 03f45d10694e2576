"""The event-driven model by hand, and how far the compiled model may be from it."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwmodel import Machine, Operation, Simulation, preset
from tests.sizes import sized

from .compare import compare
from .model import simulate
from .trace import Node, Trace

LOAD, STORE = int(Operation.LOAD), int(Operation.STORE)
FAIR = preset("fair").without_scratchpad()


def with_cache(machine: Machine, capacity_bytes: int, ways: int) -> Machine:
    cache = replace(machine.cache, capacity_bytes=capacity_bytes, ways=ways)
    return replace(machine, cache=cache)


def compiled(trace: Trace, machine: Machine) -> dict[str, int]:
    """The counters of `hwmodel` for a trace."""
    simulation, done = Simulation(machine), list[int]()
    for node in trace.nodes:
        ready = max((done[operand] for operand in node.operands), default=0)
        done.append(simulation.step(node.kind, ready, node.address, node.aux))
    return simulation.finish().as_dict()


def test_a_load_and_a_chain_on_its_value() -> None:
    chain = (
        Node(LOAD, (), 0, 8),  # found missing at 2, closed row: 52
        Node(int(Operation.FMUL_F64), (0,)),  # 4
        Node(int(Operation.FADD_F64), (1,)),  # 5
        Node(LOAD, (2,), 8, 8),  # hit: 2
    )
    counts = simulate(Trace(chain), FAIR)
    assert counts["cycles"] == 2 + 52 + 4 + 5 + 2
    assert counts["cache_misses"] == 1


def test_a_window_waits_for_its_oldest() -> None:
    narrow = replace(FAIR, datapath=replace(FAIR.datapath, window=2))
    load, add = Node(LOAD, (), 0, 8), Node(int(Operation.INT_ADD), ())
    assert simulate(Trace((load, add, add)), narrow)["cycles"] == 54 + 1


def test_the_oldest_that_is_ready_goes_first() -> None:
    one = replace(FAIR, datapath=replace(FAIR.datapath, float_units=1))
    divide, add = int(Operation.FDIV_F64), int(Operation.FADD_F64)
    nodes = (Node(LOAD, (), 0, 8), Node(add, (0,)), Node(divide, ()), Node(divide, ()))
    # Divisions from 0 and 16 to 32; the add has its operand at 54.
    assert simulate(Trace(nodes), one)["cycles"] == 54 + 5


@settings(max_examples=sized(10, 25), deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 300)), max_size=80),
    st.sampled_from([(512, 1), (512, 2), (1024, 4), (960, 5)]),
)
def test_one_at_a_time_both_models_agree_to_the_cycle(
    accesses: list[tuple[bool, int]], shape: tuple[int, int]
) -> None:
    machine = with_cache(FAIR, *shape)
    machine = replace(machine, datapath=replace(machine.datapath, window=1))
    nodes = [Node(STORE if s else LOAD, (), 8 * word, 8) for s, word in accesses]
    # A store is done before its line arrives; what follows waits long enough.
    pause = [Node(int(Operation.FCBRT_F64), ()), Node(int(Operation.FCBRT_F64), ())]
    trace = Trace(tuple(node for access in nodes for node in (access, *pause)))
    ours, theirs = compiled(trace, machine), simulate(trace, machine)
    for counter in ("cycles", "cache_misses", "write_backs", "dram_read_row_hits"):
        assert ours[counter] == theirs.get(counter, 0), counter


@pytest.mark.parametrize("arrays", [3, 4])
def test_arrays_that_meet_in_a_set(arrays: int) -> None:
    """Neighbouring iterations of a wide window share what each has on the way."""
    machine = with_cache(preset("salam").without_scratchpad(), 2048, 2)
    accesses = [
        Node(LOAD, (), 8 * i + 1024 * a, 8) for i in range(64) for a in range(arrays)
    ]
    trace = Trace(tuple(accesses))
    ours, theirs = compiled(trace, machine), simulate(trace, machine)
    assert ours["cache_misses"] <= 1.3 * theirs["cache_misses"]


@pytest.mark.parametrize("machine", ["fair", "salam"])
@pytest.mark.parametrize(
    "pipeline",
    [
        "baseline",
        "streams{places=stream}",
        "streams{places=stream turn-around-reuse=false}",
    ],
)
@pytest.mark.parametrize("program", ["spmv", "matdescent", "ba"])
def test_programs(program: str, pipeline: str, machine: str) -> None:
    comparison = compare(program, "small", pipeline, preset(machine))
    mine, by_event = comparison.counts
    rows = sum(
        abs(mine[name] - by_event[name])
        for name in ("dram_read_row_misses", "dram_write_row_misses")
    )
    # Two accesses that come in the other order may close a row for a third one. In a
    # run of a few hundred cycles, such as size tiny, that alone can be more than 2%.
    figures = preset(machine)
    opened_ns = rows * (figures.dram.conflict_ns - figures.dram.row_hit_ns)
    allowed = 0.02 * by_event["cycles"] + opened_ns * 1e-9 * figures.clock_hz
    assert abs(mine["cycles"] - by_event["cycles"]) < allowed
    for counter in ("cache_misses", "write_backs", "scratchpad_reads", "dma_lines_in"):
        assert comparison.error(counter) == 0, counter
