"""What lies inside what."""

from xdsl.ir import Operation, SSAValue


def is_defined_inside(value: SSAValue, op: Operation) -> bool:
    """Whether a value is defined by what is inside an operation, at any depth."""
    holder = value.owner.parent_op()
    while holder is not None and holder is not op:
        holder = holder.parent_op()
    return holder is op
