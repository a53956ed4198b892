"""What tenants' terms say of groups, as in force now: versions begin, and others are agreed meanwhile."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from operator import itemgetter

from tenantwatch_collector.sla.contract import Contract
from tenantwatch_collector.sla.grouping import NOTHING_CHOSEN, Chosen
from tenantwatch_collector.store.base import ContractRecord, Store

_OVERLAP_US = 600_000_000
"""Other collectors' clocks may be behind: so far back everything is read once more."""


log = logging.getLogger(__name__)


@dataclass(slots=True)
class AgreedGroups:
    """Of all tenants; ``read`` brings it up to date."""

    store: Store
    _versions: dict[int, dict[int, tuple[int, Chosen]]] = field(default_factory=dict)
    """By tenant and number: from when on in force, and what it says."""
    _named: set[int] = field(default_factory=set)
    """The tenants whose terms, of whatever time, say anything of groups."""
    _in_force: dict[int, tuple[int, Chosen]] = field(default_factory=dict)
    _newest_us: int = 0

    async def read(self, now_us: int) -> dict[int, int]:
        """The tenants for which something else is in force than before, each with since when."""
        for record in await self.store.contracts_since(self._newest_us - _OVERLAP_US):
            versions = self._versions.setdefault(record.tenant_key, {})
            if record.number not in versions:
                versions[record.number] = record.in_force_from_us, _chosen(record)
                self._newest_us = max(self._newest_us, record.recorded_at_us)
                if versions[record.number][1]:
                    self._named.add(record.tenant_key)
        found = {key: self._found(key, now_us) for key in self._named}
        changed = {key: since_us for key, (since_us, chosen) in found.items() if chosen != self.chosen(key)}
        self._in_force = found
        return changed

    def chosen(self, tenant_key: int) -> Chosen:
        """What is in force of a tenant, as of the last reading."""
        return self._in_force.get(tenant_key, (0, NOTHING_CHOSEN))[1]

    def since(self) -> dict[int, int]:
        """Every tenant whose terms say or said anything of groups, with since when its terms are in force."""
        return {key: since_us for key, (since_us, _) in self._in_force.items()}

    def _found(self, tenant_key: int, now_us: int) -> tuple[int, Chosen]:
        """Of two versions of one instant the newer is in force."""
        versions = self._versions[tenant_key]
        begun = [
            (since_us, number, chosen)
            for number, (since_us, chosen) in versions.items()
            if since_us <= now_us
        ]
        since_us, _, chosen = max(begun, key=itemgetter(0, 1), default=(0, 0, NOTHING_CHOSEN))
        return since_us, chosen


def _chosen(record: ContractRecord) -> Chosen:
    """Most terms say nothing of groups: only those that do are read as a contract."""
    if not json.loads(record.contract).get("groups"):
        return NOTHING_CHOSEN
    try:
        return Contract.model_validate_json(record.contract).groups
    except ValueError as error:
        # One tenant's broken terms must not blind us to all others.
        log.error("groups in terms %s of %s are passed over: %s", record.number, record.tenant_key, error)
        return NOTHING_CHOSEN
