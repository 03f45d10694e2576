"""Which memrefs may be the same memory, and whether it can be read again later.

A *buffer* is everything one allocation or argument may be called: views of it, and for
buffers swapped through loop-carried variables the whole orbit. `find_buffers` finds
those of a function, and who writes them.

Distinct arguments are promised not to overlap, nor to be globals (see
docs/differentiation.md). That is a promise to the function that a user runs or
differentiates; those of a function that others call may be one buffer, unless all calls
show that they are not (`shared_arguments`). What an operation not known here makes of a
buffer is taken to be the same memory, and to be written unless the operation says that
it does not write. A call writes what the function that it calls does; what is not
known, all that anybody else has a name of.
"""

from bisect import bisect
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects import func, memref
from xdsl.ir import Block, Operation, SSAValue

from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.ir.union_find import UnionFind
from tapeflow.analysis.ir.walking import operations_in
from tapeflow.analysis.memory.effects import (
    UNKNOWN,
    CallEffects,
    is_memref,
    reaches_beyond_operands,
    same_memory,
    touches_no_memory,
    written_memrefs,
)
from tapeflow.analysis.memory.shared_arguments import may_share_arguments
from tapeflow.analysis.memory.views import may_be_given_overlap, may_overlap_itself


def ancestors(op: Operation) -> list[Operation]:
    """The operation and all around it, innermost first."""
    chain: list[Operation] = []
    current: Operation | None = op
    while current is not None:
        chain.append(current)
        current = current.parent_op()
    return chain


@dataclass(frozen=True)
class Buffers:
    """The buffers of a function: `of` names one by a representative memref value."""

    classes: UnionFind
    writes: dict[SSAValue, tuple[Operation, ...]]
    """By representative, in program order."""
    around_writes: dict[SSAValue, frozenset[Operation]]
    """By representative, the operations inside the function that hold a write."""
    order: dict[Operation, int]
    """Position of each operation in a walk of the function."""
    overlapping: frozenset[SSAValue]
    """Representatives of the buffers with a name whose indices may share elements."""
    are_arguments_apart: bool
    """Whether no two arguments of the function are one buffer."""

    def of(self, value: SSAValue) -> SSAValue:
        """The representative of a memref's buffer."""
        return self.classes.find(value)

    def same(self, one: SSAValue, other: SSAValue) -> bool:
        """Whether two memrefs may share an element."""
        return self.of(one) is self.of(other)

    def overlaps_itself(self, value: SSAValue) -> bool:
        """Whether different indices of a memref may be one element."""
        return self.of(value) in self.overlapping

    def written(self, value: SSAValue) -> bool:
        """Whether anything writes to the memref's buffer."""
        return self.of(value) in self.writes

    def written_after(self, value: SSAValue, op: Operation, scope: Block) -> bool:
        """Whether an operation behind `op` in a block around it writes the buffer."""
        writes = self.writes.get(self.of(value), ())
        position = bisect(writes, self.order[op], key=self.order.__getitem__)
        if position == len(writes):
            return False
        return scope.find_ancestor_op_in_block(writes[position]) is not None


def find_buffers(
    function: func.FuncOp,
    graph: CallGraph | None = None,
    *,
    may_share: bool | None = None,
) -> Buffers:
    """Find the buffers of a function and who writes them.

    Linear in the size of the module around it; given the graph of that module, in the
    size of the function and of all that it calls.

    Args:
        may_share: whether two of its arguments may be one buffer; by default, if a
            call in the module may pass one twice.
    """
    graph = graph or CallGraph.around(function)
    effects: dict[func.FuncOp, CallEffects] = {}
    if graph.calls(function):
        for component in graph.components(function):
            is_recursive = graph.is_recursive(component)
            for callee in component:
                effects[callee] = (
                    UNKNOWN
                    if is_recursive
                    else _Search(callee, graph, effects).effects()
                )
    search = _Search(function, graph, effects)
    if may_share is None:
        may_share = may_share_arguments(function, graph)
    if may_share:
        search.mix_arguments()
    return search.buffers()


class _Search:
    """The buffers of one function, with what is known of those that it calls."""

    def __init__(
        self,
        function: func.FuncOp,
        graph: CallGraph,
        effects: Mapping[func.FuncOp, CallEffects],
    ):
        self._function = function
        self._graph = graph
        self._effects = effects
        self._classes = UnionFind()
        self._order: dict[Operation, int] = {}
        self._writers: list[tuple[SSAValue, Operation]] = []
        self._globals: dict[str, SSAValue] = {}
        self._calls: list[tuple[Operation, CallEffects]] = []
        # What others have a name of besides the globals, and what may be any of that.
        self._shared: list[SSAValue] = [a for a in function.args if is_memref(a)]
        self._strange: list[SSAValue] = []
        self._are_mixed = False
        self._overlapping = [*filter(may_overlap_itself, self._shared)]
        for position, op in enumerate(operations_in(function)):
            self._order[op] = position
            self._look_at(op)
        for op, does in self._calls:
            self._note_results(op, does)
        for op, does in self._calls:
            self._note_writes(op, does)
        if self._strange:
            self._mix(self._everybodys())

    def mix_arguments(self) -> None:
        """Take all arguments and globals for one buffer, as a caller may do."""
        self._are_mixed = True
        everybodys = self._everybodys()
        for other in everybodys[1:]:
            self._classes.union(everybodys[0], other)
        self._overlapping += filter(may_be_given_overlap, self._function.args)

    def buffers(self) -> Buffers:
        """What was found."""
        writes: dict[SSAValue, dict[Operation, None]] = {}
        for value, op in sorted(self._writers, key=lambda it: self._order[it[1]]):
            writes.setdefault(self._classes.find(value), {})[op] = None
        return Buffers(
            self._classes,
            {buffer: tuple(ops) for buffer, ops in writes.items()},
            {buffer: _around(ops, self._function) for buffer, ops in writes.items()},
            self._order,
            frozenset(map(self._classes.find, self._overlapping)),
            not self._are_mixed,
        )

    def effects(self) -> CallEffects:
        """What a call of the function may do."""
        if any(does.unknown for _, does in self._calls):
            return UNKNOWN
        find = self._classes.find
        freed = [op.memref for op in self._order if isinstance(op, memref.DeallocOp)]
        written = {find(value) for value in (*dict(self._writers), *freed)}
        last = self._function.body.blocks.last
        returned = () if last is None or last.last_op is None else last.last_op.operands
        given = {find(value) for value in filter(is_memref, returned)}
        inner = [does for _, does in self._calls]
        return CallEffects(
            frozenset(a.index for a in self._function.args if find(a) in written),
            self._names(written).union(*(does.globals for does in inner)),
            self._names(given).union(*(does.returned for does in inner if given)),
        )

    def _names(self, buffers: Collection[SSAValue]) -> frozenset[str]:
        find = self._classes.find
        return frozenset(n for n, g in self._globals.items() if find(g) in buffers)

    def _look_at(self, op: Operation) -> None:
        if touches_no_memory(op):
            return
        for one, other in same_memory(op):
            if is_memref(one) and is_memref(other):
                self._classes.union(one, other)
        if isinstance(op, memref.GetGlobalOp):
            name = op.name_.string_value()
            self._classes.union(self._globals.setdefault(name, op.memref), op.memref)
        memrefs = filter(is_memref, op.results)
        self._overlapping += filter(may_overlap_itself, memrefs)
        if not reaches_beyond_operands(op):
            self._writers += [(value, op) for value in written_memrefs(op)]
            return
        callee = self._graph.callee(op)
        does = UNKNOWN if callee is None else self._effects.get(callee, UNKNOWN)
        self._calls.append((op, does))
        if does.unknown:
            self._shared.extend(filter(is_memref, op.operands))

    def _note_results(self, op: Operation, does: CallEffects) -> None:
        """What others return may be a global, named here or not."""
        for result in filter(is_memref, op.results):
            if does.unknown:
                self._strange.append(result)
            for name in does.returned:
                self._classes.union(self._globals.setdefault(name, result), result)

    def _note_writes(self, op: Operation, does: CallEffects) -> None:
        if does.unknown:
            written = self._everybodys()
        else:
            written = [op.operands[number] for number in does.arguments]
            named = self._globals
            written += [named[name] for name in does.globals if name in named]
            if does.globals:
                written += self._strange
        self._writers += [(value, op) for value in written]

    def _everybodys(self) -> list[SSAValue]:
        return [*self._globals.values(), *self._shared, *self._strange]

    def _mix(self, buffers: Sequence[SSAValue]) -> None:
        """Whoever writes to one of these may write to any."""
        find = self._classes.find
        mixed = {find(buffer) for buffer in buffers}
        writers = [op for value, op in self._writers if find(value) in mixed]
        self._writers += [(buffer, op) for buffer in mixed for op in writers]


def _around(ops: Iterable[Operation], function: func.FuncOp) -> frozenset[Operation]:
    """The operations inside the function that hold any of these."""
    around: set[Operation] = set()
    for op in ops:
        holder = op.parent_op()
        while holder is not None and holder is not function and holder not in around:
            around.add(holder)
            holder = holder.parent_op()
    return frozenset(around)
