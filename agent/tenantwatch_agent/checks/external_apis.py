"""`external_apis`: a sequence of requests that carries values along, or a vendor's status page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tenantwatch_wire.records import Status

from tenantwatch_agent.checks import template
from tenantwatch_agent.checks.base import Latency, Outcome, OwnTime
from tenantwatch_agent.checks.extraction import Extraction
from tenantwatch_agent.checks.findings import Findings, Metrics
from tenantwatch_agent.checks.http.failure import ProbeFailed
from tenantwatch_agent.checks.http.probe import Probe
from tenantwatch_agent.checks.http.settings import RequestSettings
from tenantwatch_agent.checks.secrets import Secrets, hidden
from tenantwatch_agent.checks.status_page import PageSettings, StatusPage
from tenantwatch_agent.errors import CheckerFailed, ConfigurationError, Mistakes, told_within

MAX_STEPS = 20


@dataclass(frozen=True, slots=True)
class StepSettings(RequestSettings):
    """Keys of ``[[checks.steps]]``: those of http_endpoint, a name, and what is carried on."""

    name: str = ""
    extract: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """Keys of ``[[checks]]`` with kind external_apis; the latency is that of all steps together."""

    steps: tuple[StepSettings, ...] = ()
    secrets_env: dict[str, str] = field(default_factory=dict)
    secrets_file: dict[str, Path] = field(default_factory=dict)
    degraded_after_ms: float | None = None
    unhealthy_after_ms: float | None = None
    status_page: PageSettings | None = None


class ExternalApis:
    """Ends at the first step that is unhealthy: those after it could not have gone well."""

    def __init__(self, settings: Settings) -> None:
        if bool(settings.steps) is (settings.status_page is not None):
            raise ConfigurationError("give either [[checks.steps]] or [checks.status_page]")
        if len(settings.steps) > MAX_STEPS:
            raise ConfigurationError(f"steps may be {MAX_STEPS} at most")
        self._secrets = Secrets("secrets", settings.secrets_env, settings.secrets_file)
        self._secrets.check()
        self._latency = Latency(settings.degraded_after_ms, settings.unhealthy_after_ms)
        self._page: StatusPage | None = None
        if settings.status_page is not None:
            with told_within("status_page"):
                self._page = StatusPage(settings.status_page)
        self._steps = _steps(settings)
        self._at: _Step | None = None
        first = self._steps[0].probe.target if self._page is None else self._page.target
        self.target = first + (f" and {len(self._steps) - 1} more" if len(self._steps) > 1 else "")

    @property
    def phase(self) -> str:
        if self._page is not None:
            return self._page.phase
        return "start" if self._at is None else f"{self._at.name}: {self._at.probe.phase}"

    async def look(self) -> Outcome:
        if self._page is not None:
            return await self._page.look()
        values = self._secrets.read()
        findings, metrics, total_us = Findings(), Metrics(), 0
        details: dict[str, float] = {}
        for step in self._steps:
            self._at = step
            try:
                outcome = await step.look(values)
            finally:
                step.probe.forget()
            findings.add(outcome.status, f"{step.name}: {outcome.text}", outcome.by_latency)
            details |= {f"{step.name}_{name}": value for name, value in outcome.metrics.items()}
            if outcome.latency_us is not None:
                total_us += outcome.latency_us
                metrics.put(f"{step.name}_ms", OwnTime(outcome.latency_us / 1000))
            if outcome.status is Status.UNHEALTHY:
                break
        else:
            findings.judge(self._latency, total_us)
        for name, value in details.items():
            metrics.put(name, value)
        count = len(self._steps)
        return findings.outcome(f"{count} steps" if count > 1 else "1 step", total_us or None, metrics)


class _Step:
    def __init__(self, settings: StepSettings) -> None:
        self.name = settings.name
        self._extractions: dict[str, Extraction] = {}
        mistakes = Mistakes()
        for name, text in settings.extract.items():
            with mistakes.noted():
                self._extractions[name] = Extraction(text, f"extract.{name}")
        with mistakes.noted():
            self.probe = Probe(settings)
        mistakes.demand_none()

    async def look(self, values: dict[str, str]) -> Outcome:
        """Adds what it extracts to the values."""
        try:
            outcome = await self.probe.look(values)
        except CheckerFailed as error:
            raise CheckerFailed(f"{self.name}: {error}") from None
        if outcome.status is Status.UNHEALTHY:
            return outcome
        try:
            taken = {name: await one.take(self.probe.answer) for name, one in self._extractions.items()}
        except ProbeFailed as error:
            return replace(outcome, status=Status.UNHEALTHY, text=hidden(str(error), values.values()))
        values |= taken
        return outcome


def _steps(settings: Settings) -> list[_Step]:
    known = {*settings.secrets_env, *settings.secrets_file}
    _check_names(known, "secrets")
    steps: list[_Step] = []
    mistakes, names = Mistakes(), set[str]()
    for number, one in enumerate(settings.steps, 1):
        with mistakes.noted(), told_within(f"steps number {number} ({one.name or 'without name'})"):
            steps.append(_step(one, known, names))
        known |= one.extract.keys()
        names.add(one.name)
    mistakes.demand_none()
    return steps


def _step(settings: StepSettings, known: set[str], names: set[str]) -> _Step:
    mistakes = Mistakes()
    with mistakes.noted():
        if not template.NAME.fullmatch(settings.name) or settings.name in names:
            raise ConfigurationError("name must be unique, of a-z, 0-9 and _")
    with mistakes.noted():
        _check_places(settings, known)
    with mistakes.noted():
        _check_names(settings.extract, "extract")
    with mistakes.noted():
        step = _Step(settings)
    mistakes.demand_none()
    return step


def _check_names(names: Mapping[str, object] | set[str], where: str) -> None:
    mistakes = Mistakes()
    for name in names:
        with mistakes.noted():
            if not template.NAME.fullmatch(name):
                raise ConfigurationError(f"{where}: {name!r} must be of a-z, 0-9 and _")
    mistakes.demand_none()


def _check_places(step: StepSettings, known: set[str]) -> None:
    """A body may hold braces of its own; in an address or a header an unknown name is a mistake."""
    mistakes = Mistakes()
    for key, text in (("url", step.url), *(("headers", value) for value in step.headers.values())):
        for name in sorted(template.names(text) - known):
            with mistakes.noted():
                raise ConfigurationError(
                    f"{key}: {{{name}}} is neither a secret nor extracted by a step before this one"
                )
    mistakes.demand_none()
