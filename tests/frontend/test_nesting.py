"""How deeply a program may be nested."""

import pytest

from tapeflow.analysis.verification.dominance import verify_dominance
from tapeflow.frontend.input_error import InputError
from tapeflow.frontend.nesting import DEEPEST
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms.cached.lower_tape_to_memref import LowerTapeToMemrefPass
from tapeflow.transforms.differentiation.differentiate import DifferentiatePass
from tapeflow.transforms.tape.form_regions import FormRegionsPass
from tapeflow.universe import full_context


def nest(loops: int) -> str:
    """A function of a nest of loops around x[0] = sin(x[0])."""
    opening = "\n".join(f"scf.for %i{k} = %c0 to %c1 step %c1 {{" for k in range(loops))
    return f"""func.func @f(%x: memref<1xf64>) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  {opening}
  %a = memref.load %x[%c0] : memref<1xf64>
  %b = math.sin %a : f64
  memref.store %b, %x[%c0] : memref<1xf64>
  {"}" * loops}
  func.return
}}
ad.gradient @g of @f wrt [0]
"""


def test_deep_nests_go_all_the_way() -> None:
    context = full_context()
    # An implicit module and the function are around the loops.
    module = parse_module(nest(DEEPEST - 2), "deep.mlir", context)
    for pass_ in (
        DifferentiatePass(),
        FormRegionsPass(layout="soa"),
        LowerTapeToMemrefPass(),
    ):
        pass_.apply(context, module)
        verify_dominance(module)
        module.verify()
    parse_module(str(module), "again.mlir", context)


def test_deeper_nests_are_refused_with_their_place() -> None:
    with pytest.raises(InputError, match=f"nested more than {DEEPEST} deep") as error:
        parse_module(nest(DEEPEST + 1), "deep.mlir", full_context())
    assert error.value.place is not None
