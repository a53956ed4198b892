"""Routes made through the API, each version of each, for it may be asked who was to be told at the time."""

from __future__ import annotations

from collections.abc import Sequence

from tenantwatch_collector.store.alerts import StoredRoute
from tenantwatch_collector.store.sql.database import Database, Row

_COLUMNS = "name, version, priority, definition, recorded_at_us, recorded_by"


class SqlAlertRoutes:
    """See :class:`tenantwatch_collector.store.alerts.AlertStore` for what each method promises."""

    _db: Database

    async def alert_routes(self) -> Sequence[StoredRoute]:
        rows = await self._db.read(
            f"SELECT {_COLUMNS} FROM alert_route r WHERE definition <> '' AND version ="
            " (SELECT max(version) FROM alert_route n WHERE n.name = r.name) ORDER BY priority, name"
        )
        return [_route_of(row) for row in rows]

    async def alert_route_versions(self, name: str) -> Sequence[StoredRoute]:
        rows = await self._db.read(
            f"SELECT {_COLUMNS} FROM alert_route WHERE name = ? ORDER BY version DESC LIMIT 1000", (name,)
        )
        return [_route_of(row) for row in rows]

    async def put_alert_route(self, route: StoredRoute) -> int:
        async with self._db.transaction() as tx:
            rows = await tx.rows(
                f"INSERT INTO alert_route ({_COLUMNS}) SELECT CAST(? AS text), coalesce(max(version), 0) + 1,"
                " CAST(? AS integer), CAST(? AS text), CAST(? AS bigint), CAST(? AS text) FROM alert_route"
                " WHERE name = ? RETURNING version",
                (
                    route.name,
                    route.priority,
                    route.definition,
                    route.recorded_at_us,
                    route.recorded_by,
                    route.name,
                ),
            )
            return int(rows[0]["version"])


def _route_of(row: Row) -> StoredRoute:
    return StoredRoute(*(row[name] for name in _COLUMNS.split(", ")))
