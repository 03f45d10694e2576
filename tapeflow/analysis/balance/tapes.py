"""Tapes while a function is walked: pushes go on top, pops open what is there."""

from collections.abc import Callable, Mapping
from itertools import zip_longest

from xdsl.dialects import scf
from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.balance.facts import Pop, Push
from tapeflow.analysis.balance.tree import (
    Branched,
    Frame,
    Node,
    Record,
    Repeated,
    at_least,
    at_most,
    substituted,
    ways,
    within,
)
from tapeflow.analysis.balance.value_numbering import WholeNumbers
from tapeflow.analysis.integers import polynomials as poly
from tapeflow.analysis.integers.polynomials import Polynomial


class Unbalanced(Exception):
    """The pops of a tape do not mirror its pushes."""

    def __init__(self, reason: str, is_certain: bool = False):
        super().__init__(reason)
        self.is_certain = is_certain


class Tapes:
    """By tape, a frame for each loop and branch around the place of the walk."""

    def __init__(self, numbers: WholeNumbers, rooms: Mapping[SSAValue, SSAValue]):
        self.frames: dict[SSAValue, list[Frame]] = {}
        self.pushing: dict[SSAValue, bool] = {}
        """Whether records were pushed since the capacity was compared with them."""
        self._numbers = numbers
        self._rooms = rooms

    def push(self, push: Push, op: Operation) -> None:
        """Put a record on top."""
        self.pushing[push.tape] = True
        self.frames[push.tape][-1].nodes.append(Record(op, push.values, push.origin))

    def pop(self, pop: Pop) -> None:
        """Take the record on top; raises Unbalanced."""
        tape = pop.tape
        for frame in self.frames[tape]:
            frame.has_popped = True
        if self.pushing.get(tape, False):
            self.pushing[tape] = False
            self._fits(tape)
        top = self._top(tape, len(self.frames[tape]) - 1)
        if not isinstance(top, Record):
            raise Unbalanced(f"the pop meets {told(top)}: it has no such form itself")
        if top.origin is not pop.origin:
            raise Unbalanced("the pop meets a record of another region")
        self.frames[tape][-1].nodes.pop()
        for field, result in pop.loads:
            source = top.values.get(field)
            if source is not None:
                self._numbers.tell(result, self._popped(source, top))

    def _popped(self, source: SSAValue, record: Record) -> Callable[[], Polynomial]:
        def value() -> Polynomial:
            number = self._numbers.of(source)
            return substituted(self._numbers.atoms, number, record.substitutions)

        return value

    def _top(self, tape: SSAValue, depth: int) -> Node:
        """The node on top of a tape; opens what lies below the frame if it is empty."""
        frames = self.frames[tape]
        frame = frames[depth]
        if frame.nodes:
            return frame.nodes[-1]
        if depth == 0:
            is_certain = all(self._is_run(other.op) for other in frames[1:])
            raise Unbalanced("more records are popped than are pushed", is_certain)
        if frame.taken is not None:
            if isinstance(frame.op, scf.IfOp):
                raise Unbalanced("a branch pops more records than its like has pushed")
            raise Unbalanced("an iteration pops more records than one has pushed")
        below = self._top(tape, depth - 1)
        assert frame.op is not None
        frame.nodes = self._opened(frame, below)
        frame.taken = below
        return self._top(tape, depth) if not frame.nodes else frame.nodes[-1]

    def _is_run(self, op: Operation | None) -> bool:
        """Whether what a loop holds runs for certain."""
        if not isinstance(op, scf.ForOp | scf.WhileOp):
            return False
        trips = poly.number_of(self._numbers.trips(op))
        return trips is not None and trips > 0

    def _opened(self, frame: Frame, node: Node) -> list[Node]:
        atoms = self._numbers.atoms
        op = frame.op
        if isinstance(op, scf.IfOp):
            return self._opened_branch(frame, op, node)
        assert isinstance(op, scf.ForOp | scf.WhileOp)
        if not isinstance(node, Repeated):
            raise Unbalanced(f"a loop of pops meets {told(node)}")
        pushed = substituted(atoms, node.trips, node.substitutions)
        popped = self._numbers.trips(op)
        if pushed != popped:
            pushes, pops = poly.number_of(pushed), poly.number_of(popped)
            text = "" if pushes is None or pops is None else f": {pops} and {pushes}"
            raise Unbalanced(
                "the trip count of the loop that pops is not the one of the loop that "
                f"pushed{text}",
                bool(text),
            )
        last = poly.add(popped, poly.ONE, -1)
        mine = frozenset({((self._numbers.iteration(op),), 1)})
        mirrored = {node.index: poly.add(last, mine, -1)}
        return within(node.body, (mirrored, *node.substitutions))

    def _opened_branch(self, frame: Frame, op: scf.IfOp, node: Node) -> list[Node]:
        if not isinstance(node, Branched):
            raise Unbalanced(f"a branch of pops meets {told(node)}")
        condition = substituted(self._numbers.atoms, node.condition, node.substitutions)
        if condition != self._numbers.of(op.cond):
            raise Unbalanced(
                "the condition of the branch that pops is not provably the one of the "
                "branch that pushed"
            )
        taken = node.true if frame.is_true else node.false
        return within(taken, node.substitutions)

    def _fits(self, tape: SSAValue) -> None:
        """The records that are on the tape now, before the first is popped."""
        if tape not in self._rooms:
            return
        atoms = self._numbers.atoms
        capacity = self._numbers.of(self._rooms[tape])
        nodes = [node for frame in self.frames[tape] for node in frame.nodes]
        if atoms.is_natural(poly.add(capacity, at_most(atoms, nodes), -1)):
            return
        missing = self._missing(tape, capacity)
        if missing > 0:
            raise Unbalanced(f"its capacity is {missing} records too small", True)
        raise Unbalanced(
            "its capacity is not provably as large as the number of records pushed"
        )

    def _missing(self, tape: SSAValue, capacity: Polynomial) -> int:
        """For how many records there is certainly no room, if conditions are so."""
        atoms, frames = self._numbers.atoms, self.frames[tape]
        while not frames[-1].nodes:
            frames = frames[:-1]  # nothing was pushed there
        nodes: list[Node] = []
        for frame, above in zip_longest(frames, frames[1:]):
            # Of what the frame above has opened, less may be left.
            is_opened = above is not None and above.taken is not None
            nodes += frame.nodes[:-1] if is_opened else frame.nodes
        branches = [(f.op, f.is_true) for f in frames if isinstance(f.op, scf.IfOp)]
        known = {self._numbers.of(op.cond): is_true for op, is_true in branches}
        chosen = [known] if known else ways(atoms, nodes)
        counts = (at_least(atoms, nodes, conditions) for conditions in chosen)
        excess = (poly.number_of(poly.add(one, capacity, -1)) for one in counts)
        return max((number for number in excess if number is not None), default=0)


def told(node: Node) -> str:
    """What a node is, for messages."""
    match node:
        case Record():
            return "a record pushed outside of loops and branches of its own"
        case Repeated():
            return "what a loop has pushed"
        case Branched():
            return "what a branch has pushed"
