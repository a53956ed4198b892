"""Checks that judge the results of others look first when those are there."""

from __future__ import annotations

from collections.abc import Collection


class Operands:
    """What was seen since the start, or since a suspend, and who waits for more of it."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._waiting: dict[str, set[str]] = {}

    def begin_again(self) -> None:
        """What was seen is too old; who waits goes on waiting."""
        self._seen.clear()

    def awaited(self, check_id: str, asked: Collection[str]) -> bool:
        """Whether it has to wait for results of these; ``seen`` says when it no longer has."""
        lacks = {*asked} - self._seen - {check_id}
        if lacks:
            self._waiting[check_id] = lacks
        return bool(lacks)

    def waits_no_more(self, check_id: str) -> None:
        self._waiting.pop(check_id, None)

    def seen(self, check_id: str) -> list[str]:
        """There is a result of it. Returns who has all that he waited for."""
        self._seen.add(check_id)
        for lacks in self._waiting.values():
            lacks.discard(check_id)
        ready = [waiter for waiter, lacks in self._waiting.items() if not lacks]
        for waiter in ready:
            del self._waiting[waiter]
        return ready

    def keep_only(self, check_ids: Collection[str]) -> None:
        """Forget the checks that are no more."""
        self._seen &= {*check_ids}
        self._waiting = {c: lacks for c, lacks in self._waiting.items() if c in check_ids}
