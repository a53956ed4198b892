"""A collector whose database role is nobody in particular, as docs/store.md sets it up."""

from __future__ import annotations

import psycopg
import pytest
from tenantwatch_collector.errors import ConfigurationError
from tenantwatch_collector.store.postgres import PostgresStore

from tests.servers import PostgresServer

PASSWORD = "ordinary-only"


@pytest.fixture(params=["postgres_server", "timescale_server"])
def server(request: pytest.FixtureRequest) -> PostgresServer:
    found: PostgresServer = request.getfixturevalue(request.param)
    return found


async def _set_up(server: PostgresServer, with_extension: bool) -> str:
    """The statements of the documentation; returns the address as the ordinary role."""
    database = server.create_database()
    role = f"ordinary_{database}"
    async with await psycopg.AsyncConnection.connect(server.url_of(database), autocommit=True) as admin:
        await admin.execute(
            "DO $$ BEGIN CREATE ROLE tenantwatch_tenant NOLOGIN;"
            " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
        for statement in (
            f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'",
            f"GRANT tenantwatch_tenant TO {role}",
            f"ALTER DATABASE {database} OWNER TO {role}",
            f"ALTER SCHEMA public OWNER TO {role}",
        ):
            await admin.execute(statement.encode())
        if with_extension:
            await admin.execute("CREATE EXTENSION timescaledb")
    return server.url_of(database, role, PASSWORD)


@pytest.mark.parametrize("by_administrator", [False, True])
async def test_an_ordinary_role_makes_the_store_and_uses_it(
    server: PostgresServer, by_administrator: bool, request: pytest.FixtureRequest
) -> None:
    has_extension = request.node.callspec.params["server"] == "timescale_server"
    url = await _set_up(server, with_extension=by_administrator and has_extension)
    store = await PostgresStore.open(url)
    try:
        tenant = await store.create_tenant("acme", "Acme", "basic")
        assert [health.tenant for health in await store.tenant_health(tenant.tenant_key)] == [tenant]
        assert store.flavour == ("columnstore" if has_extension else "plain")
    finally:
        await store.close()


async def test_a_role_that_is_turned_away_is_a_matter_of_configuration(server: PostgresServer) -> None:
    url = server.url_of("postgres", password="wrong")
    with pytest.raises(ConfigurationError, match="password authentication failed"):
        await PostgresStore.open(url)
    with pytest.raises(ConfigurationError, match="does not exist"):
        await PostgresStore.open(server.url_of("nowhere"))
