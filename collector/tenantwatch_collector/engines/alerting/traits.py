"""What failing checks of several tenants may have in common: where they look, and their agents' labels."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from tenantwatch_collector.engines.rebuild import WatchedCheck
from tenantwatch_collector.store.base import StoredCheck

DEPENDENCY = "dependency:"


@lru_cache(maxsize=100_000)
def traits_of(check: StoredCheck) -> frozenset[str]:
    """``dependency:HOST`` and ``LABEL:VALUE``, as far as there are such."""
    host = _host(check.definition.target)
    found = {f"{name}:{value}" for name, value in check.labels}
    return frozenset(found | {DEPENDENCY + host} if host else found)


def _host(target: str) -> str:
    """The host of an address; none where it is only each machine's own."""
    try:
        host = urlsplit(target).hostname or "" if "://" in target else ""
    except ValueError:
        return ""
    try:
        return "" if ipaddress.ip_address(host).is_loopback else host
    except ValueError:
        return "" if host == "localhost" else host


def agent_traits(check: StoredCheck) -> tuple[str, ...]:
    """The labels of the check's agent."""
    return tuple(sorted(trait for trait in traits_of(check) if not trait.startswith(DEPENDENCY)))


def shared_traits(checks: Sequence[WatchedCheck]) -> tuple[str, ...]:
    """What all of these have in common."""
    each = [traits_of(watched.check) for watched in checks]
    return tuple(sorted(frozenset.intersection(*each))) if each else ()
