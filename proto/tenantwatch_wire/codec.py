"""The sending half of the codec: results as little-endian columns, by the standard library alone."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence

from tenantwatch_wire.limits import NO_LATENCY
from tenantwatch_wire.records import Lane, Result
from tenantwatch_wire.v1 import agent_pb2

if array("I").itemsize != 4 or array("q").itemsize != 8:
    raise ImportError("this platform's C integers are not those of the wire")


def encode_batch(lane: Lane, first_sequence: int, results: Sequence[tuple[int, Result]]) -> agent_pb2.Batch:
    """Results, each with its check's index in the stream's dictionary, as one batch in the order given."""
    text_row, texts = array("I"), []
    metric_row, metric_name, metric_value = array("I"), array("I"), array("d")
    names: dict[str, int] = {}
    for row, (_, result) in enumerate(results):
        if result.text:
            text_row.append(row)
            texts.append(result.text)
        for name, value in result.metrics.items():
            metric_row.append(row)
            metric_name.append(names.setdefault(name, len(names)))
            metric_value.append(value)
    return agent_pb2.Batch(
        lane=int(lane),  # type: ignore[arg-type]
        first_sequence=first_sequence,
        check_index=_bytes(array("I", [index for index, _ in results])),
        time_us=_bytes(array("q", [result.time_us for _, result in results])),
        status=bytes([result.status for _, result in results]),
        latency_us=_bytes(
            array("I", [NO_LATENCY if r.latency_us is None else r.latency_us for _, r in results])
        ),
        text_row=_bytes(text_row),
        texts=texts,
        metric_row=_bytes(metric_row),
        metric_name=_bytes(metric_name),
        metric_value=_bytes(metric_value),
        metric_names=list(names),
    )


def _bytes(column: array[int] | array[float]) -> bytes:
    if sys.byteorder == "big":
        column.byteswap()
    return column.tobytes()
