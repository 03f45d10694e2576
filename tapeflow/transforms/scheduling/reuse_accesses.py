"""Accesses of a block that a value at hand makes unnecessary, where loops were jammed.

%x = memref.load %a[%j]               %x = memref.load %a[%j]
%y = arith.addf %x, %p                %y = arith.addf %x, %p
memref.store %y, %a[%j]       ->      %z = arith.addf %y, %q
%u = memref.load %a[%j]               memref.store %z, %a[%j]
%z = arith.addf %u, %q
memref.store %z, %a[%j]
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TypeAlias

from xdsl.dialects import memref
from xdsl.ir import Block, Operation, SSAValue
from xdsl.rewriter import Rewriter

from tapeflow.analysis.integers.polynomials import Polynomial
from tapeflow.analysis.memory.aliasing import Buffers
from tapeflow.analysis.scheduling.subscripts import SubscriptForms, difference

MOST_KNOWN = 32
"""Elements of one buffer that are remembered."""

Element: TypeAlias = tuple[SSAValue, tuple[Polynomial, ...]]


def reuse_accesses(nest: Operation, buffers: Buffers) -> None:
    """Drop loads of known elements and stores that are overwritten unread.

    Args:
        nest: a loop whose memrefs come from outside, in all its blocks.
    """
    forms = SubscriptForms()
    blocks = [b for op in nest.walk() for region in op.regions for b in region.blocks]
    for block in blocks:
        _Block(buffers, forms).clean(block)


@dataclass
class _Known:
    """What an element holds, and the store that put it there, if nobody read it."""

    value: SSAValue
    store: memref.StoreOp | None = None


@dataclass
class _Block:
    buffers: Buffers
    forms: SubscriptForms
    known: dict[SSAValue, OrderedDict[Element, _Known]] = field(
        default_factory=dict[SSAValue, OrderedDict[Element, _Known]]
    )
    """By buffer."""

    def clean(self, block: Block) -> None:
        for op in tuple(block.ops):
            match op:
                case memref.LoadOp():
                    self.load(op)
                case memref.StoreOp():
                    self.store(op)
                case _:
                    for inner in op.walk():
                        self.forget(inner)

    def load(self, op: memref.LoadOp) -> None:
        elements, element = self.elements(op), self.element(op)
        found = elements.get(element)
        if found is not None and not op.attributes:
            op.res.replace_all_uses_with(found.value)
            Rewriter.erase_op(op)
            return
        self.read(op)
        if found is None:
            self.remember(elements, element, _Known(op.res))

    def store(self, op: memref.StoreOp) -> None:
        elements, element = self.elements(op), self.element(op)
        found = elements.pop(element, None)
        if found is not None and found.store is not None:
            Rewriter.erase_op(found.store)
        for other in tuple(elements):
            if not self.are_apart(element, other):
                del elements[other]
        waiting = None if op.attributes else op
        self.remember(elements, element, _Known(op.value, waiting))

    def forget(self, op: Operation) -> None:
        """An access inside a loop or branch, of any element."""
        if isinstance(op, memref.LoadOp):
            for known in self.elements(op).values():
                known.store = None
        elif isinstance(op, memref.StoreOp):
            self.elements(op).clear()

    def read(self, op: memref.LoadOp) -> None:
        element = self.element(op)
        for other, known in self.elements(op).items():
            if not self.are_apart(element, other):
                known.store = None

    def elements(
        self, op: memref.LoadOp | memref.StoreOp
    ) -> OrderedDict[Element, _Known]:
        return self.known.setdefault(self.buffers.of(op.memref), OrderedDict())

    def element(self, op: memref.LoadOp | memref.StoreOp) -> Element:
        return op.memref, tuple(map(self.forms.form, op.indices))

    def remember(
        self, elements: OrderedDict[Element, _Known], element: Element, known: _Known
    ) -> None:
        elements[element] = known
        if len(elements) > MOST_KNOWN:
            elements.popitem(last=False)

    def are_apart(self, one: Element, other: Element) -> bool:
        """Whether two elements of a buffer are certainly not the same."""
        if one[0] is not other[0] or self.buffers.overlaps_itself(one[0]):
            return False
        pairs = zip(one[1], other[1], strict=True)
        return any(difference(a, b) not in (None, 0) for a, b in pairs)
