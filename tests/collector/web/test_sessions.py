"""Sessions end by themselves, are bounded, and guessing a token is slowed down."""

from __future__ import annotations

from tenantwatch_collector.web.sessions import (
    LIFETIME_SECONDS,
    MAX_FAILURES_PER_MINUTE,
    MAX_SESSIONS,
    Sessions,
    SignInLimit,
)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_session_belongs_to_its_caller_until_it_is_removed() -> None:
    sessions, caller = Sessions(), object()
    session = sessions.create(caller)
    found = sessions.get(session.session_id)
    assert found is not None
    assert found.caller is caller
    sessions.remove(session.session_id)
    sessions.remove(session.session_id)
    assert sessions.get(session.session_id) is None
    assert sessions.get("") is None


def test_ids_are_256_random_bits() -> None:
    sessions = Sessions()
    ids = {sessions.create("x").session_id for _ in range(100)}
    assert len(ids) == 100
    assert all(len(session_id) == 43 for session_id in ids)


def test_a_session_ends_after_twelve_hours() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    session = sessions.create("x")
    clock.now += LIFETIME_SECONDS - 1
    assert sessions.get(session.session_id) is session
    clock.now += 1
    assert sessions.get(session.session_id) is None


def test_the_oldest_session_gives_way() -> None:
    sessions = Sessions()
    first, second = sessions.create("first"), sessions.create("second")
    for _ in range(MAX_SESSIONS - 1):
        sessions.create("x")
    assert sessions.get(first.session_id) is None
    assert sessions.get(second.session_id) is second


def test_failures_of_one_address_are_limited_for_a_minute_and_others_are_not() -> None:
    clock = Clock()
    limit = SignInLimit(clock)
    for _ in range(MAX_FAILURES_PER_MINUTE):
        assert limit.allows("192.0.2.1")
        limit.note_failure("192.0.2.1")
    assert not limit.allows("192.0.2.1")
    assert limit.allows("192.0.2.2")
    clock.now += 60
    assert limit.allows("192.0.2.1")
