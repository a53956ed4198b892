"""Which of a tenant's checks count in its reports, and as what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

from tenantwatch_collector.health import Group, default_group
from tenantwatch_collector.store.base import TenantCheck

TIMED_KIND = "http_endpoint"
"""Its latencies are response times of the service; those of others are how long a look took."""
NOT_COUNTED, COUNTED, TIMED = "n", "c", "t"


def groups_of(checks: Iterable[TenantCheck]) -> list[Group]:
    """The tenant's groups, each with its role by the kinds of its checks."""
    kinds: defaultdict[str, set[str]] = defaultdict(set)
    for check in checks:
        kinds[check.group].add(check.kind)
    return [default_group(name, found) for name, found in sorted(kinds.items())]


def places_of(checks: Iterable[TenantCheck]) -> dict[int, str]:
    """By key: not counted, counted as an error or none, or with its response time as well."""
    checks = list(checks)
    roles = {group.name: group.role for group in groups_of(checks)}
    return {
        check.check_key: NOT_COUNTED
        if roles[check.group] == "informational"
        else TIMED
        if check.kind == TIMED_KIND
        else COUNTED
        for check in checks
    }


def write_members(check_keys: Iterable[int], places: Mapping[int, str]) -> str:
    """Who was counted as what; equal members are written alike."""
    return ",".join(f"{key}{places.get(key, NOT_COUNTED)}" for key in sorted(check_keys))


@lru_cache(maxsize=4096)
def read_members(written: str) -> Mapping[int, str]:
    """What ``write_members`` was given."""
    return MappingProxyType({int(each[:-1]): each[-1] for each in written.split(",") if each})
