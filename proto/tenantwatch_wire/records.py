"""The facts that travel: a check's definition and its results. Plain values, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum


class Status(IntEnum):
    """Outcome of one check. The order is the order of severity; unknown stands apart.

    ``UNKNOWN`` means that the checker failed, not the target: it is no measurement.
    """

    HEALTHY = 0
    DEGRADED = 1
    UNHEALTHY = 2
    UNKNOWN = 3

    @property
    def word(self) -> str:
        """The value as the API and reports write it."""
        return self.name.lower()


class Lane(IntEnum):
    """One ordered sequence of results within an agent's spool, with a watermark of its own."""

    LIVE = 1
    BACKLOG = 2


CHECK_KINDS = (
    "http_endpoint",
    "kubernetes_metrics",
    "database_connectivity",
    "redis_connectivity",
    "external_apis",
    "plugin_validation",
    "business_logic",
    "host_resources",
    "tcp_connection",
    "dns_record",
    "tls_certificate",
    "icmp_ping",
)
"""Values of ``kind`` on the wire and in the API."""


@dataclass(frozen=True, slots=True)
class CheckDefinition:
    """What the collector must know of a check to judge its results.

    ``check_id`` is unique within its agent. An empty ``group`` means the group named after the kind.
    """

    check_id: str
    kind: str
    interval_ms: int
    timeout_ms: int
    group: str = ""
    confirm_failures: int = 3
    confirm_successes: int = 2
    target: str = ""
    """Where it looks, for people: never holds a password."""

    @property
    def stale_after_ms(self) -> int:
        """How long one result speaks for the check: two intervals, the timeout and half a minute."""
        return 2 * self.interval_ms + self.timeout_ms + 30_000


@dataclass(frozen=True, slots=True)
class Result:
    """One outcome of one check.

    ``time_us`` is Unix microseconds (UTC) at the start of the check. ``latency_us`` is None where
    nothing was measured. ``text`` is one line for people. ``metrics`` maps names (``cpu_percent``,
    ``tls_ms``) to finite numbers; units are part of the name.
    """

    check_id: str
    time_us: int
    status: Status
    latency_us: int | None = None
    text: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
