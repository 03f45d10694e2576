"""The verdict on every ring of a function."""

from xdsl.dialects.func import FuncOp

from tapeflow.analysis.balance.balance import check_balance
from tapeflow.analysis.balance.facts import Verdict
from tapeflow.analysis.balance.value_numbering import WholeNumbers
from tapeflow.analysis.streams.protocol import check_protocol
from tapeflow.analysis.streams.ring_uses import misused_rings
from tapeflow.dialects.spm import AllocateOp


def check_streams(
    function: FuncOp, original: FuncOp | None = None
) -> tuple[Verdict, ...]:
    """The verdicts in the order in which the rings are allocated.

    Looks at the steps of each ring first, then at those whose steps are right in
    order: do their pops mirror their pushes, and is their capacity large enough? Of the
    functions that are called only what they do to memory and scratchpad counts.

    Args:
        function: the function; functions that it calls stand beside it.
        original: what it is a copy of, among the functions that call it.
    """
    rings = [op for op in function.walk() if isinstance(op, AllocateOp)]
    if not rings:
        return ()
    facts = check_protocol(function)
    check_balance(function, facts, WholeNumbers(function, facts.chunks, original))
    failures = facts.failures | misused_rings(function, rings)
    values = (ring.ring for ring in rings)
    return tuple(failures.get(value, Verdict(value, "proved")) for value in values)
