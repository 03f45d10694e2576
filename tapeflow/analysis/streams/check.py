"""The verdict on every ring of a function.

The check follows a ring from its allocation to the operations that name it, so every
one of these has to be an access or a transfer.
"""

from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.balance.balance import check_balance
from tapeflow.analysis.balance.facts import Verdict
from tapeflow.analysis.balance.value_numbering import WholeNumbers
from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.streams.protocol import check_protocol
from tapeflow.analysis.streams.shared_rings import shared_by_calls
from tapeflow.analysis.streams.steps import ring_of
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
    numbers = WholeNumbers(function, facts.chunks, original, facts.staged)
    check_balance(function, facts, numbers)
    failures = facts.failures | misused_rings(function, rings)
    values = (ring.ring for ring in rings)
    return tuple(failures.get(value, Verdict(value, "proved")) for value in values)


def misused_rings(function: FuncOp, rings: list[AllocateOp]) -> dict[SSAValue, Verdict]:
    """Verdicts on rings that escape the check, or share bytes with another one.

    Also with those of functions that are called while they are in use.
    """
    found = _overlaps(rings)
    for shared in shared_by_calls(function, CallGraph.around(function)):
        ring = shared.ring.ring
        answer = "refuted" if shared.is_certain else "not provable"
        remedy = _OWN_BYTES if shared.is_certain else _DEFINE
        verdict = Verdict(ring, answer, shared.reason, shared.where, remedy)
        found.setdefault(ring, verdict)
    for ring in rings:
        escape = _escape(ring)
        if escape is not None and ring.ring not in found:
            reason = f"{escape.name} takes the ring where it is not looked for"
            found[ring.ring] = Verdict(ring.ring, "not provable", reason, escape)
    return found


def _escape(ring: AllocateOp) -> Operation | None:
    for use in ring.ring.uses:
        if ring_of(use.operation) is not ring.ring:
            return use.operation
    return None


def _overlaps(rings: list[AllocateOp]) -> dict[SSAValue, Verdict]:
    """Rings that begin before another one of the function ends."""
    found: dict[SSAValue, Verdict] = {}
    end = 0
    for ring in sorted(rings, key=lambda op: op.ring.type.base.data):
        type_ = ring.ring.type
        base = type_.base.data
        if base < end:
            reason = (
                f"its slots begin at byte {base}, those of another ring end at {end}"
            )
            found[ring.ring] = Verdict(ring.ring, "refuted", reason, ring, _OWN_BYTES)
        end = max(end, base + type_.capacity_bytes)
    return found


_OWN_BYTES = "give each ring bytes of its own, as assign-scratchpad does"
_DEFINE = "define the function in this module, or call it before the ring is allocated"
