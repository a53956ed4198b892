"""The register of latest results: what checks of kind `business_logic` may ask of the other checks."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from tenantwatch_wire.records import Result, Status

from tenantwatch_agent.errors import CheckerFailed


class LatestResults:
    """One result a check, the newest; bounded by the number of checks, since each replaces its own.

    The application calls ``record`` with every result that is kept and ``keep_only`` after a reload.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._latest: dict[str, tuple[float, Result]] = {}

    def record(self, result: Result) -> None:
        """Remember it in the place of the check's result before."""
        self._latest[result.check_id] = (self._clock(), result)

    def keep_only(self, check_ids: Collection[str]) -> None:
        """Forget the checks that are no more."""
        for check_id in self._latest.keys() - set(check_ids):
            del self._latest[check_id]

    def value(self, check_id: str, metric: str, max_age_seconds: float) -> float:
        """One figure of that check. Raises CheckerFailed, saying why, where nothing is known or it is old.

        Besides its metrics every check has ``status`` (0 healthy, 1 degraded, 2 unhealthy), ``latency_ms``
        and ``age_seconds``.
        """
        if check_id not in self._latest:
            raise CheckerFailed(f"there is no result of a check {check_id!r} yet")
        recorded, result = self._latest[check_id]
        age_seconds = self._clock() - recorded
        if age_seconds > max_age_seconds:
            raise CheckerFailed(
                f"the latest result of check {check_id!r} is {age_seconds:.0f} s old,"
                f" more than max_age_seconds = {max_age_seconds:g}"
            )
        if metric == "age_seconds":
            return age_seconds
        if result.status is Status.UNKNOWN:
            raise CheckerFailed(f"check {check_id!r} is unknown: {result.text[:200]}")
        return _figure(result, metric)


def _figure(result: Result, metric: str) -> float:
    if metric == "status":
        return float(result.status)
    if metric == "latency_ms" and result.latency_us is not None:
        return result.latency_us / 1000
    if metric in result.metrics:
        return result.metrics[metric]
    known = ", ".join(sorted(result.metrics)[:20]) or "none"
    raise CheckerFailed(f"check {result.check_id!r} has no metric {metric!r}; it has: {known}")
