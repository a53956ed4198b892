"""What may pass is tried again until it is done."""

from __future__ import annotations

import asyncio

import pytest
from tenantwatch_agent.again import Again


class Attempts:
    """Fails, then raises, then works."""

    def __init__(self) -> None:
        self.made = 0
        self.done = asyncio.Event()

    async def __call__(self) -> bool:
        self.made += 1
        if self.made == 2:
            raise RuntimeError("of our own")
        if self.made == 3:
            self.done.set()
        return self.made == 3


async def test_until_it_is_done_whatever_an_attempt_raises(caplog: pytest.LogCaptureFixture) -> None:
    attempts = Attempts()
    one = Again("try this", attempts, 0.001, 0.002)
    one.begin()
    one.begin()
    await asyncio.wait_for(attempts.done.wait(), 60)
    assert one._task is not None
    await asyncio.wait_for(one._task, 60)
    assert attempts.made == 3
    assert "to try this failed by a fault of our own" in caplog.text
    one.begin()
    one.end()


async def test_the_pauses_double_up_to_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    async def attempt() -> bool:
        return len(pauses) == 5

    monkeypatch.setattr("tenantwatch_agent.again.asyncio.sleep", sleep)
    one = Again("try this", attempt, 1.0, 5.0)
    one.begin()
    assert one._task is not None
    await one._task
    assert pauses == [1.0, 2.0, 4.0, 5.0, 5.0]


async def test_after_the_end_nothing_is_tried() -> None:
    attempts = Attempts()
    one = Again("try this", attempts, 3_600.0, 3_600.0)
    one.end()
    one.begin()
    one.end()
    assert one._task is not None
    await asyncio.wait([one._task], timeout=300)
    assert (one._task.cancelled(), attempts.made) == (True, 0)
