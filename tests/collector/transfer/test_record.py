"""What a line may say: whatever is written comes back, whatever is wrong is refused with what to write."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tenantwatch_collector.store.base import StoredResult, TenantCheck
from tenantwatch_collector.transfer.forms import FORMS, MAX_LINE_BYTES, BadHeading
from tenantwatch_collector.transfer.record import COLUMNS, BadLine, moment, read, time_of, written
from tenantwatch_wire.limits import MAX_TIME_US, MIN_TIME_US
from tenantwatch_wire.records import Status

NOW = MAX_TIME_US
GOOD = {"tenant_id": "acme", "check_id": "web", "time": "2026-01-31T12:00:00.25Z", "status": "healthy"}

texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40)
names = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20)
results = st.builds(
    StoredResult,
    tenant_id=names,
    agent_id=names,
    check_id=names,
    kind=st.just("http_endpoint"),
    time_us=st.integers(MIN_TIME_US, MAX_TIME_US - 1),
    status=st.sampled_from(Status),
    latency_us=st.none() | st.integers(0, 2**32 - 2),
    text=texts | st.sampled_from(["=1+1", "'=1", "'", "+", "@x", "\t", '"', 'a\n"b",', "-2"]),
    metrics=st.dictionaries(names, st.floats(allow_nan=False, allow_infinity=False), max_size=3),
    received_at_us=st.integers(MIN_TIME_US, MAX_TIME_US - 1),
    check_key=st.just(1),
    commit_key=st.just(1),
)


@pytest.mark.parametrize("name", FORMS)
@settings(max_examples=40, deadline=None)
@given(some=st.lists(results, min_size=1, max_size=4))
def test_what_was_written_is_read_again(name: str, some: list[StoredResult]) -> None:
    form = FORMS[name]
    check = TenantCheck(1, "a", "c", "http_endpoint", "g", 15_000, 5_000, 2, 1, 65_000, None, None)
    content = form.heading() + form.write(written(result, check) for result in some)
    lines = list(form.read(io.BytesIO(content)))
    records = [read(line.values or {}, NOW) for line in lines]
    assert [(r.tenant_id, r.agent_id, r.check_id, r.time_us) for r in records] == [
        (r.tenant_id, r.agent_id, r.check_id, r.time_us) for r in some
    ]
    assert [(r.status, r.latency_us, r.text, r.metrics) for r in records] == [
        (r.status, r.latency_us, r.text, r.metrics) for r in some
    ]
    definition = records[0].definition()
    assert (definition.interval_ms, definition.timeout_ms, definition.group) == (15_000, 5_000, "g")
    assert (definition.confirm_failures, definition.confirm_successes) == (2, 1)


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    row = dict.fromkeys(COLUMNS, "x") | {"text": text}
    assert f"'{text}" in FORMS["csv"].write([row]).decode()


@given(st.integers(MIN_TIME_US, MAX_TIME_US - 1))
def test_times_keep_their_microseconds(time_us: int) -> None:
    assert time_of(moment(time_us)) == time_us


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"time": "2026-01-31T12:00:00"}, "time '2026-01-31T12:00:00': write RFC 3339 with a zone"),
        ({"time": "2026-01-31T12:00:00.1234567Z"}, "at most microseconds"),
        ({"time": "1999-12-31T23:59:59Z"}, "after the year 2000"),
        ({"time": "2026-02-30T12:00:00Z"}, "as in 2026-01-31T12:00:00.250000Z"),
        ({"time": 1_700_000_000}, "write RFC 3339"),
        ({"time": "2026-02-01T00:00:00Z"}, "is in the future"),
        ({"status": "ok"}, "status 'ok': write healthy, degraded, unhealthy, unknown"),
        ({"status": None}, "status None"),
        ({"tenant_id": ""}, "tenant_id '': write 1 to 128 printable characters"),
        ({"check_id": "a\nb"}, "check_id"),
        ({"check_id": "x" * 129}, "check_id"),
        ({"agent_id": 7}, "agent_id 7"),
        ({"latency_us": "-1"}, "latency_us '-1': write a whole number from 0 to 4294967294, or nothing"),
        ({"latency_us": 1.5}, "latency_us 1.5"),
        ({"latency_us": True}, "latency_us True"),
        ({"latency_us": "٣"}, "latency_us"),
        ({"text": "x" * 2001}, "text: write at most 2000 characters"),
        ({"text": "a\x00b"}, "no NUL"),
        ({"text": "\ud800"}, "not UTF-8"),
        ({"metrics": "{"}, "metrics: write an object of JSON"),
        ({"metrics": [1]}, "metrics: write an object of JSON"),
        ({"metrics": {"a": "1"}}, "metric a: '1' is not a finite number"),
        ({"metrics": '{"a": NaN}'}, "metric a"),
        ({"metrics": {"": 1}}, "a metric's name ''"),
        ({"metrics": {f"m{n}": n for n in range(129)}}, "at most 128 numbers"),
    ],
)
def test_a_wrong_value_is_refused_with_what_to_write(values: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BadLine) as caught:
        read(GOOD | values, time_of("2026-01-31T12:00:00.25Z") + 1)
    assert complaint in str(caught.value)


def test_what_a_new_check_needs_is_named() -> None:
    with pytest.raises(BadLine, match="kind '': write one of http_endpoint, "):
        read(GOOD, NOW).definition()
    with pytest.raises(BadLine, match="interval_ms '0'"):
        read(GOOD | {"kind": "http_endpoint", "interval_ms": "0"}, NOW).definition()


@pytest.mark.parametrize(
    ("name", "content", "complaints"),
    [
        ("csv", b"a\xff,healthy\n", ["line 2: not UTF-8"]),
        ("csv", b"web\n\nweb,healthy,1\n", ["line 2: 1 fields", "line 4: 3 fields"]),
        ("csv", b'"a\nb",healthy\nweb\n', ["", "line 4: 1 fields"]),
        ("csv", b"x" * (MAX_LINE_BYTES + 1), [f"line 2: longer than {MAX_LINE_BYTES} bytes"]),
        ("csv", b'"' + b"x" * 140_000 + b'"\nweb\n', ["line 2: not CSV: field larger", "line 3: 1 fields"]),
        ("ndjson", b"{\n\n[]\n", ["line 1: not JSON", "line 3: write an object"]),
        ("ndjson", b"[" * 100_000, ["line 1: not JSON"]),
        ("ndjson", b'{"stauts": 1}\n', ["line 1: unknown key 'stauts'; known are tenant_id"]),
        ("ndjson", b'{"text": "\xff"}\n', ["line 1: not"]),
        ("ndjson", b'{"text": "' + b"x" * MAX_LINE_BYTES, ["line 1: longer"]),
    ],
)
def test_a_broken_line_is_told_by_its_number_and_ends_nothing(
    name: str, content: bytes, complaints: list[str]
) -> None:
    head = b"check_id,status,time,tenant_id\n" if name == "csv" else b""
    content = content.replace(b",healthy\n", b",healthy,2026-01-31T12:00:00Z,acme\n")
    lines = list(FORMS[name].read(io.BytesIO(head + content)))
    said = [f"line {line.number}: {line.complaint}" if line.values is None else "" for line in lines]
    assert len(said) == len(complaints), said
    assert all(one.startswith(complaint) for one, complaint in zip(said, complaints, strict=True)), said


@pytest.mark.parametrize(
    ("heading", "complaint"),
    [
        (b"", "has no tenant_id"),
        (b"tenant_id,check_id,time\n", "has no status"),
        (b"tenant_id,check_id,time,status,colour\n", "names 'colour'"),
        (b"tenant_id,check_id,time,status,time\n", "names a column twice"),
        (b"\xff\xfe\n", "line 1"),
    ],
)
def test_a_wrong_heading_is_told(heading: bytes, complaint: str) -> None:
    with pytest.raises(BadHeading, match=complaint):
        list(FORMS["csv"].read([heading]))


def test_the_mark_that_a_spreadsheet_puts_first_is_no_part_of_the_heading() -> None:
    lines = [
        b"\xef\xbb\xbf" + b",".join(key.encode() for key in GOOD) + b"\r\n",
        b",".join(v.encode() for v in GOOD.values()),
    ]
    (line,) = FORMS["csv"].read(lines)
    assert line.values == GOOD
