"""The agent's configuration: one TOML file; unknown keys and wrong values are refused by name."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import socket
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from tenantwatch_wire import limits
from tenantwatch_wire.records import CheckDefinition

from tenantwatch_agent.checks.base import Check
from tenantwatch_agent.checks.registry import build_check
from tenantwatch_agent.errors import ConfigurationError
from tenantwatch_agent.settings import read_table

TOKEN_VARIABLE = "TENANTWATCH_TOKEN"
SYSTEM_TRUST = "system"


@dataclass(frozen=True, slots=True)
class CollectorAddress:
    """Section ``[collector]``. ``ca_file`` makes it TLS; "system" takes the machine's own trust store."""

    address: str = "127.0.0.1:50051"
    token_file: Path | None = None
    ca_file: Path | None = None
    server_name: str = ""

    @property
    def is_loopback(self) -> bool:
        host = self.address.rpartition(":")[0].strip("[]")
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    def token(self) -> str:
        """The secret, read anew each time, so that a changed file is enough. Raises ConfigurationError."""
        if self.token_file is not None:
            try:
                return self.token_file.read_text("utf-8").strip()
            except OSError as error:
                raise ConfigurationError(
                    f"collector.token_file {self.token_file}: {error.strerror}; `tenantwatch-collector"
                    " token create --tenant T --agent` makes a token"
                ) from None
        return os.environ.get(TOKEN_VARIABLE, "")


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """Section ``[spool]``: the oldest results are dropped, and reported, beyond it."""

    max_results: int = 500_000

    def __post_init__(self) -> None:
        if self.max_results < 1:
            raise ValueError("max_results must be 1 or more")


@dataclass(frozen=True, slots=True)
class Timing:
    """What every ``[[checks]]`` has besides the keys of its kind."""

    id: str
    kind: str
    interval_seconds: float | None = None
    critical: bool = False
    timeout_seconds: float = 10.0
    group: str = ""
    confirm_failures: int = 3
    confirm_successes: int = 2

    def __post_init__(self) -> None:
        if not 0 < len(self.id) <= limits.MAX_ID_LENGTH or not self.id.isprintable():
            raise ValueError(f"id must be 1 to {limits.MAX_ID_LENGTH} printable characters")
        if not 0.1 <= self.interval <= 86_400:
            raise ValueError("interval_seconds must be 0.1 to 86400")
        if not 0.05 <= self.timeout_seconds <= 600:
            raise ValueError("timeout_seconds must be 0.05 to 600")
        for name in ("confirm_failures", "confirm_successes"):
            if not 1 <= getattr(self, name) <= 100:
                raise ValueError(f"{name} must be 1 to 100")

    @property
    def interval(self) -> float:
        """Seconds: as set, else 60 for critical checks and 300 for the others."""
        if self.interval_seconds is not None:
            return self.interval_seconds
        return 60.0 if self.critical else 300.0


@dataclass(frozen=True, slots=True)
class ConfiguredCheck:
    """One check, ready to look."""

    definition: CheckDefinition
    check: Check


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """All of it. ``digest`` names exactly this configuration."""

    agent_id: str
    data_folder: Path
    collector: CollectorAddress
    spool: SpoolLimits
    checks: tuple[ConfiguredCheck, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class _Top:
    agent_id: str = ""
    data_folder: Path = Path("~/.local/share/tenantwatch-agent")
    collector: dict[str, str] = field(default_factory=dict)
    spool: dict[str, str] = field(default_factory=dict)
    checks: tuple[str, ...] = ()


def load_config(path: Path) -> AgentConfig:
    """Read and check the file. Raises ConfigurationError saying where and what is allowed."""
    try:
        raw = path.read_bytes()
        table = tomllib.loads(raw.decode("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: is not valid TOML: {error}") from None
    sections: dict[str, Any] = {
        name: table.pop(name) for name in ("collector", "spool", "checks") if name in table
    }
    top = read_table(_Top, table, str(path))
    collector = read_table(CollectorAddress, _table(sections, "collector", path), f"{path}: [collector]")
    _check_collector(collector, path)
    agent_id = top.agent_id or socket.gethostname()
    if not 0 < len(agent_id) <= limits.MAX_ID_LENGTH or not agent_id.isprintable():
        raise ConfigurationError(f"{path}: agent_id must be 1 to {limits.MAX_ID_LENGTH} printable characters")
    return AgentConfig(
        agent_id=agent_id,
        data_folder=top.data_folder.expanduser(),
        collector=collector,
        spool=read_table(SpoolLimits, _table(sections, "spool", path), f"{path}: [spool]"),
        checks=_checks(sections.get("checks", []), path),
        digest=hashlib.sha256(raw).hexdigest(),
    )


def _table(sections: Mapping[str, Any], name: str, path: Path) -> Mapping[str, Any]:
    table = sections.get(name, {})
    if not isinstance(table, dict):
        raise ConfigurationError(f"{path}: {name} must be a section [{name}]")
    return table


def _check_collector(collector: CollectorAddress, path: Path) -> None:
    host, _, port = collector.address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ConfigurationError(f"{path}: [collector]: address {collector.address!r}: write HOST:PORT")
    if collector.ca_file is None and not collector.is_loopback:
        raise ConfigurationError(
            f"{path}: [collector]: {collector.address} is another machine: give ca_file, the PEM file of"
            ' the authority behind its certificate, or ca_file = "system"'
        )


def _checks(tables: Any, path: Path) -> tuple[ConfiguredCheck, ...]:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigurationError(f"{path}: checks must be written as [[checks]] sections")
    checks: dict[str, ConfiguredCheck] = {}
    for number, table in enumerate(tables, 1):
        where = f"{path}: [[checks]] number {number} ({table.get('id', 'without id')})"
        one = _check(table, where)
        if one.definition.check_id in checks:
            raise ConfigurationError(f"{where}: a check with this id exists already")
        checks[one.definition.check_id] = one
    if len(checks) > limits.MAX_CHECKS_PER_AGENT:
        raise ConfigurationError(f"{path}: more than {limits.MAX_CHECKS_PER_AGENT} checks")
    return tuple(checks.values())


def _check(table: Mapping[str, Any], where: str) -> ConfiguredCheck:
    common = {f.name for f in fields(Timing)}
    timing = read_table(Timing, {k: v for k, v in table.items() if k in common}, where)
    check = build_check(timing.kind, {k: v for k, v in table.items() if k not in common}, where)
    definition = CheckDefinition(
        check_id=timing.id,
        kind=timing.kind,
        interval_ms=round(timing.interval * 1000),
        timeout_ms=round(timing.timeout_seconds * 1000),
        group=timing.group,
        confirm_failures=timing.confirm_failures,
        confirm_successes=timing.confirm_successes,
        target=check.target[: limits.MAX_TARGET_LENGTH],
    )
    return ConfiguredCheck(definition, check)
