"""Lower bounds: work counted by hand, and never more than what a run takes."""

from dataclasses import replace

import numpy as np
import pytest

from hwmodel import Bounds, Operation, Simulation, Work, WorkMeter, bounds_of, preset

FAIR = preset("fair").without_scratchpad()
FADD = Operation.FADD_F64
LOAD, STORE = Operation.LOAD, Operation.STORE
FREE_LOAD, FREE_STORE = Operation.FREE_LOAD, Operation.FREE_STORE


def rows(*operations):
    """Rows of one segment from (kind, result, sources, size); size 0 for no access."""
    table = [
        (kind, result, *[*sources, *[-1] * 4][:4], size, int(size > 0))
        for kind, result, sources, size in operations
    ]
    return np.array(table, np.int64), np.array([0, len(table)], np.int64)


def work_of(operations, *addresses, results_bytes=0, machine=FAIR):
    """What one event of these operations asks for."""
    table, segments = rows(*operations)
    events = np.array([0, *addresses], np.int64)
    meter = WorkMeter(machine)
    end_bytes = max((0, *addresses)) + 8
    times = np.zeros(16, np.int64)
    meter.run_events(table, segments, times, events, len(events), end_bytes)
    return meter.finish(results_bytes)


def test_a_program_worked_by_hand():
    """y[0] = x[0] + x[8]: two loads, an addition, a store to a line of the results."""
    operations = [
        (LOAD, 0, (), 8),
        (LOAD, 1, (), 8),
        (FADD, 2, (0, 1), 0),
        (STORE, -1, (2,), 8),
    ]
    work = work_of(operations, 64, 128, 0, results_bytes=64)
    counts = {"FADD_F64": 1, "LOAD": 2, "STORE": 1}
    # A load hits after 2 cycles, the addition takes 5, the store is accepted in 1.
    assert work == Work(counts, words=3, lines_in=2, lines_out=1, path_cycles=8)
    assert bounds_of(work, FAIR) == Bounds(
        dram_cycles=128 / 19.2,  # the line of results may stay in the cache
        arithmetic_cycles=1 / 4,
        issue_cycles=4 / 4,
        port_cycles=3 / 4,
        path_cycles=8.0,
    )
    assert bounds_of(work, FAIR).largest_cycles == 8.0


def test_results_that_do_not_fit_have_to_leave():
    tiny = replace(FAIR, cache=replace(FAIR.cache, capacity_bytes=256))
    work = Work({"STORE": 6}, words=6, lines_in=0, lines_out=6, path_cycles=1)
    assert bounds_of(work, tiny).dram_cycles == pytest.approx(2 * 64 / 19.2)
    assert bounds_of(work, FAIR).dram_cycles == 0


def test_lines_stored_first_need_not_come_and_others_not_go():
    """Line 0 is loaded first, line 1 stored first and no result."""
    operations = [(LOAD, 0, (), 8), (STORE, -1, (0,), 8), (LOAD, 1, (), 8)]
    work = work_of(operations, 0, 64, 72, results_bytes=64)
    assert (work.lines_in, work.lines_out) == (1, 0)


def test_a_load_waits_for_the_store_to_its_address():
    operations = [(FADD, 0, (), 0), (STORE, -1, (0,), 8), (LOAD, 1, (), 8)]
    assert work_of(operations, 8, 8).path_cycles == 5 + 1 + 2
    assert work_of(operations, 8, 16).path_cycles == 5 + 1


def test_a_free_tape_carries_times_and_nothing_else():
    operations = [
        (FADD, 0, (), 0),
        (FREE_STORE, -1, (0,), 8),
        (FREE_LOAD, 1, (), 8),
        (FADD, 2, (1,), 0),
    ]
    work = work_of(operations, 8, 8)
    assert work == Work({"FADD_F64": 2}, 0, 0, 0, path_cycles=10)


def test_words_across_lines():
    work = work_of([(LOAD, 0, (), 8)], 60)
    assert (work.words, work.lines_in) == (2, 2)


def test_units_that_are_busy_for_several_cycles():
    division = Operation.FDIV_F64
    busy = work_of([(division, 0, (), 0)] * 8)
    sequential = replace(FAIR.datapath, float_units=1)
    bounds = bounds_of(busy, replace(FAIR, datapath=sequential))
    simulation = Simulation(replace(FAIR, datapath=sequential))
    for _ in range(8):
        simulation.step(division, 0)
    assert bounds.arithmetic_cycles == simulation.finish().cycles


def test_no_limit_no_bound():
    unlimited = replace(FAIR.datapath, float_units=0, integer_units=0, issue_width=0)
    bounds = bounds_of(work_of([(FADD, 0, (), 0)]), replace(FAIR, datapath=unlimited))
    assert (bounds.arithmetic_cycles, bounds.issue_cycles) == (0, 0)
