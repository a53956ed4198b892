"""What a session with a database is: opened in phases, asked one query, and asked for its figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tenantwatch_agent.checks.phases import Phases
from tenantwatch_agent.errors import ConfigurationError
from tenantwatch_agent.files import changed_at

MAX_ROWS = 100
TLS_MODES = ("disable", "prefer", "require", "verify-ca", "verify-full")


class DatabaseFailed(Exception):
    """The server, or the way to it, failed; the message is its reason and holds no secret."""


@dataclass(frozen=True, slots=True)
class Tls:
    """``mode`` is libpq's sslmode; empty where neither it nor an authority was given."""

    mode: str
    ca_file: Path | None

    def __post_init__(self) -> None:
        if self.mode not in ("", *TLS_MODES):
            raise ConfigurationError(f"tls must be one of {', '.join(TLS_MODES)}, not {self.mode!r}")
        self.check()
        if self.ca_file is not None and self.mode in ("disable", "prefer", "require"):
            raise ConfigurationError("ca_file is only used with tls = verify-full or verify-ca")
        if self.mode == "verify-ca" and self.ca_file is None:
            raise ConfigurationError("tls = verify-ca needs ca_file, the PEM file of that authority")

    def check(self) -> None:
        """Before each look, since files change. Raises ConfigurationError."""
        if self.ca_file is not None:
            changed_at("ca_file", self.ca_file)

    @property
    def wanted(self) -> str:
        """The mode, empty where the address or the default decides: an authority is there to be used."""
        return self.mode or ("verify-full" if self.ca_file is not None else "")


@dataclass(slots=True)
class Figures:
    """What a server tells of itself; None where it does not apply or may not be seen by this user."""

    connections: float | None = None
    max_connections: float | None = None
    database_bytes: float | None = None
    longest_transaction_seconds: float | None = None
    replication_lag_seconds: float | None = None
    replicas: float | None = None
    is_replica: bool = False
    replication_stopped: str = ""
    """Why a replica does not follow; empty while it does."""


class Session(Protocol):
    """One connection, used by one look. ``close`` never waits and is safe at any time."""

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted; known once it is open."""

    async def open(self, phases: Phases) -> None:
        """Connect, encrypt, log in; begins a read-only transaction. Raises DatabaseFailed."""

    async def ask(self, query: str) -> Sequence[Sequence[str | None]]:
        """At most MAX_ROWS rows, of the texts that the server wrote. Raises DatabaseFailed."""

    async def figures(self) -> Figures:
        """Asks for what this user may see. Raises DatabaseFailed only if the connection broke."""

    def close(self) -> None:
        """Let go of the connection."""


def first_line(error: Exception, url: str, target: str) -> str:
    """The driver's first line, with the address it may quote taken out."""
    line = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return line.replace(url, target)
