"""The tape bill as plain data for JSON: stable keys, units in their names."""

from typing import Any

from tapeflow.analysis.tape_size.bill import SavedValue
from tapeflow.tools.tape.report import PolicyBill, TapeReport
from tapeflow.tools.tape.table import warnings_on


def bill_for_json(report: TapeReport, file: str) -> dict[str, Any]:
    """The bill of one function; null stands for what is not known.

    Bytes are the most that is on the tape at a time, `pushed_bytes` all written to it.
    """
    chosen = report.chosen
    signature = report.subject.signature
    exchange = report.subject.exchange
    return {
        "file": file,
        "function": signature.function,
        "wrt": list(report.subject.wrt),
        "policy": chosen.policy,
        "operations_per_byte": exchange and exchange.operations_per_byte,
        "assumed_trips": exchange and exchange.assumed_trips,
        "sizes": dict(chosen.sizes),
        **_totals(chosen),
        "data_bytes": chosen.data_bytes,
        "data_formula": str(chosen.bill.data.expression),
        "share_of_working_set": chosen.share_of_working_set,
        "values": [_value(chosen, value) for value in chosen.bill.values],
        "policies": {str(bill.policy): _totals(bill) for bill in report.policies},
        "warnings": warnings_on(chosen),
        "growth": [
            {
                "sizes": list(terms.sizes),
                "tape_power": terms.tape,
                "data_power": terms.data,
                "work_power": terms.work,
            }
            for terms in chosen.bill.asymptotics
        ],
    }


def _totals(bill: PolicyBill) -> dict[str, Any]:
    peak, pushed = bill.bill.peak, bill.bill.pushed
    return {
        "total_bytes": bill.total_bytes,
        "total_formula": str(peak.expression),
        "total_formula_is_bound": peak.is_bound,
        "pushed_bytes": bill.pushed_bytes,
        "pushed_formula": str(pushed.expression),
        "gradient_operations": bill.profile and bill.profile.operations,
        "redundancy": bill.redundancy,
    }


def _value(bill: PolicyBill, value: SavedValue) -> dict[str, Any]:
    profile = bill.profile_of(value)
    return {
        "name": value.name,
        "line": value.line,
        "definition": value.definition,
        "type": value.type,
        "entry_bytes": value.entry_bytes,
        "bytes": bill.bytes_of(value),
        "bytes_formula": str(value.peak.expression),
        "bytes_formula_is_bound": value.peak.is_bound,
        "pushed_bytes": bill.pushed_bytes_of(value),
        "pushed_formula": str(value.pushed.expression),
        "written_lines": list(value.written),
        "read_lines": list(value.read),
        "entries": profile and profile.pushes,
        "distinct_entries": profile and profile.distinct_entries,
        "mean_lifetime_operations": profile and profile.mean_lifetime_operations,
        "unchanged_in_loops_of_lines": list(value.repeated_in),
        "reason": value.reason,
        "alternative": value.alternative,
        "alternative_price_operations": value.alternative_price,
    }
