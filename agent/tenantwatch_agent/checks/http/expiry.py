"""How long a certificate is still good for, and from when on that is a matter."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from dataclasses import dataclass

from tenantwatch_wire.records import Status

from tenantwatch_agent.checks.http.certificate import Chain, name, validity
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

    def judge(self, ends: Ending | None) -> tuple[Status, str]:
        if ends is None or ends.days >= self.warning_days:
            return Status.HEALTHY, ""
        text = f"{ends.what} expires in {ends.days:.1f} days"
        if ends.days < 0:
            text = f"{ends.what} expired {-ends.days:.1f} days ago"
        return (Status.UNHEALTHY if ends.days < self.error_days else Status.DEGRADED), text


@dataclass(frozen=True, slots=True, order=True)
class Ending:
    """In how many days it ends, and what it is, in words."""

    days: float
    what: str = "the certificate"


def first_ending(chain: Chain, host: str = "") -> Ending | None:
    """The certificate of the chain that ends first; the server's own is told with the host, if one is given.

    None where there is none, or none that can be read.
    """
    own = f"the certificate of {host}" if host else "the certificate"
    endings = []
    for number, der in enumerate(chain):
        with suppress(ValueError):
            days = validity(der).days_left(time.time())
            what = f"the certificate of the authority {name(der)!r} in its chain" if number else own
            endings.append(Ending(days, what))
    return min(endings, default=None)
