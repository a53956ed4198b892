"""`plugin_validation`: a program with the conventions of monitoring plugins, or a Python entry point."""

from __future__ import annotations

import importlib.metadata
import os
import signal
import stat
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tenantwatch_wire.records import Status

from tenantwatch_agent.checks import process
from tenantwatch_agent.checks.base import Check, Doubtful, Latency, Outcome, OwnTime
from tenantwatch_agent.checks.findings import Findings, Metrics, since_us
from tenantwatch_agent.checks.perfdata import Item, Range, read_output
from tenantwatch_agent.checks.secrets import Secrets, hidden
from tenantwatch_agent.errors import CheckerFailed, ConfigurationError

GROUP = "tenantwatch.checks"
"""The entry points' group: each is a class or function that takes the options and gives a Check."""

MAX_ARGUMENTS = 256
MAX_ARGUMENT_LENGTH = 8_192
_STATUSES = {0: Status.HEALTHY, 1: Status.DEGRADED, 2: Status.UNHEALTHY, 3: Status.UNKNOWN}
_BY_LIMIT: dict[int, str] = {
    signal.SIGXCPU: " (max_cpu_seconds)",
    signal.SIGXFSZ: f" (a file may have {process.MAX_FILE_BYTES // 1024 // 1024} MiB)",
}
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True, slots=True)
class Settings:
    """Keys of ``[[checks]]`` with kind plugin_validation: either ``command`` or ``entry_point``."""

    command: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    environment_env: dict[str, str] = field(default_factory=dict)
    environment_file: dict[str, Path] = field(default_factory=dict)
    max_memory_mib: int = 512
    max_cpu_seconds: int = 30
    degraded_after_ms: float | None = None
    unhealthy_after_ms: float | None = None
    entry_point: str = ""
    options: dict[str, str] = field(default_factory=dict)


class PluginValidation:
    """One plugin, run anew with each look, or one object made by an entry point."""

    def __init__(self, settings: Settings) -> None:
        if bool(settings.command) is bool(settings.entry_point):
            raise ConfigurationError("give either command or entry_point")
        self._check: Check
        if settings.command:
            self._check = _Program(settings)
        else:
            self._check = _from_entry_point(settings.entry_point, settings.options)
        self.target = _one_line(self._check.target)

    @property
    def phase(self) -> str:
        return self._check.phase

    def doubts(self) -> Sequence[str]:
        return self._check.doubts() if isinstance(self._check, Doubtful) else ()

    async def look(self) -> Outcome:
        return await self._check.look()


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


class _Program:
    """Started without a shell, in a session of its own, with nothing of the agent's environment."""

    phase = "run"

    def __init__(self, settings: Settings) -> None:
        _check_command(settings.command)
        if not 16 <= settings.max_memory_mib <= 65_536:
            raise ConfigurationError("max_memory_mib must be 16 to 65536")
        if not 1 <= settings.max_cpu_seconds <= 600:
            raise ConfigurationError("max_cpu_seconds must be 1 to 600")
        self._command = settings.command
        self._environment = _ENVIRONMENT | settings.environment
        self._secrets = Secrets("environment", settings.environment_env, settings.environment_file)
        self._secrets.check()
        self._bounds = process.Bounds(settings.max_memory_mib * 1024 * 1024, settings.max_cpu_seconds)
        self._latency = Latency(settings.degraded_after_ms, settings.unhealthy_after_ms)
        # Arguments may be secrets.
        self.target = settings.command[0]

    def doubts(self) -> Sequence[str]:
        try:
            _check_program(Path(self._command[0]))
        except CheckerFailed as error:
            return (str(error),)
        return ()

    async def look(self) -> Outcome:
        _check_program(Path(self._command[0]))
        secrets = self._secrets.read()
        started = time.perf_counter()
        ended = await process.run(self._command, self._environment | secrets, self._bounds)
        took_us = since_us(started)
        # Before anything is taken out of it: a secret may have several lines.
        output, errors = (hidden(said, secrets.values()) for said in (ended.output, ended.errors))
        ended = replace(ended, output=output, errors=errors)
        text, items = read_output(output)
        metrics = Metrics(run_ms=OwnTime(took_us / 1000))
        for item in items:
            _put(metrics, item)
        status = _STATUSES.get(ended.code)
        if status is None:
            raise CheckerFailed(_bad_end(ended))
        if not text and status is Status.UNKNOWN:
            raise CheckerFailed(_bad_end(ended))
        if status is Status.UNKNOWN:
            return Outcome(status, text, None, metrics)
        findings = Findings()
        findings.add(status, text or f"exit code {ended.code}, without a text")
        latency_us = _latency_us(items)
        if latency_us is not None:
            findings.judge(self._latency, latency_us)
        return findings.outcome(text or "exit code 0, without a text", latency_us, metrics)


def _check_command(command: tuple[str, ...]) -> None:
    program = Path(command[0])
    if not program.is_absolute():
        raise ConfigurationError(f"command: write the whole path of {command[0]!r}, no search path is used")
    if len(command) > MAX_ARGUMENTS or any(len(part) > MAX_ARGUMENT_LENGTH for part in command):
        raise ConfigurationError(
            f"command: at most {MAX_ARGUMENTS} arguments of {MAX_ARGUMENT_LENGTH} characters"
        )
    if any("\0" in part for part in command):
        raise ConfigurationError("command: an argument holds a NUL character")


def _check_program(program: Path) -> None:
    """Before every run, since files change. Raises CheckerFailed."""
    if not program.is_file() or not os.access(program, os.X_OK):
        raise CheckerFailed(f"{program} is not a program that this user may run")
    if program.stat().st_mode & stat.S_IWOTH:
        raise CheckerFailed(f"{program} may be written by everybody: chmod o-w it")


def _from_entry_point(name: str, options: Mapping[str, str]) -> Check:
    found = importlib.metadata.entry_points(group=GROUP)
    if name not in found.names:
        known = ", ".join(sorted(found.names)) or "none"
        raise ConfigurationError(
            f"entry_point: {name!r} is not in the group {GROUP}; installed there: {known}"
        )
    try:
        check: Any = found[name].load()(options)
        missing = [part for part in ("target", "phase", "look") if not hasattr(check, part)]
        wrong = [part for part in ("target", "phase") if not isinstance(getattr(check, part, ""), str)]
    except ConfigurationError:
        raise
    except BaseException as error:
        # Also what would end the program: a reload must not.
        raise ConfigurationError(f"entry_point {name}: {type(error).__name__}: {error}") from None
    if missing:
        raise ConfigurationError(f"entry_point {name}: what it makes has no {', '.join(missing)}")
    if wrong:
        raise ConfigurationError(f"entry_point {name}: {' and '.join(wrong)} must be a text")
    made: Check = check
    return made


def _put(metrics: Metrics, item: Item) -> None:
    """The figure, and the plugin's own upper limits beside it."""
    metrics.put(item.name, item.value)
    for word, limit in (("warning", item.warning), ("critical", item.critical)):
        if isinstance(limit, Range) and not limit.inside:
            metrics.put(f"{item.name}_{word}", limit.end)


def _latency_us(items: list[Item]) -> int | None:
    """What the plugin measured of its target; how long the plugin itself ran says little of it."""
    found = next((item.value for item in items if item.name in ("time_seconds", "rta_seconds")), None)
    return None if found is None or found < 0 else round(found * 1_000_000)


def _bad_end(ended: process.Ended) -> str:
    said = next(iter((ended.output.strip() or ended.errors.strip()).splitlines()), "")
    if ended.code < 0:
        how = f"the plugin was ended by {_signal_name(-ended.code)}"
        bounded = _BY_LIMIT.get(-ended.code, "")
        return f"{how}{bounded}: {said}" if said else how + bounded
    if ended.code == 3:
        return said or "the plugin said nothing"
    how = f"the plugin ended with exit code {ended.code}, 0 to 3 are allowed"
    return f"{how}: {said}" if said else how


def _signal_name(number: int) -> str:
    """Most real-time signals have no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
