"""Pass `expose-addresses`: the program computes the addresses of its accesses."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias, cast

from xdsl.context import Context
from xdsl.dialects import memref, scf
from xdsl.dialects.builtin import IndexType, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from tapeflow.analysis.addresses.check_only import check_only
from tapeflow.analysis.addresses.element_numbers import ElementNumbers
from tapeflow.analysis.integers.number_attributes import wrapped_index
from tapeflow.analysis.integers.polynomials import Polynomial, add
from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.ir.levels import Level
from tapeflow.analysis.ir.nesting import is_defined_inside
from tapeflow.analysis.ir.walking import operations_in
from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.dialects.address import Place, with_address
from tapeflow.dialects.tape_attributes import TAPE_FREE
from tapeflow.transforms.addresses.number_builder import NumberBuilder, is_value
from tapeflow.transforms.building.index_builder import FunctionConstants, IndexBuilder
from tapeflow.transforms.building.refusal import require_level
from tapeflow.transforms.building.rewriting import functions_of, is_structured
from tapeflow.transforms.scheduling.reuse_values import reuse_values


@dataclass(frozen=True)
class ExposeAddressesPass(ModulePass):
    """Compute addresses beside accesses, outside of loops where that is possible.

        scf.for %j = %c0 to %n step %c1 {
          %j_next = arith.addi %j, %c1 : index
          %x = memref.load %A[%i, %j_next] : memref<?x?xf64>
        }

    becomes

        %row = arith.muli %i, %n : index
        %pointer = address.point %A[%row] : memref<?x?xf64>
        scf.for %j = %c0 to %n step %c1 {
          %j_next = arith.addi %j, %c1 : index
          %x = address.load %A[%i, %j_next] at %pointer index %j plus 1 : ...
        }

    Element numbers are polynomials over the values of the program. What does not vary
    in a loop is computed in front of it; what grows by the same amount in each
    iteration is carried, as %row would be by a loop over %i; constants become part of
    the access. Subscripts stay for the check of each dimension, and so does what
    computes them; where it computes nothing else, it costs nothing.

    Buffers of strides that the type does not tell stay as they are, and so do accesses
    whose subscript is the element's number.
    """

    name = "expose-addresses"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        require_level(op, self.name, Level.MEMORY, Level.SCRATCHPAD, takes_source=True)
        graph = CallGraph(op)
        for function in functions_of(op):
            if is_structured(function):
                _Function(function).rewrite()
                # What stands in front of several loops may be computed several times.
                reuse_values(function, find_buffers(function, graph))


MemrefAccess: TypeAlias = memref.LoadOp | memref.StoreOp


class _Function:
    """Rewrites one function."""

    def __init__(self, function: FuncOp):
        self._function = function
        self._numbers = ElementNumbers()
        constants = FunctionConstants(function)
        entry = InsertPoint.at_start(constants.entry)
        builder = IndexBuilder(constants, entry, function.location)
        self._builder = NumberBuilder(self._numbers, builder)
        self._index_builder = builder
        self._elements = dict(self._find_elements())
        self._sharing = self._find_sharing()
        self._check_only = check_only(function, self._will_be_checked)

    def rewrite(self) -> None:
        for block in self._function.body.blocks:
            self._rewrite_block(block)

    def _find_elements(self) -> Iterator[tuple[Operation, Polynomial]]:
        for op in operations_in(self._function):
            for result in op.results:
                if isinstance(result.type, IndexType):
                    # In program order, so that long chains nest no calls.
                    self._numbers.of(result)
            if isinstance(op, MemrefAccess):
                element = self._numbers.element(op.memref, op.indices)
                if element is None or TAPE_FREE in op.attributes:
                    continue
                if not self._is_plain(op, element):
                    yield op, element

    def _is_plain(self, op: MemrefAccess, element: Polynomial) -> bool:
        """Whether the subscripts are the address as they stand."""
        if not op.indices:
            return True
        ((_, factor), *more) = element or [((), 0)]
        is_value = len(op.indices) == 1 and factor == 1 and not more
        return is_value and element == self._numbers.itself(op.indices[0])

    def _find_sharing(self) -> dict[tuple[Operation, Polynomial], set[Polynomial]]:
        """By loop and what varies in it, the numbers in which that occurs."""
        sharing: dict[tuple[Operation, Polynomial], set[Polynomial]] = defaultdict(set)
        for op, element in self._elements.items():
            loop, _ = self._builder.loop_around(op)
            if loop is not None:
                number, _ = _without_constant(element)
                varying, _ = self._numbers.split(number, loop)
                sharing[loop, varying].add(number)
        return sharing

    def _will_be_checked(self, op: Operation) -> range:
        """The operands, by number, that are subscripts of an access by address."""
        count = len(op.operands)
        if op not in self._elements:
            return range(0)
        return range(count - len(cast(MemrefAccess, op).indices), count)

    def _rewrite_block(self, block: Block) -> None:
        for op in tuple(block.ops):
            for region in op.regions:
                for inner in region.blocks:
                    self._rewrite_block(inner)
            if isinstance(op, scf.ForOp):
                self._builder.leave(op)
            elif isinstance(op, MemrefAccess) and (op in self._elements):
                self._rewrite_access(op, self._elements[op])

    def _rewrite_access(self, op: MemrefAccess, element: Polynomial) -> None:
        self._index_builder.location = op.location
        access = with_address(op, self._place(op, element))
        self._numbers.replace(op, access)
        Rewriter.replace_op(op, access)

    def _place(self, op: MemrefAccess, element: Polynomial) -> Place:
        number, displacement = _without_constant(element)
        loop, _ = self._builder.loop_around(op)
        if loop is None or is_defined_inside(op.memref, loop):
            return None, self._value(number, None, op), displacement
        varying, invariant = self._numbers.split(number, loop)
        last = op.indices[-1]
        rest, ahead = _without_constant(add(element, self._numbers.of(last), -1))
        if last.owner not in self._check_only and rest <= invariant:
            return self._value(rest, op.memref, op), last, ahead
        if is_value(varying) or len(self._sharing[loop, varying]) > 1:
            pointer = self._value(invariant, op.memref, op)
            return pointer, self._value(varying, None, op), displacement
        return None, self._value(number, None, op), displacement

    def _value(
        self, number: Polynomial, buffer: SSAValue | None, op: Operation
    ) -> SSAValue | None:
        return self._builder.number(number, buffer, op) if number else None


def _without_constant(number: Polynomial) -> tuple[Polynomial, int]:
    constants = {term for term in number if not term[0]}
    return number - constants, wrapped_index(sum(factor for _, factor in constants))
