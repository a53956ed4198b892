"""The facts of one tenant and period, out of the store: what was known at an instant, and nothing later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tenantwatch_collector.health import Change, Group, default_group, known_history
from tenantwatch_collector.reports.agreements import UNITS, correction_of, versions_of, windows_known
from tenantwatch_collector.reports.counting import counts_of
from tenantwatch_collector.reports.exported import DatedTerms, Export
from tenantwatch_collector.reports.subject import AnnouncedWindow
from tenantwatch_collector.sla.contract import ContractVersion, Tier, terms_of, versions_known
from tenantwatch_collector.sla.corrections import corrections_known
from tenantwatch_collector.sla.evaluate import Facts, counted_spans
from tenantwatch_collector.sla.parts import Version, split_period
from tenantwatch_collector.sla.periods import Period
from tenantwatch_collector.sla.terms import CheckTerms
from tenantwatch_collector.store.base import KnownChange, Store, Tenant, TenantCheck

LEAD_US = 35 * 86_400 * UNITS
"""How far before a period windows are looked for: burn rates and open incidents reach back."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """All that a judgement of one tenant and period needs; instants in microseconds."""

    contracts: Sequence[ContractVersion]
    versions: Sequence[Version]
    facts: Facts
    windows: Sequence[AnnouncedWindow]
    log: Mapping[str, Sequence[tuple[int, Change]]]
    """Every change with the instant at which it became known, by check, in the order of knowing."""


async def load(
    store: Store,
    tenant: Tenant,
    period: Period,
    as_of_us: int,
    tier: Tier | None = None,
    steps: Sequence[Period] = (),
) -> Loaded:
    """Everything known at ``as_of_us``; on another ``tier``, if given, than agreed. ``steps`` are
    counted apart."""
    key = tenant.tenant_key
    contracts = versions_known(versions_of(tenant, await store.contracts(key)), as_of_us)
    if tier is not None:
        contracts = [replace(contracts[0], contract=contracts[-1].contract.on_tier(tier))]
    checks = {check.check_key: check for check in await store.tenant_checks(key)}
    # Up to the instant asked for, not the period's end: burn rates are of that instant.
    log = await store.change_log(key, as_of_us + 1, as_of_us)
    by_check = _by_check(checks.values(), log)
    changes = {name: known_history(found, as_of_us) for name, found in by_check.items()}
    members = [_member(check, changes[name_of(check)]) for check in checks.values()]
    groups = _groups(checks.values())
    begin = _begin(tenant, contracts, changes)
    versions = terms_of(contracts, members, groups, begin, UNITS)
    windows = windows_known(await store.windows(key), (period.start - LEAD_US, as_of_us), as_of_us)
    corrections = [correction_of(record) for record in await store.corrections(key)]
    facts = Facts(
        changes,
        maintenance=[each.window for each in windows],
        corrections=corrections_known(corrections, as_of_us),
    )
    parts = [counted_spans(terms, facts, part, as_of_us) for terms, part in split_period(period, versions)]
    names = {check_key: name_of(check) for check_key, check in checks.items()}
    borders = [step.start for step in steps]
    measured, rollups = await counts_of(store, key, names, parts, as_of_us, borders)
    return Loaded(contracts, versions, replace(facts, measured=measured, rollups=rollups), windows, by_check)


def export_of(tenant_id: str, loaded: Loaded) -> Export:
    """All that was loaded but the results; of rollups those whose results are gone."""
    rollups = loaded.facts.rollups
    raw_from = rollups.raw_from
    terms = zip(loaded.contracts, loaded.versions, strict=True)
    return Export(
        tenant_id,
        UNITS,
        windows=list(loaded.windows),
        corrections=list(loaded.facts.corrections),
        terms=[DatedTerms(v.in_force_from, c.recorded_at, v.terms) for c, v in terms],
        changes={name: list(known) for name, known in loaded.log.items()},
        sums={
            name: [bucket for bucket in found if bucket.start < raw_from]
            for name, found in rollups.buckets.items()
        }
        if raw_from
        else {},
        raw_from=raw_from,
    )


def name_of(check: TenantCheck) -> str:
    """A check's name within its tenant, the same whatever other agents come."""
    return f"{check.agent_id}/{check.check_id}"


def _by_check(
    checks: Iterable[TenantCheck], log: Sequence[KnownChange]
) -> dict[str, Sequence[tuple[int, Change]]]:
    by_key: defaultdict[int, list[tuple[int, Change]]] = defaultdict(list)
    for known in log:
        by_key[known.check_key].append((known.known_at_us, Change(known.time_us, known.level)))
    return {name_of(check): by_key[check.check_key] for check in checks}


def _member(check: TenantCheck, changes: Sequence[Change]) -> CheckTerms:
    """A member since it was defined, or since its first result if that was kept from an earlier time."""
    starts = [change.time for change in changes[:1]]
    starts += [] if check.active_since_us is None else [check.active_since_us]
    return CheckTerms(
        name_of(check),
        check.group,
        check.confirm_failures,
        check.confirm_successes,
        check.stale_after_ms * 1000,
        min(starts, default=None),
        check.active_until_us,
    )


def _groups(checks: Iterable[TenantCheck]) -> list[Group]:
    kinds: defaultdict[str, set[str]] = defaultdict(set)
    for check in checks:
        kinds[check.group].add(check.kind)
    return [default_group(name, found) for name, found in sorted(kinds.items())]


def _begin(
    tenant: Tenant, contracts: Sequence[ContractVersion], changes: Mapping[str, Sequence[Change]]
) -> int:
    """When the contract began: as it says, else when the tenant was created or the first result is from."""
    for version in contracts:
        if version.contract.effective_from is not None:
            return int(version.contract.effective_from.timestamp() * UNITS)
    return min([tenant.created_at_us, *(found[0].time for found in changes.values() if found)])
