"""Pass `differentiate`: answer requests for gradients in reverse mode."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from xdsl.context import Context
from xdsl.dialects import func, memref, scf
from xdsl.dialects.builtin import (
    FunctionType,
    ModuleOp,
)
from xdsl.ir import Block, BlockArgument, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint

from tapeflow.analysis.differentiation.activity import Activity, find_activity
from tapeflow.analysis.differentiation.differentiability import (
    Problem,
    constants_in_wrt,
    find_problems,
    shadows_with_layout,
    unknown_policies,
)
from tapeflow.analysis.differentiation.loop_fusion import FusionFinder
from tapeflow.analysis.differentiation.policy import (
    POLICIES,
    POLICY,
    PolicyName,
    TapePolicy,
    own_policy,
)
from tapeflow.analysis.differentiation.to_be_recorded import find_reverse_reads
from tapeflow.analysis.ir.levels import Level
from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.analysis.memory.effects import is_memref
from tapeflow.analysis.memory.overwriting import find_accesses
from tapeflow.dialects.ad import GradientOp, TurnOp, is_float
from tapeflow.near_names import require_one_of
from tapeflow.transforms.building.index_builder import FunctionConstants, IndexBuilder
from tapeflow.transforms.building.refusal import refuse, require_level
from tapeflow.transforms.differentiation.adjoint_sweep import Adjoints
from tapeflow.transforms.differentiation.count_iterations import count_iterations
from tapeflow.transforms.differentiation.decide_recall import decide_recall
from tapeflow.transforms.differentiation.forward_sweep import (
    compute_forward_terms,
    push_saved,
)
from tapeflow.transforms.differentiation.fuse_loops import FusedScope, fuse_loops
from tapeflow.transforms.differentiation.inline_calls import inline_calls
from tapeflow.transforms.differentiation.reverse_sweep import ReverseSweep
from tapeflow.transforms.differentiation.track_extrema import track_extrema


@dataclass(frozen=True)
class DifferentiatePass(ModulePass):
    """Replace requests for gradients by functions that compute them.

        func.func @f(%x: f64) -> f64 { %y = math.exp %x : f64  return %y }
        ad.gradient @f_grad of @f wrt [0]
    ==> differentiate
        func.func @f_grad(%x: f64, %d_y: f64) -> (f64, f64) {
          %y = math.exp %x : f64
          ad.turn
          %d_x = arith.mulf %d_y, %y : f64
          func.return %y, %d_x : f64, f64
        }
    """

    name = "differentiate"

    policy: PolicyName = "min-cut"
    """What goes on the tape: min-cut, save-all or recompute."""
    operations_per_byte: int | float = 8
    """Additions that are worth as much as a byte of tape written and read."""
    assumed_trips: int = 64
    """Iterations assumed of a loop whose trip count is not a constant."""
    strong_zero: bool = False
    """Whether an adjoint of 0 is passed on as 0, also where a derivative is NaN."""

    def __post_init__(self) -> None:
        require_one_of("policy", self.policy, POLICIES)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        require_level(op, self.name, *Level.REQUEST.down())
        functions = {
            function.sym_name.data: function
            for function in op.body.block.ops
            if isinstance(function, func.FuncOp)
        }
        policy = TapePolicy(
            self.policy, float(self.operations_per_byte), self.assumed_trips
        )
        for request in tuple(op.body.block.ops):
            if isinstance(request, GradientOp):
                gradient = differentiate(
                    request, functions, policy, strong_zero=self.strong_zero
                )
                op.body.block.insert_op_before(gradient, request)
                request.detach()
                request.erase()


def differentiate(
    request: GradientOp,
    functions: Mapping[str, func.FuncOp],
    policy: TapePolicy,
    *,
    strong_zero: bool = False,
) -> func.FuncOp:
    """The function that a request asks for, given those of the module by name.

    Raises:
        DiagnosticException: the function has constructs without a derivative; the
            message names all of them with their locations.
    """
    primal = functions[request.function.string_value()]
    _check_one_block(primal, request)
    gradient = _Gradient.begin(request, primal, functions)
    gradient.reverse(policy, strong_zero)
    return gradient.function


def _fail(name: str, first: Problem, *more: Problem) -> NoReturn:
    message = f"cannot differentiate @{name}: {first}"
    refuse(first.op, message, [(problem.op, str(problem)) for problem in more])


def _check_one_block(primal: func.FuncOp, request: GradientOp) -> None:
    name = primal.sym_name.data
    if not primal.body.blocks:
        problem = Problem(request, "it has no body", "define it in this module")
        _fail(name, problem)
    if len(primal.body.blocks) > 1:
        problem = Problem(
            primal,
            "control flow between basic blocks",
            "write it with scf.for, scf.while and scf.if, which can be run in reverse",
        )
        _fail(name, problem)


@dataclass
class _Gradient:
    """A gradient function under construction: first a copy of the primal."""

    request: GradientOp
    function: func.FuncOp
    returned: tuple[SSAValue, ...]
    arguments: tuple[BlockArgument, ...]

    @staticmethod
    def begin(
        request: GradientOp, primal: func.FuncOp, functions: Mapping[str, func.FuncOp]
    ) -> "_Gradient":
        """Copy the primal with its calls inlined."""
        region = Region()
        primal.body.clone_into(region)
        name = request.sym_name.data
        function = func.FuncOp(name, primal.function_type, region)
        function.location = primal.location
        asking = primal if own_policy(request) is None else request
        if POLICY in asking.attributes:
            function.attributes[POLICY] = asking.attributes[POLICY]
        block = region.block
        inline_calls(block, functions, (primal.sym_name.data,))
        terminator = block.last_op
        assert isinstance(terminator, func.ReturnOp)
        return _Gradient(
            request, function, tuple(terminator.operands), tuple(block.args)
        )

    @property
    def block(self) -> Block:
        """The entry block, which forward and reverse sweep share."""
        return self.function.body.block

    def reverse(self, policy: TapePolicy, strong_zero: bool) -> None:
        """Append the reverse sweep and complete the signature."""
        wrt = [self.arguments[i] for i in self.request.arguments]
        seeded = self._seeded_results()
        constants = FunctionConstants(self.function)
        end = InsertPoint.at_end(self.block)
        builder = IndexBuilder(constants, end, self.function.location)
        activity = self._check(wrt, seeded)
        if self._count_iterations(activity, builder):
            activity = self._check(wrt, seeded)
        terms, choices = track_extrema(self.function, activity, builder)
        if choices:
            self._refresh_returned()
            activity = self._check(wrt, seeded)
        scopes = self._fuse(activity, builder)
        if scopes:
            activity = self._check(wrt, seeded)
        frees = self._strip()
        terms = compute_forward_terms(self.function, activity, builder, terms)
        facts = find_reverse_reads(self.function, activity, terms)
        plan, reasons = decide_recall(self.function, facts, scopes, choices, policy)
        stacks = push_saved(plan, reasons, builder)
        sweep = ReverseSweep(facts, plan, builder, stacks, scopes, strong_zero)
        builder.insert(TurnOp())
        fused = scopes.get(self.block)
        start = InsertPoint.before(fused.loops[0].op) if fused else end
        with builder.at(start):
            own = self._shadow_arguments(sweep, wrt)
            adjoints = self._seed(sweep, seeded)
        sweep.reverse_block(self.block, adjoints)
        builder.location = self.function.location
        for shadow in own:
            builder.insert(memref.DeallocOp.get(shadow))
        for free in frees:
            self.block.add_op(free)
        self._return(sweep, wrt, adjoints)

    def _fuse(
        self, activity: Activity, builder: IndexBuilder
    ) -> dict[Block, FusedScope]:
        """Prepare the loops that are reversed iteration by iteration."""
        facts = find_reverse_reads(self.function, activity, {})
        accesses = find_accesses(self.function, activity.buffers)
        finder = FusionFinder(facts, accesses)
        fused = fuse_loops(finder.scopes(self.block), facts, builder)
        self._refresh_returned()
        return fused

    def _seeded_results(self) -> tuple[int, ...]:
        if self.request.seeds is not None:
            return self.request.seeded_results()
        return tuple(i for i, v in enumerate(self.returned) if is_float(v.type))

    def _check(self, wrt: Sequence[SSAValue], seeded: Sequence[int]) -> Activity:
        buffers = find_buffers(self.function, may_share=False)
        sinks = [*(self.returned[i] for i in seeded), *filter(is_memref, wrt)]
        constants = [self.arguments[i] for i in self.request.constant_arguments()]
        activity = find_activity(self.function, buffers, wrt, sinks, constants)
        problems = [
            *unknown_policies(self.request, self.function),
            *constants_in_wrt(self.function, buffers, wrt, constants),
            *shadows_with_layout(self.function, activity, wrt),
            *find_problems(self.function, activity),
        ]
        if problems:
            name = self.request.function.string_value()
            _fail(name, *problems)
        return activity

    def _count_iterations(self, activity: Activity, builder: IndexBuilder) -> bool:
        """Make the loops count that have to be run in reverse."""
        relevant = find_reverse_reads(self.function, activity, {}).relevant
        loops = [op for op in relevant if isinstance(op, scf.WhileOp)]
        for loop in loops:
            count_iterations(loop, builder)
        self._refresh_returned()
        return bool(loops)

    def _refresh_returned(self) -> None:
        """Loops have been replaced."""
        terminator = self.block.last_op
        assert terminator is not None
        self.returned = tuple(terminator.operands)

    def _strip(self) -> list[memref.DeallocOp]:
        """Take out the return and the frees, which follow the reverse sweep."""
        frees = [op for op in self.block.ops if isinstance(op, memref.DeallocOp)]
        terminator = self.block.last_op
        assert terminator is not None
        for op in (*frees, terminator):
            op.detach()
        terminator.erase()
        return frees

    def _shadow_arguments(
        self, sweep: ReverseSweep, wrt: Sequence[BlockArgument]
    ) -> list[SSAValue]:
        """Shadow parameters for `wrt`, zero shadows for other active buffers."""
        own: list[SSAValue] = []
        for argument in wrt:
            if is_memref(argument):
                shadow = self._parameter(argument, argument.name_hint)
                sweep.shadows.shadows[argument] = shadow
        for argument in self.arguments:
            if not is_memref(argument) or argument in wrt:
                continue
            if sweep.activity.active(argument):
                own.append(sweep.shadows.create_for_argument(argument))
        return own

    def _parameter(self, like: SSAValue, name: str | None) -> BlockArgument:
        parameter = self.block.insert_arg(like.type, len(self.block.args))
        parameter.name_hint = None if name is None else f"d_{name}"
        return parameter

    def _seed(self, sweep: ReverseSweep, seeded: Sequence[int]) -> Adjoints:
        adjoints: Adjoints = {}
        for position in seeded:
            value = self.returned[position]
            seed = self._parameter(value, value.name_hint or f"result{position}")
            sweep.accumulate(adjoints, value, seed)
        return adjoints

    def _return(
        self, sweep: ReverseSweep, wrt: Sequence[SSAValue], adjoints: Adjoints
    ) -> None:
        scalars = [
            sweep.adjoint_or_zero(adjoints, argument)
            for argument in wrt
            if not is_memref(argument)
        ]
        results = (*self.returned, *scalars)
        sweep.builder.insert(func.ReturnOp(*results))
        self.function.properties["function_type"] = FunctionType.from_lists(
            [arg.type for arg in self.block.args], [value.type for value in results]
        )
