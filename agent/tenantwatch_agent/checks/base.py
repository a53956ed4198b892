"""What every check is: settings in, one outcome out."""

from __future__ import annotations

import errno
import math
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from tenantwatch_wire.records import Status

from tenantwatch_agent.errors import CheckerFailed, ConfigurationError
from tenantwatch_agent.files import read_regular

MAX_URL_BYTES = 64 * 1024

_NO_MEMORY = "this machine has no memory left for a connection"
LACKING = {
    errno.EMFILE: "the agent may open no more files: raise LimitNOFILE of its unit",
    errno.ENFILE: "this machine opens no more files: raise its sysctl fs.file-max",
    errno.EADDRNOTAVAIL: "this machine has no address or port of its own left for a connection",
    errno.ENOBUFS: _NO_MEMORY,
    errno.ENOMEM: _NO_MEMORY,
}
"""What the system refuses for want of its own, by number."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one look saw. ``latency_us`` is the target's, None where nothing was measured.

    ``by_latency``: the status says only that it took too long. If the agent itself was late, nobody knows.
    """

    status: Status
    text: str = ""
    latency_us: int | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    by_latency: bool = False


class OwnTime(float):
    """A metric in milliseconds that the agent's own clock measured: left out where its loop was late."""

    __slots__ = ()


class Check(Protocol):
    """One configured check. ``look`` may be cancelled at any await; the caller bounds its time."""

    @property
    def target(self) -> str:
        """Where it looks, for people; holds no secret."""

    @property
    def phase(self) -> str:
        """What it is doing just now, for the text of a timeout."""

    async def look(self) -> Outcome:
        """Look once. A failing target is an unhealthy outcome; raises CheckerFailed if the checker fails."""


@runtime_checkable
class AsksOthers(Protocol):
    """A check that judges results of other checks."""

    @property
    def asks(self) -> frozenset[str]:
        """The ids of those checks."""


def asked_by(check: Check) -> frozenset[str]:
    """The ids of the checks whose results it judges; none for most."""
    return check.asks if isinstance(check, AsksOthers) else frozenset()


@runtime_checkable
class HearsJobs(Protocol):
    """A check that judges whether a job calls the agent."""

    @property
    def hears(self) -> str:
        """The job's name; empty where it hears none."""


@runtime_checkable
class Doubtful(Protocol):
    """A check whose settings are allowed and may not work as they stand."""

    def doubts(self) -> Sequence[str]:
        """What will hardly work on this machine now, and why."""


def demand_order(low: str, low_limit: float | None, high: str, high_limit: float | None) -> None:
    """Raises ConfigurationError where the lower limit, of degraded, could never be told of."""
    if low_limit is not None and high_limit is not None and low_limit > high_limit:
        raise ConfigurationError(
            f"{low} = {low_limit:g} is above {high} = {high_limit:g}: nothing would ever be degraded;"
            f" set {low} to less"
        )


@dataclass(frozen=True, slots=True)
class Latency:
    """Limits in milliseconds above which an otherwise healthy outcome is degraded or unhealthy."""

    degraded_after_ms: float | None
    unhealthy_after_ms: float | None

    def __post_init__(self) -> None:
        for name in ("degraded_after_ms", "unhealthy_after_ms"):
            limit = getattr(self, name)
            if limit is not None and not 0 < limit < math.inf:
                raise ConfigurationError(f"{name} must be more than 0, not {limit:g}")
        demand_order(
            "degraded_after_ms", self.degraded_after_ms, "unhealthy_after_ms", self.unhealthy_after_ms
        )

    def judge(self, latency_us: int) -> tuple[Status, str]:
        """The status that the latency alone gives, with a text that names the limit."""
        took_ms = latency_us / 1000
        for status, limit in (
            (Status.UNHEALTHY, self.unhealthy_after_ms),
            (Status.DEGRADED, self.degraded_after_ms),
        ):
            if limit is not None and took_ms > limit:
                return status, f"took {took_ms:.0f} ms, more than {limit:g} ms"
        return Status.HEALTHY, ""


def secret_url(url: str, url_file: Path | None, url_env: str, schemes: tuple[str, ...]) -> str:
    """The one address given by value, file or environment variable. Raises ConfigurationError."""
    given = [name for name, value in (("url", url), ("url_file", url_file), ("url_env", url_env)) if value]
    if len(given) != 1:
        raise ConfigurationError("give exactly one of url, url_file, url_env")
    if url_file is not None:
        try:
            raw = read_regular(url_file, MAX_URL_BYTES)
            url = raw.decode().strip()
        except OSError as error:
            raise ConfigurationError(f"url_file {url_file}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ConfigurationError(f"url_file {url_file}: is not UTF-8") from None
        if len(raw) > MAX_URL_BYTES:
            raise ConfigurationError(f"url_file {url_file}: is longer than {MAX_URL_BYTES} bytes")
    elif url_env:
        url = os.environ.get(url_env, "")
        if not url:
            raise ConfigurationError(f"url_env: the environment variable {url_env} is not set")
    try:
        if urlsplit(url).scheme not in schemes:
            raise ValueError
    except ValueError:
        allowed = " or ".join(f"{scheme}://" for scheme in schemes)
        raise ConfigurationError(f"{given[0]} must hold an address that begins with {allowed}") from None
    return url


def lacking(error: OSError) -> str:
    """What this machine itself had too little of, and what to do; empty for any other failure."""
    return LACKING.get(error.errno or 0, "")


def cannot_open() -> OSError | None:
    """Why this process can open no socket; for libraries that then say something else, or nothing."""
    try:
        socket.socket().close()
    except OSError as error:
        return error
    return None


def os_reason(error: OSError) -> str:
    """The system's own words; event loops put differing texts into the exception.

    Raises CheckerFailed where this machine had too little of something: that says nothing of the target.
    """
    if lacks := lacking(error):
        raise CheckerFailed(f"{lacks} ({os.strerror(error.errno or 0)})")
    return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)


def without_secrets(url: str) -> str:
    """The address without user, password, query and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(not an address)"
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    if not host and "://" in url:
        # Python would leave the slashes out, of an address that names a socket.
        return f"{parts.scheme}://{parts.path}"
    return urlunsplit((parts.scheme, host + port, parts.path, "", ""))


def passwords(url: str) -> list[str]:
    """What of the address must not be shown, wherever it stands in it."""
    parts = urlsplit(url)
    given = [value for name, value in parse_qsl(parts.query) if name in ("password", "sslpassword")]
    return [unquote(parts.password or ""), *given]


def missing_client(module: str, extra: str) -> CheckerFailed:
    return CheckerFailed(
        f"{module} is not installed: it comes with the extra {extra}, pip install '.[agent,{extra}]' where"
        " tenantwatch was installed from"
    )
