"""Every instant's class: out of scope, maintenance, unknown, up, degraded or down.

One sweep over the instants at which anything changes; its cost is that of the changes, not of the time
between them. Beside the class stands the ``real`` level under the mask, which decides when an incident ends.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from itertools import groupby
from operator import attrgetter, itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple

from tenantwatch_wire.records import Status

from tenantwatch_collector.health import Change, GroupState, level_of_counts, tenant_level
from tenantwatch_collector.sla.masks import Masks
from tenantwatch_collector.sla.spans import Span, union
from tenantwatch_collector.sla.terms import Policies, Terms

_BEGINNING, _END = -(2**62), 2**62
_start = attrgetter("start")


class TimeClass(Enum):
    """What an instant counts as; each instant has exactly one."""

    OUT_OF_SCOPE = "out_of_scope"
    MAINTENANCE = "maintenance"
    UNKNOWN = "unknown"
    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"

    # Each is one object: found by identity, as a dictionary's key it costs nothing.
    __hash__ = object.__hash__

    @property
    def masked(self) -> bool:
        return self in (TimeClass.OUT_OF_SCOPE, TimeClass.MAINTENANCE)


_NO_TIME = dict.fromkeys(TimeClass, 0)
_DEFAULTS = Policies()
_OF_LEVEL = {
    Status.HEALTHY: TimeClass.UP,
    Status.DEGRADED: TimeClass.DEGRADED,
    Status.UNHEALTHY: TimeClass.DOWN,
    Status.UNKNOWN: TimeClass.UNKNOWN,
}


class Stretch(NamedTuple):
    """From ``start`` up to ``end`` nothing changed. ``real`` is the tenant's level, masked or not; the
    ``policies`` are those that were in force."""

    start: int
    end: int
    time_class: TimeClass
    real: Status
    policies: Policies = _DEFAULTS


class Scene:
    """The tenant at one instant; ``apply`` moves it over one change."""

    def __init__(self, terms: Terms) -> None:
        self._groups = terms.groups
        self._levels = {check.check_id: Status.UNKNOWN for check in terms.checks}
        self._group_of: dict[str, str] = {}
        """Of the active ones."""
        self._dropped: set[str] = set()
        self._there = {group.name: [0] * len(Status) for group in terms.groups}
        """How many of a group's members, by level, are active and not dropped."""
        self._reals: dict[tuple[Status | None, ...], Status] = {}
        self._maintenance = False
        self._in_scope = False

    def set_level(self, check_id: str, level: Status) -> None:
        before, self._levels[check_id] = self._levels[check_id], level
        group = self._group_of.get(check_id)
        if group is not None and check_id not in self._dropped:
            self._there[group][before] -= 1
            self._there[group][level] += 1

    def set_member(self, check_id: str, group: str) -> None:
        self._count(check_id, -1)
        self._group_of[check_id] = group
        self._count(check_id, 1)

    def set_inactive(self, check_id: str) -> None:
        self._count(check_id, -1)
        self._group_of.pop(check_id, None)

    def set_dropped(self, check_id: str, dropped: bool) -> None:
        self._count(check_id, -1)
        (self._dropped.add if dropped else self._dropped.discard)(check_id)
        self._count(check_id, 1)

    def _count(self, check_id: str, members: int) -> None:
        """A check that is there comes to its group as it is now, or goes."""
        group = self._group_of.get(check_id)
        if group is not None and check_id not in self._dropped:
            self._there[group][self._levels[check_id]] += members

    def set_maintenance(self, maintenance: bool) -> None:
        self._maintenance = maintenance

    def set_in_scope(self, in_scope: bool) -> None:
        self._in_scope = in_scope

    def judge(self) -> tuple[TimeClass, Status]:
        # None while a group has no member, for then it is ignored.
        levels = tuple([level_of_counts(self._there[g.name], g.rule) for g in self._groups])
        real = self._reals.get(levels)
        if real is None:
            present = zip(self._groups, levels, strict=True)
            states = [GroupState(group, level) for group, level in present if level is not None]
            real = self._reals[levels] = tenant_level(states)
        if not self._in_scope:
            return TimeClass.OUT_OF_SCOPE, real
        if self._maintenance or (self._dropped and self._all_critical_dropped()):
            return TimeClass.MAINTENANCE, real
        return _OF_LEVEL[real], real

    def _all_critical_dropped(self) -> bool:
        """Whether a window, not the lack of checks, left no critical member."""
        critical = [group.name for group in self._groups if group.role == "critical"]
        if any(any(self._there[name]) for name in critical):
            return False
        return any(self._group_of.get(check_id) in critical for check_id in self._dropped)


def classify(
    terms: Terms, changes: Mapping[str, Sequence[Change]], masks: Masks, within: Span
) -> list[Stretch]:
    """The stretches of ``within``, in order and without a gap; neighbours differ."""
    scene, (reached, end) = Scene(terms), within
    stretches: list[Stretch] = []
    since, before = reached, None
    events = sorted((e for e in _events(terms, changes, masks) if e[0] < end), key=itemgetter(0))
    for time, apply, what in [*events, (end, Scene.set_in_scope, (False,))]:
        if time > reached:
            judged = scene.judge()
            if judged != before:
                if before is not None:
                    stretches.append(Stretch(since, reached, *before, terms.policies))
                since, before = reached, judged
            reached = time
        apply(scene, *what)
    if before is not None:
        stretches.append(Stretch(since, end, *before, terms.policies))
    return stretches


def touching(stretches: Sequence[Stretch], within: Span) -> Sequence[Stretch]:
    """Those that may have any of it, out of stretches in order: all others have none."""
    first = max(0, bisect_right(stretches, (within[0], _END)) - 1)
    return stretches[first : bisect_left(stretches, (within[1],), first)]


def tally(stretches: Sequence[Stretch], within: Span) -> Mapping[TimeClass, int]:
    """How much of ``within`` each class has; together they are all of what the stretches, which are in order,
    cover of it."""
    return _tally(touching(stretches, within), *within)


def tally_by_policies(
    stretches: Sequence[Stretch], within: Span
) -> Iterator[tuple[Policies, Mapping[TimeClass, int]]]:
    """The same, apart for the times that count by other policies."""
    for policies, alike in groupby(touching(stretches, within), key=attrgetter("policies")):
        yield policies, _tally(list(alike), *within)


def _tally(inside: Sequence[Stretch], low: int, high: int) -> Mapping[TimeClass, int]:
    if len(inside) == 1 and inside[0].start <= low <= high <= inside[0].end:
        return _all_of(inside[0].time_class, high - low)
    total = _NO_TIME.copy()
    for stretch in inside:
        total[stretch.time_class] += max(0, min(stretch.end, high) - max(stretch.start, low))
    return total


@lru_cache(maxsize=1024)
def _all_of(time_class: TimeClass, amount: int) -> Mapping[TimeClass, int]:
    """One object for most days of most tenants, of which nothing happened."""
    return MappingProxyType(_NO_TIME | {time_class: amount})


def append_stretch(stretches: list[Stretch], new: Stretch) -> None:
    """Go on with ``new``, which begins where the last one ends; what does not differ becomes one."""
    last = stretches[-1] if stretches else None
    if (
        last
        and last.real is new.real
        and last.time_class is new.time_class
        and last.end == new.start
        and (last.policies is new.policies or last.policies == new.policies)
    ):
        stretches[-1] = Stretch(last.start, new.end, last.time_class, last.real, last.policies)
    else:
        stretches.append(new)


def _events(
    terms: Terms, changes: Mapping[str, Sequence[Change]], masks: Masks
) -> Iterator[tuple[int, Callable[..., None], tuple[Any, ...]]]:
    """When, what changes of the scene, and to what."""
    for check_id in dict.fromkeys(check.check_id for check in terms.checks):
        for change in changes.get(check_id, ()):
            yield change.time, Scene.set_level, (check_id, change.level)
        dropped = [(w.start, w.end) for w in masks.windows if w.checks and check_id in w.checks]
        for start, end in union(dropped) if dropped else ():
            yield start, Scene.set_dropped, (check_id, True)
            yield end, Scene.set_dropped, (check_id, False)
    for check in terms.checks:
        begins = _BEGINNING if check.active_from is None else check.active_from
        ends = _END if check.active_to is None else check.active_to
        if begins < ends:
            yield begins, Scene.set_member, (check.check_id, check.group)
            yield ends, Scene.set_inactive, (check.check_id,)
    for start, end in union((w.start, w.end) for w in masks.windows if w.checks is None):
        yield start, Scene.set_maintenance, (True,)
        yield end, Scene.set_maintenance, (False,)
    for start, end in masks.scope:
        yield start, Scene.set_in_scope, (True,)
        yield end, Scene.set_in_scope, (False,)
