"""The sections of the agent's file, each with its defaults and what it refuses."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from pathlib import Path

from tenantwatch_wire.records import CHECK_KINDS

from tenantwatch_agent.checks.reach import Reach
from tenantwatch_agent.errors import ConfigurationError, Mistakes
from tenantwatch_agent.files import read_regular

TOKEN_VARIABLE = "TENANTWATCH_TOKEN"
MAX_TOKEN_BYTES = 64 * 1024
MAX_TOKEN_LENGTH = 4_096
MAX_CA_BYTES = 4 * 1024 * 1024
NO_TOKEN = f"there is no token; set collector.token_file or {TOKEN_VARIABLE}"
MAKE_TOKEN = "`tenantwatch-collector token create --tenant T --agent` makes a token"
_TOKEN = re.compile(rf"[!-~]{{1,{MAX_TOKEN_LENGTH}}}")
SYSTEM_TRUST = "system"
MAX_HOSTS = 100
EXECUTING_KINDS = ("plugin_validation",)
"""Kinds that start programs on this machine: assigned by the collector only where they are named."""


def host_and_port(address: str) -> tuple[str, int]:
    """Both parts of HOST:PORT or [HOST]:PORT; raises ValueError."""
    host, _, port = address.rpartition(":")
    scheme, sign, _ = address.partition("://")
    if sign:
        raise ValueError(f"address {address!r}: write HOST:PORT alone, without {scheme}://")
    if not host or not (port.isdecimal() and len(port) < 6) or not 0 <= int(port) < 65_536:
        raise ValueError(f"address {address!r}: write HOST:PORT")
    return host.strip("[]"), int(port)


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class CollectorAddress:
    """Section ``[collector]``. ``ca_file`` makes it TLS; "system" takes the machine's own trust store."""

    address: str = "127.0.0.1:50051"
    token_file: Path | None = None
    ca_file: Path | None = None
    server_name: str = ""

    def __post_init__(self) -> None:
        host, port = host_and_port(self.address)
        if not port:
            raise ValueError(f"address {self.address!r}: write HOST:PORT")
        if self.ca_file is None and not is_loopback(host):
            raise ValueError(
                f"{self.address} is another machine: give ca_file, the PEM file of"
                ' the authority behind its certificate, or ca_file = "system"'
            )

    def authorities(self) -> bytes:
        """PEM of ``ca_file``. Raises ConfigurationError."""
        assert self.ca_file is not None
        try:
            pem = read_regular(self.ca_file, MAX_CA_BYTES)
        except OSError as error:
            raise ConfigurationError(f"collector.ca_file {self.ca_file}: {error.strerror}") from None
        if len(pem) > MAX_CA_BYTES or b"-----BEGIN CERTIFICATE-----" not in pem:
            raise ConfigurationError(
                f"collector.ca_file {self.ca_file}: must hold PEM, {MAX_CA_BYTES} bytes at most"
            )
        return pem

    def check(self) -> None:
        """Raises ConfigurationError unless token and authorities can be had now."""
        mistakes = Mistakes()
        with mistakes.noted():
            if self.ca_file is not None and str(self.ca_file) != SYSTEM_TRUST:
                self.authorities()
        with mistakes.noted():
            self.token()
        mistakes.demand_none()

    def token(self) -> str:
        """The secret, read anew each time, so that a changed file is enough. Raises ConfigurationError."""
        if self.token_file is None:
            where, token = f"the variable {TOKEN_VARIABLE}", os.environ.get(TOKEN_VARIABLE, "").strip()
            if not token:
                raise ConfigurationError(NO_TOKEN)
        else:
            where, token = f"collector.token_file {self.token_file}", self._kept_token(self.token_file)
        if not _TOKEN.fullmatch(token):
            raise ConfigurationError(f"{where}: {_no_token(token)}; {MAKE_TOKEN}")
        return token

    def _kept_token(self, path: Path) -> str:
        try:
            return read_regular(path, MAX_TOKEN_BYTES).decode(errors="replace").strip()
        except OSError as error:
            raise ConfigurationError(f"collector.token_file {path}: {error.strerror}; {MAKE_TOKEN}") from None


def _no_token(text: str) -> str:
    """What is wrong with it, without telling any of it."""
    if not text:
        return "is empty"
    if len(text.splitlines()) > 1:
        return "holds several lines, and a token is one"
    if len(text) > MAX_TOKEN_LENGTH:
        return f"holds more than {MAX_TOKEN_LENGTH} characters"
    return "holds blanks or other characters that are in no token"


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """Section ``[spool]``: the oldest results are dropped, and reported, beyond any of these."""

    max_results: int = 500_000
    max_megabytes: int = 512
    max_age_hours: float = 720.0

    def __post_init__(self) -> None:
        if not 1 <= self.max_results <= 1_000_000_000:
            raise ValueError("max_results must be 1 to 1000000000")
        if not 1 <= self.max_megabytes <= 1_000_000:
            raise ValueError("max_megabytes must be 1 to 1000000")
        if not 0 < self.max_age_hours <= 87_600:
            raise ValueError("max_age_hours must be more than 0 and at most 87600")


@dataclass(frozen=True, slots=True)
class Scheduling:
    """Section ``[schedule]``."""

    max_concurrent: int = 64
    """Looks under way at once; more wait their turn."""

    def __post_init__(self) -> None:
        if not 1 <= self.max_concurrent <= 10_000:
            raise ValueError("max_concurrent must be 1 to 10000")


@dataclass(frozen=True, slots=True)
class Egress:
    """Section ``[egress]``: while none of these can be reached, failures say nothing about their targets."""

    addresses: tuple[str, ...] = ()
    timeout_seconds: float = 3.0

    def __post_init__(self) -> None:
        if len(self.addresses) > 16:
            raise ValueError("addresses: 16 are enough")
        for address in self.addresses:
            if not host_and_port(address)[1]:
                raise ValueError(f"address {address!r}: write HOST:PORT")
        if not 0.1 <= self.timeout_seconds <= 60:
            raise ValueError("timeout_seconds must be 0.1 to 60")


@dataclass(frozen=True, slots=True)
class AssignmentLimits:
    """Section ``[assignment]``: what the collector may make this agent do."""

    enabled: bool = False
    kinds: tuple[str, ...] = tuple(kind for kind in CHECK_KINDS if kind not in EXECUTING_KINDS)
    local_keys: tuple[str, ...] = ()
    """Keys that name files, programs or variables of this machine and may be assigned all the same."""
    hosts: tuple[str, ...] = ()
    """Names and networks that assigned checks may look at."""

    def __post_init__(self) -> None:
        if len(self.hosts) > MAX_HOSTS:
            raise ValueError(f"hosts: {MAX_HOSTS} are enough")
        try:
            Reach.of(self.hosts)
        except ValueError as error:
            raise ValueError(f"hosts: {error}") from None
        for kind in self.kinds:
            if kind not in CHECK_KINDS:
                raise ValueError(f"kinds: {kind!r} is none of {', '.join(CHECK_KINDS)}")

    @property
    def reach(self) -> Reach:
        return Reach.of(self.hosts)


@dataclass(frozen=True, slots=True)
class Metrics:
    """Section ``[metrics]``: HTTP on loopback for Prometheus and heartbeats; nothing listens by default."""

    listen: str = ""

    def __post_init__(self) -> None:
        if self.listen and not is_loopback(host_and_port(self.listen)[0]):
            raise ValueError(f"listen {self.listen!r} is not loopback: write 127.0.0.1:PORT or [::1]:PORT")


@dataclass(frozen=True, slots=True)
class Logging:
    """Section ``[log]``."""

    format: str = "console"
    level: str = "info"

    def __post_init__(self) -> None:
        if self.format not in ("console", "json"):
            raise ValueError('format must be "console" or "json"')
        if self.level not in ("debug", "info", "warning", "error"):
            raise ValueError('level must be "debug", "info", "warning" or "error"')
