"""What the pass `differentiate` knows of a function before it reverses it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import SSAValue
from xdsl.rewriter import InsertPoint

from tapeflow.analysis.differentiation.activity import find_activity
from tapeflow.analysis.differentiation.recall_ways import Choice, RecallWays
from tapeflow.analysis.differentiation.scopes import Scopes
from tapeflow.analysis.differentiation.to_be_recorded import (
    ReverseReads,
    find_reverse_reads,
)
from tapeflow.analysis.differentiation.value_restoration import find_undoable
from tapeflow.analysis.ir.program_order import ProgramOrder
from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.analysis.memory.later_writes import LaterWrites
from tapeflow.analysis.memory.overwriting import find_accesses
from tapeflow.transforms.building.index_builder import FunctionConstants, IndexBuilder
from tapeflow.transforms.differentiation.forward_sweep import compute_forward_terms
from tapeflow.transforms.differentiation.track_extrema import track_extrema
from tests.analysis.conftest import Parse, Program


@dataclass(frozen=True)
class Reverse:
    """A function whose reverse is about to be made."""

    program: Program
    facts: ReverseReads
    choices: dict[SSAValue, Choice]

    @property
    def ways(self) -> RecallWays:
        """All ways back, where no loop is fused with its reverse."""
        function, activity = self.program.function, self.facts.activity
        accesses = find_accesses(function, activity.buffers)
        scopes = Scopes(function.body.block, ())
        later = LaterWrites(activity.buffers)
        undoable = find_undoable(function, activity, accesses, scopes, later)
        order = ProgramOrder(function)
        return RecallWays(
            activity.buffers, scopes, undoable, order, later, self.choices
        )


ReverseOf = Callable[..., Reverse]


@pytest.fixture
def reverse_of(parse: Parse) -> ReverseOf:
    """Of a body: the reverse with respect to arguments, by name, and buffers of them.

    All numbers that the function returns are seeded.
    """

    def make(body: str, returns: str = "", wrt: Sequence[str] = "xyab") -> Reverse:
        program = parse(body, returns)
        function = program.function
        arguments = [program[name] for name in wrt]
        constants = FunctionConstants(function)
        point = InsertPoint.at_end(function.body.block)
        builder = IndexBuilder(constants, point, function.location)

        def activity():
            last = function.body.block.last_op
            assert last is not None
            buffers = [v for v in arguments if isinstance(v.type, MemRefType)]
            sinks = [*last.operands, *buffers]
            found = find_buffers(function, may_share=False)
            return find_activity(function, found, arguments, sinks)

        terms, choices = track_extrema(function, activity(), builder)
        terms = compute_forward_terms(function, activity(), builder, terms)
        facts = find_reverse_reads(function, activity(), terms)
        return Reverse(program, facts, choices)

    return make
