"""Window, issue width and units on hand-worked traces."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from hwmodel import Machine, Operation, Simulation

ADD = Operation.FADD_F64  # 5 cycles
MUL = Operation.FMUL_F64  # 4 cycles
DIV = Operation.FDIV_F64  # 16 cycles, not pipelined
INT = Operation.INT_ADD  # 1 cycle


def with_datapath(machine: Machine, **changes: int) -> Machine:
    return replace(machine, datapath=replace(machine.datapath, **changes))


def test_a_chain_adds_latencies(machine: Machine):
    simulation = Simulation(machine)
    done = simulation.step(MUL, 0)
    done = simulation.step(ADD, done)
    assert simulation.step(INT, done) == 4 + 5 + 1
    assert simulation.finish().cycles == 10


def test_issue_width_limits_starts_per_cycle(machine: Machine):
    simulation = Simulation(with_datapath(machine, issue_width=2))
    # Starts 0, 0, 1, 1, 2.
    assert [simulation.step(INT, 0) for _ in range(5)] == [1, 1, 2, 2, 3]


def test_units_limit_their_class_only(machine: Machine):
    simulation = Simulation(with_datapath(machine, float_units=1))
    # Float starts 0, 1; integers are free.
    assert simulation.step(ADD, 0) == 5
    assert simulation.step(ADD, 0) == 6
    assert simulation.step(INT, 0) == 1


def test_a_divider_is_busy_until_it_is_done(machine: Machine):
    simulation = Simulation(with_datapath(machine, float_units=1))
    assert simulation.step(DIV, 0) == 16
    assert simulation.step(DIV, 0) == 32
    # An add fits neither between nor into the divisions.
    assert simulation.step(ADD, 3) == 32 + 5


def test_issue_slot_and_unit_must_be_free_in_one_cycle(machine: Machine):
    simulation = Simulation(with_datapath(machine, issue_width=1, float_units=1))
    simulation.step(ADD, 1)  # issue and unit at 1
    simulation.step(INT, 2)  # issue at 2
    assert simulation.step(ADD, 1) == 3 + 5


def test_the_window_opens_when_the_oldest_retires(machine: Machine):
    simulation = Simulation(with_datapath(machine, window=2))
    assert simulation.step(DIV, 0) == 16
    assert simulation.step(INT, 0) == 1  # retires behind the division, at 16
    assert simulation.step(INT, 0) == 17  # enters when the division retires
    assert simulation.step(INT, 0) == 17  # enters when the first INT retires, at 16


def test_a_late_old_operation_does_not_hold_back_a_ready_young_one(machine: Machine):
    simulation = Simulation(with_datapath(machine, issue_width=1, float_units=1))
    assert simulation.step(ADD, 100) == 105
    assert simulation.step(ADD, 0) == 5


def test_latency_overrides(machine: Machine):
    simulation = Simulation(
        with_datapath(machine, latency_cycles=(("FADD_F64", 3),))  # type: ignore[arg-type]
    )
    assert simulation.step(ADD, 0) == 3
    assert simulation.step(Operation.FADD_F32, 0) == 5


def test_interval_overrides(machine: Machine):
    datapath = replace(
        machine.datapath, float_units=1, interval_cycles=(("FADD_F64", 3),)
    )
    simulation = Simulation(replace(machine, datapath=datapath))
    # Starts 0 and 3; a multiplication takes the unit at 6.
    assert [simulation.step(ADD, 0), simulation.step(ADD, 0)] == [5, 8]
    assert simulation.step(MUL, 0) == 10


def test_a_pipelined_divider_is_a_matter_of_its_interval(machine: Machine):
    datapath = replace(
        machine.datapath, float_units=1, interval_cycles=(("FDIV_F64", 1),)
    )
    simulation = Simulation(replace(machine, datapath=datapath))
    assert [simulation.step(DIV, 0), simulation.step(DIV, 0)] == [16, 17]


def test_the_turn_splits_cycles(machine: Machine):
    simulation = Simulation(machine)
    simulation.step(ADD, 0)
    simulation.step(Operation.TURN, 0)
    simulation.step(MUL, 5)
    simulation.step(Operation.TURN, 0)
    counters = simulation.finish()
    assert (counters.forward_cycles, counters.reverse_cycles) == (5, 4)
    assert counters.operations == 2


def test_a_divider_starts_in_front_of_what_is_reserved_for_later(machine: Machine):
    simulation = Simulation(with_datapath(machine, float_units=1))
    assert simulation.step(ADD, 10) == 15
    # Cycles 0 to 9 and 11 to 16.
    assert simulation.step(DIV, 0) == 17
    assert simulation.step(ADD, 0) == 17 + 5


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([ADD, MUL, DIV, INT]), st.integers(0, 60))),
    st.integers(1, 3),
)
def test_no_span_of_cycles_holds_more_work_than_its_units_do(
    machine: Machine, program: list[tuple[Operation, int]], units: int
):
    simulation = Simulation(with_datapath(machine, float_units=units))
    latency, work = {ADD: 5, MUL: 4, DIV: 16, INT: 1}, {ADD: 1, MUL: 1, DIV: 16}
    spans: list[tuple[int, int, int]] = []  # first cycle, cycle after the last, work
    for kind, ready in program:
        done = simulation.step(kind, ready)
        assert done >= ready + latency[kind]
        if kind != INT:
            spans.append((ready, done - latency[kind] + work[kind], work[kind]))
    for first, _, _ in spans:
        for _, after, _ in spans:
            inside = [w for f, a, w in spans if f >= first and a <= after]
            assert sum(inside) <= units * max(0, after - first)
