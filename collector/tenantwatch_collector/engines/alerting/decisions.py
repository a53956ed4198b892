"""What people decided that bears on alerts: tenants, custom rules, routes, silences, and commands."""

from __future__ import annotations

import logging

from tenantwatch_collector.alerts.builtin import in_force
from tenantwatch_collector.alerts.condition import CustomRule
from tenantwatch_collector.alerts.routing import Ground
from tenantwatch_collector.engines.alerting.book import AlertBook
from tenantwatch_collector.engines.alerting.quiet import QuietTimes
from tenantwatch_collector.engines.alerting.routes import RouteBook
from tenantwatch_collector.store.base import Store, Tenant

log = logging.getLogger(__name__)


class Decisions:
    """Read from the store when asked, and told to the book of alerts."""

    def __init__(self, store: Store, ground: Ground) -> None:
        self._store = store
        self._routes = RouteBook(store, ground)
        self._quiet = QuietTimes(store)
        self._tenants: dict[int, Tenant] = {}

    async def name_tenants(self, alerts: AlertBook) -> None:
        """Who there is."""
        self._tenants = {tenant.tenant_key: tenant for tenant in await self._store.tenants()}
        alerts.name_tenants(self._tenants)

    async def read(self, alerts: AlertBook, now_us: int) -> None:
        """What is evaluated, who is told, and when nobody is."""
        alerts.put_rules(in_force(await self._rules(), alerts.off), now_us)
        alerts.route(await self._routes.read())
        alerts.keep_quiet(await self._quiet.read(self._tenants, now_us))

    async def obey(self, alerts: AlertBook, now_us: int) -> None:
        """Do what callers want done to alerts."""
        commands = await self._store.pending_alert_commands()
        if any(command.tenant_key not in self._tenants for command in commands):
            await self.name_tenants(alerts)
        for command in commands:
            alerts.obey(command, now_us)

    async def _rules(self) -> list[CustomRule]:
        rules = []
        for stored in await self._store.alert_rules():
            try:
                rules.append(
                    CustomRule.defined(stored.rule_id, stored.tenant_id, stored.tier, stored.definition)
                )
            except (ValueError, TypeError, KeyError) as error:
                log.error("the rule %s is passed over: %s", stored.rule_id, error)
        return rules
