"""The kinds of micro-operations and the table of what each one needs and costs.

The figures are in `data/operations.csv` (unit, latency, pipelined or not, energy as a
sum of priced actions) and `data/arithmetic_energy.csv` (picojoules per action), each
with its source. A kind without a latency or an energy is an error at import.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from types import MappingProxyType

from hwmodel.description.errors import MachineError
from hwmodel.description.figures import read_figures


class Unit(IntEnum):
    """Where an operation executes."""

    NONE = 0
    INTEGER = 1
    FLOAT = 2
    CACHE = 3
    SCRATCHPAD = 4
    DMA = 5


class Operation(IntEnum):
    """Every kind of micro-operation; hand plain integers to the kernels.

    One kind stands for all operations that cost the same: INT_ADD for add, subtract,
    compare, select, logic, shifts and casts of integers; FCMP for compare, min, max,
    abs, neg, select and casts of floats; FSINCOS for sin or cos; FATAN for atan, atan2,
    asin and acos; FSINH for sinh or cosh; FROUND for floor, ceil, round and trunc.
    BEGIN says that the bytes of a ring are its own from now on, whose ever they were.
    FREE_LOAD and FREE_STORE are accesses that ceilings and bounds take to be free.
    """

    INT_ADD = 0
    INT_MUL = 1
    INT_DIV = 2
    FADD_F32 = 3
    FADD_F64 = 4
    FMUL_F32 = 5
    FMUL_F64 = 6
    FDIV_F32 = 7
    FDIV_F64 = 8
    FSQRT_F32 = 9
    FSQRT_F64 = 10
    FRSQRT_F32 = 11
    FRSQRT_F64 = 12
    FCMP_F32 = 13
    FCMP_F64 = 14
    FEXP_F32 = 15
    FEXP_F64 = 16
    FEXPM1_F32 = 17
    FEXPM1_F64 = 18
    FLOG_F32 = 19
    FLOG_F64 = 20
    FLOG1P_F32 = 21
    FLOG1P_F64 = 22
    FSINCOS_F32 = 23
    FSINCOS_F64 = 24
    FTAN_F32 = 25
    FTAN_F64 = 26
    FATAN_F32 = 27
    FATAN_F64 = 28
    FTANH_F32 = 29
    FTANH_F64 = 30
    FSINH_F32 = 31
    FSINH_F64 = 32
    FPOW_F32 = 33
    FPOW_F64 = 34
    FERF_F32 = 35
    FERF_F64 = 36
    FCBRT_F32 = 37
    FCBRT_F64 = 38
    FMA_F32 = 39
    FMA_F64 = 40
    FROUND_F32 = 41
    FROUND_F64 = 42
    LOAD = 43
    STORE = 44
    SPM_LOAD = 45
    SPM_STORE = 46
    ENQUEUE = 47
    ACQUIRE = 48
    PREFETCH = 49
    DEQUEUE = 50
    DRAIN = 51
    FILL = 52
    TURN = 53
    MOVE = 54
    FREE_LOAD = 55
    FREE_STORE = 56
    RELOAD = 57
    BEGIN = 58


@dataclass(frozen=True)
class OperationFigures:
    """What one kind needs and costs.

    `latency_cycles` is -1 for accesses, whose time the machine's memories give;
    `actions` maps a priced action of `arithmetic_energy.csv` to how often it happens.
    """

    unit: Unit
    latency_cycles: int
    pipelined: bool
    actions: tuple[tuple[str, float], ...]
    status: str

    def energy_pj(self, technology_nm: int) -> float:
        """Picojoules of one operation without its memory access, at 45 or 22 nm."""
        return self.energy_band_pj(technology_nm)[1]

    def energy_band_pj(self, technology_nm: int) -> tuple[float, float, float]:
        """Low, nominal and high picojoules of one operation, as `energy_pj`."""
        bands = [
            [count * figure for figure in action_band_pj(action, technology_nm)]
            for action, count in self.actions
        ]
        low, nominal, high = (sum(band[end] for band in bands) for end in range(3))
        return low, nominal, high


@cache
def action_band_pj(action: str, technology_nm: int) -> tuple[float, float, float]:
    """Low, nominal and high picojoules of an arithmetic action, e.g. `add_f64`.

    Bands are published at 45 nm and scale with the nominal figure; an end that nobody
    published is the nominal figure.
    """
    for row in read_figures("arithmetic_energy"):
        if row["action"] == action:
            nominal = float(row[f"energy_{technology_nm}nm_pj"])
            scale = nominal / float(row["energy_45nm_pj"])
            ends = (row["low_45nm_pj"], row["high_45nm_pj"])
            low, high = (float(end) * scale if end else nominal for end in ends)
            return low, nominal, high
    raise MachineError(f"arithmetic_energy.csv has no energy for the action {action!r}")


def operation_table(
    rows: tuple[Mapping[str, str], ...],
) -> Mapping[Operation, OperationFigures]:
    """The figures of every kind from the rows of `operations.csv`.

    Raises MachineError for a kind without a row, a latency or an energy.
    """
    by_name = {row["operation"]: row for row in rows}
    missing = [kind.name for kind in Operation if kind.name not in by_name]
    if missing:
        raise MachineError(f"operations.csv has no row for {', '.join(missing)}")
    return MappingProxyType({kind: _figures(by_name[kind.name]) for kind in Operation})


def _figures(row: Mapping[str, str]) -> OperationFigures:
    unit = Unit[row["unit"]]
    is_access = unit in (Unit.CACHE, Unit.SCRATCHPAD)
    if not is_access and not row["latency_cycles"]:
        raise MachineError(f"operations.csv: {row['operation']} has no latency")
    if not is_access and unit != Unit.NONE and not row["energy"]:
        raise MachineError(f"operations.csv: {row['operation']} has no energy")
    return OperationFigures(
        unit=unit,
        latency_cycles=-1 if is_access else int(row["latency_cycles"]),
        pipelined=is_access or row["pipelined"] == "yes",
        actions=tuple(_action(term) for term in row["energy"].split("+") if term),
        status=row["status"],
    )


def _action(term: str) -> tuple[str, float]:
    """`"12 add_f64"` as `("add_f64", 12.0)`; the action must have a price."""
    count, action = term.split()
    action_band_pj(action, 45)
    return action, float(count)


OPERATION_TABLE = operation_table(read_figures("operations"))
