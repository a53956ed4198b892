"""Issues reports once they are final, whether anybody asks or not, and revises those that late facts change.

Every month, quarter and year of every tenant and of the platform is issued when its 72 hours are over and all
agents have sent what they saw; days and weeks are issued to whoever asks, and revised like the others. One
collector does it, by the lease; what became due while nobody had that is made up for. Nothing is judged
but what was never issued, and what a fact became known of after it was.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date

from tenantwatch_collector.background import end
from tenantwatch_collector.engines.issuing_periods import (
    ISSUED,
    UTC_DAYS,
    WESTERNMOST_S,
    day_of,
    periods,
    periods_of,
    touches,
)
from tenantwatch_collector.engines.late_facts import LateFacts
from tenantwatch_collector.engines.retention import retention_at
from tenantwatch_collector.errors import NotYet
from tenantwatch_collector.reports.agreements import UNITS
from tenantwatch_collector.reports.issuing import Asked
from tenantwatch_collector.reports.naming import NamedPeriod, PeriodName, named_period, read_label
from tenantwatch_collector.reports.service import Reports
from tenantwatch_collector.sla.periods import FINAL_AFTER_SECONDS
from tenantwatch_collector.store.base import PLATFORM_KEY, LateFact, Store, StoreUnavailable, Tenant
from tenantwatch_collector.vitals import Vitals

_PAUSE_SECONDS = 60.0
_AGAIN_US = 900 * UNITS
"""How long a tenant is left alone whose agents have not sent all."""
_Place = tuple[int, PeriodName, str]
"""A tenant's key, and which period."""
_NAMED = 5
"""How many of the tenants that are waited for the log names."""

log = logging.getLogger(__name__)


class IssuingEngine:
    """Start once, stop as often as you like."""

    def __init__(
        self,
        store: Store,
        reports: Reports,
        settled: Callable[[int], Awaitable[None]],
        vitals: Vitals,
        history_months: int,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        """``settled`` returns once all that an instant knows can be read."""
        self._store = store
        self._reports = reports
        self._settled = settled
        self._vitals = vitals
        self._history_months = history_months
        self._now_us = now_us
        self._tenants: Mapping[int, Tenant] = {}
        self._complete: set[tuple[PeriodName, str]] = set()
        """Periods of which nothing is left to be issued."""
        self._empty: set[_Place] = set()
        """What there is no report of: no time of it is the contract's."""
        self._again_us: dict[int, int] = {}
        """By tenant whose report waits: when to look again."""
        self._waited_for: set[int] = set()
        """Tenants whose agents have not sent all of a period that is over."""
        self._filled_in: dict[_Place, NamedPeriod] = {}
        """Periods from before a tenant was created, of which it has results, and which are not final yet."""
        self._late = LateFacts(store)
        self._waiting: list[str] = []
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._complete, self._empty, self._waited_for = set(), set(), set()
        self._again_us, self._filled_in = {}, {}
        await self._late.begin()
        self._task = asyncio.create_task(self._run(), name="issuing")

    async def stop(self) -> None:
        await end(self._task)
        self._task = None

    async def _run(self) -> None:
        while True:
            try:
                await self.catch_up()
            except Exception as error:
                self._late.again()
                if isinstance(error, StoreUnavailable | NotYet):
                    log.info("reports are issued later: %s", error)
                else:
                    log.exception("reports are issued later, issuing failed in a way nobody foresaw")
            await asyncio.sleep(_PAUSE_SECONDS)

    async def catch_up(self) -> None:
        """Issue all that is due and was not, and revise what changed."""
        found = await self._store.tenants()
        self._tenants = {tenant.tenant_key: tenant for tenant in found if tenant.deleted_at_us is None}
        now_us = self._now_us()
        self._again_us = {key: at for key, at in self._again_us.items() if at > now_us}
        self._waited_for.intersection_update(self._again_us)
        for named in self._due(now_us):
            await self._issue_missing(named)
        await self._revise()
        self._tell_who_is_waited_for()

    def _due(self, now_us: int) -> list[NamedPeriod]:
        """Periods of UTC days that are over for good in some zone, and not complete, the oldest first."""
        created_us = min((tenant.created_at_us for tenant in self._tenants.values()), default=now_us)
        since_us = max(created_us, retention_at(now_us, 0, self._history_months).history_before_us)
        since = day_of(since_us)
        found = [each for kind in ISSUED for each in periods(kind, since, day_of(now_us), now_us)]
        found = [named for named in found if (named.period_type, named.label) not in self._complete]
        return sorted(found, key=lambda named: named.period.end)

    async def _issue_missing(self, named: NamedPeriod) -> None:
        """The period of every tenant that has none yet, then the platform's.

        Who is waited for for one is waited for for all later ones, and asked once.
        """
        name, day = (named.period_type, named.label), day_of(named.period.start * UNITS)
        until_us = (named.period.end + WESTERNMOST_S) * UNITS
        left = False
        for key in await self._store.not_issued(*name, until_us):
            if key in self._tenants and (key, *name) not in self._empty:
                left |= not await self._issue(self._tenants[key], named.period_type, day)
        if left or not await self._issue_for_all(named, day):
            return
        if self._now_us() >= until_us + FINAL_AFTER_SECONDS * UNITS:
            self._complete.add(name)

    async def _issue(self, tenant: Tenant, kind: PeriodName, day: date, at_once: bool = False) -> bool:
        """False if it is not final yet; who is waited for is left alone for a while, or asked ``at_once``."""
        key = tenant.tenant_key
        if key in self._again_us and not at_once:
            return False
        async with self._at_leisure(key, tenant.tenant_id):
            asked = await self._asked(kind, day)
            if self._is_early(key, await self._reports.waits_from(tenant, asked), asked):
                return False
            if not await self._reports.issue(tenant, asked):
                self._empty.add((key, kind, named_period(kind, day, 1, UTC_DAYS, asked.as_of).label))
            return True
        return False

    def _is_early(self, key: int, waits_from_us: int | None, asked: Asked) -> bool:
        """Whether it waits, and who: until the 72 hours are over nobody is waited for."""
        if waits_from_us is None:
            return False
        self._again_us[key] = waits_from_us
        if waits_from_us <= asked.as_of_us:
            self._again_us[key] = asked.as_of_us + _AGAIN_US
            self._waited_for.add(key)
        return True

    async def _issue_for_all(self, named: NamedPeriod, day: date, at_once: bool = False) -> bool:
        """The platform's report; False if it is not final yet. ``at_once`` one that there is is revised."""
        there = list(self._tenants.values())
        if not at_once:
            if PLATFORM_KEY in self._again_us:
                return False
            kept = {(each.period_type, each.label) for each in await self._store.issued_to(PLATFORM_KEY)}
            nobody = all(tenant.created_at_us >= named.period.end * UNITS for tenant in there)
            if nobody or (named.period_type, named.label) in kept:
                return True
        async with self._at_leisure(PLATFORM_KEY, "the platform"):
            asked = await self._asked(named.period_type, day)
            if self._is_early(PLATFORM_KEY, await self._reports.waits_for_all_from(there, asked), asked):
                return False
            await self._reports.issue_for_all(there, asked)
            return True
        return False

    async def _revise(self) -> None:
        """Look again at every period of which something became known since the last time."""
        now_us = self._now_us()
        facts = await self._late.tell(now_us)
        touched = {
            (fact.tenant_key, named.period_type, named.label): named
            for fact in facts
            for named in periods_of(fact, now_us)
        }
        for_all = {(each.period_type, each.label): each for each in touched.values()}
        touched |= await self._on_request(facts, now_us)
        for place, named in {**self._filled_in, **touched}.items():
            await self._look_again(place, named, place in touched)
        if facts:
            found = await self._kept_on_request(PLATFORM_KEY, facts, now_us)
            for_all |= {(each.period_type, each.label): each for each in found}
        for named in for_all.values():
            await self._issue_for_all(named, day_of(named.period.start * UNITS), at_once=True)
        if not self._filled_in:
            await self._late.note(at_once=bool(touched))

    async def _on_request(self, facts: Sequence[LateFact], now_us: int) -> dict[_Place, NamedPeriod]:
        """The tenants' days and weeks of which a report was issued and which the facts may be of."""
        found: dict[_Place, NamedPeriod] = {}
        for key in sorted({fact.tenant_key for fact in facts}):
            own = [fact for fact in facts if fact.tenant_key == key]
            for named in await self._kept_on_request(key, own, now_us):
                found[key, named.period_type, named.label] = named
        return found

    async def _kept_on_request(self, key: int, facts: Sequence[LateFact], now_us: int) -> list[NamedPeriod]:
        kept = {each.label for each in await self._store.issued_to(key) if each.period_type not in ISSUED}
        named = [named_period(*read_label(label), 1, UTC_DAYS, now_us // UNITS) for label in sorted(kept)]
        return [each for each in named if any(touches(fact, each) for fact in facts)]

    async def _look_again(self, place: _Place, named: NamedPeriod, at_once: bool) -> None:
        self._filled_in.pop(place, None)
        tenant = self._tenants.get(place[0])
        if tenant is None:
            return
        done = await self._issue(tenant, named.period_type, day_of(named.period.start * UNITS), at_once)
        if not done and tenant.created_at_us >= named.period.end * UNITS:
            self._filled_in[place] = named

    async def _asked(self, kind: PeriodName, day: date) -> Asked:
        now_us = self._now_us()
        await self._settled(now_us)
        return Asked(kind, day, 1, now_us, True)

    @asynccontextmanager
    async def _at_leisure(self, key: int, who: str) -> AsyncIterator[None]:
        """As long as the work took others have their turn: nobody waits for what nobody asked for.

        What fails for one must not keep the others from their reports: it is tried again later.
        """
        began = time.monotonic()
        try:
            yield
        except (StoreUnavailable, NotYet):
            raise
        except Exception:
            self._again_us[key] = self._now_us() + _AGAIN_US
            log.exception("a report of %s cannot be issued: it is tried again later", who)
        await asyncio.sleep(time.monotonic() - began)

    def _tell_who_is_waited_for(self) -> None:
        waiting = sorted(self._tenants[key].tenant_id for key in self._waited_for if key in self._tenants)
        self._vitals.reports_waiting.set(len(waiting))
        if waiting and waiting != self._waiting:
            more = f" and {len(waiting) - _NAMED} more" if len(waiting) > _NAMED else ""
            log.info(
                "reports wait for agents that have not sent all of a period that is over, of %s%s:"
                " retire agents that will never come back",
                ", ".join(waiting[:_NAMED]),
                more,
            )
        self._waiting = waiting
