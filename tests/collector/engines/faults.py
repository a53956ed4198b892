"""A real store that fails when it is told to, before or after it did what was asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tenantwatch_collector.store.base import Store, StoreUnavailable


class FailingStore:
    """Chosen calls raise: nothing was done, or (``afterwards``) it was done and not heard of."""

    def __init__(self, store: Store, afterwards: bool = False, error: Exception | None = None) -> None:
        self._store = store
        self._failing = range(0)
        self._afterwards = afterwards
        self._error = error or StoreUnavailable("the database is away")
        self._calls = 0

    def fail(self, first: int, last: int) -> None:
        """Let the calls from ``first`` to ``last`` fail, the next one being 1."""
        self._calls, self._failing = 0, range(first, last + 1)

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._store, name)

        async def call(*arguments: Any) -> Any:
            self._calls += 1
            fails = self._calls in self._failing
            if fails and not self._afterwards:
                raise self._error
            answer = await method(*arguments)
            if fails:
                raise self._error
            return answer

        return call
