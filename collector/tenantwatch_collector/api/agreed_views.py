"""What was agreed, announced and corrected, as callers are told it."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import datetime

from tenantwatch_collector.api.agreements import (
    CorrectionView,
    ResolutionView,
    TermsVersion,
    WindowView,
)
from tenantwatch_collector.api.models import instant
from tenantwatch_collector.reports.agreements import UNITS
from tenantwatch_collector.reports.effect import coming, effect_of
from tenantwatch_collector.reports.members import name_of
from tenantwatch_collector.sla.beginning import terms_before
from tenantwatch_collector.sla.contract import (
    ContractVersion,
)
from tenantwatch_collector.sla.grouping import group_of
from tenantwatch_collector.sla.resolution import resolution
from tenantwatch_collector.sla.written import written_targets
from tenantwatch_collector.store.base import (
    CorrectionRecord,
    TenantCheck,
    WindowRecord,
)

_FOR_EVER_BACK = -(2**62)


def version_view(version: ContractVersion) -> TermsVersion:
    first = version.in_force_from == _FOR_EVER_BACK
    return TermsVersion(
        number=version.number,
        in_force_from=None if first else instant(version.in_force_from),
        recorded_at=None if first else instant(version.recorded_at),
        author=version.author,
        reason=version.reason,
        contract=version.contract,
        targets=written_targets(version.contract.targets_in_force()),
    )


def resolution_view(version: ContractVersion, checks: Sequence[TenantCheck]) -> ResolutionView | None:
    active = [check for check in checks if check.active_until_us is None]
    chosen = version.contract.groups
    critical = [c for c in active if group_of(chosen, c.group, [c.kind]).role == "critical"]
    found = resolution(
        version.contract.targets_in_force(),
        {name_of(check): check.interval_ms / 1000 for check in critical},
        {name_of(check): check.confirm_failures for check in critical},
    )
    if found is None:
        return None
    return ResolutionView(
        coarsest_interval_s=found.coarsest_interval_s,
        shortest_outage_s=found.shortest_outage_s,
        step_pct=found.step_pct,
        warnings=found.warnings,
    )


def notes_on(versions: Sequence[ContractVersion]) -> list[str]:
    """Terms never begin in the past, also where the contract did."""
    before = terms_before(versions, UNITS)
    if before is None:
        return []
    begins, earlier = instant(before.begins).isoformat(), ", ".join(map(str, before.numbers))
    newest = versions[-1]
    return [
        f"the contract begins {begins}, and version {newest.number} is in force from"
        f" {instant(newest.in_force_from).isoformat()}: the time between is judged on the terms of"
        f" version {earlier}"
    ]


def window_view(record: WindowRecord, versions: Sequence[ContractVersion]) -> WindowView:
    effect = effect_of(record, versions)
    return WindowView(
        window_id=record.window_id,
        start=_maybe(record.from_us),
        end=_maybe(record.to_us),
        recurrence=json.loads(record.recurrence) if record.recurrence else None,
        checks=record.checks,
        reason=record.reason,
        author=record.author,
        announced_at=instant(record.announced_at_us),
        cancelled_at=_maybe(record.cancelled_at_us),
        counts=effect.counts,
        why=effect.why,
        next=_maybe(coming(record, time.time_ns() // 1000)),
    )


def correction_view(record: CorrectionRecord) -> CorrectionView:
    return CorrectionView(
        number=record.number,
        start=instant(record.from_us),
        end=instant(record.to_us),
        counts_as=record.counts_as,
        reason=record.reason,
        author=record.author,
        entered_at=instant(record.entered_at_us),
        approver=record.approver,
        approved_at=_maybe(record.approved_at_us),
    )


def _maybe(time_us: int | None) -> datetime | None:
    return None if time_us is None else instant(time_us)
