"""What `place-tape` does with a region whose stream cannot be proved."""

import pytest
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.utils.exceptions import DiagnosticException

from tapeflow.backend.signature import find_function
from tapeflow.dialects.spm import AllocateOp
from tapeflow.dialects.tape_attributes import TAPE_PLACES
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import (
    AssignScratchpadPass,
    CheckStreamsPass,
    FormLayersPass,
    FormStreamsPass,
    LowerTapeToMemrefPass,
    PlaceTapePass,
)
from tapeflow.universe import full_context

PARTLY = """
// The pops of %t run as often as memory says that has changed since the pushes.
func.func @f(%n: index, %m: memref<1xindex>, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %count = arith.maxsi %n, %c0 : index
  %s = tape.allocate %count : !tape.region<[f64], aos>
  %t = tape.allocate %count growing : !tape.region<[f64], aos>
  %trips = memref.load %m[%c0] : memref<1xindex>
  scf.for %i = %c0 to %n step %c1 {
    tape.push %s, %a : !tape.region<[f64], aos>
  }
  scf.for %j = %c0 to %trips step %c1 {
    tape.push %t, %a : !tape.region<[f64], aos>
  }
  memref.store %trips, %m[%c0] : memref<1xindex>
  %again = memref.load %m[%c0] : memref<1xindex>
  scf.for %k = %c0 to %again step %c1 {
    %x = tape.pop %t : !tape.region<[f64], aos>
  }
  scf.for %l = %c0 to %n step %c1 {
    %y = tape.pop %s : !tape.region<[f64], aos>
  }
  func.return
}
"""


def placed(place_tape: PlaceTapePass) -> tuple[ModuleOp, str]:
    """A program one of whose regions is not provable, and what was said of places."""
    context = full_context()
    module = parse_module(PARTLY, "program.mlir", context)
    passes = (
        place_tape,
        FormLayersPass(),
        AssignScratchpadPass(),
        FormStreamsPass(),
        LowerTapeToMemrefPass(),
    )
    for pass_ in passes:
        pass_.apply(context, module)
        module.verify()
    places = find_function(module, "f").attributes[TAPE_PLACES]
    assert isinstance(places, StringAttr)
    return module, places.data


def rings(module: ModuleOp) -> int:
    return sum(isinstance(op, AllocateOp) for op in module.walk())


@pytest.mark.parametrize("places", ["stream", "stream:4,scratchpad:8"])
def test_what_is_not_provable_stays_behind_the_cache(places, capsys) -> None:
    module, chosen = placed(PlaceTapePass(places, explain=True))
    CheckStreamsPass().apply(full_context(), module)
    assert rings(module) == 1
    assert chosen.startswith("stream") and chosen.endswith(",aos")
    told = [line for line in capsys.readouterr().err.splitlines() if "provable" in line]
    (line,) = told
    assert line.startswith("tape of @f, region 1: stays behind the cache")


def test_a_free_choice_stays_behind_the_cache() -> None:
    """The second best plan has the whole tape on chip."""
    choice = PlaceTapePass(machine="sram_bytes=65536", rank=1)
    module, chosen = placed(choice)
    CheckStreamsPass().apply(full_context(), module)
    assert chosen.endswith(",aos")


def test_who_asks_for_the_dynamic_check_alone_gets_the_places() -> None:
    module, _ = placed(PlaceTapePass("stream", dynamic_only=True))
    assert rings(module) == 2
    with pytest.raises(DiagnosticException, match="not provably right"):
        CheckStreamsPass().apply(full_context(), module)
    CheckStreamsPass(dynamic_only=True).apply(full_context(), module)
