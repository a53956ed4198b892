"""Operations on rules about metrics. A tenant sees the rules that name it, and no others."""

from __future__ import annotations

import difflib
import re
import secrets
import time
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from tenantwatch_collector.access.permissions import Permission
from tenantwatch_collector.alerts.builtin import BUILT_IN, ON_METRICS, PREFIX
from tenantwatch_collector.alerts.condition import LATENCY, Condition, CustomRule
from tenantwatch_collector.api.alerting import NewRule, RuleBody, RuleList, RuleView
from tenantwatch_collector.api.models import instant
from tenantwatch_collector.api.operation import demands
from tenantwatch_collector.api.pages import Page
from tenantwatch_collector.api.recording import recorded
from tenantwatch_collector.errors import Conflict, NotFound, RefusedForEver
from tenantwatch_collector.identity import Caller, reachable_tenant
from tenantwatch_collector.store.base import Store, StoredRule

MAX_RULES = 1_000
MAX_OF_TENANT = 100
"""That a tenant may make for itself."""


class Rules:
    """A rule is in force within two seconds; the alerts of one that is changed or removed end.

    The platform's callers see the built-in rules on metrics as well, and can put one of their own in a
    built-in's place; removed, it gives way to the built-in again.
    """

    def __init__(self, store: Store, off: Collection[str] = ()) -> None:
        self._store = store
        self._off = off

    @demands(Permission.MONITORING_READ)
    async def list(self, caller: Caller, page: Page) -> RuleList:
        kept = [_view(rule) for rule in await self._reachable(caller)]
        changed = {rule.rule_id for rule in kept}
        shipped = [rule for rule in self._shipped(caller) if rule.rule_id not in changed]
        rules = sorted([*kept, *shipped], key=lambda rule: rule.rule_id)
        found, following = page.of(rules, lambda rule: rule.rule_id)
        return RuleList(rules=[*found], next_cursor=following)

    @demands(Permission.MONITORING_READ)
    async def get(self, caller: Caller, rule_id: str) -> RuleView:
        try:
            return _view(await self._rule(caller, rule_id))
        except NotFound:
            for rule in self._shipped(caller):
                if rule.rule_id == rule_id:
                    return rule
            raise

    @demands(Permission.MONITORING_WRITE)
    async def create(self, caller: Caller, new: NewRule) -> RuleView:
        """Make a rule; Conflict if there is one of its id."""
        rule_id = new.rule_id or _made_up(new.metric)
        rules = await self._store.alert_rules()
        _refuse_beyond_tenant(caller, new, rules)
        if rule_id in ON_METRICS or any(rule.rule_id == rule_id for rule in rules):
            raise Conflict(f"there is a rule {rule_id!r} already: change it with PUT")
        if len(rules) >= MAX_RULES:
            raise RefusedForEver(f"there may be {MAX_RULES} rules: remove some")
        return await self._keep(caller, rule_id, new, None)

    @demands(Permission.MONITORING_WRITE)
    async def replace(self, caller: Caller, rule_id: str, new: RuleBody) -> RuleView:
        """Change a rule; who made it and when stays."""
        try:
            kept = await self._rule(caller, rule_id)
        except NotFound:
            if rule_id not in ON_METRICS or caller.tenant is not None:
                raise
            return await self._keep(caller, rule_id, new, None)
        return await self._keep(caller, rule_id, new, kept)

    @demands(Permission.MONITORING_WRITE)
    async def remove(self, caller: Caller, rule_id: str) -> None:
        try:
            kept = await self._rule(caller, rule_id)
        except NotFound:
            if rule_id in ON_METRICS and caller.tenant is None:
                raise RefusedForEver(f"{rule_id} is built in: PUT it with enabled false") from None
            raise
        tenant = None if kept.tenant_id is None else await self._store.tenant(kept.tenant_id)
        async with recorded(self._store, caller, "rule.remove", rule_id, tenant) as record:
            record.before = _view(kept)
            if not await record.store.remove_alert_rule(rule_id):
                raise NotFound(_missing(rule_id))

    async def _keep(self, caller: Caller, rule_id: str, new: RuleBody, before: StoredRule | None) -> RuleView:
        tenant = None
        if new.tenant_id is not None:
            tenant = await reachable_tenant(self._store, caller, new.tenant_id)
        elif caller.tenant is not None:
            raise RefusedForEver(f"tenant_id: write {caller.tenant.tenant_id}; your rules are for it alone")
        try:
            rule = _rule_of(rule_id, new)
        except ValueError as error:
            raise RefusedForEver(str(error)) from error
        try:
            await demand_metric(self._store, rule)
        except NotFound as error:
            raise RefusedForEver(f"metric: {error}") from error
        made = (time.time_ns() // 1000, caller.subject)
        if before is not None:
            made = before.created_at_us, before.created_by
        kept = StoredRule(rule_id, rule.tenant, rule.tier, rule.definition(), *made)
        action = "rule.create" if before is None else "rule.replace"
        async with recorded(self._store, caller, action, rule_id, tenant) as record:
            record.before, record.after = None if before is None else _view(before), _view(kept)
            await record.store.put_alert_rule(kept)
        return _view(kept)

    async def _rule(self, caller: Caller, rule_id: str) -> StoredRule:
        for rule in await self._reachable(caller):
            if rule.rule_id == rule_id:
                return rule
        raise NotFound(_missing(rule_id))

    async def _reachable(self, caller: Caller) -> Sequence[StoredRule]:
        return await self._store.alert_rules(caller.tenant_key)

    def _shipped(self, caller: Caller) -> Iterator[RuleView]:
        if caller.tenant is None:
            for each in BUILT_IN:
                for rule in each.rules:
                    yield _shown(rule, each.name not in self._off, None, "")


def _refuse_beyond_tenant(caller: Caller, new: NewRule, rules: Sequence[StoredRule]) -> None:
    """A tenant can neither take all the room for rules, nor find out the names of others' rules."""
    if caller.tenant is None:
        return
    own = caller.tenant.tenant_id
    if new.rule_id is not None and not new.rule_id.startswith(f"{own}-"):
        raise RefusedForEver(f"rule_id: begin it with {own}-, or leave it out")
    if sum(rule.tenant_id == own for rule in rules) >= MAX_OF_TENANT:
        raise RefusedForEver(f"a tenant may have {MAX_OF_TENANT} rules: remove some")


async def demand_metric(store: Store, rule: CustomRule) -> None:
    """A rule on what nobody measures would be silent for ever. Raises NotFound with what is near."""
    built_in = ON_METRICS.get(rule.rule_id)
    if rule.metric == LATENCY or (built_in is not None and built_in.metric == rule.metric):
        return
    there_are = await store.metric_names(rule.tenant)
    if rule.metric in there_are:
        return
    near = difflib.get_close_matches(rule.metric, [*there_are, LATENCY], 3)
    hint = (
        f"; did you mean {' or '.join(near)}?"
        if near
        else f"; there are {', '.join([LATENCY, *there_are[:50]])}"
    )
    raise NotFound(f"no check has measured {rule.metric!r}{hint}")


def checked(
    rule_id: str, tenant_id: str | None, threshold: float | None, condition: Condition, told: dict[str, Any]
) -> CustomRule:
    """The rule that a caller describes, as part of a built-in's alert if it takes its place.

    Raises ValueError that says what is wrong.
    """
    if rule_id.startswith(PREFIX) and rule_id not in ON_METRICS:
        raise ValueError(f"rule_id: {PREFIX} begins built-in rules: {', '.join(ON_METRICS)}")
    if condition is Condition.ABSENT:
        if threshold:
            raise ValueError("threshold: leave it out, absent compares nothing")
    elif threshold is None:
        raise ValueError("threshold: write a number")
    built_in = ON_METRICS.get(rule_id)
    shared = built_in.shared_type if built_in is not None and built_in.metric == told["metric"] else ""
    return CustomRule(
        rule_id=rule_id, tenant=tenant_id, threshold=threshold or 0.0, condition=condition,
        shared_type=shared, **told,
    )  # fmt: skip


def _rule_of(rule_id: str, new: RuleBody) -> CustomRule:
    told = new.model_dump(exclude={"rule_id", "tenant_id", "threshold", "condition"})
    return checked(rule_id, new.tenant_id, new.threshold, new.condition, told)


def _missing(rule_id: str) -> str:
    return f"there is no rule {rule_id!r} that you can reach"


def _made_up(metric: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", metric.lower()).strip("-")[:50]
    return f"{slug or 'rule'}-{secrets.token_hex(4)}"


def _view(kept: StoredRule) -> RuleView:
    rule = CustomRule.defined(kept.rule_id, kept.tenant_id, kept.tier, kept.definition)
    return _shown(rule, rule.enabled, instant(kept.created_at_us), kept.created_by)


def _shown(rule: CustomRule, enabled: bool, created_at: datetime | None, created_by: str) -> RuleView:
    return RuleView.model_validate(
        {
            **{name: getattr(rule, name) for name in RuleBody.model_fields if name != "tenant_id"},
            "threshold": None if rule.condition is Condition.ABSENT else rule.threshold,
            "tenant_id": rule.tenant,
            "rule_id": rule.rule_id,
            "enabled": enabled,
            "built_in": rule.rule_id in ON_METRICS,
            "created_at": created_at,
            "created_by": created_by,
        }
    )
