"""The tape bill of a function: as formulas, and with inputs in numbers from a run.

Whether a tape stays within a limit is decided before anything runs where possible.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass

from tapeflow.analysis.differentiation.policy import PolicyName
from tapeflow.analysis.tape_size.bill import SavedValue, TapeBill, bill_of
from tapeflow.analysis.tape_size.formula import SizeFormula
from tapeflow.backend.execute import DEFAULT_ENGINE, Engine
from tapeflow.backend.gradient import CompiledGradient, compile_gradient
from tapeflow.backend.runtime.array_type import Array
from tapeflow.backend.signature import Signature, find_function, sizes_of
from tapeflow.backend.tape_profile import StackProfile, TapeProfile, run_profiled
from tapeflow.tools.command_error import CommandError
from tapeflow.tools.gradient_request import GradientRequest
from tapeflow.transforms.differentiation.differentiate import DifferentiatePass
from tapeflow.transforms.differentiation.inline_calls import inline_calls

POLICIES: tuple[PolicyName, ...] = ("save-all", "min-cut", "recompute")

BELOW_STACKS = "form-regions"
"""The pass that ends the abstract tape."""


@dataclass(frozen=True)
class Subject:
    """A function and how it is differentiated, with or without inputs."""

    module: ModuleOp = field(repr=False)
    context: Context = field(repr=False)
    signature: Signature
    wrt: tuple[int, ...]
    seeded: tuple[int, ...]
    """Buffers through which derivatives flow from their final contents."""
    passes: tuple[ModulePass, ...]
    """Down to the abstract tape."""
    inputs: Mapping[str, Array] | None = field(repr=False)
    seeds: Mapping[str, Array] = field(repr=False)

    @staticmethod
    def of_request(request: GradientRequest, passes: Sequence[ModulePass]) -> "Subject":
        """What a request asks for, differentiated as a pipeline does."""
        return Subject(
            request.module,
            request.context,
            request.signature,
            request.wrt,
            tuple(request.seeding.buffers),
            abstract_tape_passes(passes),
            request.inputs,
            request.seeds,
        )

    @property
    def policy(self) -> str | None:
        """The policy that the passes name; None if they do not differentiate."""
        return None if self.exchange is None else self.exchange.policy

    @property
    def exchange(self) -> DifferentiatePass | None:
        """The pass whose options say what bytes and loops are taken to be worth."""
        passes = (p for p in self.passes if isinstance(p, DifferentiatePass))
        return next(passes, None)

    def with_policy(self, policy: PolicyName) -> "Subject":
        """The same under another policy."""
        passes = (
            replace(p, policy=policy) if isinstance(p, DifferentiatePass) else p
            for p in self.passes
        )
        return replace(self, passes=tuple(passes))

    def sizes(self) -> dict[str, int]:
        """The sizes of the inputs; none without inputs."""
        if self.inputs is None:
            return {}
        return sizes_of(self.signature, self.signature.fitted_arguments(self.inputs))


@dataclass(frozen=True)
class PolicyBill:
    """The bill under one policy: formulas, values for the sizes, and what a run did."""

    policy: str | None
    bill: TapeBill
    sizes: Mapping[str, int]
    compiled: CompiledGradient = field(repr=False)
    profile: TapeProfile | None = None
    """None as long as nothing has run."""

    @property
    def total_bytes(self) -> int | None:
        """The most on the tape at a time: measured, else from the formula."""
        return self.total([self.bytes_of(value) for value in self.bill.values])

    @property
    def pushed_bytes(self) -> int | None:
        """All that is written to the tape."""
        return self.total([self.pushed_bytes_of(value) for value in self.bill.values])

    @property
    def data_bytes(self) -> int | None:
        """Bytes of the program's own buffers; None where their sizes are not known."""
        return self.bill.data.value(self.sizes)

    @property
    def share_of_working_set(self) -> float | None:
        """Tape over tape and data together; None where one is not known."""
        tape, data = self.total_bytes, self.data_bytes
        if tape is None or data is None or tape + data == 0:
            return None
        return tape / (tape + data)

    def bytes_of(self, value: SavedValue) -> int | None:
        """The most that is on one stack at a time."""
        profile = self.profile_of(value)
        if profile is not None:
            return profile.peak_entries * value.entry_bytes
        return value.peak.value(self.sizes)

    def pushed_bytes_of(self, value: SavedValue) -> int | None:
        """All that is pushed on one stack."""
        profile = self.profile_of(value)
        if profile is not None:
            return profile.pushes * value.entry_bytes
        return value.pushed.value(self.sizes)

    def profile_of(self, value: SavedValue) -> StackProfile | None:
        """What a run counted of a stack; None if nothing has run, and for copies."""
        if self.profile is None or value.number is None:
            return None
        return self.profile.stacks[value.number]

    @staticmethod
    def total(numbers: Sequence[int | None]) -> int | None:
        """The sum; None where a summand is not known."""
        known = [number for number in numbers if number is not None]
        return sum(known) if len(known) == len(numbers) else None

    @property
    def redundancy(self) -> float | None:
        """Entries over distinct ones; None without entries or a run.

        Saved again is a value in an iteration of a loop around its push in which it
        does not change, and a float in a stack whose pushes are bit for bit those of
        an earlier stack.
        """
        entries = distinct = 0
        seen: set[tuple[str, int, int]] = set()
        for value in self.bill.values:
            profile = self.profile_of(value)
            if profile is None or not profile.pushes:
                continue
            key = (value.type, profile.pushes, profile.digest)
            entries += profile.pushes
            is_copy = key in seen and profile.pushes > 1 and value.type.startswith("f")
            distinct += 0 if is_copy else profile.distinct_entries
            seen.add(key)
        return entries / distinct if distinct else None

    def measured(self, subject: Subject, engine: Engine) -> "PolicyBill":
        """The same with the counts of a run on the subject's inputs."""
        assert subject.inputs is not None
        profile = run_profiled(self.compiled, subject.inputs, subject.seeds, engine)
        return replace(self, profile=profile)

    def mismatches(self) -> list[str]:
        """A sentence for each value whose formula a run contradicts: none, or a bug."""
        sentences: list[str] = []
        for value in self.bill.values:
            profile = self.profile_of(value)
            if profile is None:
                continue
            pushed = profile.pushes * value.entry_bytes
            peak = profile.peak_entries * value.entry_bytes
            for formula, run in ((value.pushed, pushed), (value.peak, peak)):
                if _contradicts(formula, run, self.sizes):
                    sentences.append(
                        f"the formula {formula} of {value.name} gives "
                        f"{formula.value(self.sizes):,} bytes, but the run {run:,}: "
                        "this is a bug in tapeflow"
                    )
        return sentences


def _contradicts(formula: SizeFormula, run: int, sizes: Mapping[str, int]) -> bool:
    number = formula.value(sizes)
    if number is None:
        return False
    return run > number if formula.is_bound else run != number


@dataclass(frozen=True)
class TapeReport:
    """The bill under the chosen policy, and under each for comparison."""

    subject: Subject
    chosen: PolicyBill
    policies: tuple[PolicyBill, ...]


def abstract_tape_passes(passes: Sequence[ModulePass]) -> tuple[ModulePass, ...]:
    """The passes of a pipeline down to the last level at which the tape is stacks."""
    return tuple(takewhile(lambda pass_: pass_.name != BELOW_STACKS, passes))


def bill_for(subject: Subject) -> PolicyBill:
    """Differentiate, and read the bill off the code; nothing runs.

    Raises:
        DiagnosticException: a pass cannot take the program.
    """
    compiled = compile_gradient(
        subject.module,
        subject.signature.function,
        subject.wrt,
        subject.passes,
        subject.context,
        seeded=subject.seeded,
    )
    gradient = find_function(compiled.module, compiled.function)
    bill = bill_of(gradient, _primal(compiled))
    return PolicyBill(subject.policy, bill, subject.sizes(), compiled)


def _primal(compiled: CompiledGradient) -> FuncOp:
    """The function that was differentiated, as the passes left it, without calls."""
    module = compiled.module.clone()
    functions = {op.sym_name.data: op for op in module.ops if isinstance(op, FuncOp)}
    primal = functions[compiled.signature.function]
    inline_calls(primal.body.block, functions, (primal.sym_name.data,))
    return primal


def report_for(
    subject: Subject, chosen: PolicyBill, engine: Engine = DEFAULT_ENGINE
) -> TapeReport:
    """Complete a bill: the other policies, and runs of all where there are inputs."""
    bills: dict[str | None, PolicyBill] = {chosen.policy: chosen}
    for policy in POLICIES:
        if policy not in bills:
            bills[policy] = bill_for(subject.with_policy(policy))
    if subject.inputs is not None:
        bills = {p: bill.measured(subject, engine) for p, bill in bills.items()}
    compared = tuple(bills[policy] for policy in POLICIES)
    return TapeReport(subject, bills[chosen.policy], compared)


def check_limit(
    subject: Subject, bill: PolicyBill, limit_bytes: int, engine: Engine
) -> None:
    """Compare the formula for the given sizes with a limit; where data decides, run.

    Raises:
        CommandError: the tape exceeds the limit, or without inputs might.
    """
    number = bill.total_bytes
    is_exact = number is not None and not bill.bill.peak.is_bound
    if number is not None and number <= limit_bytes:
        return
    if is_exact or subject.inputs is None:
        raise CommandError(_message(subject, bill, limit_bytes))
    measured = bill.measured(subject, engine)
    assert measured.total_bytes is not None
    if measured.total_bytes > limit_bytes:
        raise CommandError(_message(subject, measured, limit_bytes))


def _message(subject: Subject, bill: PolicyBill, limit_bytes: int) -> str:
    function, formula = subject.signature.function, bill.bill.peak
    start = f"tapeflow: error: the tape of @{function}"
    limit = f"--fail-if-tape-exceeds={limit_bytes}"
    if bill.total_bytes is None:
        unknown = ", ".join(formula.names)
        return (
            f"{start} takes {formula} bytes, which counts as more than {limit} as long "
            f"as {unknown} is not known; give --inputs"
        )
    largest = max(bill.bill.values, key=lambda value: bill.bytes_of(value) or 0)
    words = "can take up to" if formula.is_bound and bill.profile is None else "takes"
    return (
        f"{start} {words} {bill.total_bytes:,} bytes ({formula}), more than {limit}; "
        f"most of it is '{largest.name}' of line {largest.line}: "
        f"{bill.bytes_of(largest):,} bytes"
    )
