"""What the reverse sweep needs of the forward sweep, and how it gets each value.

Only primal values that a derivative rule, an address or a bound really reads are
needed (the to-be-recorded analysis of Griewank & Walther, section 6.2). A needed value
is at hand, or it is saved on the tape, or the reverse sweep gets it back from values
that are then needed in turn.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from xdsl.dialects import memref
from xdsl.ir import Block, Operation, SSAValue

from tapeflow.analysis.differentiation.minimum_cut import (
    NEVER,
    Candidate,
    cheapest_again,
)
from tapeflow.analysis.differentiation.recall_prices import RecallPrices
from tapeflow.analysis.differentiation.recall_ways import (
    AGAIN,
    Recall,
    RecallWays,
    Way,
    owner_block,
)
from tapeflow.analysis.differentiation.value_restoration import Undo
from tapeflow.analysis.ir.program_order import ProgramOrder


@dataclass(frozen=True)
class RecallPlan:
    """Per value how it is recalled, and per block what the reverse sweep needs."""

    recalls: dict[SSAValue, Recall]
    """How each needed value is recalled."""
    ways: dict[SSAValue, Way]
    """How to get back what is not saved."""
    unused: dict[SSAValue, Way]
    """How one could get back what is saved."""
    needed: dict[Block, tuple[SSAValue, ...]]
    """Values not at hand, in program order, by their defining block."""
    due: dict[SSAValue, Operation]
    """The operation of its block after whose reverse a value can be got back."""
    overwritten: dict[memref.StoreOp, SSAValue]
    """By store whose write is undone, what it overwrites."""
    carried: frozenset[SSAValue]
    """Buffers, by representative, that reverse loops swap back for their contents."""
    copied: tuple[SSAValue, ...]
    """Arguments whose writes are undone in a copy of their final contents."""

    @property
    def saved(self) -> tuple[SSAValue, ...]:
        """The values that go on the tape."""
        return tuple(
            value
            for values in self.needed.values()
            for value in values
            if self.recalls[value] is Recall.SAVE
        )


@dataclass(frozen=True)
class RecallPlanner:
    """Decides how each needed value is recalled."""

    order: ProgramOrder
    reads: Callable[[Operation], Iterator[SSAValue]]
    """The primal values that the reverse of an operation reads."""
    ways: RecallWays
    undoable: Mapping[SSAValue, Undo]
    overwritten: Mapping[memref.StoreOp, SSAValue]
    """By store, a load of what it overwrites, right in front of it."""
    prices: RecallPrices

    def plan(self) -> RecallPlan:
        """The cheapest plan."""
        wanted: dict[SSAValue, int] = {}
        for op in self.order.of_op:
            for value in self.reads(op):
                self._need(wanted, value, op)
        ways = self._possible(wanted)
        again = cheapest_again(self._candidates(ways), wanted)
        chosen = {v: way for v, way in ways.items() if way and v in again}
        return self._plan(wanted, chosen, ways)

    def _need(
        self, latest: dict[SSAValue, int], value: SSAValue, reader: Operation
    ) -> None:
        """Note how late in its block a value is needed by an operation's reverse."""
        holder = owner_block(value).find_ancestor_op_in_block(reader)
        assert holder is not None
        latest[value] = max(latest.get(value, -1), self.order.of_op[holder])

    def _need_for(
        self, latest: dict[SSAValue, int], operand: SSAValue, value: SSAValue
    ) -> None:
        """Note that a value needs an operand: when it is needed, or its block runs."""
        block = owner_block(value)
        if owner_block(operand) is block:
            latest[operand] = max(latest.get(operand, -1), latest[value])
        else:
            around = block.parent_op()
            assert around is not None
            self._need(latest, operand, around)

    def _possible(self, wanted: Mapping[SSAValue, int]) -> dict[SSAValue, Way | None]:
        """The ways of what may be needed and is not at hand, users first.

        A way is impossible where the value is needed before it is due.
        """
        reachable, undone = self._reachable(wanted)
        latest = dict(wanted)
        for store in undone:
            self._need(latest, self.overwritten[store], store)
        ways: dict[SSAValue, Way | None] = {}
        positions = self.order.of_value
        for value in sorted(reachable, key=positions.__getitem__, reverse=True):
            if value not in latest:
                continue  # Only for a way that turned out to be impossible.
            way = ways[value] = reachable[value]
            if way is None:
                continue
            if way.due and latest[value] >= self.order.of_op[way.due]:
                ways[value] = None
                continue
            for operand in way.operands:
                self._need_for(latest, operand, value)
        return ways

    def _reachable(
        self, wanted: Mapping[SSAValue, int]
    ) -> tuple[dict[SSAValue, Way | None], set[memref.StoreOp]]:
        """All that may be needed and is not at hand, and the stores to be undone."""
        ways: dict[SSAValue, Way | None] = {}
        undone: set[SSAValue] = set()
        work = list(wanted)
        while work:
            value = work.pop()
            if value in ways or self.ways.at_hand(value) is not None:
                continue
            way = ways[value] = self.ways.of(value)
            if way is None:
                continue
            work.extend(way.operands)
            if way.undo is not None and way.undo not in undone:
                undone.add(way.undo)
                stores = self.undoable[way.undo].stores
                work.extend(self.overwritten[store] for store in stores)
        return ways, {
            store for buffer in undone for store in self.undoable[buffer].stores
        }

    def _candidates(self, ways: Mapping[SSAValue, Way | None]) -> list[Candidate]:
        # In order of the program, so that equal prices are cut alike every time.
        undone = dict.fromkeys(way.undo for way in ways.values() if way and way.undo)
        candidates = [
            Candidate(
                self.undoable[buffer],
                NEVER,
                self.prices.undoing(self.undoable[buffer]),
                self._keys(self.overwritten[s] for s in self.undoable[buffer].stores),
            )
            for buffer in undone
        ]
        for value, way in ways.items():
            saving, again = self.prices.saving(value), NEVER
            operands: tuple[object, ...] = ()
            if way is not None:
                again = self.prices.again(value, way)
                operands = self._keys(way.operands)
                if way.undo is not None:
                    operands = (*operands, self.undoable[way.undo])
            candidates.append(Candidate(value, saving, again, operands))
        return candidates

    def _keys(self, values: Iterable[SSAValue]) -> tuple[SSAValue, ...]:
        return tuple(v for v in values if self.ways.at_hand(v) is None)

    def _plan(
        self,
        wanted: Mapping[SSAValue, int],
        chosen: Mapping[SSAValue, Way],
        possible: Mapping[SSAValue, Way | None],
    ) -> RecallPlan:
        recalls: dict[SSAValue, Recall] = {}
        undone: dict[SSAValue, Undo] = {}
        work = list(wanted)
        while work:
            value = work.pop()
            if value in recalls:
                continue
            recall = self.ways.at_hand(value)
            if recall is None:
                way = chosen.get(value)
                recall = Recall.SAVE if way is None else way.recall
                work.extend(() if way is None else way.operands)
                if way is not None and way.undo is not None:
                    undone[way.undo] = self.undoable[way.undo]
                    stores = undone[way.undo].stores
                    work.extend(self.overwritten[store] for store in stores)
                    work.extend(store.memref for store in stores)
            recalls[value] = recall
        ways = {value: chosen[value] for value in recalls if recalls[value] in AGAIN}
        overwritten = {
            store: self.overwritten[store]
            for undo in undone.values()
            for store in undo.stores
        }
        return RecallPlan(
            recalls,
            ways,
            {v: way for v, way in possible.items() if way and v not in ways},
            _by_block(recalls, self.order),
            _due(ways, self.order),
            overwritten,
            frozenset(
                self.ways.buffers.of(value)
                for value, recall in recalls.items()
                if recall is Recall.CARRIED
            )
            | undone.keys(),
            tuple(value for undo in undone.values() for value in undo.arguments),
        )


def _due(
    ways: Mapping[SSAValue, Way], order: ProgramOrder
) -> dict[SSAValue, Operation]:
    """From when on each value can be got back: when all it needs has been."""
    due: dict[SSAValue, Operation] = {}
    for value in sorted(ways, key=order.of_value.__getitem__):
        way, block = ways[value], owner_block(value)
        inherited = (due.get(v) for v in way.operands if owner_block(v) is block)
        moments = [op for op in (way.due, *inherited) if op is not None]
        if moments:
            due[value] = min(moments, key=order.of_op.__getitem__)
    return due


def _by_block(
    recalls: Mapping[SSAValue, Recall], order: ProgramOrder
) -> dict[Block, tuple[SSAValue, ...]]:
    by_block: dict[Block, list[SSAValue]] = {}
    away = (v for v, recall in recalls.items() if recall in (*AGAIN, Recall.SAVE))
    for value in sorted(away, key=order.of_value.__getitem__):
        by_block.setdefault(owner_block(value), []).append(value)
    in_order = sorted(by_block.items(), key=lambda item: order.of_value[item[1][0]])
    return {block: tuple(values) for block, values in in_order}
