"""Checks that the collector assigns: held against the agent's own limits, and kept for the next start."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tenantwatch_wire.limits import MAX_CHECKS_PER_AGENT, MAX_ID_LENGTH

from tenantwatch_agent.checks.surroundings import Surroundings
from tenantwatch_agent.config.allowed import demand_allowed
from tenantwatch_agent.config.checks import ConfiguredCheck, read_check
from tenantwatch_agent.config.load import checks_only, parse
from tenantwatch_agent.config.sections import AssignmentLimits
from tenantwatch_agent.errors import AgentError, ConfigurationError
from tenantwatch_agent.files import read_regular

MAX_ASSIGNED_BYTES = 1024 * 1024
MAX_ASSIGNED_CHECKS = 1_000
"""As many as a collector keeps for a tenant."""
MAX_REFUSED = 50
"""More reasons than this help nobody."""
WHERE = "assigned by the collector"
_FILE = "assigned.json"
_MAX_FILE_BYTES = 8 * MAX_ASSIGNED_BYTES
"""As JSON a text may become six times as long."""
_UNREADABLE = (ValueError, OverflowError, RecursionError)
"""Of Python's own, for numbers of thousands of digits and tables within tables."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """What the collector sent last."""

    version: int
    checks_toml: str


@dataclass(frozen=True, slots=True)
class AssignmentAnswer:
    """What became of a version: in force, or, where there is an ``error``, nothing of it.

    ``refused`` says of each check that is wrong (id, reason).
    """

    version: int
    error: str = ""
    refused: tuple[tuple[str, str], ...] = ()


class AssignmentRefused(ConfigurationError):
    """Some of its checks may not be assigned or are wrong; ``refused`` says which and why."""

    def __init__(self, refused: tuple[tuple[str, str], ...]) -> None:
        super().__init__("; ".join(f"check {check_id}: {reason}" for check_id, reason in refused))
        self.refused = refused


def read_assigned(
    assigned: Assigned, limits: AssignmentLimits, known: Mapping[str, ConfiguredCheck], around: Surroundings
) -> dict[str, ConfiguredCheck]:
    """Its checks by id. Raises ConfigurationError if one of them is not allowed here; then none is taken."""
    if len(assigned.checks_toml.encode()) > MAX_ASSIGNED_BYTES:
        raise ConfigurationError(f"{WHERE}: longer than {MAX_ASSIGNED_BYTES} bytes")
    tables = checks_only(parse(assigned.checks_toml.encode(), WHERE), WHERE)
    if tables and not limits.enabled:
        raise ConfigurationError(
            "assignment by the collector is not enabled on this agent: [assignment] enabled = true allows it"
        )
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigurationError(f"{WHERE}: checks must be written as [[checks]] sections")
    if len(tables) > MAX_ASSIGNED_CHECKS:
        raise ConfigurationError(f"{WHERE}: more than {MAX_ASSIGNED_CHECKS} checks")
    return _each(tables, limits, known, around)


def _each(
    tables: list[dict[str, Any]],
    limits: AssignmentLimits,
    known: Mapping[str, ConfiguredCheck],
    around: Surroundings,
) -> dict[str, ConfiguredCheck]:
    """Every check tried by itself, so that each that is wrong is named with its reason."""
    found: dict[str, ConfiguredCheck] = {}
    refused: list[tuple[str, str]] = []
    for table in tables:
        if len(refused) == MAX_REFUSED:
            # Nothing of it is taken, and more than these are not told.
            break
        given = table.get("id")
        check_id = given[:MAX_ID_LENGTH] if isinstance(given, str) else "without id"
        where = f"{WHERE}: check {check_id}"
        try:
            # Before anything is built of it: building may read files already.
            demand_allowed(table, limits)
            if check_id in found or check_id in known:
                raise ConfigurationError("a check with this id exists already")
            one = read_check(table, where, around)
            fingerprint = f"{one.fingerprint} {limits.hosts}"
            found[check_id] = replace(one, reach=limits.reach, fingerprint=fingerprint)
        except ConfigurationError as error:
            reasons = (mistake.removeprefix(f"{where}: ") for mistake in error.mistakes)
            refused.append((check_id, "; ".join(reasons)))
        except _UNREADABLE as error:
            refused.append((check_id, _unreadable(error)))
    if len(found) + len(known) > MAX_CHECKS_PER_AGENT:
        raise ConfigurationError(f"{WHERE}: more than {MAX_CHECKS_PER_AGENT} checks")
    if refused:
        raise AssignmentRefused(tuple(refused))
    return found


def _unreadable(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "its tables are nested too deep"
    return f"cannot be read: {error}"


def kept_assignment(folder: Path) -> Assigned | None:
    """What was assigned before the restart. Raises ConfigurationError if it cannot be read."""
    path = folder / _FILE
    try:
        kept = json.loads(read_regular(path, _MAX_FILE_BYTES))
        return Assigned(int(kept["version"]), str(kept["checks_toml"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ConfigurationError(
            f"{path}: cannot be read ({error}): the collector's checks are missing"
        ) from None


def keep_assignment(folder: Path, assigned: Assigned | None) -> None:
    """On disk, whole or not at all. Raises AgentError."""
    path = folder / _FILE
    part = path.with_suffix(".part")
    try:
        if assigned is None:
            path.unlink(missing_ok=True)
            return
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(assigned), file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise AgentError(f"{path}: cannot be written: {error.strerror}") from None
