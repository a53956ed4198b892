"""How long a certificate is still good for, and from when on that is a matter."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from tenantwatch_wire.records import Status

from tenantwatch_agent.checks.http.certificate import validity
from tenantwatch_agent.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Expiry:
    """Below ``warning_days`` degraded, below ``error_days`` unhealthy."""

    warning_days: float
    error_days: float

    def __post_init__(self) -> None:
        if not 0 <= self.error_days <= self.warning_days < math.inf:
            raise ConfigurationError(
                "certificate_error_days must be 0 or more, and at most certificate_warning_days"
                f" ({self.warning_days:g})"
            )

    def judge(self, days: float | None) -> tuple[Status, str]:
        if days is None or days >= self.warning_days:
            return Status.HEALTHY, ""
        text = f"the certificate expires in {days:.1f} days"
        if days < 0:
            text = f"the certificate expired {-days:.1f} days ago"
        return (Status.UNHEALTHY if days < self.error_days else Status.DEGRADED), text


def days_left(der: bytes | None) -> float | None:
    """None where there is no certificate, or none that can be read."""
    try:
        return None if der is None else validity(der).days_left(time.time())
    except ValueError:
        return None
