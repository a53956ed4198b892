"""Which of a tenant's checks count in its reports, and as what: as each was defined at the time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby, islice
from operator import itemgetter
from types import MappingProxyType

from tenantwatch_wire.records import Status

from tenantwatch_collector.health import Change, Group, Role
from tenantwatch_collector.reports.agreements import version_of
from tenantwatch_collector.sla.buckets import Reported
from tenantwatch_collector.sla.contract import Contract, ContractVersion, versions_known
from tenantwatch_collector.sla.evaluate import reported_checks
from tenantwatch_collector.sla.grouping import NOTHING_CHOSEN, Chosen, group_of
from tenantwatch_collector.sla.spans import Span
from tenantwatch_collector.sla.terms import CheckTerms
from tenantwatch_collector.store.base import ContractRecord, TenantCheck

TIMED_KIND = "http_endpoint"
"""Its latencies are response times of the service; those of others are how long a look took."""
NOT_COUNTED, COUNTED, TIMED = "n", "c", "t"
_FIRST, _FOR_EVER = -(2**62), 2**62

Defined = tuple[TenantCheck, CheckTerms]
"""A check's definition, and what it makes of it as a member."""


@dataclass(frozen=True, slots=True)
class Members:
    """A tenant's checks and groups for its terms; ``names`` are the checks' by key."""

    checks: Sequence[CheckTerms]
    groups: Sequence[Group]
    names: Mapping[int, str]

    @classmethod
    def of(
        cls,
        checks: Sequence[TenantCheck],
        changes: Mapping[str, Sequence[Change]],
        chosen: Chosen = NOTHING_CHOSEN,
    ) -> Members:
        """``changes`` are those known of each check, by name; ``chosen`` is what was agreed of groups."""
        defined: list[Defined] = []
        for check in checks:
            before = defined[-1][1] if defined and defined[-1][0].check_key == check.check_key else None
            defined.append((check, _member(check, before, changes.get(name_of(check), ()))))
        names = {check.check_key: name_of(check) for check in checks}
        by_group: defaultdict[str, list[Defined]] = defaultdict(list)
        for check, terms in defined:
            by_group[check.group].append((check, terms))
        roles = {name: _roles(found, chosen) for name, found in by_group.items()}
        members = [each for check, terms in defined for each in _by_role(terms, roles[check.group])]
        return cls(members, _groups(roles, chosen), names)

    def places(self) -> Places:
        """What the results of each check count as, from when to when."""
        return places_of([(_FIRST, self)])


def members_by_time(
    versions: Sequence[ContractVersion],
    checks: Sequence[TenantCheck],
    changes: Mapping[str, Sequence[Change]],
) -> list[tuple[int, Members]]:
    """Each version's members and from when on it is in force; one object where they are the same."""
    made: list[tuple[Chosen, Members]] = []
    found = []
    for version in versions:
        chosen = version.contract.groups
        if not made or made[-1][0] != chosen:
            made.append((chosen, Members.of(checks, changes, chosen)))
        found.append((version.in_force_from, made[-1][1]))
    return found


def places_of(members: Sequence[tuple[int, Members]]) -> Places:
    """Each from when on; those before the first are the first's."""
    by_key: dict[int, list[Reported]] = {key: [] for _, each in members for key in each.names}
    before = [None, *(each for _, each in members)]
    different = [(at, each) for last, (at, each) in zip(before, members, strict=False) if each is not last]
    starts = [_FIRST, *(start for start, _ in different[1:])]
    for (_, each), low, high in zip(different, starts, [*starts[1:], _FOR_EVER], strict=True):
        keys = {name: key for key, name in each.names.items()}
        for told in reported_checks(each.checks, each.groups):
            _append(by_key[keys[told.check_id]], told, low, high)
    return Places(by_key)


def _append(found: list[Reported], told: Reported, low: int, high: int) -> None:
    """What of it lies within, as one with what it goes on."""
    start, end = max(told.start, low), min(told.end, high)
    if start >= end:
        return
    if found and found[-1].end == start and found[-1].timed == told.timed:
        start = found.pop().start
    same = (start, end) == (told.start, told.end)
    found.append(told if same else replace(told, start=start, end=end))


def places_agreed(checks: Sequence[TenantCheck], records: Sequence[ContractRecord]) -> Places:
    """By all terms that were ever recorded; before the first ones as without any."""
    first = ContractVersion(0, _FIRST, Contract(), _FIRST, "", "")
    known = versions_known([first, *map(version_of, records)], _FOR_EVER)
    return places_of(members_by_time(known, checks, {}))


class Places:
    """By check's key: not counted, counted as an error or none, or with its response time as well."""

    def __init__(self, reported: Mapping[int, Sequence[Reported]]) -> None:
        self._reported = reported
        instants = {at for found in reported.values() for each in found for at in (each.start, each.end)}
        self.borders: Sequence[int] = sorted(instants - {_FIRST, _FOR_EVER})
        """The instants at which that changes for any of them."""
        self._last: tuple[int, Mapping[int, str]] = -1, {}

    def at(self, time: int) -> Mapping[int, str]:
        place = bisect_right(self.borders, time)
        if place != self._last[0]:
            self._last = place, {key: _place_of(found, time) for key, found in self._reported.items()}
        return self._last[1]


def _place_of(reported: Sequence[Reported], time: int) -> str:
    position = bisect_right(reported, time, key=lambda each: each.start) - 1
    if position < 0 or time >= reported[position].end:
        return NOT_COUNTED
    return TIMED if reported[position].timed else COUNTED


def name_of(check: TenantCheck) -> str:
    """A check's name within its tenant, the same whatever other agents come."""
    return f"{check.agent_id}/{check.check_id}"


def _member(check: TenantCheck, before: CheckTerms | None, changes: Sequence[Change]) -> CheckTerms:
    """A member since it was defined, or since its first result if that was kept from an earlier time: of one
    that comes back the first since it stopped."""
    starts = [] if check.active_since_us is None else [check.active_since_us]
    if before is None:
        starts += [change.time for change in changes[:1]]
    elif before.active_to is not None and before.active_to != check.active_since_us:
        later = islice(changes, bisect_right(changes, before.active_to, key=itemgetter(0)), None)
        starts += islice((change.time for change in later if change.level is not Status.UNKNOWN), 1)
    return CheckTerms(
        name_of(check),
        check.group,
        check.confirm_failures,
        check.confirm_successes,
        check.stale_after_ms * 1000,
        min(starts, default=None),
        check.active_until_us,
        check.kind == TIMED_KIND,
    )


def _roles(members: Sequence[Defined], chosen: Chosen) -> list[tuple[int, Role]]:
    """A group's roles, each with when it begins: as agreed, else by the kinds that are there at the time."""
    name = members[0][0].group
    alone = {group_of(chosen, name, [kind]).role for kind in {check.kind for check, _ in members}}
    if len(alone) == 1:
        return [(_FIRST, alone.pop())]
    events = [event for check, terms in members for event in _comes_and_goes(check.kind, terms)]
    found: list[tuple[int, Role]] = []
    there: Counter[str] = Counter()
    for at, together in groupby(sorted(events), key=itemgetter(0)):
        for _, kind, change in together:
            there[kind] += change
        kinds = [kind for kind, count in there.items() if count]
        role = group_of(chosen, name, kinds).role if kinds else None
        if role is not None and (not found or found[-1][1] != role):
            found.append((at if found else _FIRST, role))
    return found or [(_FIRST, group_of(chosen, name, [check.kind for check, _ in members]).role)]


def _comes_and_goes(kind: str, terms: CheckTerms) -> Sequence[tuple[int, str, int]]:
    begins, ends = _span(terms)
    return [(begins, kind, 1), (ends, kind, -1)] if begins < ends else []


def _span(terms: CheckTerms) -> Span:
    begins, ends = terms.active_from, terms.active_to
    return _FIRST if begins is None else begins, _FOR_EVER if ends is None else ends


def _by_role(terms: CheckTerms, roles: Sequence[tuple[int, Role]]) -> list[CheckTerms]:
    """The member, once for each role that its group has meanwhile."""
    if len(roles) == 1:
        return [terms]
    begins, until = _span(terms)
    first = max(0, bisect_right(roles, begins, key=itemgetter(0)) - 1)
    some = roles[first : max(first + 1, bisect_left(roles, until, key=itemgetter(0)))]
    ends = [*(start for start, _ in some[1:]), _FOR_EVER]
    return [
        replace(
            terms,
            group=_named(terms.group, role, roles),
            active_from=terms.active_from if low <= begins else low,
            active_to=terms.active_to if high >= until else high,
        )
        for (low, role), high in zip(some, ends, strict=True)
    ]


def _groups(roles: Mapping[str, Sequence[tuple[int, Role]]], chosen: Chosen) -> list[Group]:
    return [
        Group(_named(name, role, found), role, group_of(chosen, name, ()).rule)
        for name, found in sorted(roles.items())
        for role in dict.fromkeys(role for _, role in found)
    ]


def _named(group: str, role: Role, roles: Sequence[tuple[int, Role]]) -> str:
    """A group that has one role after another is as many: the first keeps the name, whatever comes later."""
    return group if role == roles[0][1] else f"{group} ({role})"


def write_members(check_keys: Iterable[int], places: Mapping[int, str]) -> str:
    """Who was counted as what; equal members are written alike."""
    return ",".join(f"{key}{places.get(key, NOT_COUNTED)}" for key in sorted(check_keys))


@lru_cache(maxsize=4096)
def read_members(written: str) -> Mapping[int, str]:
    """What ``write_members`` was given."""
    return MappingProxyType({int(each[:-1]): each[-1] for each in written.split(",") if each})
