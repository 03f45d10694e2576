"""Takes the tapes of a function apart in the order in which it pops them.

The walk goes through the function once with what is on each tape as a tree. A loop that
pops has to find a loop of as many pushes on top, and opens it: its iteration j meets
what iteration n - 1 - j has pushed. A branch that pops has to find a branch with the
same condition. So every pop meets its push, and the value popped is the one pushed.
"""

from dataclasses import replace

from xdsl.dialects import scf
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue

from tapeflow.analysis.balance.facts import (
    Pop,
    Push,
    Staged,
    TapeFacts,
    tapes_inside,
)
from tapeflow.analysis.balance.tapes import Tapes, Unbalanced, told
from tapeflow.analysis.balance.tree import (
    Branched,
    Frame,
    Node,
    Repeated,
    within,
)
from tapeflow.analysis.balance.value_numbering import WholeNumbers
from tapeflow.analysis.integers import polynomials as poly


def check_balance(function: FuncOp, facts: TapeFacts, numbers: WholeNumbers) -> None:
    """Note the tapes whose pops do not provably mirror their pushes.

    Args:
        numbers: what is known of the function's whole numbers, maybe from an earlier
            check.
    """
    _Walk(function, facts, numbers).run()


class _Walk:
    def __init__(self, function: FuncOp, facts: TapeFacts, numbers: WholeNumbers):
        self._function = function
        self._facts = facts
        self._numbers = numbers
        self._tapes = Tapes(numbers, facts.rooms)
        self._frames = self._tapes.frames
        self._inside = tapes_inside(facts.users)
        self._staged: dict[Operation, Staged] = {
            one.branch: one for one in facts.staged.values()
        }
        # Tapes of which records were fetched although none of them is popped yet.
        self._expected: dict[SSAValue, Operation] = {}

    def run(self) -> None:
        self._block(self._function.body.block)

    def _block(self, block: Block) -> None:
        begun: list[SSAValue] = []
        for op in block.ops:
            if op in self._facts.begins:
                tape = self._facts.begins[op]
                begun.append(tape)
                if tape not in self._facts.failures:
                    self._frames[tape] = [Frame(None)]
            elif op in self._facts.pushes:
                self._attempt(self._facts.pushes[op].tape, op)
            elif op in self._facts.pops:
                self._attempt(self._facts.pops[op].tape, op)
            elif op in self._facts.fetches:
                self._fetch(op)
            elif op in self._inside:
                self._control(op)
        for tape in begun:
            self._ends_empty(tape)

    def _attempt(self, tape: SSAValue, op: Operation) -> None:
        if tape not in self._frames:
            return
        try:
            if op in self._facts.pushes:
                self._push(self._facts.pushes[op], op)
            else:
                self._pop(self._facts.pops[op])
        except Unbalanced as error:
            self._fail(tape, error, op)

    def _fetch(self, op: Operation) -> None:
        tape = self._facts.fetches[op]
        if tape in self._frames:
            self._expected[tape] = op

    def _fail(self, tape: SSAValue, error: Unbalanced, op: Operation) -> None:
        answer = "refuted" if error.is_certain else "not provable"
        self._facts.fail(tape, answer, str(error), op)
        self._frames.pop(tape, None)
        self._expected.pop(tape, None)

    # Records

    def _push(self, push: Push, op: Operation) -> None:
        if push.tape in self._expected:
            raise Unbalanced(
                "a tile is fetched, but records are pushed before it is read"
            )
        self._tapes.push(push, op)

    def _pop(self, pop: Pop) -> None:
        self._expected.pop(pop.tape, None)
        self._tapes.pop(pop)

    # Loops and branches

    def _control(self, op: Operation) -> None:
        trips = None
        staged = self._staged.get(op)
        if staged is not None:
            self._forget_values(staged)
            self._halves_fit(staged)
            op = staged.kernel
        if isinstance(op, scf.ForOp) or op in self._facts.chunks:
            trips = poly.number_of(self._numbers.trips(op))
        if trips is not None and trips <= 0:
            return
        if isinstance(op, scf.WhileOp) and op in self._facts.chunks:
            self._chunks(op, is_once=trips == 1)
        elif isinstance(op, scf.ForOp) and trips == 1:
            # Its like may stand without a loop.
            self._block(op.body.block)
        elif isinstance(op, scf.ForOp):
            self._loop(op, [op.body.block])
        elif isinstance(op, scf.WhileOp):
            self._loop(op, [op.before_region.block, op.after_region.block])
        elif isinstance(op, scf.IfOp):
            self._if(op)
        else:
            for tape in self._inside[op]:
                self._fail(tape, Unbalanced(f"{op.name} is not looked into"), op)

    def _open(self, op: Operation) -> list[SSAValue]:
        tapes = [tape for tape in self._inside[op] if tape in self._frames]
        for tape in tapes:
            self._frames[tape].append(Frame(op))
        return tapes

    def _chunks(self, op: scf.WhileOp, is_once: bool) -> None:
        """Only the inner loop pushes and pops; around it are layer boundaries."""
        inner = self._facts.chunks[op].inner
        staged = self._facts.staged.get(inner)
        holder = inner if staged is None else staged.branch
        tapes = [] if is_once else self._open(op)
        expected = dict(self._expected)
        block = holder.parent
        assert block is not None
        for other in block.ops:
            if other is holder:
                if staged is not None:
                    self._forget_values(staged)
                    self._halves_fit(staged)
                self._block(inner.body.block)
                continue
            for step in other.walk():
                if step in self._facts.pushes or step in self._facts.pops:
                    tape = self._facts.users[step]
                    self._fail(tape, Unbalanced(_BY_CHUNK), step)
            if other in self._inside:
                self._control(other)
            elif other in self._facts.fetches:
                self._expected[self._facts.fetches[other]] = other
        for other in op.before_region.block.ops:
            for tape in self._inside.get(other, ()):
                self._fail(
                    tape, Unbalanced("a tape is used in the test of chunks"), other
                )
        self._close_loop(op, tapes, expected)

    def _forget_values(self, staged: Staged) -> None:
        """The records of a half outside of the loop may hold others than its own."""
        for op in staged.kernel.body.walk():
            if op in self._facts.pushes:
                push = self._facts.pushes[op]
                self._facts.pushes[op] = replace(push, values={})
            elif op in self._facts.pops:
                self._facts.pops[op] = replace(self._facts.pops[op], loads=[])

    def _halves_fit(self, staged: Staged) -> None:
        """One of the halves outside of a loop does to a tape what an iteration does."""
        for tape in self._inside[staged.branch]:
            early, late = staged.halves()
            half, other, steps = (
                [op for one in ops for op in one.walk() if self._uses(op, tape)]
                for ops in (early, late, staged.kernel.body.block.ops)
            )
            if not half:
                half, other = other, half
            moves = (op for op in (*half, *steps) if self._moves_record(op))
            blocks = (staged.branch.true_region.block, staged.kernel.body.block)
            alike = [type(op) for op in half] == [type(op) for op in steps]
            if other or not alike or any(op.parent not in blocks for op in moves):
                self._fail(tape, Unbalanced(_HALVES), staged.kernel)

    def _uses(self, op: Operation, tape: SSAValue) -> bool:
        return self._facts.users.get(op) is tape

    def _moves_record(self, op: Operation) -> bool:
        return op in self._facts.pushes or op in self._facts.pops

    def _loop(self, op: scf.ForOp | scf.WhileOp, blocks: list[Block]) -> None:
        tapes, expected = self._open(op), dict(self._expected)
        tested: dict[SSAValue, list[Node]] = {}
        for number, block in enumerate(blocks):
            self._block(block)
            if number == 0 and len(blocks) > 1:
                left = [tape for tape in tapes if tape in self._frames]
                tested = {tape: [*self._frames[tape][-1].nodes] for tape in left}
        self._close_loop(op, tapes, expected)
        # The test of an scf.while runs once more than its body.
        trips = {self._numbers.iteration(op): self._numbers.trips(op)}
        for tape, nodes in tested.items():
            if tape in self._frames:
                self._frames[tape][-1].nodes += within(nodes, (trips,))

    def _close_loop(
        self,
        op: Operation,
        tapes: list[SSAValue],
        expected: dict[SSAValue, Operation],
    ) -> None:
        for tape in tapes:
            if tape in self._expected and tape not in expected:
                self._fail(tape, Unbalanced(_FETCHED), self._expected[tape])
        # The loop may have no iteration that reads a record.
        self._expected |= {r: o for r, o in expected.items() if r in self._frames}
        for tape in tapes:
            if tape not in self._frames:
                continue
            frame = self._frames[tape].pop()
            outer = self._frames[tape][-1]
            if frame.taken is None:
                if frame.nodes and frame.has_popped:
                    self._fail(tape, Unbalanced(_LEFT), op)
                elif frame.nodes:
                    loop = self._numbers.iteration(op)
                    trips = self._numbers.trips(op)
                    outer.nodes.append(Repeated(op, loop, trips, tuple(frame.nodes)))
            elif frame.nodes:
                self._fail(tape, Unbalanced(_LEFT), op)
            else:
                outer.nodes.pop()

    def _if(self, op: scf.IfOp) -> None:
        tapes = [tape for tape in self._inside[op] if tape in self._frames]
        ends: list[dict[SSAValue, Frame]] = []
        pushing = self._tapes.pushing
        was_pushing = {tape for tape in tapes if pushing.get(tape, False)}
        is_pushing: set[SSAValue] = set()
        expected = dict(self._expected)
        fetched: dict[SSAValue, Operation] = {}
        for region, is_true in ((op.true_region, True), (op.false_region, False)):
            pushing |= {tape: tape in was_pushing for tape in tapes}
            self._expected = dict(expected)
            for tape in tapes:
                if tape in self._frames:
                    self._frames[tape].append(Frame(op, is_true=is_true))
            if region.blocks and region.block not in self._facts.dead:
                self._block(region.block)
            frames = self._frames
            ends.append({tape: frames[tape].pop() for tape in tapes if tape in frames})
            is_pushing |= {tape for tape in tapes if pushing[tape]}
            fetched |= self._expected
        pushing |= {tape: tape in is_pushing for tape in tapes}
        self._expected = {r: o for r, o in fetched.items() if r in self._frames}
        for tape in tapes:
            if tape in self._frames:
                self._join(tape, ends[0][tape], ends[1][tape], op)

    def _join(self, tape: SSAValue, one: Frame, other: Frame, op: scf.IfOp) -> None:
        outer = self._frames[tape][-1]
        if one.taken is None and other.taken is None:
            if one.nodes or other.nodes:
                condition = self._numbers.of(op.cond)
                true, false = tuple(one.nodes), tuple(other.nodes)
                outer.nodes.append(Branched(op, condition, true, false))
            return
        if one.nodes or other.nodes:
            self._fail(tape, Unbalanced(_LEFT), op)
            return
        taken = one.taken or other.taken
        assert isinstance(taken, Branched)
        untouched = [
            nodes
            for frame, nodes in ((one, taken.true), (other, taken.false))
            if frame.taken is None
        ]
        if any(untouched):
            self._fail(tape, Unbalanced(_LEFT), op)
        else:
            outer.nodes.pop()

    # Capacity and end

    def _ends_empty(self, tape: SSAValue) -> None:
        if tape not in self._frames:
            return
        if tape in self._expected:
            self._fail(tape, Unbalanced(_FETCHED), self._expected[tape])
            return
        left = self._frames[tape][0].nodes
        if left:
            error = Unbalanced(f"{told(left[-1])} is never popped", True)
            self._fail(tape, error, left[-1].op)


_HALVES = "neither half outside of a loop in stages uses it as an iteration does"
_BY_CHUNK = "a record is pushed or popped once a chunk, not once an iteration"
_LEFT = "records that were pushed are left when the loop or branch that pops them ends"
_FETCHED = "a tile is fetched, but no record of it is provably read"
