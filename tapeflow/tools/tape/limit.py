"""Whether a tape stays within a limit, decided before anything runs where possible."""

from tapeflow.backend.execute import Engine
from tapeflow.tools.failures import CommandError
from tapeflow.tools.tape.report import PolicyBill, Subject


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
