"""Checks that the collector assigns: held against the agent's own limits, and kept for the next start."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tenantwatch_agent.checks.surroundings import Surroundings
from tenantwatch_agent.config.checks import ConfiguredCheck, keys_of, read_checks
from tenantwatch_agent.config.load import checks_only, parse
from tenantwatch_agent.config.sections import AssignmentLimits
from tenantwatch_agent.errors import AgentError, ConfigurationError

MAX_ASSIGNED_BYTES = 1024 * 1024
WHERE = "assigned by the collector"
_FILE = "assigned.json"
_LOCAL_ENDINGS = ("_file", "_env", "_files", "_path", "_paths", "_folder")
_LOCAL_KEYS = (
    "command",
    "arguments",
    "program",
    "entry_point",
    "environment",
    "secrets",
    "kubeconfig",
    "socket",
)


@dataclass(frozen=True, slots=True)
class Assigned:
    """What the collector sent last."""

    version: int
    checks_toml: str


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
    # Before anything is built of it: building may read files already.
    for table in tables if isinstance(tables, list) else []:
        if isinstance(table, dict):
            _allow(table, limits)
    return read_checks(tables, WHERE, known, around)


def _allow(table: Mapping[str, Any], limits: AssignmentLimits) -> None:
    where = f"{WHERE}: check {table.get('id', 'without id')}"
    if table.get("kind") not in limits.kinds:
        raise ConfigurationError(
            f"{where}: kind {table.get('kind')!r} is not among [assignment] kinds of this agent"
        )
    for key, _ in keys_of(table):
        if _is_local(key) and key not in limits.local_keys:
            raise ConfigurationError(
                f"{where}: {key} names something of this machine: [assignment] local_keys of this agent"
                " does not allow it"
            )


def _is_local(key: str) -> bool:
    return key in _LOCAL_KEYS or key.endswith(_LOCAL_ENDINGS)


def kept_assignment(folder: Path) -> Assigned | None:
    """What was assigned before the restart. Raises ConfigurationError if it cannot be read."""
    path = folder / _FILE
    try:
        kept = json.loads(path.read_text("utf-8"))
        return Assigned(int(kept["version"]), str(kept["checks_toml"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"{path}: cannot be read ({error}): the collector's checks are missing"
        ) from None


def keep_assignment(folder: Path, assigned: Assigned | None) -> None:
    """On disk, whole or not at all. Raises AgentError."""
    path = folder / _FILE
    if assigned is None:
        path.unlink(missing_ok=True)
        return
    part = path.with_suffix(".part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(assigned), file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise AgentError(f"{path}: cannot be written: {error.strerror}") from None
