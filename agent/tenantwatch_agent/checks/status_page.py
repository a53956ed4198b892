"""What a vendor says of himself, in the format of statuspage.io (``/api/v2/summary.json``)."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from tenantwatch_wire.records import Status

from tenantwatch_agent.checks.base import Outcome
from tenantwatch_agent.checks.findings import Findings
from tenantwatch_agent.checks.http.probe import Probe
from tenantwatch_agent.checks.http.settings import RequestSettings
from tenantwatch_agent.errors import CheckerFailed, ConfigurationError

SUMMARY = "/api/v2/summary.json"

_INDICATORS = {
    "none": Status.HEALTHY,
    "minor": Status.DEGRADED,
    "maintenance": Status.DEGRADED,
    "major": Status.UNHEALTHY,
    "critical": Status.UNHEALTHY,
}
_COMPONENTS = {
    "operational": Status.HEALTHY,
    "degraded_performance": Status.DEGRADED,
    "under_maintenance": Status.DEGRADED,
    "partial_outage": Status.UNHEALTHY,
    "major_outage": Status.UNHEALTHY,
}


@dataclass(frozen=True, slots=True)
class PageSettings(RequestSettings):
    """``components``: only these count, by their names or GROUP / NAME; none means the page as a whole."""

    components: tuple[str, ...] = ()


class StatusPage:
    """A page that cannot be read says nothing about its vendor: CheckerFailed."""

    def __init__(self, settings: PageSettings) -> None:
        for key in ("degraded_after_ms", "unhealthy_after_ms"):
            if getattr(settings, key) is not None:
                raise ConfigurationError(f"{key}: how fast the page is says nothing about its vendor")
        # Of what is no address the probe says so.
        with contextlib.suppress(ValueError):
            whole = urlsplit(settings.url).path not in ("", "/")
            settings = settings if whole else replace(settings, url=settings.url.rstrip("/") + SUMMARY)
        self._components = settings.components
        self._probe = Probe(settings)
        self.target = self._probe.target

    @property
    def phase(self) -> str:
        return self._probe.phase

    async def look(self) -> Outcome:
        try:
            return await self._read()
        finally:
            self._probe.forget()

    async def _read(self) -> Outcome:
        fetched = await self._probe.look()
        if fetched.status is Status.UNHEALTHY:
            raise CheckerFailed(f"the status page cannot be read: {fetched.text}")
        try:
            page = self._probe.answer.json()
            findings = self._of_components(page) if self._components else _of_all(page)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            reason = str(error) if isinstance(error, ValueError) else "not the format of statuspage.io"
            raise CheckerFailed(f"the status page cannot be read: {reason}") from None
        # The latency is the page's, not the vendor's.
        outcome = findings.outcome("all systems operational", None, fetched.metrics)
        return replace(outcome, text=self._probe.shown(outcome.text))

    def _of_components(self, page: Mapping[str, Any]) -> Findings:
        states = _states(page["components"])
        if unknown := [name for name in self._components if name not in states]:
            there = self._probe.shown(", ".join(sorted(map(str, states))))[:300]
            raise CheckerFailed(f"the status page knows no component {unknown[0]!r}; it has {there}")
        findings = Findings()
        for name in self._components:
            worst = max(states[name], key=_COMPONENTS.__getitem__)
            findings.add(_COMPONENTS[worst], f"{name}: {worst.replace('_', ' ')}")
        return findings


def _states(components: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """By name, and by ``GROUP / NAME``: groups may have components of one name."""
    groups = {one["id"]: one["name"] for one in components if one.get("group")}
    states: dict[str, list[str]] = {}
    for one in components:
        states.setdefault(one["name"], []).append(one["status"])
        if (group := groups.get(one.get("group_id"))) is not None:
            states.setdefault(f"{group} / {one['name']}", []).append(one["status"])
    return states


def _of_all(page: Mapping[str, Any]) -> Findings:
    findings = Findings()
    indicator, description = page["status"]["indicator"], str(page["status"]["description"])
    incidents = [str(one["name"]) for one in page.get("incidents", ()) if one.get("status") != "resolved"]
    about = f": {'; '.join(incidents[:3])}" if incidents else ""
    findings.add(_INDICATORS[indicator], f"{description} ({indicator}){about}")
    return findings
