"""Reads ``[[checks]]``: what every check has besides the keys of its kind, and the check itself."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

from tenantwatch_wire import limits
from tenantwatch_wire.records import CheckDefinition

from tenantwatch_agent.checks.base import Check
from tenantwatch_agent.checks.reach import Reach
from tenantwatch_agent.checks.registry import build_check
from tenantwatch_agent.checks.surroundings import Surroundings
from tenantwatch_agent.config.again import read_all
from tenantwatch_agent.config.source import TOP, Source
from tenantwatch_agent.errors import ConfigurationError, Mistakes
from tenantwatch_agent.files import Identity, identity
from tenantwatch_agent.settings import read_table


@dataclass(frozen=True, slots=True)
class Timing:
    """What every ``[[checks]]`` has besides the keys of its kind."""

    id: str
    kind: str
    interval_seconds: float | None = None
    critical: bool = False
    timeout_seconds: float = 10.0
    retries: int = 0
    retry_delay_seconds: float = 1.0
    group: str = ""
    confirm_failures: int = 3
    confirm_successes: int = 2
    needs_egress: bool | None = None

    def __post_init__(self) -> None:
        if not 0 < len(self.id) <= limits.MAX_ID_LENGTH or not self.id.isprintable():
            raise ValueError(f"id must be 1 to {limits.MAX_ID_LENGTH} printable characters")
        if not 0.1 <= self.interval <= 86_400:
            raise ValueError("interval_seconds must be 0.1 to 86400")
        if not 0.05 <= self.timeout_seconds <= 600:
            raise ValueError("timeout_seconds must be 0.05 to 600")
        if not 0 <= self.retries <= 10:
            raise ValueError("retries must be 0 to 10")
        if not 0 <= self.retry_delay_seconds <= 600:
            raise ValueError("retry_delay_seconds must be 0 to 600")
        for name in ("confirm_failures", "confirm_successes"):
            if not 1 <= getattr(self, name) <= 100:
                raise ValueError(f"{name} must be 1 to 100")

    @property
    def interval(self) -> float:
        """Seconds: as set, else 60 for critical checks and 300 for the others."""
        if self.interval_seconds is not None:
            return self.interval_seconds
        return 60.0 if self.critical else 300.0

    @property
    def longest_look_seconds(self) -> float:
        """With every attempt timing out: what the collector must wait for."""
        return self.timeout_seconds * (self.retries + 1) + self.retry_delay_seconds * self.retries


@dataclass(frozen=True, slots=True)
class ConfiguredCheck:
    """One check, ready to look. Two with the same fingerprint are configured alike."""

    definition: CheckDefinition
    check: Check
    timeout_seconds: float = 10.0
    """Of one attempt; the definition's is that of the whole look."""
    retries: int = 0
    retry_delay_seconds: float = 1.0
    needs_egress: bool | None = None
    """None: as its kind and target suggest."""
    fingerprint: str = ""
    files: tuple[Path, ...] = ()
    """What its settings name; a change of one of them is a change of the check."""
    reach: Reach | None = None
    """Where it may look; None for a check of the agent's own files."""


def read_checks(
    tables: Any, source: Source, known: Mapping[str, ConfiguredCheck], around: Surroundings
) -> dict[str, ConfiguredCheck]:
    """The checks of one file, by id. Raises ConfigurationError, also for an id that is known already."""
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigurationError(source.placed(TOP, "checks must be written as [[checks]] sections"))
    if len(tables) + len(known) > limits.MAX_CHECKS_PER_AGENT:
        raise ConfigurationError(f"{source.name}: more than {limits.MAX_CHECKS_PER_AGENT} checks")
    checks: dict[str, ConfiguredCheck] = {}
    mistakes, named = Mistakes(), set(known)
    for number, table in enumerate(tables, 1):
        where = f"[[checks]] number {number} ({str(table.get('id', 'without id'))[: limits.MAX_ID_LENGTH]})"
        placed, check_id = partial(source.placed, f"checks {number}"), str(table.get("id"))
        with mistakes.noted(placed):
            checks[check_id] = read_check(table, where, around)
        with mistakes.noted(placed):
            if check_id in named:
                raise ConfigurationError(f"{where}: a check with this id exists already")
        if "id" in table:
            named.add(check_id)
    mistakes.demand_none()
    return checks


def read_check(table: Mapping[str, Any], where: str, around: Surroundings) -> ConfiguredCheck:
    """One check. Raises ConfigurationError; each mistake begins with ``where`` and a colon."""
    common = {f.name for f in fields(Timing)}
    mistakes = Mistakes()
    with mistakes.noted():
        named = {k: v for k, v in table.items() if k in common}
        timing = read_all(lambda left: read_table(Timing, left, where), named, where)
    kind = table.get("kind")
    if isinstance(kind, str):
        with mistakes.noted():
            settings = {k: v for k, v in table.items() if k not in common}
            check = read_all(lambda left: build_check(kind, left, where, around, common), settings, where)
    mistakes.demand_none()
    return _configured(table, timing, check)


def _configured(table: Mapping[str, Any], timing: Timing, check: Check) -> ConfiguredCheck:
    definition = CheckDefinition(
        check_id=timing.id,
        kind=timing.kind,
        interval_ms=round(timing.interval * 1000),
        timeout_ms=round(timing.longest_look_seconds * 1000),
        group=timing.group,
        confirm_failures=timing.confirm_failures,
        confirm_successes=timing.confirm_successes,
        target=check.target[: limits.MAX_TARGET_LENGTH],
    )
    files = tuple(_files(table))
    return ConfiguredCheck(
        definition,
        check,
        timing.timeout_seconds,
        timing.retries,
        timing.retry_delay_seconds,
        timing.needs_egress,
        _fingerprint(table, files),
        files,
    )


def keys_of(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key of a table and of the tables within it, with what it holds."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from keys_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys_of(inner)


def _files(table: Mapping[str, Any]) -> Iterator[Path]:
    for key, value in keys_of(table):
        if key.endswith("_file"):
            # One path, or several by name.
            paths = value.values() if isinstance(value, dict) else (value,)
            for path in paths:
                if isinstance(path, str):
                    # Where the key is no setting but a name of somebody's, what it holds may be no path.
                    with contextlib.suppress(RuntimeError):
                        yield Path(path).expanduser()


def _fingerprint(table: Mapping[str, Any], files: tuple[Path, ...]) -> str:
    written = json.dumps(table, sort_keys=True, default=str)
    return hashlib.sha256(f"{written}\n{[identity_at(path) for path in files]}".encode()).hexdigest()


def identity_at(path: Path) -> Identity | None:
    """None where there is no file."""
    try:
        return identity(path.stat())
    except (OSError, ValueError):
        return None
