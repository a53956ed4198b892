"""Operations on routes. They lie over those of the configuration file, and are the platform's to make."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from dataclasses import replace

from pydantic import ValidationError

from tenantwatch_collector.access.permissions import Permission
from tenantwatch_collector.alerts.routing import Ground, Route, lint, unreached
from tenantwatch_collector.alerts.written import RouteSection
from tenantwatch_collector.api.models import instant
from tenantwatch_collector.api.operation import demands
from tenantwatch_collector.api.recording import recorded
from tenantwatch_collector.api.routing import RouteBody, RouteHistory, RouteList, RouteVersion, RouteView
from tenantwatch_collector.errors import NotFound, RefusedForEver
from tenantwatch_collector.identity import Caller
from tenantwatch_collector.store.base import Store, StoredRoute
from tenantwatch_collector.wording import dotted, told

MAX_ROUTES = 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}")


class Routes:
    """A route is in force within two seconds. ``ground`` is what the configuration file says."""

    def __init__(self, store: Store, ground: Ground) -> None:
        self._store = store
        self._ground = ground

    @demands(Permission.MONITORING_READ)
    async def list(self, caller: Caller) -> RouteList:
        """All in the order in which they are asked; of a tenant's caller those that are for it alone."""
        stored = await self._store.alert_routes()
        views = [_view(one) for one in stored]
        named = {view.name for view in views}
        views += [_of_file(route) for route in self._ground.routes if route.name not in named]
        if caller.tenant is not None:
            own = [caller.tenant.tenant_id]
            return RouteList(routes=[view for view in views if view.tenants == own], problems=[])
        return RouteList(routes=views, problems=[*self._complaints(stored), *self._unreached(stored)])

    @demands(Permission.MONITORING_READ)
    async def history(self, caller: Caller, name: str) -> RouteHistory:
        """Every version of a route that was made here."""
        versions = await self._store.alert_route_versions(name)
        if caller.tenant is not None:
            own = [caller.tenant.tenant_id]
            versions = [one for one in versions if one.definition and _body(one).tenants == own]
        if not versions:
            raise NotFound(_missing(name))
        return RouteHistory(name=name, versions=[_version(one) for one in versions])

    @demands(Permission.MONITORING_WRITE)
    async def put(self, caller: Caller, name: str, new: RouteBody) -> RouteView:
        """Make or change a route; refused, by name, is what could never work."""
        _demand_platform(caller, name)
        if not _NAME.fullmatch(name):
            raise RefusedForEver("name: write letters, digits, spaces and . _ -, at most 100 characters")
        stored = await self._store.alert_routes()
        others = [one for one in stored if one.name != name]
        if len(others) >= MAX_ROUTES:
            raise RefusedForEver(f"there may be {MAX_ROUTES} routes: remove some")
        kept = _stored(name, new, caller.subject)
        self._demand_sound(sorted([*others, kept], key=lambda one: (one.priority, one.name)), stored)
        before = next((_view(one) for one in stored if one.name == name), None)
        async with recorded(self._store, caller, "route.put", name) as record:
            version = await record.store.put_alert_route(kept)
            made = _view(replace(kept, version=version))
            record.before, record.after = before, made
        return made

    @demands(Permission.MONITORING_WRITE)
    async def remove(self, caller: Caller, name: str) -> None:
        """End a route. One of the configuration file of the same name is in force again."""
        _demand_platform(caller, name)
        stored = await self._store.alert_routes()
        ended = next((one for one in stored if one.name == name), None)
        if ended is None:
            raise NotFound(_missing(name))
        self._demand_sound([one for one in stored if one.name != name], stored)
        now_us = time.time_ns() // 1000
        async with recorded(self._store, caller, "route.remove", name) as record:
            record.before = _view(ended)
            await record.store.put_alert_route(StoredRoute(name, 0, 0, "", now_us, caller.subject))

    def _demand_sound(self, new: Sequence[StoredRoute], before: Sequence[StoredRoute]) -> None:
        """What was wrong before, say through a channel that is gone, keeps nobody from mending."""
        known = set(self._complaints(before))
        found = [complaint for complaint in self._complaints(new) if complaint not in known]
        if found:
            raise RefusedForEver("; ".join(found))

    def _complaints(self, stored: Sequence[StoredRoute]) -> Sequence[str]:
        routes = self._ground.under([_route(one) for one in stored])
        return lint(routes, self._ground.channels, self._ground.default)

    def _unreached(self, stored: Sequence[StoredRoute]) -> Sequence[str]:
        routes = self._ground.under([_route(one) for one in stored])
        return unreached(routes, self._ground.channels, self._ground.default)


def _demand_platform(caller: Caller, name: str) -> None:
    """Routes lead to the platform's channels: its own people make them."""
    if caller.tenant is not None:
        raise NotFound(f"{_missing(name)}; the platform's own people make routes")


def _stored(name: str, new: RouteBody, who: str) -> StoredRoute:
    definition = new.model_dump(mode="json", exclude_defaults=True, exclude={"priority"})
    kept = StoredRoute(name, 0, new.priority, json.dumps(definition), time.time_ns() // 1000, who)
    try:
        _route(kept)
    except ValidationError as error:
        raise RefusedForEver(told(error.errors(include_url=False), dotted)) from error
    return kept


def _route(stored: StoredRoute) -> Route:
    return RouteSection.defined(stored.name, stored.definition).route()


def _body(stored: StoredRoute) -> RouteBody:
    return RouteBody.model_validate({**json.loads(stored.definition), "priority": stored.priority})


def _view(stored: StoredRoute) -> RouteView:
    return RouteView(
        **_body(stored).model_dump(),
        name=stored.name,
        source="api",
        version=stored.version,
        recorded_at=instant(stored.recorded_at_us),
        recorded_by=stored.recorded_by,
    )


def _version(stored: StoredRoute) -> RouteVersion:
    return RouteVersion(
        version=stored.version,
        removed=not stored.definition,
        route=_body(stored) if stored.definition else None,
        recorded_at=instant(stored.recorded_at_us),
        recorded_by=stored.recorded_by,
    )


def _of_file(route: Route) -> RouteView:
    written = RouteSection.of(route).model_dump(mode="json", exclude={"name", "steps"})
    steps = [{"channels": list(step)} for step in route.steps or () if step]
    told = {name: value for name, value in written.items() if value is not None}
    return RouteView.model_validate(
        {
            **told,
            "steps": steps,
            "name": route.name,
            "source": "file",
            "version": 0,
            "recorded_at": None,
            "recorded_by": "",
        }
    )


def _missing(name: str) -> str:
    return f"there is no route {name!r} that was made through the API and that you can reach"
