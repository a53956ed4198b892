"""`business_logic`: figures of the business: conditions and KPIs over other checks, a JSON answer, or a job.

Its figures come from the latest results of other checks (``check.metric``), from an address that answers JSON
(``source`` and ``values``), or from a job that calls when it is done (``heartbeat``).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tenantwatch_wire.limits import MAX_ID_LENGTH, MAX_TARGET_LENGTH
from tenantwatch_wire.records import Status

from tenantwatch_agent.checks.base import Outcome
from tenantwatch_agent.checks.expression import Expression, Name, NoNumber, condition, number
from tenantwatch_agent.checks.findings import Findings, Metrics
from tenantwatch_agent.checks.http.message import Answer
from tenantwatch_agent.checks.http.probe import Probe
from tenantwatch_agent.checks.http.settings import RequestSettings
from tenantwatch_agent.checks.json_path import JsonPath
from tenantwatch_agent.checks.surroundings import Surroundings
from tenantwatch_agent.errors import CheckerFailed, ConfigurationError, Mistakes, told_within

MAX_FIGURES = 64
_HEARTBEAT = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Settings:
    """Keys of ``[[checks]]`` with kind business_logic.

    ``healthy_if`` must hold, else unhealthy; ``degraded_unless`` should, else degraded; ``kpis`` are numbers
    that become metrics under their names.
    """

    healthy_if: str = ""
    degraded_unless: str = ""
    kpis: dict[str, str] = field(default_factory=dict)
    max_age_seconds: float = 900.0
    source: RequestSettings | None = None
    values: dict[str, str] = field(default_factory=dict)
    heartbeat: str = ""
    silence_seconds: float | None = None


class BusinessLogic:
    """Works out its expressions anew with each look; nothing is remembered here."""

    def __init__(self, settings: Settings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._around = surroundings
        self._must: Expression | None = None
        self._should: Expression | None = None
        self._kpis: dict[str, Expression] = {}
        self._paths: dict[str, JsonPath] = {}
        self._probe: Probe | None = None
        self._read_settings(settings)
        self.target = self._target()[:MAX_TARGET_LENGTH]

    def _read_settings(self, settings: Settings) -> None:
        """Raises ConfigurationError with all that is wrong."""
        mistakes = Mistakes()
        with mistakes.noted():
            _check(settings)
        with mistakes.noted():
            if settings.healthy_if:
                self._must = condition(settings.healthy_if, "healthy_if")
        with mistakes.noted():
            if settings.degraded_unless:
                self._should = condition(settings.degraded_unless, "degraded_unless")
        for name, text in settings.kpis.items():
            with mistakes.noted():
                self._kpis[name] = number(text, f"kpis.{name}")
        for name, text in settings.values.items():
            with mistakes.noted():
                self._paths[name] = _path(name, text)
        with mistakes.noted(), told_within("source"):
            if settings.source is not None:
                self._probe = Probe(settings.source)
        with mistakes.noted():
            self._check_names()
        mistakes.demand_none()

    @property
    def asks(self) -> frozenset[str]:
        return frozenset(
            name[0] for expression in self._expressions for name in expression.names if len(name) > 1
        )

    @property
    def hears(self) -> str:
        return self._settings.heartbeat

    @property
    def _expressions(self) -> list[Expression]:
        return [each for each in (self._must, self._should, *self._kpis.values()) if each is not None]

    @property
    def phase(self) -> str:
        return "work out" if self._probe is None else self._probe.phase

    async def look(self) -> Outcome:
        findings, metrics = Findings(), Metrics()
        if self._settings.heartbeat:
            text, figures = self._hear(findings, metrics)
            latency_us = None
        else:
            text, figures, latency_us = await self._ask(findings, metrics)
        missing = ""
        if findings.status is not Status.UNHEALTHY:
            missing = self._judge(figures, findings, metrics)
        return findings.outcome(text + missing, latency_us, metrics)

    def _hear(self, findings: Findings, metrics: Metrics) -> tuple[str, Mapping[str, float]]:
        """The job's last beat; silence counts only while somebody listened."""
        name, allowed_seconds = self._settings.heartbeat, self._settings.silence_seconds
        assert allowed_seconds is not None
        register = self._around.heartbeats
        beat, silence_seconds = register.last(name), register.silence_seconds(name)
        listening_seconds = register.listening_seconds(name)
        if silence_seconds is None or silence_seconds > allowed_seconds:
            heard = "never heard of" if silence_seconds is None else f"silent for {silence_seconds:.0f} s"
            if listening_seconds <= allowed_seconds:
                raise CheckerFailed(
                    f"{name}: {heard}, and the agent listens for it only since {listening_seconds:.0f} s"
                )
            findings.add(Status.UNHEALTHY, f"{name}: {heard}, {allowed_seconds:g} s are allowed")
        if beat is None or silence_seconds is None:
            return "", {}
        metrics.put("silence_seconds", silence_seconds)
        for key, value in beat.metrics.items():
            metrics.put(key, value)
        failure = register.take_failure(name)
        if beat.failed:
            failure = beat
        if failure is not None:
            before = "" if failure is beat else ", before its last call"
            why = failure.message or "without a message"
            findings.add(Status.UNHEALTHY, f"{name} reported a failure{before}: {why}")
        said = f": {beat.message}" if beat.message else ""
        return f"heard of {silence_seconds:.0f} s ago{said}", beat.metrics

    async def _ask(self, findings: Findings, metrics: Metrics) -> tuple[str, Mapping[str, float], int | None]:
        """What the source answers; nothing where only other checks are asked."""
        if self._probe is None:
            return "holds", {}, None
        try:
            return await self._ask_source(self._probe, findings, metrics)
        finally:
            self._probe.forget()

    async def _ask_source(
        self, probe: Probe, findings: Findings, metrics: Metrics
    ) -> tuple[str, Mapping[str, float], int | None]:
        outcome = await probe.look()
        for name, value in outcome.metrics.items():
            metrics.put(name, value)
        findings.add(outcome.status, outcome.text, outcome.by_latency)
        if outcome.status is Status.UNHEALTHY:
            return "", {}, outcome.latency_us
        figures = self._read(probe.answer, findings)
        for name, figure in figures.items():
            metrics.put(name, figure)
        return "holds", figures, outcome.latency_us

    def _read(self, answer: Answer, findings: Findings) -> dict[str, float]:
        figures: dict[str, float] = {}
        try:
            document = answer.json()
        except ValueError as error:
            findings.add(Status.UNHEALTHY, f"the answer is not JSON: {error}")
            return figures
        for name, path in self._paths.items():
            found = path.find(document)
            if not_measured := _not_measured(found):
                raise CheckerFailed(f"{name}: the answer holds {not_measured} at {path.text}")
            figure = _figure(found)
            if figure is None:
                findings.add(Status.UNHEALTHY, f"{name}: there is no number at {path.text} in the answer")
            else:
                figures[name] = figure
        return figures

    def _judge(self, figures: Mapping[str, float], findings: Findings, metrics: Metrics) -> str:
        """Returns which KPIs are missing; that is only told where conditions say how the business is."""

        def lookup(name: Name) -> float:
            if len(name) > 1:
                return self._around.latest.value(name[0], ".".join(name[1:]), self._settings.max_age_seconds)
            if name[0] not in figures:
                raise CheckerFailed(f"the last beat held no metric {name[0]!r}")
            return figures[name[0]]

        if self._must is not None and not _worked_out(self._must, lookup):
            findings.add(Status.UNHEALTHY, f"does not hold: {_explained(self._must, lookup)}")
        elif self._should is not None and not _worked_out(self._should, lookup):
            findings.add(Status.DEGRADED, f"does not hold: {_explained(self._should, lookup)}")
        missing = ""
        for name, kpi in self._kpis.items():
            try:
                metrics.put(name, _worked_out(kpi, lookup))
            except CheckerFailed as error:
                if self._must is None and self._should is None:
                    raise
                missing += f"; no {name}: {error}"
        return missing

    def _check_names(self) -> None:
        """Names without a dot are values of the source; a job's are known only when it calls."""
        if self._settings.heartbeat:
            return
        asked = (name for expression in self._expressions for name in expression.names)
        values = self._settings.values
        known = ", ".join(values) or "none"
        mistakes = Mistakes()
        for name in dict.fromkeys(name[0] for name in asked if len(name) == 1):
            with mistakes.noted():
                if name not in values:
                    raise ConfigurationError(
                        f"{name!r} is not among values ({known}); a metric of another check is written"
                        " check.metric, an id with other characters 'my-check'.metric"
                    )
        mistakes.demand_none()

    def _target(self) -> str:
        if self._settings.heartbeat:
            return f"heartbeat {self._settings.heartbeat}"
        if self._probe is not None:
            return self._probe.target
        return " ".join((self._settings.healthy_if or ", ".join(self._settings.kpis)).split())


def _check(settings: Settings) -> None:
    """Raises ConfigurationError for keys that do not go together."""
    if not (settings.healthy_if or settings.degraded_unless or settings.kpis or settings.heartbeat):
        raise ConfigurationError("give any of healthy_if, degraded_unless, kpis, heartbeat")
    if settings.heartbeat and settings.source is not None:
        raise ConfigurationError("give either source or heartbeat")
    if (settings.source is None) is not (not settings.values):
        raise ConfigurationError("source and values belong together")
    if settings.heartbeat and not _HEARTBEAT.fullmatch(settings.heartbeat):
        raise ConfigurationError("heartbeat: a name is made of 1 to 64 letters, digits and . _ -")
    if bool(settings.heartbeat) is not (settings.silence_seconds is not None):
        raise ConfigurationError("heartbeat and silence_seconds belong together")
    for key in ("silence_seconds", "max_age_seconds"):
        seconds = getattr(settings, key)
        if seconds is not None and not 1 <= seconds <= 31_536_000:
            raise ConfigurationError(f"{key} must be 1 to 31536000")
    for key in ("kpis", "values"):
        _check_table(key, getattr(settings, key))


def _check_table(key: str, table: Mapping[str, str]) -> None:
    if len(table) > MAX_FIGURES:
        raise ConfigurationError(f"{key}: at most {MAX_FIGURES}")
    for name in table:
        if not 0 < len(name) <= MAX_ID_LENGTH or not name.isprintable():
            raise ConfigurationError(f"{key}: a name must be 1 to {MAX_ID_LENGTH} printable characters")


def _path(name: str, text: str) -> JsonPath:
    try:
        return JsonPath(text)
    except ValueError as error:
        raise ConfigurationError(f"values.{name}: {error}") from None


def _figure(found: Any) -> float | None:
    """JSON's true and false are 1 and 0; a text is no number, even one of digits."""
    return float(found) if isinstance(found, int | float) else None


def _not_measured(found: Any) -> str:
    """What a program writes for a figure that it does not have, which says nothing of the business."""
    try:
        if not isinstance(found, float | int) or math.isfinite(found):
            return ""
    except OverflowError:
        return "a number that is too large"
    return f"{json.dumps(found)}, which is no number,"


def _worked_out(expression: Expression, lookup: Any) -> float:
    try:
        return expression.work_out(lookup)
    except NoNumber as error:
        raise CheckerFailed(str(error)) from None


def _explained(expression: Expression, lookup: Any) -> str:
    """The condition with what its names were."""
    shown = ", ".join(f"{'.'.join(name)} = {_value(name, lookup)}" for name in expression.names[:8])
    return f"{expression.text} ({shown})" if shown else expression.text


def _value(name: Name, lookup: Any) -> str:
    try:
        return f"{lookup(name):.6g}"
    except CheckerFailed:
        return "unknown"
