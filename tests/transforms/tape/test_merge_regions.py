"""Regions merge where each pop provably meets a record of its own, and only there."""

import itertools
import random

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.universe import Universe

from tapeflow.analysis.verification.dominance import verify_dominance
from tapeflow.backend.execute import execute
from tapeflow.backend.gradient import GradientResult, compile_gradient
from tapeflow.dialects.tape import AllocateOp
from tapeflow.frontend.reader import parse_module, read_module
from tapeflow.programs import get_program
from tapeflow.programs.registry import PROGRAMS
from tapeflow.tools.pipelines.building import build_passes
from tapeflow.transforms import MergeRegionsPass
from tapeflow.universe import full_context

from .save_programs import (
    REGIONS,
    Branch,
    Loop,
    ProgramText,
    Save,
    Saves,
    mirrored,
    random_saves,
)

ARGUMENTS = tuple(
    (*trips, *taken)
    for trips in ((0, 2, 1), (3, 0, 2), (1, 1, 4), (2, 3, 3))
    for taken in itertools.product((False, True), repeat=2)
)
A, B, C = Save(0), Save(1), Save(2)


def parsed(text: str) -> ModuleOp:
    module = parse_module(text, "program.mlir", full_context())
    module.verify()
    return module


def merged(module: ModuleOp, everywhere: bool = True) -> ModuleOp:
    copy = module.clone()
    MergeRegionsPass(everywhere).apply(full_context(), copy)
    copy.verify()
    verify_dominance(copy)
    return copy


def regions(module: ModuleOp) -> list[AllocateOp]:
    return [op for op in module.walk() if isinstance(op, AllocateOp)]


def used(module: ModuleOp) -> int:
    return sum(op.tape.first_use is not None for op in regions(module))


def pairs(*saves: Save | Loop | Branch) -> Saves:
    return saves


LEGAL = {
    "two in a row": (pairs(A, B), pairs(B, A)),
    "loops": (pairs(Loop(0, (A,)), Loop(1, (B,))), pairs(Loop(1, (B,)), Loop(0, (A,)))),
    "one loop": (pairs(Loop(0, (A, B))), pairs(Loop(0, (B, A)))),
    "outer, inner": (
        pairs(Loop(0, (A, Loop(1, (B,))))),
        pairs(Loop(0, (Loop(1, (B,)), A))),
    ),
    "triangle": (
        pairs(Loop(0, (Loop(None, (A,)), B))),
        pairs(Loop(0, (B, Loop(None, (A,))))),
    ),
    "both branches": (pairs(Branch(0, (A,), (B,))), pairs(Branch(0, (A,), (B,)))),
    "two branches": (
        pairs(Branch(0, (A,), ()), Branch(1, (B,), ())),
        pairs(Branch(1, (B,), ()), Branch(0, (A,), ())),
    ),
}
CROSSED = {
    "two in a row": (pairs(A, B), pairs(A, B)),
    "loops": (pairs(Loop(0, (A,)), Loop(1, (B,))), pairs(Loop(0, (A,)), Loop(1, (B,)))),
    "loops of equal length": (
        pairs(Loop(0, (A,)), Loop(0, (B,))),
        pairs(Loop(0, (A,)), Loop(0, (B,))),
    ),
    "split loop": (pairs(Loop(0, (A, B))), pairs(Loop(0, (B,)), Loop(0, (A,)))),
    "joined loop": (pairs(Loop(0, (A,)), Loop(0, (B,))), pairs(Loop(0, (B, A)))),
    "outer, inner": (
        pairs(Loop(0, (A, Loop(1, (B,))))),
        pairs(Loop(0, (A, Loop(1, (B,))))),
    ),
    "two branches": (
        pairs(Branch(0, (A,), ()), Branch(1, (B,), ())),
        pairs(Branch(0, (A,), ()), Branch(1, (B,), ())),
    ),
}


@pytest.mark.parametrize(("pushes", "pops"), LEGAL.values(), ids=LEGAL)
def test_what_mirrors_merges(pushes: Saves, pops: Saves) -> None:
    module = parsed(ProgramText().write(pushes, pops))
    assert (used(module), used(merged(module))) == (2, 1)
    assert results(merged(module)) == results(module)


@pytest.mark.parametrize(("pushes", "pops"), CROSSED.values(), ids=CROSSED)
def test_what_crosses_does_not_merge(pushes: Saves, pops: Saves) -> None:
    module = parsed(ProgramText().write(pushes, pops))
    assert (used(module), used(merged(module))) == (2, 2)


def test_what_crosses_leaves_the_others() -> None:
    module = parsed(ProgramText().write(pairs(A, B, C), pairs(C, A, B)))
    assert (used(module), used(merged(module))) == (3, 2)
    assert results(merged(module)) == results(module)


def test_what_is_left_out_forms_a_group_of_its_own() -> None:
    other = Save(3)
    pushes, pops = pairs(A, B, C, other), pairs(B, A, other, C)
    module = parsed(ProgramText().write(pushes, pops))
    assert (used(module), used(merged(module))) == (4, 2)
    assert results(merged(module)) == results(module)


def results(module: ModuleOp) -> list[object]:
    return [execute(module, "f", list(case)).results for case in ARGUMENTS]


@pytest.mark.parametrize("swaps", (0.0, 0.1, 0.3))
def test_random_saves_are_popped_as_before(swaps: float) -> None:
    before = after = 0
    for seed in range(60):
        choose = random.Random(f"{seed} {swaps}")
        pushes = random_saves(choose)
        module = parsed(ProgramText().write(pushes, mirrored(pushes, choose, swaps)))
        one = merged(module)
        assert results(one) == results(module), seed
        before, after = before + used(module), after + used(one)
        if not swaps:
            assert used(one) == 1
    assert after < before
    assert (after > 60) == bool(swaps)
    assert before <= 60 * REGIONS


APART = {
    "one loop": (pairs(Loop(0, (A, B))), pairs(Loop(0, (B, A)))),
    "behind a branch": (
        pairs(Loop(0, (A, Branch(0, (B,), ())))),
        pairs(Loop(0, (Branch(0, (B,), ()), A))),
    ),
}


@pytest.mark.parametrize(("pushes", "pops"), APART.values(), ids=APART)
def test_what_would_lose_its_layers_stays_apart(pushes: Saves, pops: Saves) -> None:
    module = parsed(ProgramText().write(pushes, pops))
    assert used(merged(module, everywhere=False)) == 2
    assert used(merged(module)) == 1


@pytest.mark.parametrize("name", [name for name in LEGAL if name not in APART])
def test_all_else_merges_by_default(name: str) -> None:
    module = parsed(ProgramText().write(*LEGAL[name]))
    assert used(merged(module, everywhere=False)) == 1


# Types, capacities, blocks

WITH = """
func.func @f(%n: index, %m: index, %x: f64, %buffer: memref<?xindex>) -> f64 {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.allocate {first} : !tape.region<[f64], aos>
  scf.for %i = %c0 to %n step %c1 {{
    tape.push %s, %x : !tape.region<[f64], aos>
  }}
  {between}
  %t = tape.allocate {second} : !tape.region<[f64], {layout}>
  scf.for %i = %c0 to %m step %c1 {{
    tape.push %t, %x : !tape.region<[f64], {layout}>
  }}
  %y = scf.for %i = %c0 to %m step %c1 iter_args(%a = %x) -> f64 {{
    %b = tape.pop %t : !tape.region<[f64], {layout}>
    %c = arith.addf %a, %b : f64
    scf.yield %c : f64
  }}
  %z = scf.for %i = %c0 to %n step %c1 iter_args(%a = %y) -> f64 {{
    %b = tape.pop %s : !tape.region<[f64], aos>
    %c = arith.mulf %a, %b : f64
    scf.yield %c : f64
  }}
  func.return %z : f64
}}
"""


def filled(first="%n", between="", second="%m", layout="aos") -> ModuleOp:
    text = WITH.format(first=first, between=between, second=second, layout=layout)
    return parsed(text.replace("-> f64 {\n    %b", "-> (f64) {\n    %b"))


def test_capacities_add_up() -> None:
    (region,) = regions(merged(filled()))
    assert region.growing is None
    assert str(region.capacity.owner).startswith("%pushes = arith.addi %n, %m")


@pytest.mark.parametrize("which", ("first", "second"))
def test_what_merges_with_a_growing_region_grows(which: str) -> None:
    module = filled(**{which: "%c1 growing"})
    (region,) = regions(merged(module))
    assert region.growing is not None
    assert len(regions(merged(module, everywhere=False))) == 2


def test_capacity_is_computed_earlier() -> None:
    between = "%k = arith.maxsi %m, %c0 : index"
    assert len(regions(merged(filled(between=between, second="%k")))) == 1


def test_capacity_that_memory_tells_later_keeps_regions_apart() -> None:
    between = "%k = memref.load %buffer[%c0] : memref<?xindex>"
    assert len(regions(merged(filled(between=between, second="%k")))) == 2


def test_other_layouts_keep_regions_apart() -> None:
    assert len(regions(merged(filled(layout="soa")))) == 2


def test_other_places_keep_regions_apart() -> None:
    place = '%m {tape.place = "cache"}'
    assert len(regions(merged(filled(second=place)))) == 2
    both = filled('%n {tape.place = "cache", tape.region = 4 : i64}', "", place)
    (region,) = regions(merged(both))
    assert set(region.attributes) == {"tape.place", "tape.region"}


# Programs


def compiled(name: str, pipeline: str):
    program = get_program(name)
    context = full_context()
    passes = build_passes(pipeline, Universe.get_multiverse().all_passes)
    module = read_module(program.source_path, context)
    return compile_gradient(module, program.function, program.wrt, passes, context).run(
        program.make_inputs("tiny"), engine="compiled"
    )


def bits(result: GradientResult) -> list[bytes]:
    return [a.tobytes() for a in (*result.values, *result.gradients.values())]


@pytest.mark.parametrize("policy", ("min-cut", "save-all"))
@pytest.mark.parametrize("name", [program.name for program in PROGRAMS])
def test_programs_keep_their_bits_and_their_streams_are_proved(
    name: str, policy: str
) -> None:
    """The last pass of `streams` and `layers` refuses what it cannot prove."""
    expected = bits(compiled(name, f"baseline{{policy={policy}}}"))
    words = f"policy={policy} merge=true"
    for pipeline in (
        f"baseline{{{words}}}",
        f"regions{{{words}}}",
        f"layers{{{words}}}",
        f"streams{{{words} places=stream scratchpad-bytes=4096}}",
        f"streams{{{words}}}",
    ):
        assert bits(compiled(name, pipeline)) == expected, pipeline
