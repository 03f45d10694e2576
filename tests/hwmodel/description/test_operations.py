"""Every kind has a unit, a latency, an energy and a reason."""

import pytest

from hwmodel import OPERATION_TABLE, MachineError, Operation, Unit
from hwmodel.description.figures import read_figures
from hwmodel.description.operations import operation_table

ROWS = read_figures("operations")

FREE_ON_PURPOSE = (
    Operation.TURN,
    Operation.BEGIN,
    Operation.MOVE,
    Operation.FREE_LOAD,  # what a ceiling or a bound leaves out
    Operation.FREE_STORE,
)


def without(operation: str, *columns: str) -> tuple[dict[str, str], ...]:
    return tuple(
        {
            key: "" if row["operation"] == operation and key in columns else value
            for key, value in row.items()
        }
        for row in ROWS
    )


@pytest.mark.parametrize("kind", Operation)
def test_no_kind_is_free_by_accident(kind: Operation):
    figures = OPERATION_TABLE[kind]
    if figures.unit in (Unit.INTEGER, Unit.FLOAT, Unit.DMA):
        assert figures.latency_cycles > 0
        assert figures.energy_pj(45) > figures.energy_pj(22) > 0
    elif figures.unit == Unit.NONE:
        assert kind in FREE_ON_PURPOSE
        assert figures.status == "free"
    else:
        assert figures.status == "table"


def test_every_row_says_where_it_is_from():
    known = {"published", "derived", "assumption", "table", "free"}
    assert {row["status"] for row in ROWS} <= known
    assert all(row["reason"] for row in ROWS)
    assert all(row["source"] for row in read_figures("arithmetic_energy"))


def test_energies_are_sums_of_actions():
    # 12 multiplies and 12 adds: 12 x 11.917 + 12 x 2.361.
    energy = OPERATION_TABLE[Operation.FEXP_F64].energy_pj(45)
    assert energy == pytest.approx(171.336)
    assert OPERATION_TABLE[Operation.FMA_F32].energy_pj(45) == pytest.approx(4.6)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (without("FEXP_F64", "latency_cycles"), "FEXP_F64 has no latency"),
        (without("FADD_F32", "energy"), "FADD_F32 has no energy"),
        (ROWS[1:], "no row for INT_ADD"),
    ],
)
def test_a_gap_in_the_table_is_an_error(rows: tuple[dict[str, str], ...], message: str):
    with pytest.raises(MachineError, match=message):
        operation_table(rows)


def test_an_action_without_a_price_is_an_error():
    rows = tuple({**row, "energy": "2 magic"} for row in ROWS)
    with pytest.raises(MachineError, match="no energy for the action 'magic'"):
        operation_table(rows)
