"""Loops whose reverse can run beside them, iteration by iteration.

Usually all iterations run forward, then all run backward, and whatever an iteration's
reverse reads is kept in between. But an iteration can be reversed at once if

- the adjoints of what the loop yields are known before it runs: it only adds to the
  values it carries, so that d(result)/d(value) is 1 in every iteration, and what
  follows passes the seeds on to them without reading any value that is computed later;
- no adjoint flows from one iteration to an earlier one through memory: an active buffer
  that the loop writes is overwritten by each iteration before it is read, and used
  nowhere else;
- the adjoint of what it reads does not still have to be overwritten: nothing writes
  these buffers after it.

What such a loop computes is at hand in its own iteration, so it needs no tape. A
*scope* is a block whose forward run is followed directly by its reverse: the
function's, and the bodies of fused loops.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xdsl.dialects import arith, memref, scf
from xdsl.ir import Block, Operation, OpResult, SSAValue
from xdsl.traits import Pure

from tapeflow.analysis.differentiation.derivative_rules import rule_of
from tapeflow.analysis.differentiation.rule_language import ForwardTerm, leaves
from tapeflow.analysis.differentiation.to_be_recorded import ReverseReads
from tapeflow.analysis.ir.control_flow import STRUCTURED
from tapeflow.analysis.memory.effects import is_memref
from tapeflow.analysis.memory.overwriting import Accesses
from tapeflow.dialects.ad import is_float


@dataclass(frozen=True)
class ScopeFusion:
    """What is fused in one scope."""

    loops: tuple[scf.ForOp, ...]
    """The fused loops, in program order; never empty."""
    early: frozenset[Operation]
    """Operations after the first of them whose reverse comes before it."""
    hoisted: tuple[Operation, ...]
    """Pure operations whose results that reverse reads, in program order."""


def accumulated(loop: scf.ForOp, facts: ReverseReads) -> tuple[int, ...]:
    """Positions of the active floats among the values that a loop carries."""
    return tuple(
        k
        for k, (arg, result) in enumerate(
            zip(loop.body.block.args[1:], loop.results, strict=True)
        )
        if is_float(arg.type)
        and (facts.activity.active(arg) or facts.activity.active(result))
    )


@dataclass(frozen=True)
class FusionFinder:
    """Finds the fused loops of a function, scope by scope."""

    facts: ReverseReads
    accesses: Accesses

    def scopes(self, entry: Block) -> dict[Block, ScopeFusion]:
        """What is fused in the scopes of a function, outer ones first."""
        found: dict[Block, ScopeFusion] = {}
        work = [entry]
        while work:
            scope = work.pop()
            fusion = self._of_scope(scope)
            if fusion is not None:
                found[scope] = fusion
                work.extend(loop.body.block for loop in fusion.loops)
        return found

    def _of_scope(self, scope: Block) -> ScopeFusion | None:
        ops = tuple(scope.ops)
        candidates = [
            op
            for op in ops
            if isinstance(op, scf.ForOp)
            and op in self.facts.relevant
            and self._is_separable(op, scope)
        ]
        if not candidates:
            return None
        following = ops[ops.index(candidates[0]) :]
        later = frozenset(following)
        early: set[Operation] = set()
        for op in reversed(following):
            if op in candidates:
                if all(self._is_early(result, op, early) for result in op.results):
                    early.add(op)
            elif self._has_early_reverse(op, later, early):
                early.add(op)
        loops = tuple(op for op in candidates if op in early)
        if not loops:
            return None
        behind = self._behind(loops, ops, early)
        return ScopeFusion(loops, behind, _hoisted(loops[0], ops, self._reads(behind)))

    def _is_early(self, value: SSAValue, at: Operation, early: set[Operation]) -> bool:
        """Whether a value gets its adjoint from early operations and seeds alone."""
        if not is_float(value.type) or not self.facts.activity.active(value):
            return True
        scope = at.parent
        assert scope is not None
        for use in value.uses:
            user = scope.find_ancestor_op_in_block(use.operation)
            assert user is not None
            if user is not use.operation:
                if value in self.facts.captured.get(user, ()):
                    return False
            elif user is scope.last_op or user in early:
                continue
            elif self._passes_adjoint(user, value):
                return False
        return True

    def _passes_adjoint(self, user: Operation, value: SSAValue) -> bool:
        match user:
            case memref.StoreOp():
                return self.facts.activity.active(user.memref)
            case _ if type(user) in STRUCTURED:
                return True
            case _:
                return any(operand is value for operand, _ in self.facts.partials(user))

    def _has_early_reverse(
        self, op: Operation, later: frozenset[Operation], early: set[Operation]
    ) -> bool:
        """Whether what an operation's rule reads is known before the fused loops."""
        if rule_of(op) is None or not self.facts.activity.active(op.results[0]):
            return False
        if not self._is_early(op.results[0], op, early):
            return False
        for _, partial in self.facts.partials(op):
            for leaf in leaves(partial):
                if isinstance(leaf, ForwardTerm):
                    return False
                if not _is_movable(self.facts.primal(op, leaf), later):
                    return False
        return True

    def _behind(
        self,
        loops: tuple[scf.ForOp, ...],
        ops: Sequence[Operation],
        early: set[Operation],
    ) -> frozenset[Operation]:
        """The early operations that the fused loops' results flow into."""
        reached = {result for loop in loops for result in loop.results}
        behind: set[Operation] = set()
        for op in ops:
            if op in early and op not in loops and reached.intersection(op.operands):
                behind.add(op)
                reached.update(op.results)
        return frozenset(behind)

    def _reads(self, ops: frozenset[Operation]) -> Iterator[SSAValue]:
        for op in ops:
            for _, partial in self.facts.partials(op):
                for leaf in leaves(partial):
                    assert not isinstance(leaf, ForwardTerm)
                    yield self.facts.primal(op, leaf)

    def _is_separable(self, loop: scf.ForOp, scope: Block) -> bool:
        """Whether the iterations of a loop exchange no adjoints but known ones."""
        activity = self.facts.activity
        if any(is_memref(arg) and activity.active(arg) for arg in loop.iter_args):
            return False
        if not all(is_accumulator(loop, k) for k in accumulated(loop, self.facts)):
            return False
        return all(
            self._is_private(loop, buffer)
            if loop in activity.buffers.around_writes.get(buffer, ())
            else not activity.buffers.written_after(buffer, loop, scope)
            for buffer in self.accesses.inside.get(loop, ())
            if activity.active(buffer)
        )

    def _is_private(self, loop: scf.ForOp, buffer: SSAValue) -> bool:
        """Whether what an iteration leaves in a buffer matters to nothing else."""
        buffers = self.facts.activity.buffers
        names = self.accesses.names[buffer]
        body = loop.body.block
        allocations = {name.owner for name in names}
        if all(
            isinstance(owner, Operation)
            and body.find_ancestor_op_in_block(owner) is not None
            for owner in allocations
        ):
            return True
        if len(names) > 1 or not isinstance(
            buffers.of(buffer).owner, memref.AllocOp | memref.AllocaOp
        ):
            return False
        return all(
            isinstance(use.operation, memref.DimOp | memref.DeallocOp)
            or body.find_ancestor_op_in_block(use.operation) is not None
            for use in buffers.of(buffer).uses
        ) and self.accesses.overwritten_first(body, buffer)


def _is_movable(value: SSAValue, later: frozenset[Operation]) -> bool:
    """Whether a value is known before the later operations, or can be made so."""
    work, seen = [value], set[SSAValue]()
    while work:
        value = work.pop()
        if value in seen or not isinstance(value, OpResult) or value.op not in later:
            continue
        seen.add(value)
        if not value.op.has_trait(Pure) or value.op.regions:
            return False
        work.extend(value.op.operands)
    return True


def _hoisted(
    first: Operation, ops: Sequence[Operation], reads: Iterator[SSAValue]
) -> tuple[Operation, ...]:
    """The operations from the first fused loop on that compute the values read."""
    later = set(ops[ops.index(first) :])
    work, needed = [*reads], set[Operation]()
    while work:
        value = work.pop()
        if isinstance(value, OpResult) and value.op in later - needed:
            needed.add(value.op)
            work.extend(value.op.operands)
    return tuple(op for op in ops if op in needed)


def is_accumulator(loop: scf.ForOp, position: int) -> bool:
    """Whether a loop does nothing with a carried value but add to it and yield it."""
    value: SSAValue = loop.body.block.args[1 + position]
    while True:
        uses = tuple(value.uses)
        if len(uses) != 1:
            return False
        (use,) = uses
        match use.operation:
            case scf.YieldOp() as terminator:
                return terminator.parent_op() is loop and use.index == position
            case arith.AddfOp() as addition:
                value = addition.result
            case arith.SubfOp() as subtraction if use.index == 0:
                value = subtraction.result
            case scf.ForOp() as inner if use.index >= 3:
                if not is_accumulator(inner, use.index - 3):
                    return False
                value = inner.results[use.index - 3]
            case _:
                return False
