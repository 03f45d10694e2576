"""Every counter says what it counts."""

from dataclasses import fields

from hwmodel import Counters, Machine, Operation, Simulation
from hwmodel.engine.counters import Tally


def test_every_counter_has_a_sentence():
    sentences = Counters.describe()
    assert set(sentences) == {item.name for item in fields(Counters)}
    assert all(sentence.endswith(".") for sentence in sentences.values())
    assert len(set(sentences.values())) == len(sentences)


def test_operations_by_kind(machine: Machine):
    simulation = Simulation(machine)
    for kind in (Operation.INT_ADD, Operation.INT_ADD, Operation.FEXP_F32):
        simulation.step(kind, 0)
    counters = simulation.finish()
    assert counters.operation_counts == {"INT_ADD": 2, "FEXP_F32": 1}
    assert counters.operations == 3
    assert counters.as_dict()["operations"] == 3


def test_kernels_may_add_whether_an_access_is_a_store():
    assert Tally.cache_reads + 1 == Tally.cache_writes
    assert Tally.direct_reads + 1 == Tally.direct_writes
    assert Tally.scratchpad_reads + 1 == Tally.scratchpad_writes
