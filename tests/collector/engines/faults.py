"""A real store that fails when it is told to, before or after it did what was asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from tenantwatch_collector.store.base import Store, StoreUnavailable


class FailingStore:
    """Calls ``first`` to ``last``, counted from 1, raise: nothing was done, or done and not heard of."""

    def __init__(
        self, store: Store, first: int, last: int, afterwards: bool, error: Exception | None
    ) -> None:
        self._store = store
        self._failing = range(first, last + 1)
        self._afterwards = afterwards
        self._error = error or StoreUnavailable("the database is away")
        self.calls = 0

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._store, name)

        async def call(*arguments: Any) -> Any:
            self.calls += 1
            fails = self.calls in self._failing
            if fails and not self._afterwards:
                raise self._error
            answer = await method(*arguments)
            if fails:
                raise self._error
            return answer

        return call


def failing(
    store: Store, first: int, last: int, afterwards: bool = False, error: Exception | None = None
) -> Store:
    return cast(Store, FailingStore(store, first, last, afterwards, error))
