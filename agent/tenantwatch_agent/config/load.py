"""From files to one configuration: the main file, then every ``*.toml`` of its ``conf.d`` folder."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from tenantwatch_wire import limits

from tenantwatch_agent.checks.base import HearsJobs
from tenantwatch_agent.checks.heartbeats import MAX_HEARTBEATS
from tenantwatch_agent.checks.surroundings import Surroundings
from tenantwatch_agent.config.checks import ConfiguredCheck, identity_at, read_checks
from tenantwatch_agent.config.sections import (
    AssignmentLimits,
    CollectorAddress,
    Egress,
    Logging,
    Metrics,
    Scheduling,
    SpoolLimits,
)
from tenantwatch_agent.config.source import TOP, Source
from tenantwatch_agent.errors import ConfigurationError, Mistakes
from tenantwatch_agent.files import read_regular
from tenantwatch_agent.settings import read_table

MAX_FILE_BYTES = 4 * 1024 * 1024
_SECTIONS = {
    "collector": CollectorAddress,
    "spool": SpoolLimits,
    "schedule": Scheduling,
    "egress": Egress,
    "assignment": AssignmentLimits,
    "metrics": Metrics,
    "log": Logging,
}


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """All of it. ``parts`` are the files of ``conf_d``; ``digest`` names exactly this configuration."""

    path: Path
    conf_d: Path
    parts: tuple[Path, ...]
    agent_id: str
    labels: Mapping[str, str]
    data_folder: Path
    collector: CollectorAddress
    spool: SpoolLimits
    schedule: Scheduling
    egress: Egress
    assignment: AssignmentLimits
    metrics: Metrics
    log: Logging
    checks: tuple[ConfiguredCheck, ...]
    digest: str

    def __post_init__(self) -> None:
        if len(self.heartbeats) > MAX_HEARTBEATS:
            raise ConfigurationError(f"{self.path}: more than {MAX_HEARTBEATS} names of heartbeats")

    @property
    def heartbeats(self) -> frozenset[str]:
        """The names that jobs may call."""
        heard = (one.check.hears for one in self.checks if isinstance(one.check, HearsJobs))
        return frozenset(name for name in heard if name)

    def snapshot(self) -> tuple[object, ...]:
        """Differs as soon as any file that this configuration was made from has changed."""
        named = (path for one in self.checks for path in one.files)
        try:
            parts = _parts(self.conf_d)
        except ConfigurationError:
            parts = []
        return tuple((path, identity_at(path)) for path in (self.path, self.conf_d, *parts, *named))


@dataclass(frozen=True, slots=True)
class _Top:
    """The keys above all sections; the sections stand here to be named among what is allowed."""

    agent_id: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    data_folder: Path = Path("~/.local/share/tenantwatch-agent")
    conf_d: Path | None = None
    collector: dict[str, str] = field(default_factory=dict)
    spool: dict[str, str] = field(default_factory=dict)
    schedule: dict[str, str] = field(default_factory=dict)
    egress: dict[str, str] = field(default_factory=dict)
    assignment: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, str] = field(default_factory=dict)
    log: dict[str, str] = field(default_factory=dict)
    checks: tuple[str, ...] = ()


def load_config(
    path: Path | str, surroundings: Callable[[Path], Surroundings] = lambda _: Surroundings()
) -> AgentConfig:
    """Read and check the files. Raises ConfigurationError with all that is wrong: where, and what is allowed.

    ``surroundings`` is asked with the data folder for what checks may know of one another.
    """
    path = Path(path)
    raw = _read(path)
    table, source, mistakes = parse(raw, str(path)), _source(path, raw), Mistakes()
    sections = {}
    for name in _SECTIONS:
        with mistakes.noted(partial(source.placed, name)):
            sections[name] = _section(name, table.pop(name, {}))
    labels: Mapping[str, str] = {}
    with mistakes.noted(partial(source.placed, "labels")):
        labels = _labels(table.pop("labels", {}))
    written = table.pop("checks", [])
    top, around = _Top(), Surroundings()
    with mistakes.noted(partial(source.placed, TOP)):
        top = _top(table)
        around = surroundings(top.data_folder)
    checks: dict[str, ConfiguredCheck] = {}
    with mistakes.noted():
        checks = read_checks(written, source, {}, around)
    digest = hashlib.sha256(raw)
    conf_d = path.parent / (top.conf_d or "conf.d")
    with mistakes.noted(partial(source.placed, TOP)):
        _check_folder(top, conf_d)
    parts = _parts(conf_d)
    for part in parts:
        with mistakes.noted():
            content = _read(part)
            checks |= _part(content, part, checks, around)
            digest.update(b"\0" + part.name.encode() + b"\0" + content)
    mistakes.demand_none()
    return AgentConfig(
        path=path,
        conf_d=conf_d,
        parts=tuple(parts),
        agent_id=top.agent_id,
        labels=labels,
        data_folder=top.data_folder,
        checks=tuple(checks.values()),
        digest=digest.hexdigest(),
        **sections,
    )


def data_folder_of(path: Path | str) -> Path:
    """Where the agent of that file keeps its data, whatever is wrong with the rest of its configuration."""
    path = Path(path)
    table = parse(_read(path), str(path))
    return _top({name: value for name, value in table.items() if name == "data_folder"}).data_folder


def collector_of(path: Path | str) -> CollectorAddress | None:
    """Whom the agent of that file sends to, whatever is wrong with the rest; None if the section is wrong."""
    try:
        table = parse(_read(Path(path)), str(path))
        found: CollectorAddress = _section("collector", table.get("collector", {}))
    except ConfigurationError:
        return None
    return found


def parse(raw: bytes, where: str) -> dict[str, Any]:
    """The TOML of one file. Raises ConfigurationError."""
    try:
        return tomllib.loads(raw.decode("utf-8"))
    except RecursionError:
        raise ConfigurationError(f"{where}: lists or tables stand too deep within one another") from None
    except ValueError as error:
        # Also of bytes that are no UTF-8, and of numbers with thousands of digits.
        raise ConfigurationError(f"{where}: is not valid TOML: {error}") from None


def checks_only(table: Mapping[str, Any], where: str) -> Any:
    """The ``[[checks]]`` of a file that may hold nothing else. Raises ConfigurationError."""
    for key in table:
        if key != "checks":
            raise ConfigurationError(f"{where}: {key!r} is not allowed here: only [[checks]] sections are")
    return table.get("checks", [])


def _section(name: str, table: Any) -> Any:
    if not isinstance(table, dict):
        raise ConfigurationError(f"{name} must be a section [{name}]")
    return read_table(_SECTIONS[name], table, f"[{name}]")


def _top(table: Mapping[str, Any]) -> _Top:
    """With the host's name and home folder where nothing is said. Raises ConfigurationError."""
    top = read_table(_Top, table, "")
    agent_id = top.agent_id or socket.gethostname()
    if not 0 < len(agent_id) <= limits.MAX_ID_LENGTH or not agent_id.isprintable():
        raise ConfigurationError(f"agent_id must be 1 to {limits.MAX_ID_LENGTH} printable characters")
    try:
        return replace(top, agent_id=agent_id, data_folder=top.data_folder.expanduser())
    except RuntimeError:
        raise ConfigurationError("data_folder: this user has no home folder: write a whole path") from None


def _labels(table: Any) -> Mapping[str, str]:
    labels = read_table(_Top, {"labels": table}, "").labels
    if len(labels) > limits.MAX_LABELS:
        raise ConfigurationError(f"[labels]: {limits.MAX_LABELS} are enough")
    for name, value in labels.items():
        if not re.fullmatch(limits.LABEL_NAME, name) or not re.fullmatch(limits.LABEL_VALUE, value):
            raise ConfigurationError(
                f"[labels]: {name} = {value!r}: write a name of lower-case letters, digits and _,"
                ' and a value of letters, digits and ._:/+-, as in region = "eu-central-1"'
            )
    return labels


def _check_folder(top: _Top, conf_d: Path) -> None:
    # A link to nowhere, or a file, was meant to be one.
    if not conf_d.is_dir() and (top.conf_d is not None or os.path.lexists(conf_d)):
        raise ConfigurationError(f"conf_d {conf_d} is not a folder")


def _parts(folder: Path) -> list[Path]:
    """Its files in order of their names; editors' and other hidden files are none."""
    try:
        return sorted(p for p in folder.iterdir() if p.suffix == ".toml" and not p.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise ConfigurationError(f"{folder}: cannot be read: {error.strerror}") from None


def _part(
    content: bytes, part: Path, known: Mapping[str, ConfiguredCheck], around: Surroundings
) -> dict[str, ConfiguredCheck]:
    tables = checks_only(parse(content, str(part)), str(part))
    return read_checks(tables, _source(part, content), known, around)


def _source(path: Path, content: bytes) -> Source:
    return Source(str(path), content.decode(errors="replace"))


def _read(path: Path) -> bytes:
    try:
        raw = read_regular(path, MAX_FILE_BYTES)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    if len(raw) > MAX_FILE_BYTES:
        raise ConfigurationError(f"{path}: is longer than {MAX_FILE_BYTES} bytes: spread it over conf.d")
    return raw
