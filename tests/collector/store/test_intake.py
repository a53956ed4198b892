"""What of some deliveries is written, against a model that knows each sequence by itself."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tenantwatch_collector.store.base import (
    MAX_SKEW_US,
    AgentPosition,
    Delivery,
    Gap,
    RefusedBatch,
    ResultColumns,
)
from tenantwatch_collector.store.intake import intake
from tenantwatch_wire.records import Lane

NOW_US = 1_700_000_000_000_000
OLDEST_US = NOW_US - 1_000
_DELIVERIES = st.lists(
    st.tuples(
        st.sampled_from([Lane.LIVE, Lane.BACKLOG]),
        st.integers(1, 25),
        st.integers(1, 6),
        st.sampled_from(["results", "gap", "refused"]),
    ),
    max_size=10,
)
_TIMES = st.sampled_from([OLDEST_US - 1, OLDEST_US, NOW_US, NOW_US + MAX_SKEW_US, NOW_US + MAX_SKEW_US + 1])


@given(_DELIVERIES, st.integers(0, 8), st.lists(_TIMES, min_size=31, max_size=31))
def test_every_sequence_is_written_once_or_accounted_for(
    sent: list[tuple[Lane, int, int, str]], committed: int, times: list[int]
) -> None:
    reached = {Lane.LIVE: committed, Lane.BACKLOG: 0}
    written: list[tuple[Lane, int]] = []
    lost: set[tuple[Lane, int]] = set()
    deliveries = []
    for lane, first, count, kind in sent:
        deliveries.append(_delivery(lane, first, count, kind, times))
        last = first + count - 1
        lost |= {(lane, number) for number in range(reached[lane] + 1, first)}
        for number in range(max(first, reached[lane] + 1), last + 1):
            old = kind == "results" and times[number] < OLDEST_US
            if kind == "results" and not old:
                written.append((lane, number))
            elif kind != "refused":
                lost.add((lane, number))
        reached[lane] = max(reached[lane], last)
    found = intake(deliveries, {(1, "a", "g", int(Lane.LIVE)): committed}, NOW_US, OLDEST_US)
    assert found.columns.latency_us.tolist() == [number for _, number in written], "which sequence it is"
    gaps = [
        (Lane(span.key[3]), number)
        for span in found.lost
        for number in range(span.first_sequence, span.last_sequence + 1)
    ]
    assert sorted(gaps) == sorted(lost), "each once"
    for key, (before, after) in found.watermarks.items():
        assert before == (committed if key[3] == Lane.LIVE else 0)
        assert after == reached[Lane(key[3])]
    assert (found.columns.time_us <= NOW_US + MAX_SKEW_US).all()
    ahead = [row for row, (_, number) in enumerate(written) if times[number] > NOW_US + MAX_SKEW_US]
    assert found.sent_time_us == {row: times[written[row][1]] for row in ahead}


def _delivery(lane: Lane, first: int, count: int, kind: str, times: list[int]) -> Delivery:
    last = AgentPosition(1, "a", "g", lane, first + count - 1)
    if kind == "gap":
        return Delivery(first, last, gap=Gap(0, 1, "full"))
    if kind == "refused":
        return Delivery(first, last, refused=RefusedBatch("bad", b""))
    numbers = np.arange(first, first + count)
    columns = ResultColumns(
        np.ones(count, np.int64), np.ones(count, np.int64), np.array([times[n] for n in numbers]),
        np.zeros(count, np.uint8), numbers,
    )  # fmt: skip
    return Delivery(first, last, results=columns)
