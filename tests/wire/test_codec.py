"""What one side encodes the other decodes; what is malformed is refused with its reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantwatch_wire import limits
from tenantwatch_wire.codec import encode_batch
from tenantwatch_wire.columns import InvalidBatch, decode_batch
from tenantwatch_wire.records import Lane, Result, Status
from tenantwatch_wire.v1 import agent_pb2

_TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40)
_NAME = st.text("abcdefgh_:/", min_size=1, max_size=20)
_RESULTS = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.builds(
            Result,
            st.just("check"),
            st.integers(limits.MIN_TIME_US, limits.MAX_TIME_US - 1),
            st.sampled_from(Status),
            st.none() | st.integers(0, limits.MAX_LATENCY_US),
            _TEXT,
            st.dictionaries(_NAME, st.floats(allow_nan=False, allow_infinity=False), max_size=4),
        ),
    ),
    min_size=1,
    max_size=50,
)


def batch() -> agent_pb2.Batch:
    results = [
        (0, Result("a", limits.MIN_TIME_US, Status.UNHEALTHY, 5, "down", {"x": 1.0})) for _ in range(3)
    ]
    return encode_batch(Lane.LIVE, 1, results)


@given(_RESULTS)
def test_what_is_sent_is_what_is_read(results: list[tuple[int, Result]]) -> None:
    columns = decode_batch(encode_batch(Lane.BACKLOG, 7, results), 10)
    assert columns.check_index.tolist() == [index for index, _ in results]
    for row, (_, result) in enumerate(results):
        latency = int(columns.latency_us[row])
        read = Result(
            "check",
            int(columns.time_us[row]),
            Status(int(columns.status[row])),
            None if latency == limits.NO_LATENCY else latency,
            columns.texts.get(row, ""),
            columns.metrics.of(row),
        )
        assert read == result


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("status", b"", "0 results"),
        ("status", b"\x09\x00\x00", "status 9"),
        ("time_us", b"\x00" * 24, "years 2000"),
        ("time_us", b"\x00" * 23, "column time_us has 23 bytes"),
        ("check_index", b"\xff" * 12, "not in the stream's dictionary"),
        ("latency_us", b"", "column latency_us"),
        ("text_row", b"\x00" * 12, "rise strictly"),
        ("text_row", b"\x00" * 4, "column text_row"),
        ("metric_value", b"\x00" * 8 + b"\xff" * 16, "not a finite number"),
        ("metric_name", b"\x01\x00\x00\x00" * 3, "outside metric_names"),
        ("metric_row", b"\x03\x00\x00\x00" * 3, "within the batch"),
        ("metric_row", b"\x00\x00\x00\x00" * 3, "names a metric twice"),
        ("metric_row", b"", "column metric_row"),
        ("metric_names", ["x", "x"], "twice in metric_names"),
        ("metric_names", ["x\n"], "not printable"),
        ("lane", 0, "lane 0"),
        ("first_sequence", 0, "first_sequence 0"),
    ],
)
def test_a_malformed_batch_is_refused_with_its_reason(field: str, value: object, reason: str) -> None:
    broken = batch()
    if isinstance(value, list):
        broken.ClearField(field)
        getattr(broken, field).extend(value)
    else:
        setattr(broken, field, value)
    with pytest.raises(InvalidBatch, match=reason):
        decode_batch(broken, 1)


@given(st.binary(max_size=300))
def test_random_bytes_are_refused_and_nothing_else_happens(data: bytes) -> None:
    broken = agent_pb2.Batch(
        lane=agent_pb2.LANE_LIVE,
        first_sequence=1,
        status=data[:3],
        check_index=data[3:15],
        time_us=data[15:39],
        latency_us=data[39:51],
        text_row=data[51:60],
        metric_row=data[60:64],
        metric_name=data[64:68],
        metric_value=data[68:76],
        metric_names=["m"],
    )
    try:
        columns = decode_batch(broken, 5)
    except InvalidBatch:
        return
    assert 0 < len(columns) <= 3
