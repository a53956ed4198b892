"""Which of a tenant's checks count in its reports, and as what: as each was defined at the time."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

from tenantwatch_wire.records import Status

from tenantwatch_collector.health import Change, Group, Role, default_group
from tenantwatch_collector.sla.evaluate import reported_checks
from tenantwatch_collector.sla.spans import Span
from tenantwatch_collector.sla.terms import CheckTerms, Terms
from tenantwatch_collector.store.base import TenantCheck

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
    def of(cls, checks: Sequence[TenantCheck], changes: Mapping[str, Sequence[Change]]) -> Members:
        """``changes`` are those known of each check, by name."""
        defined: list[Defined] = []
        for check in checks:
            before = defined[-1][1] if defined and defined[-1][0].check_key == check.check_key else None
            defined.append((check, _member(check, before, changes.get(name_of(check), ()))))
        names = {check.check_key: name_of(check) for check in checks}
        by_group: defaultdict[str, list[Defined]] = defaultdict(list)
        for check, terms in defined:
            by_group[check.group].append((check, terms))
        roles = {name: _roles(found) for name, found in by_group.items()}
        members = [each for check, terms in defined for each in _by_role(terms, roles[check.group])]
        return cls(members, _groups(roles), names)

    def places(self) -> Places:
        """What the results of each check count as, from when to when."""
        keys = {name: key for key, name in self.names.items()}
        reported = reported_checks(Terms(tuple(self.checks), tuple(self.groups)))
        instants = {instant for each in reported for instant in (each.start, each.end)}
        borders = sorted(instants - {_FIRST, _FOR_EVER})
        each_time = [dict.fromkeys(self.names, NOT_COUNTED) for _ in (_FIRST, *borders)]
        for each in reported:
            for at, here in zip((_FIRST, *borders), each_time, strict=True):
                if each.start <= at < each.end:
                    here[keys[each.check_id]] = TIMED if each.timed else COUNTED
        return Places(borders, each_time)


@dataclass(frozen=True, slots=True)
class Places:
    """By check's key: not counted, counted as an error or none, or with its response time as well."""

    borders: Sequence[int]
    """The instants at which that changes for any of them."""
    _each_time: Sequence[Mapping[int, str]]

    def at(self, time: int) -> Mapping[int, str]:
        return self._each_time[bisect_right(self.borders, time)]


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
        starts += [c.time for c in changes if c.time > before.active_to and c.level is not Status.UNKNOWN][:1]
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


def _roles(members: Sequence[Defined]) -> list[tuple[int, Role]]:
    """A group's roles, each with when it begins: by the kinds that are members at the time."""
    name = members[0][0].group
    alone = {default_group(name, [check.kind]).role for check, _ in members}
    if len(alone) == 1:
        return [(_FIRST, alone.pop())]
    spans = [_span(terms) for _, terms in members]
    found: list[tuple[int, Role]] = []
    for at in sorted({instant for span in spans for instant in span} - {_FOR_EVER}):
        kinds = [c.kind for (c, _), (low, high) in zip(members, spans, strict=True) if low <= at < high]
        role = default_group(name, kinds).role if kinds else None
        if role is not None and (not found or found[-1][1] != role):
            found.append((at if found else _FIRST, role))
    return found or [(_FIRST, default_group(name, [check.kind for check, _ in members]).role)]


def _span(terms: CheckTerms) -> Span:
    begins, ends = terms.active_from, terms.active_to
    return _FIRST if begins is None else begins, _FOR_EVER if ends is None else ends


def _by_role(terms: CheckTerms, roles: Sequence[tuple[int, Role]]) -> list[CheckTerms]:
    """The member, once for each role that its group has meanwhile."""
    if len(roles) == 1:
        return [terms]
    ends = [*(start for start, _ in roles[1:]), _FOR_EVER]
    begins, until = _span(terms)
    return [
        replace(
            terms,
            group=_named(terms.group, role, roles),
            active_from=terms.active_from if low <= begins else low,
            active_to=terms.active_to if high >= until else high,
        )
        for (low, role), high in zip(roles, ends, strict=True)
        if low < until and high > begins
    ]


def _groups(roles: Mapping[str, Sequence[tuple[int, Role]]]) -> list[Group]:
    return [
        Group(_named(name, role, found), role)
        for name, found in sorted(roles.items())
        for role in dict.fromkeys(role for _, role in found)
    ]


def _named(group: str, role: Role, roles: Sequence[tuple[int, Role]]) -> str:
    """A group that has one role after another is as many."""
    return group if len(roles) == 1 else f"{group} ({role})"


def write_members(check_keys: Iterable[int], places: Mapping[int, str]) -> str:
    """Who was counted as what; equal members are written alike."""
    return ",".join(f"{key}{places.get(key, NOT_COUNTED)}" for key in sorted(check_keys))


@lru_cache(maxsize=4096)
def read_members(written: str) -> Mapping[int, str]:
    """What ``write_members`` was given."""
    return MappingProxyType({int(each[:-1]): each[-1] for each in written.split(",") if each})
