"""Stored agreements in the words of the SLA room: contract versions, windows written out, corrections."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from tenantwatch_collector.reports.subject import AnnouncedWindow
from tenantwatch_collector.sla.classes import TimeClass
from tenantwatch_collector.sla.contract import Contract, ContractVersion
from tenantwatch_collector.sla.corrections import Correction
from tenantwatch_collector.sla.local_time import LocalTime
from tenantwatch_collector.sla.masks import Maintenance
from tenantwatch_collector.sla.recurrence import Recurrence, expand
from tenantwatch_collector.sla.recurrence_rule import RuleError
from tenantwatch_collector.sla.spans import Span
from tenantwatch_collector.store.base import ContractRecord, CorrectionRecord, Tenant, WindowRecord

UNITS = 1_000_000
"""The running system counts in microseconds."""
MAX_WINDOWS = 300_000


def versions_of(tenant: Tenant, records: Sequence[ContractRecord]) -> list[ContractVersion]:
    """The tenant's versions; the first is the tier that it was created with, from the beginning of time."""
    return [_created_on(tenant.tier), *(version_of(record) for record in records)]


@lru_cache(maxsize=64)
def _created_on(tier: str) -> ContractVersion:
    known = tier if tier in ("basic", "professional", "enterprise") else "professional"
    created = Contract.model_validate({"tier": known})
    return ContractVersion(0, -(2**62), created, -(2**62), "tenantwatch", "the tier at creation")


def version_of(record: ContractRecord) -> ContractVersion:
    return ContractVersion(
        record.number,
        record.in_force_from_us,
        _written(record.contract),
        record.recorded_at_us,
        record.author,
        record.reason,
    )


@lru_cache(maxsize=1024)
def _written(contract: str) -> Contract:
    return Contract.model_validate_json(contract)


def local_time_of(versions: Sequence[ContractVersion]) -> LocalTime:
    """The tenant's, to the second from which on a zone is in force; versions are in order of beginning."""
    zones = [(-(-each.in_force_from // UNITS), ZoneInfo(each.contract.timezone)) for each in versions]
    return LocalTime(zones)


def beginning_of(tenant: Tenant, agreed_us: int | None, measured_us: int | None) -> int:
    """When the contract began: as it was agreed, else when the tenant was created or the first result is
    from, whichever came first."""
    if agreed_us is not None:
        return agreed_us
    return tenant.created_at_us if measured_us is None else min(tenant.created_at_us, measured_us)


def windows_known(records: Sequence[WindowRecord], within: Span, as_of_us: int) -> list[AnnouncedWindow]:
    """The windows that touch ``within`` (microseconds), as they were known at ``as_of_us``. Raises RuleError
    where there are too many.

    One that was over before it was announced is none: what is announced today changes no report of the past.
    """
    found: list[AnnouncedWindow] = []
    for record in records:
        if record.announced_at_us > as_of_us:
            continue
        found += [
            AnnouncedWindow(
                cancelled_by(replace(window, cancelled_at=record.cancelled_at_us), as_of_us), record.reason
            )
            for window in _written_out(record, within)
            if record.announced_at_us < window.end
        ]
        if len(found) > MAX_WINDOWS:
            raise RuleError(f"more than {MAX_WINDOWS} windows at once: ask for a shorter time")
    return found


def cancelled_by(window: Maintenance, as_of: int) -> Maintenance:
    """The window as it was known then. Who cancels a series changes nothing of what is over."""
    cancelled = window.cancelled_at
    known = cancelled is not None and cancelled <= as_of and cancelled < window.end
    return window if known else replace(window, cancelled_at=None)


def correction_of(record: CorrectionRecord) -> Correction:
    return Correction(
        record.number,
        record.from_us,
        record.to_us,
        TimeClass(record.counts_as),
        record.reason,
        record.author,
        record.entered_at_us,
        record.approver,
        record.approved_at_us,
    )


def recurrence_to_json(recurring: Recurrence) -> str:
    return json.dumps(
        {
            "rule": recurring.rule,
            "first": recurring.first.isoformat(),
            "duration_s": recurring.duration_seconds,
            "timezone": recurring.zone,
            "exdates": sorted(each.isoformat() for each in recurring.excluded),
        }
    )


def recurrence_of(record: WindowRecord) -> Recurrence:
    """The series that a record with a rule is."""
    written: dict[str, Any] = json.loads(record.recurrence)
    return Recurrence(
        written["rule"],
        datetime.fromisoformat(written["first"]),
        written["duration_s"],
        written["timezone"],
        None if record.checks is None else frozenset(record.checks),
        record.announced_at_us,
        excluded=frozenset(datetime.fromisoformat(each) for each in written.get("exdates", ())),
    )


def _written_out(record: WindowRecord, within: Span) -> list[Maintenance]:
    if not record.recurrence:
        assert record.from_us is not None
        assert record.to_us is not None
        checks = None if record.checks is None else frozenset(record.checks)
        window = Maintenance(record.from_us, record.to_us, checks, record.announced_at_us)
        return [window] if window.start < within[1] and window.end > within[0] else []
    recurring = recurrence_of(record)
    # Those that were over before the announcement are none, however many the rule has had.
    seconds = max(within[0], record.announced_at_us) // UNITS, -(-within[1] // UNITS)
    return [
        replace(window, start=window.start * UNITS, end=window.end * UNITS)
        for window in expand(recurring, seconds)
    ]
