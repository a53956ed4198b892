"""Who is told of which alerts: the routes made through the API, over those of the configuration file."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from tenantwatch_collector.alerts.routing import Ground, Route, Routing, lint, unreached
from tenantwatch_collector.alerts.written import RouteSection
from tenantwatch_collector.store.base import Store, StoredRoute

log = logging.getLogger(__name__)


@dataclass(slots=True)
class RouteBook:
    """Reads them again when asked; what has become wrong since it was saved is logged, once."""

    store: Store
    ground: Ground
    _stored: Sequence[StoredRoute] | None = None
    _routing: Routing | None = field(default=None)

    async def read(self) -> Routing:
        stored = await self.store.alert_routes()
        if self._routing is None or stored != self._stored:
            self._stored = stored
            routes = self.ground.under([one for each in stored if (one := _route(each)) is not None])
            for complaint in (
                *lint(routes, self.ground.channels, self.ground.default),
                *unreached(routes, self.ground.channels, self.ground.default),
            ):
                log.warning("%s", complaint)
            self._routing = Routing(self.ground.default, routes, self.ground.operators)
        return self._routing


def _route(stored: StoredRoute) -> Route | None:
    try:
        return RouteSection.defined(stored.name, stored.definition).route()
    except ValueError as error:
        log.error("the route %r is passed over: %s", stored.name, error)
        return None
