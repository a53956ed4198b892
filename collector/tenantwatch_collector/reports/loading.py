"""The facts of one tenant and period, out of the store: what was known at an instant, and nothing later."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from tenantwatch_collector.errors import RefusedForEver
from tenantwatch_collector.health import Change, known_history, with_silences
from tenantwatch_collector.reports.agreements import (
    UNITS,
    beginning_of,
    correction_of,
    versions_of,
    windows_known,
)
from tenantwatch_collector.reports.counting import Counting
from tenantwatch_collector.reports.exported import LEAD_SECONDS, DatedTerms, Export
from tenantwatch_collector.reports.members import members_by_time, name_of, places_of
from tenantwatch_collector.reports.opened import WIDTHS_S, Opened
from tenantwatch_collector.reports.requested import requests_of
from tenantwatch_collector.reports.subject import AnnouncedWindow
from tenantwatch_collector.sla.beginning import agreed_beginning
from tenantwatch_collector.sla.classes import Stretch
from tenantwatch_collector.sla.contract import ContractVersion, Tier, terms_of, versions_known
from tenantwatch_collector.sla.corrections import corrections_known
from tenantwatch_collector.sla.facts import Facts
from tenantwatch_collector.sla.judged import lay_out_parts
from tenantwatch_collector.sla.parts import Version
from tenantwatch_collector.sla.periods import Period
from tenantwatch_collector.sla.recurrence_rule import RuleError
from tenantwatch_collector.sla.spans import Span
from tenantwatch_collector.sla.terms import Terms
from tenantwatch_collector.sla.traffic import Unmasked
from tenantwatch_collector.store.base import KnownChange, Tenant, TenantCheck, WindowRecord

LEAD_US = LEAD_SECONDS * UNITS
_DAY_US = WIDTHS_S[0] * UNITS


@dataclass(frozen=True, slots=True)
class Loaded:
    """All that a judgement of one tenant and period needs; instants in microseconds."""

    contracts: Sequence[ContractVersion]
    agreed: Sequence[ContractVersion]
    """Those too that others took the place of before they began, as they were recorded."""
    checks: Sequence[TenantCheck]
    versions: Sequence[Version]
    facts: Facts
    windows: Sequence[AnnouncedWindow]
    laid_out: Sequence[tuple[Terms, Period, list[Stretch]]]
    """The period's parts with their timelines."""
    log: Mapping[str, Sequence[tuple[int, Change]]]
    """Every change with the instant at which it became known, by check, in the order of knowing."""
    known_us: int = 0
    """When the newest of the results arrived that make the period what it is."""


async def load(
    opened: Opened,
    tenant: Tenant,
    period: Period,
    as_of_us: int,
    tier: Tier | None = None,
    cuts: Sequence[int] = (),
    by_check: bool = False,
) -> Loaded:
    """Everything known at ``as_of_us``; on another ``tier``, if given, than agreed: each part of the period
    keeps its own hours, policies and credits, and gets the targets of that tier.

    ``cuts`` are those of the trend that will be made of it; ``by_check`` tells every check apart.
    """
    found = opened.facts[tenant.tenant_key]
    agreed = [each for each in versions_of(tenant, found.contracts) if each.recorded_at <= as_of_us]
    contracts = versions_known(agreed, as_of_us)
    if tier is not None:
        contracts = [replace(each, contract=each.contract.on_tier(tier)) for each in contracts]
    log = _by_check(found.checks, found.log, as_of_us)
    changes = {name: known_history(known, as_of_us) for name, known in log.items()}
    members = members_by_time(contracts, found.checks, changes)
    begin = _begin(tenant, agreed, changes)
    versions = terms_of(contracts, [(each.checks, each.groups) for _, each in members], begin, UNITS)
    windows = await _windows(found.windows, (period.start - LEAD_US, as_of_us), as_of_us)
    corrections = [correction_of(record) for record in found.corrections]
    facts = Facts(
        changes,
        maintenance=[each.window for each in windows],
        corrections=corrections_known(corrections, as_of_us),
    )
    laid_out = lay_out_parts(versions, facts, period, as_of_us)
    places = places_of(members)
    counted = [_counted(stretches, part, as_of_us) for _, part, stretches in laid_out]
    pieces = pieces_of(counted, [*cuts, *cuts_at(places.borders)])
    counting = Counting(opened, tenant.tenant_key, members[-1][1].names, places, as_of_us, by_check)
    measured, rollups = await counting.count(pieces)
    by_look = any(terms.slices is not None for terms, _, _ in laid_out)
    requests = await requests_of(counting, pieces, by_look)
    facts = replace(facts, measured=measured, rollups=rollups, requests=requests)
    known_us = max(counting.known_us, _changes_known_us(log, period))
    return Loaded(contracts, agreed, found.checks, versions, facts, windows, laid_out, log, known_us)


def _changes_known_us(log: Mapping[str, Sequence[tuple[int, Change]]], period: Period) -> int:
    """When the newest of the period's changes became known, those included that it begins with."""
    return max((at for known in log.values() for at, change in known if change.time < period.end), default=0)


async def _windows(records: Sequence[WindowRecord], within: Span, as_of_us: int) -> Sequence[AnnouncedWindow]:
    """Rules are written out in a thread: a rare one is looked for through years."""
    if not any(record.recurrence for record in records):
        return windows_known(records, within, as_of_us)
    try:
        return await asyncio.to_thread(windows_known, records, within, as_of_us)
    except RuleError as error:
        raise RefusedForEver(f"windows that come again, from the period until now: {error}") from error


def export_of(tenant: Tenant, loaded: Loaded, as_of_us: int) -> Export:
    """All that was loaded but the results; of rollups those whose results are gone."""
    rollups = loaded.facts.rollups
    raw_from = rollups.raw_from
    requests = loaded.facts.requests
    return Export(
        tenant.tenant_id,
        UNITS,
        windows=list(loaded.windows),
        corrections=list(loaded.facts.corrections),
        requests=None if requests is None else list(requests),
        terms=_dated_terms(tenant, loaded),
        changes={name: list(known) for name, known in loaded.log.items()},
        sums={
            name: [bucket for bucket in found if bucket.start < raw_from]
            for name, found in rollups.buckets.items()
        }
        if raw_from
        else {},
        raw_from=raw_from,
        as_of=as_of_us,
    )


def _dated_terms(tenant: Tenant, loaded: Loaded) -> list[DatedTerms]:
    """Every version that was recorded, with the beginning that was agreed by then."""
    found = []
    members = members_by_time(loaded.agreed, loaded.checks, loaded.facts.changes)
    for number, (each, (_, its)) in enumerate(zip(loaded.agreed, members, strict=True), 1):
        begin = _begin(tenant, loaded.agreed[:number], loaded.facts.changes)
        (version,) = terms_of([each], [(its.checks, its.groups)], begin, UNITS)
        found.append(DatedTerms(each.in_force_from, each.recorded_at, version.terms))
    return found


def cuts_of(steps: Iterable[Period]) -> list[int]:
    """Where the steps of a trend cut time."""
    return cuts_at({border for step in steps for border in (step.start, step.end)})


def cuts_at(borders: Iterable[int]) -> list[int]:
    """Not at a UTC day's end, which no sum goes on over."""
    return [border for border in borders if border % _DAY_US]


def pieces_of(counted: Sequence[Sequence[Span]], cuts: Sequence[int]) -> list[Span]:
    """The time in which results count, of each part of the period, cut where sums must not go on."""
    cuts = sorted(set(cuts))
    return [piece for part in counted for low, high in part for piece in _cut(low, high, cuts)]


def _cut(low: int, high: int, borders: Sequence[int]) -> list[Span]:
    inside = borders[bisect_right(borders, low) : bisect_left(borders, high)]
    ends = [low, *inside, high]
    return list(pairwise(ends))


def _counted(stretches: Sequence[Stretch], part: Period, as_of_us: int) -> list[Span]:
    """The time of the part in which results count: what nothing masks."""
    return Unmasked(stretches, (part.start, max(part.start, min(part.end, as_of_us)))).spans()


def _by_check(
    checks: Iterable[TenantCheck], log: Sequence[KnownChange], as_of_us: int
) -> dict[str, Sequence[tuple[int, Change]]]:
    """What was known then. A silence was, though the collector itself was away and noted it later."""
    by_key: defaultdict[int, list[tuple[int, Change]]] = defaultdict(list)
    for known in log:
        by_key[known.check_key].append((known.known_at_us, Change(known.time_us, known.level)))
    return {name_of(check): _known(by_key[check.check_key], as_of_us) for check in checks}


def _known(log: Sequence[tuple[int, Change]], as_of_us: int) -> list[tuple[int, Change]]:
    noted = [pair for pair in log if pair[0] <= as_of_us]
    if len(noted) == len(log):
        return noted
    return [pair for pair in with_silences(log) if pair[0] <= as_of_us]


def _begin(tenant: Tenant, agreed: Sequence[ContractVersion], changes: Mapping[str, Sequence[Change]]) -> int:
    measured_us = min((found[0].time for found in changes.values() if found), default=None)
    return beginning_of(tenant, agreed_beginning(agreed, UNITS), measured_us)
