"""Keeps service levels in view: budgets, burn rates and violations of the running month, as findings.

A tenant whose checks changed is judged within a second; all others in turns, so that even many of them cost
little. What was found goes to the alerts as conditions that hold or do not.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from zoneinfo import ZoneInfo

from tenantwatch_collector.alerts.rule import Severity
from tenantwatch_collector.reports.agreements import UNITS, versions_of
from tenantwatch_collector.reports.loading import load
from tenantwatch_collector.reports.naming import named_period
from tenantwatch_collector.reports.words import duration
from tenantwatch_collector.signal import Signal
from tenantwatch_collector.sla.availability import BurnAnswer, count
from tenantwatch_collector.sla.classes import Stretch, TimeClass, tally
from tenantwatch_collector.sla.contract import versions_known
from tenantwatch_collector.sla.evaluate import Evaluation, lay_out
from tenantwatch_collector.sla.judged import judge
from tenantwatch_collector.sla.life import time_to_breach
from tenantwatch_collector.sla.rounding import decimal_text, floor_text, half_even_text
from tenantwatch_collector.store.base import Store, StoreUnavailable, Tenant

VIOLATION, BURN_RATE = "sla_violation", "burn_rate"
LOOKS_FOR_A_MEAN = 100
_PAUSE_SECONDS = 1.0
_TURN_SECONDS = 300.0
"""Within this time every tenant is judged once, whether anything changed or not."""
_AT_ONCE = 50

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether one condition of one tenant holds; ``text`` is for people."""

    tenant_key: int
    alert_type: str
    rule_id: str
    severity: Severity
    holds: bool
    label: str
    text: str


class LevelEngine:
    """Start once, stop as often as you like. ``judged`` fires when changes may have been found."""

    def __init__(self, store: Store, judged: Signal, found: Callable[[Sequence[Finding]], None]) -> None:
        self._store = store
        self._judged = judged
        self._found = found
        self.compliance: dict[str, bool | None] = {}
        """By tenant_id: whether the running month keeps its level so far; None where nothing counts yet."""
        self.scores: dict[str, float | None] = {}
        """By tenant_id: the running month's health score so far."""
        self._known_until_us = 0
        self._waiting: list[int] = []
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._known_until_us = time.time_ns() // 1000
        self._task = asyncio.create_task(self._run(), name="service levels")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def _run(self) -> None:
        while True:
            seen = self._judged.count
            try:
                await self._pass()
            except StoreUnavailable as error:
                log.error("service levels wait: %s", error)
            await asyncio.sleep(_PAUSE_SECONDS)
            await self._judged.wait_beyond(seen, _PAUSE_SECONDS)

    async def _pass(self) -> None:
        """The tenants with something new, and some of the others, whose turn it is."""
        tenants = {tenant.tenant_key: tenant for tenant in await self._store.tenants()}
        changed = []
        for tenant_key, _, known_at_us in await self._store.changed_since(self._known_until_us):
            changed.append(tenant_key)
            self._known_until_us = max(self._known_until_us, known_at_us)
        for tenant_key in dict.fromkeys([*changed, *self._turn(list(tenants))]):
            if tenant_key in tenants:
                await self._judge_alone(tenants[tenant_key])

    def _turn(self, tenant_keys: list[int]) -> list[int]:
        if not self._waiting:
            self._waiting = tenant_keys[::-1]
        share = -(-len(tenant_keys) * _PAUSE_SECONDS // _TURN_SECONDS)
        return [self._waiting.pop() for _ in range(min(int(share), _AT_ONCE, len(self._waiting)))]

    async def _judge_alone(self, tenant: Tenant) -> None:
        try:
            await self._judge(tenant)
        except StoreUnavailable:
            raise
        except Exception:
            # One tenant's broken facts must not blind us to all others.
            log.exception("the service level of tenant %s cannot be judged", tenant.tenant_id)
            self.compliance[tenant.tenant_id] = self.scores[tenant.tenant_id] = None

    async def _judge(self, tenant: Tenant) -> None:
        as_of_us = time.time_ns() // 1000
        contracts = versions_known(
            versions_of(tenant, await self._store.contracts(tenant.tenant_key)), as_of_us
        )
        zone = ZoneInfo([c for c in contracts if c.in_force_from <= as_of_us][-1].contract.timezone)
        named = named_period("monthly", None, 1, zone, as_of_us // UNITS)
        period = named.period.in_units(UNITS)
        loaded = await load(self._store, tenant, period, as_of_us)
        judged = await asyncio.to_thread(judge, loaded.versions, loaded.facts, period, as_of_us)
        part = judged.parts[-1]
        stretches = lay_out(part.terms, loaded.facts, part.period, as_of_us)
        self.compliance[tenant.tenant_id] = judged.whole.compliant
        score = judged.whole.health_score
        self.scores[tenant.tenant_id] = None if score is None else float(half_even_text(score, 1))
        self._found(list(findings_of(tenant.tenant_key, judged.whole, stretches, named.label)))


def findings_of(
    tenant_key: int, whole: Evaluation, stretches: Sequence[Stretch], label: str
) -> Iterator[Finding]:
    """Every condition of a running period, each true only once it can no longer be talked away."""
    left = time_to_breach(whole, list(stretches), 3600 * whole.terms.units_per_second)
    for name, holds in _missed(whole).items():
        text = _violation_text(name, whole) if holds else ""
        yield Finding(tenant_key, VIOLATION, f"sla-{name}", Severity.ERROR, holds, label, text)
    for number, answer in enumerate(whole.burn):
        severity = Severity(answer.rule.severity)
        holds = answer.firing and _is_spent(answer, whole, stretches)
        text = _burn_text(answer, left, whole.terms.units_per_second) if holds else ""
        yield Finding(tenant_key, BURN_RATE, f"burn-{number}", severity, holds, label, text)


def _missed(whole: Evaluation) -> dict[str, bool]:
    """A short outage, one error or one slow look on the first of the month is not yet a breach: availability
    is missed once the whole period's budget is spent, errors once they are more than the whole period allows
    at the present pace, and a mean counts from a hundred looks on."""
    traffic, targets = whole.traffic, whole.terms.targets
    in_scope = sum(whole.seconds.values()) - whole.seconds[TimeClass.OUT_OF_SCOPE]
    to_come = max(0, whole.period.end - whole.eval_end)
    allowed = targets.error_rate_percentage * traffic.total * (in_scope + to_come)
    return {
        "availability": whole.budget.remaining < 0,
        "response_time": "response_time" in whole.violations and traffic.latency.count >= LOOKS_FOR_A_MEAN,
        "error_rate": "error_rate" in whole.violations and 100 * traffic.errors * in_scope > allowed,
        "recovery_time": "recovery_time" in whole.violations,
    }


def _is_spent(answer: BurnAnswer, whole: Evaluation, stretches: Sequence[Stretch]) -> bool:
    """Whether that much of the budget is really gone. A window of which little was measured has a high rate
    after seconds of trouble, and nobody is woken for seconds."""
    window = whole.eval_end - answer.rule.long, whole.eval_end
    down = count(tally(stretches, window), whole.terms.policies).down
    burn = whole.terms.burn
    assert burn is not None
    budget = whole.terms.targets.allowed_down * burn.slo_period
    return down > budget * answer.rule.budget_pct / 100


def _violation_text(name: str, whole: Evaluation) -> str:
    targets, traffic = whole.terms.targets, whole.traffic
    if name == "availability":
        over = duration(float(-whole.budget.remaining / whole.terms.units_per_second))
        agreed = decimal_text(targets.availability_percentage)
        return f"the error budget of {agreed} % is overdrawn by {over}"
    if name == "response_time":
        mean = half_even_text(traffic.latency.mean_ms() or Fraction(0), 1)
        return f"mean response {mean} ms, agreed {decimal_text(targets.response_time_ms)} ms"
    if name == "error_rate":
        rate = half_even_text(traffic.error_rate or Fraction(0), 4)
        return f"error rate {rate} %, agreed {decimal_text(targets.error_rate_percentage)} %"
    longest = max(incident.downtime for incident in whole.incidents) / whole.terms.units_per_second
    return f"an outage of {duration(longest)}, agreed {decimal_text(targets.recovery_time_minutes)} min"


def _burn_text(answer: BurnAnswer, left: Fraction | None, units: int) -> str:
    rate = "without limit" if answer.long.unlimited else f"{floor_text(answer.long.rate or Fraction(0), 1)} x"
    window = duration(answer.rule.long / units)
    text = f"the error budget burns {rate} too fast over {window}"
    if left is None:
        return text
    return f"{text}; " + (
        f"at the present rate it is spent in {duration(float(left / units))}" if left else "it is spent"
    )
