"""When operations run: the rules that both engines follow to the letter.

Values come first and time does not change them. The machine sees one sequence of
micro-operations (kind, ready time, address, aux) in program order; equal sequences
give equal counters. R(v) is the cycle at which value v is ready, C the control time of
the region being executed: the cycle from which its operations may start. A run begins
with C = 0 and R(argument) = 0.

- An op with micro-operations issues them in order, once its addresses are known. Each
  is ready at the latest of C, R of the operands it names and the completion of the
  earlier ones it names. The results of the op are ready when the last is done.
- An op without micro-operations issues nothing: R(result) is the latest R of its
  operands, 0 without operands; C plays no part.
- `scf.for`: control of the body is B = max(C, R(lower), R(upper), R(step)). R(iv) is
  R(lower) at first. Each iteration issues an INT_ADD (the comparison) and an INT_ADD
  (the increment), both ready at max(B, R(iv)), then the body; R(iv) of the next
  iteration is the completion of the increment. Nothing else waits for the comparison,
  and none is issued for the exit. Carried values keep the R they were yielded with.
- `scf.if`, `scf.index_switch`: the region taken has control B = max(C, R(condition));
  R(result) = max(R(yielded), B). `scf.execute_region` keeps C, R(result) = R(yielded).
- `scf.while`: B = C at first. After each evaluation of the condition, B becomes
  max(B, R(condition)); it is the control of what follows inside the loop.
  R(result) = max(R(forwarded), B). It issues no operation of its own.
- What has the attribute `tape.free` is ready when it would be issued, and issues
  nothing: an op, or the comparison and the increment of an `scf.for`.
- `func.call` hands over C and the R of operands and results; it issues nothing.
- `memref.copy` is a loop over the elements in row-major order: i is ready at the latest
  R of its operands at first; each element issues the INT_ADDs of an iteration with
  control C, a LOAD ready at max(C, i) and a STORE ready when that is done. It costs the
  same where source and target overlap, as by a copy that begins at the right end.
"""

from collections.abc import Sequence

from hwmodel import Operation as Kind
from hwmodel import Simulation
from tapeflow.backend.semantics.micro_operations import Costs

_INT_ADD = int(Kind.INT_ADD)
_LOAD = int(Kind.LOAD)
_STORE = int(Kind.STORE)


class Clock:
    """Issues micro-operations to a machine; without one, all times are 0."""

    def __init__(self, simulation: Simulation | None):
        self._simulation = simulation
        self.control = 0
        """Cycle from which operations of the current region may start."""

    @property
    def is_running(self) -> bool:
        """Whether there is a machine."""
        return self._simulation is not None

    def issue(self, kind: int, ready: int, address: int = 0, aux: int = 0) -> int:
        """One micro-operation; when it is done."""
        if self._simulation is None:
            return 0
        return self._simulation.issue(kind, ready, address, aux)

    def issue_all(
        self, costs: Costs, times: Sequence[int], address: int, aux: int
    ) -> int:
        """The micro-operations of one op, at least one; when the last is done.

        Args:
            times: ready time of each operand.
            address: what the op accesses, 0 if nothing.
            aux: used for a micro-operation that states none.
        """
        done: list[int] = []
        for micro in costs:
            ready = self.control
            for operand in micro.operands:
                if times[operand] > ready:
                    ready = times[operand]
            for number in micro.earlier:
                if done[number] > ready:
                    ready = done[number]
            place = address if micro.has_address else 0
            extra = aux if micro.aux < 0 else micro.aux
            done.append(self.issue(micro.kind, ready, place, extra))
        return done[-1]

    def iterate(self, ready: int, is_free: bool = False) -> int:
        """Compare and increment a loop index; when the next index is ready."""
        start = max(self.control, ready)
        if is_free:
            return start
        self.issue(_INT_ADD, start)
        return self.issue(_INT_ADD, start)

    def copy_element(self, index: int, source: int, target: int, size: int) -> int:
        """One element of a copy by byte addresses; when the next index is ready."""
        following = self.iterate(index)
        start = max(self.control, index)
        loaded = self.issue(_LOAD, start, source, size)
        self.issue(_STORE, max(start, loaded), target, size)
        return following
