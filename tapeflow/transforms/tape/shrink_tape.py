"""Pass `shrink-tape`: fewer, narrower stacks that hold the same values."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType, IntegerType, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Operation, OpResult, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.transforms.dead_code_elimination import is_trivially_dead

from tapeflow.analysis.integers.intervals import INTERVAL_RULES, integer_width
from tapeflow.analysis.integers.ranges import find_integer_ranges
from tapeflow.analysis.ir.levels import Level
from tapeflow.analysis.tape.stack_contents import (
    Narrowing,
    Number,
    constant_content,
    constant_value,
    low_part,
    narrowing_of,
    unread_stacks,
)
from tapeflow.analysis.tape.stack_groups import (
    StackGroup,
    StackUses,
    find_stacks,
    partition_stacks,
)
from tapeflow.dialects.tape import PopOp
from tapeflow.dialects.tape_types import StackType
from tapeflow.transforms.building.refusal import require_level
from tapeflow.transforms.building.rewriting import functions_of
from tapeflow.transforms.tape.pack_truth_values import pack_truth_values
from tapeflow.transforms.tape.stack_attributes import describe_same


@dataclass(frozen=True)
class ShrinkTapePass(ModulePass):
    """Hold what stacks hold in fewer bytes, without changing a bit of it.

        scf.for %i = %c0 to %c100 step %c1 {
          ...
          tape.push %s, %i : !tape.stack<index>
          tape.push %t, %p : !tape.stack<i1>
          tape.push %u, %q : !tape.stack<i1>
        }

    becomes

        scf.for %i = %c0 to %c100 step %c1 {
          ...
          %i_1 = arith.index_cast %i : index to i8
          tape.push %s, %i_1 : !tape.stack<i8>
          %low = arith.extui %p : i1 to i8
          %bit = arith.select %q, %c-128, %c0_1 : i8
          %p_and_q = arith.ori %low, %bit : i8
          tape.push %tape_t_and_u, %p_and_q : !tape.stack<i8>
        }

    and the reverse after each pop. Stacks that nobody reads disappear, and those that
    hold one value which is at hand anyway; of stacks that always hold equal values one
    is left, if they are pushed in the same blocks and popped in the same blocks. Values
    are equal here if they are the same SSA value, so run `cse` before. Integers are as
    narrow as an interval analysis allows, floats that were f32 are f32 again.

    Truth values are packed if they are pushed in the same blocks and popped in the same
    blocks; a lone one keeps its byte. Those of successive iterations are not packed:
    that needs loops cut into runs of eight iterations with a rest, forward and in
    reverse, so that a run begins and ends in the same place of both.
    """

    name = "shrink-tape"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        require_level(op, self.name, Level.ABSTRACT)
        for function in functions_of(op):
            if not function.is_declaration:
                _shrink(function)


def _shrink(function: FuncOp) -> None:
    stacks = find_stacks(function)
    if not stacks:
        return
    for member in unread_stacks(stacks):
        _drop(member)
    _drop_constant(function)
    _merge_equal(function)
    _narrow(function)
    # A value and what was made of it by a cast may be the same now.
    _merge_equal(function)
    order = _order(function)
    pack_truth_values(function, partition_stacks(find_stacks(function), order), order)


def _order(function: FuncOp) -> dict[Operation, int]:
    return {op: position for position, op in enumerate(function.walk())}


def _drop(member: StackUses) -> None:
    """Erase a stack, and what was computed for it alone."""
    pushed = [push.values[0] for push in member.pushes]
    for op in (*member.uses, member.stack):
        Rewriter.erase_op(op, safe_erase=False)
    _drop_unused(pushed)


def _drop_unused(values: Iterable[SSAValue]) -> None:
    work = [value.op for value in values if isinstance(value, OpResult)]
    while work:
        op = work.pop()
        if op.parent is not None and _is_unused(op):
            work.extend(v.op for v in op.operands if isinstance(v, OpResult))
            Rewriter.erase_op(op)


def _is_unused(op: Operation) -> bool:
    # xDSL does not tell of all integer operations that they have no effects.
    return is_trivially_dead(op) or (
        type(op) in INTERVAL_RULES and op.results[0].first_use is None
    )


def _drop_constant(function: FuncOp) -> None:
    """Use the value itself where a stack holds one that does not change."""
    ranges, order = find_integer_ranges(function), _order(function)
    for member in find_stacks(function):
        number = constant_content(member, ranges)
        value = None if number is not None else constant_value(member, order)
        if number is None and value is None:
            continue
        for pop in member.pops:
            known = value or _constant_before(pop, number)
            pop.values[0].replace_all_uses_with(known)
        _drop(member)


def _constant_before(pop: PopOp, number: Number | None) -> SSAValue:
    assert number is not None
    constant = arith.ConstantOp(number)
    constant.result.name_hint = pop.values[0].name_hint
    return _insert_before(pop, constant)


def _merge_equal(function: FuncOp) -> None:
    order = _order(function)
    for group in partition_stacks(find_stacks(function), order):
        for members in _equal_members(group):
            _merge(members, order)


def _equal_members(group: StackGroup) -> list[list[StackUses]]:
    """Members of a group that push the same values at every site; two or more."""
    classes: dict[tuple[SSAValue, ...], list[StackUses]] = {}
    for member in group.members:
        pushed = tuple(push.values[0] for push in member.pushes)
        if pushed:
            classes.setdefault(pushed, []).append(member)
    return [members for members in classes.values() if len(members) > 1]


def _merge(members: Sequence[StackUses], order: dict[Operation, int]) -> None:
    """Keep the first stack; its pops move to the first pop of every site."""
    kept, *others = members
    describe_same(kept.stack, [member.stack for member in members])
    first = min((member.stack for member in members), key=order.__getitem__)
    _move_before(kept.stack, first)
    for pops in zip(*(member.pops for member in members), strict=True):
        _move_before(pops[0], min(pops, key=order.__getitem__))
        for pop in pops[1:]:
            pop.values[0].replace_all_uses_with(pops[0].values[0])
    for member in others:
        for op in (*member.uses, member.stack):
            Rewriter.erase_op(op)


def _move_before(op: Operation, place: Operation) -> None:
    if op is not place:
        op.detach()
        Rewriter.insert_op(op, InsertPoint.before(place))


def _narrow(function: FuncOp) -> None:
    ranges = find_integer_ranges(function)
    for member in find_stacks(function):
        narrowing = narrowing_of(member, ranges)
        if narrowing is not None:
            _narrow_stack(member, narrowing)


def _narrow_stack(member: StackUses, narrowing: Narrowing) -> None:
    old = member.stack.tape
    Rewriter.replace_value_with_new_type(old, StackType(narrowing.element))
    for push in member.pushes:
        value = push.values[0]
        low = _narrowed(push, value, narrowing.element)
        push.operands[1] = low
        _drop_unused([value])
    for pop in member.pops:
        wide = pop.values[0]
        narrow = Rewriter.replace_value_with_new_type(wide, narrowing.element)
        _widen(pop, narrow, wide.type, narrowing)


def _narrowed(push: Operation, value: SSAValue, element: Attribute) -> SSAValue:
    """The low bits of a value, or the value that it was before a cast."""
    bits = integer_width(element)
    low = low_part(value, 32 if bits is None else bits)
    if low.type == element:
        return low
    is_index = isinstance(low.type, IndexType)
    cut = arith.IndexCastOp if is_index else arith.TruncIOp
    op = cut.create(operands=[low], result_types=[element])
    op.results[0].name_hint = value.name_hint
    return _insert_before(push, op)


def _widen(
    pop: PopOp, narrow: SSAValue, element: Attribute, narrowing: Narrowing
) -> None:
    """Let the uses of a pop use a value as wide as before."""
    users = list(narrow.uses)
    extension: type[Operation] = narrowing.extension
    steps: list[tuple[type[Operation], Attribute]] = [(extension, element)]
    if isinstance(element, IndexType):
        steps = [(arith.IndexCastOp, element)]
        if extension is arith.ExtUIOp:
            # index_cast repeats the sign.
            steps.insert(0, (extension, IntegerType(64)))
    value, place = narrow, InsertPoint.after(pop)
    for extend, type_ in steps:
        op = extend.create(operands=[value], result_types=[type_])
        op.location = pop.location
        op.results[0].name_hint = narrow.name_hint
        Rewriter.insert_op(op, place)
        value, place = op.results[0], InsertPoint.after(op)
    for use in users:
        use.operation.operands[use.index] = value


def _insert_before(place: Operation, op: Operation) -> SSAValue:
    op.location = place.location
    Rewriter.insert_op(op, InsertPoint.before(place))
    return op.results[0]
