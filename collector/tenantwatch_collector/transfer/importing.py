"""Results into a store by its own way of committing them, each once, however often it is run.

What the store has already (the same check, instant, status and latency) is left out, so running an import
again goes on where it stopped. Two that run at once are kept apart by the watermark: what a commit brings is
a spool generation of its own, named after its content.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from tenantwatch_wire import limits

from tenantwatch_collector.errors import RefusedForEver
from tenantwatch_collector.store.base import (
    Store,
    StoredCheck,
    Tenant,
)
from tenantwatch_collector.transfer.forms import Line
from tenantwatch_collector.transfer.record import DEFINING, BadLine, Record, moment, read
from tenantwatch_collector.transfer.results import Found, columns_of, delivery_of, first_of_equals

AT_ONCE = 5_000
_DAY_US = 86_400_000_000
_TENANT_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class Refused(RefusedForEver):
    """A line cannot be imported; everything before it was."""


@dataclass(slots=True)
class Done:
    """What became of the lines so far."""

    stored: int = 0
    already: int = 0
    aside: int = 0


@dataclass(slots=True)
class Importer:
    """``create`` makes tenants and checks that are not there; ``aside`` takes bad lines, else none may be."""

    store: Store
    create: bool
    configured_since_us: int
    """Older results would be deleted soon: the collector's settings say so."""
    aside: Callable[[Line, str], None] | None = None
    done: Done = field(default_factory=Done)
    _tenants: dict[str, Tenant] = field(default_factory=dict)
    _checks: dict[tuple[int, str, str], StoredCheck] = field(default_factory=dict)
    _of_agent: Counter[tuple[int, str]] = field(default_factory=Counter)
    _told: dict[int, tuple[object, ...]] = field(default_factory=dict)
    """By check's key what the last line said that it was."""
    _kept_since_us: int = 0

    async def run(self, lines: Iterable[Line], told: Callable[[Done], None]) -> Done:
        """Import them all. Raises Refused at the first bad line, unless such lines are set aside."""
        await self._learn()
        for some in _in_groups(lines):
            self._kept_since_us = await self.store.raw_since_us()
            await self._take(some)
            told(self.done)
        return self.done

    async def _learn(self) -> None:
        self._tenants = {tenant.tenant_id: tenant for tenant in await self.store.tenants()}
        self._checks = {
            (check.tenant_key, check.agent_id, check.definition.check_id): check
            for check in await self.store.checks()
        }
        self._of_agent = Counter(key[:2] for key in self._checks)

    async def _take(self, lines: Sequence[Line]) -> None:
        now_us = time.time_ns() // 1000
        good: list[Found] = []
        for line in lines:
            try:
                good.append(await self._understood(line, now_us))
            except BadLine as error:
                if self.aside is None:
                    await self._keep(good)
                    raise Refused(f"line {line.number}: {error}") from None
                self.aside(line, str(error))
                self.done.aside += 1
        await self._keep(good)

    async def _understood(self, line: Line, now_us: int) -> Found:
        if line.values is None:
            raise BadLine(line.complaint)
        record = read(line.values, now_us)
        self._check_age(record, now_us)
        tenant = self._tenants.get(record.tenant_id)
        if tenant is not None:
            check = self._checks.get((tenant.tenant_key, record.agent_id, record.check_id))
            if check is not None:
                await self._redefine(check, record)
                return record, check
        return record, await self._create(record)

    def _check_age(self, record: Record, now_us: int) -> None:
        if record.time_us < self._kept_since_us:
            raise BadLine(
                f"{moment(record.time_us)} is before {moment(self._kept_since_us)}: this store has given up"
                " raw results before that and takes none back; leave them out with --skip-bad, or import into"
                " a new store with a longer [retention] raw_days"
            )
        if record.time_us < self.configured_since_us:
            days = (now_us - record.time_us) // _DAY_US + 1
            raise BadLine(
                f"{moment(record.time_us)} is older than raw results are kept, and would be deleted: set"
                f" [retention] raw_days = {days} or more in the collector's configuration, or leave such"
                " results out with --skip-bad"
            )

    async def _redefine(self, check: StoredCheck, record: Record) -> None:
        """Take what the check was from then on, if the line says another thing than the last one did."""
        told = record.tells()
        if not self.create or told is None or told == self._told.get(check.check_key):
            return
        self._told[check.check_key] = told
        definition = record.definition()
        known = await self.store.tenant_checks(check.tenant_key, check.check_key)
        then = [each for each in known if (each.active_since_us or 0) <= record.time_us] or known[:1]
        if any(getattr(then[-1], name) != getattr(definition, name) for name in DEFINING):
            await self.store.register_checks(
                check.tenant_key, record.agent_id, [(definition, False)], False, record.time_us
            )
            # A collector that runs is to know before the results come.
            await self.store.note_definitions()

    async def _create(self, record: Record) -> StoredCheck:
        tenant = self._tenants.get(record.tenant_id)
        if tenant is None:
            if not self.create:
                raise BadLine(
                    f"there is no tenant {record.tenant_id!r}: create it with `tenantwatch-collector tenant"
                    f" create {record.tenant_id}`, or give --create"
                )
            if not _TENANT_ID.fullmatch(record.tenant_id):
                raise BadLine(
                    f"tenant_id {record.tenant_id!r}: write 1 to 63 lower-case letters, digits and hyphens"
                )
        elif not self.create:
            raise BadLine(
                f"tenant {record.tenant_id} has no check {record.check_id!r} of agent {record.agent_id!r}:"
                " give --create to have it made"
            )
        definition = record.definition()
        if tenant is None:
            tenant = await self.store.create_tenant(record.tenant_id, record.tenant_id, "professional")
            self._tenants[record.tenant_id] = tenant
        agent = tenant.tenant_key, record.agent_id
        others = self._of_agent[agent]
        if others >= limits.MAX_CHECKS_PER_AGENT:
            raise BadLine(f"agent {record.agent_id} has {others} checks already, which is the most")
        # Not active: nobody looks there now. An agent that names the check takes it over.
        made = await self.store.register_checks(
            tenant.tenant_key, record.agent_id, [(definition, False)], False, record.time_us
        )
        if (told := record.tells()) is not None:
            self._told[made[0].check_key] = told
        self._checks[*agent, record.check_id] = made[0]
        self._of_agent[agent] += 1
        return made[0]

    async def _keep(self, found: Sequence[Found]) -> None:
        if not found:
            return
        columns = columns_of(found)
        known = await self.store.kept_already(columns)
        fresh = ~known & first_of_equals(columns)
        self.done.already += len(found) - int(fresh.sum())
        if not fresh.any():
            return
        rows: dict[tuple[int, str], list[int]] = {}
        for row in np.flatnonzero(fresh).tolist():
            check = found[row][1]
            rows.setdefault((check.tenant_key, check.agent_id), []).append(row)
        deliveries = [delivery_of(key, columns.take(np.array(mine))) for key, mine in rows.items()]
        commit = await self.store.commit(deliveries)
        self.done.stored += len(commit.columns)
        self.done.already += int(fresh.sum()) - len(commit.columns)


def _in_groups(lines: Iterable[Line]) -> Iterator[list[Line]]:
    some: list[Line] = []
    try:
        for line in lines:
            some.append(line)
            if len(some) == AT_ONCE:
                yield some
                some = []
    except RefusedForEver:
        # The file breaks off here: what came before counts.
        yield some
        raise
    if some:
        yield some
