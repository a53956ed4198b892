"""The rules of classes and incidents, read word for word, one second at a time: what the sweep must equal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tenantwatch_collector.health import Change
from tenantwatch_collector.sla.masks import Maintenance
from tenantwatch_collector.sla.periods import Period
from tenantwatch_collector.sla.terms import CheckTerms, Terms
from tenantwatch_wire.records import Status

SEVERITY = {"up": 0, "degraded": 1, "down": 2}


@dataclass
class Second:
    letter: str
    """O, M, N, U, G or D."""
    real: str


def play(
    in_force: Callable[[int], Terms],
    changes: Mapping[str, Sequence[Change]],
    maintenance: Sequence[Maintenance],
    period: Period,
    as_of: int,
    begin: int,
) -> dict[int, Second]:
    spent = 0
    seconds = {}
    for now in range(begin, as_of):
        terms = in_force(now)
        allowance = terms.maintenance_allowance
        exists = terms.policies.maintenance != "ignore" and (allowance is None or spent < allowance)
        windows = [w for w in maintenance if exists and _holds(w, now, terms.maintenance_min_notice)]
        second = _second(terms, changes, windows, now)
        spent += second.letter == "M" and period.start <= now < period.end
        seconds[now] = second
    return seconds


def incidents(
    seconds: Mapping[int, Second], in_force: Callable[[int], Terms], period: Period, as_of: int
) -> list[tuple[int, int | None, int, int]]:
    """(start, end, downtime, downtime in the period)."""
    found: list[list[int]] = []
    open_now = False
    resolved: set[int] = set()
    end = min(period.end, as_of)
    for now, second in seconds.items():
        if now >= end:
            break
        degraded = in_force(now).policies.degraded
        if second.letter == "D" or (second.letter == "G" and degraded == "down"):
            if not open_now:
                found.append([now, now, 0, 0])
            open_now = True
            found[-1][1] = now + 1
            found[-1][2] += 1
            found[-1][3] += period.start <= now
        elif second.real == "up" or (second.real == "degraded" and degraded == "up"):
            if open_now:
                resolved.add(found[-1][0])
            open_now = False
    return [(s, e if s in resolved else None, down, inside) for s, e, down, inside in found if inside]


def _holds(window: Maintenance, now: int, notice: int) -> bool:
    in_time = window.announced_at is None or window.announced_at <= window.start - notice
    end = window.end if window.cancelled_at is None else min(window.end, window.cancelled_at)
    return in_time and window.start <= now < end


def _second(
    terms: Terms, changes: Mapping[str, Sequence[Change]], windows: Sequence[Maintenance], now: int
) -> Second:
    dropped = {check_id for window in windows for check_id in window.checks or ()}
    active = [c for c in terms.checks if _is_active(c, now)]
    roles = {group.name: group.role for group in terms.groups}
    critical: list[str] = []
    degrading: list[str] = []
    for group in terms.groups:
        members = [c for c in active if c.group == group.name and c.check_id not in dropped]
        if not members:
            continue
        known = [level for c in members if (level := _level(changes, c, now)) is not Status.UNKNOWN]
        need = {"any": 1, "all": len(known), "quorum": len(known) // 2 + 1}[group.rule]
        if not known:
            state = "unknown"
        elif sum(level is Status.UNHEALTHY for level in known) >= need:
            state = "down"
        else:
            state = "degraded" if any(level >= 1 for level in known) else "up"
        {"critical": critical, "degrading": degrading}.get(group.role, []).append(state)
    real = _tenant(critical, degrading)
    if terms.effective_from is not None and now < terms.effective_from:
        return Second("O", real)
    lost = not critical and any(roles[c.group] == "critical" and c.check_id in dropped for c in active)
    if lost or any(window.checks is None for window in windows):
        return Second("M", real)
    return Second({"up": "U", "degraded": "G", "down": "D", "unknown": "N"}[real], real)


def _tenant(critical: list[str], degrading: list[str]) -> str:
    if "down" in critical:
        return "down"
    if not critical or "unknown" in critical:
        return "unknown"
    trouble = "degraded" in critical or "degraded" in degrading or "down" in degrading
    return "degraded" if trouble else "up"


def _is_active(check: CheckTerms, now: int) -> bool:
    started = check.active_from is None or check.active_from <= now
    return started and (check.active_to is None or now < check.active_to)


def _level(changes: Mapping[str, Sequence[Change]], check: CheckTerms, now: int) -> Status:
    return next((c.level for c in reversed(changes[check.check_id]) if c.time <= now), Status.UNKNOWN)
