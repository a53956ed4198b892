"""MySQL's protocol, by a real MariaDB; what only MySQL has (caching_sha2_password) by a server of our own."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import asyncmy
import asyncmy.auth
import pytest
from tenantwatch_agent.checks.database import mysql_figures
from tenantwatch_agent.checks.database_connectivity import DatabaseConnectivity, Settings
from tenantwatch_agent.errors import ConfigurationError
from tenantwatch_wire.records import CheckDefinition, Result, Status

from tests.agent.checks.looking import given_up, look, until
from tests.fakes import hostile
from tests.fakes.certificates import Authority
from tests.fakes.mysql_server import MysqlServer
from tests.fakes.proxy import Proxy
from tests.mariadb import MariadbServer, new_mariadb
from tests.mysql import running_mysql
from tests.ports import stable_port

ON_UVLOOP = True


async def database(url: str, timeout_ms: int = 60_000, **settings: Any) -> Result:
    check = DatabaseConnectivity(Settings(url=url, **settings))
    return await look(CheckDefinition("a", "database_connectivity", 1000, timeout_ms), check)


async def as_owner(server: MariadbServer) -> Any:
    return await asyncmy.connect(
        host="127.0.0.1", port=server.port, user="tenantwatch", password="test-only-secret", database="shop"
    )


async def test_it_answers_with_phases_and_figures(mariadb_server: MariadbServer) -> None:
    result = await database(
        mariadb_server.url(), query="SELECT 6 * 7", expect_value="42", expect="value > 41"
    )
    assert (result.status, result.text) == (Status.HEALTHY, "answers")
    assert result.latency_us
    assert {"connect_ms", "login_ms", "query_ms", "connections", "is_replica"} <= result.metrics.keys()
    assert result.metrics["max_connections"] == 151


@pytest.mark.parametrize(
    ("settings", "status", "text"),
    [
        ({"expect_value": "2"}, Status.UNHEALTHY, "the query answered '1', expected '2'"),
        ({"query": "SELECT * FROM nowhere"}, Status.UNHEALTHY, "query failed: Table 'shop.nowhere' doesn't"),
        ({"query": "CREATE TABLE t (a INT)"}, Status.UNHEALTHY, "READ ONLY transaction"),
        ({"query": "SELECT 1; SELECT 2"}, Status.UNHEALTHY, "error in your SQL syntax"),
        ({"query": "SELECT seq FROM seq_1_to_5000", "expect": "rows == 100"}, Status.HEALTHY, "answers"),
        ({"unhealthy_after_ms": 0.001}, Status.UNHEALTHY, "took"),
        ({"query": "KILL CONNECTION_ID()"}, Status.UNHEALTHY, "query failed: "),
        ({"connections_unhealthy_percent": 0.0}, Status.UNHEALTHY, "connections used"),
        (
            {"query": "SELECT SLEEP(9)", "statement_timeout_seconds": 0.05},
            Status.UNHEALTHY,
            "query failed: it took longer than 0.05 s",
        ),
        ({"tls": "require"}, Status.UNHEALTHY, "tls failed: "),
    ],
)
async def test_judged(
    mariadb_server: MariadbServer, settings: dict[str, Any], status: Status, text: str
) -> None:
    result = await database(mariadb_server.url(), **settings)
    assert result.status is status, result.text
    assert text in result.text


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("SELECT TIME('01:02:03')", "01:02:03"),
        ("SELECT TIME('-838:59:59')", "-838:59:59"),
        ("SELECT DATE('0000-00-00')", "0000-00-00"),
        ("SELECT 1.50", "1.50"),
        ("SELECT CAST('ok' AS BINARY)", "ok"),
        ("SELECT _latin1 X'FC'", "ü"),
        ("SELECT NULL", "null"),
        ("DO 1", "null"),
    ],
)
async def test_a_value_is_what_the_server_wrote(mariadb_server: MariadbServer, query: str, text: str) -> None:
    result = await database(mariadb_server.url(), query=query, expect_value=text)
    assert (result.status, result.text) == (Status.HEALTHY, "answers")


async def test_bits_are_a_number(mariadb_server: MariadbServer) -> None:
    owner = await as_owner(mariadb_server)
    async with owner.cursor() as cursor:
        await cursor.execute("CREATE OR REPLACE TABLE flags (b BIT(10)) AS SELECT 513 AS b")
    await owner.ensure_closed()
    query = "SELECT b FROM flags"
    result = await database(mariadb_server.url(), query=query, expect_value="513", expect="value == 513")
    assert (result.status, result.text) == (Status.HEALTHY, "answers")


@pytest.mark.parametrize("query", ["SELECT seq FROM seq_1_to_1000000 LIMIT 1000000", "SHOW STATUS"])
async def test_no_more_rows_than_the_cap(mariadb_server: MariadbServer, query: str) -> None:
    """Whatever comes after them, be it too much to be read to its end."""
    result = await database(mariadb_server.url(), 60_000, query=query)
    assert (result.status, result.metrics["rows"]) == (Status.HEALTHY, 100), result.text
    assert result.metrics["max_connections"] == 151


async def test_no_larger_answer_than_the_limit(mariadb_server: MariadbServer) -> None:
    result = await database(mariadb_server.url(), 60_000, query="SELECT repeat('x', 10000000)")
    assert (result.status, result.text) == (
        Status.UNHEALTHY,
        "query failed: the server's answers are larger than 1048576 bytes",
    )
    result = await database(mariadb_server.url(), query="SELECT repeat('x', 1000000)")
    assert result.status is Status.HEALTHY, result.text


async def test_an_endless_answer_ends_at_a_limit() -> None:
    async with hostile.saying(hostile.endless(b"\xff\xff\xff\0")) as address:
        result = await database(f"mysql://u:p@{address}/d", 60_000)
    assert (result.status, result.text) == (
        Status.UNHEALTHY,
        "connect failed: the server's answers are larger than 1048576 bytes",
    )


async def test_a_user_without_rights_sees_less_and_is_healthy(mariadb_server: MariadbServer) -> None:
    owner = await as_owner(mariadb_server)
    async with owner.cursor() as cursor:
        await cursor.execute("CREATE OR REPLACE USER plain@'127.0.0.1' IDENTIFIED BY 'p:@ss/word'")
        await cursor.execute("GRANT SELECT ON shop.* TO plain@'127.0.0.1'")
    await owner.ensure_closed()
    result = await database(mariadb_server.url("plain", "p%3A%40ss%2Fword"))
    assert result.status is Status.HEALTHY
    assert "connections" in result.metrics
    assert "longest_transaction_seconds" not in result.metrics


async def test_a_transaction_that_stays_open(mariadb_server: MariadbServer) -> None:
    owner = await as_owner(mariadb_server)
    async with owner.cursor() as cursor:
        await cursor.execute("CREATE TABLE IF NOT EXISTS orders (a INT) ENGINE=InnoDB")
        await cursor.execute("BEGIN")
        await cursor.execute("INSERT INTO orders VALUES (1)")
        # InnoDB shows a picture of its transactions, made anew once nobody has looked at it for 0.1 s.
        await cursor.execute("DO SLEEP(0.2)")
        result = await database(mariadb_server.url(), transaction_degraded_seconds=1_000.0)
        await cursor.execute("ROLLBACK")
    await owner.ensure_closed()
    assert result.status is Status.HEALTHY
    assert result.metrics["longest_transaction_seconds"] >= 0


@pytest.fixture
async def stopped_replica(mariadb_server: MariadbServer) -> Any:
    """The server, told for one test to follow a primary that is not there."""
    owner = await as_owner(mariadb_server)
    async with owner.cursor() as cursor:
        await cursor.execute(
            f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={stable_port()}, MASTER_USER='nobody'"
        )
        yield mariadb_server
        await cursor.execute("RESET SLAVE ALL")
    await owner.ensure_closed()


async def test_replication_that_stands_still(stopped_replica: MariadbServer) -> None:
    result = await database(stopped_replica.url())
    assert result.status is Status.UNHEALTHY
    assert result.text == "replication stands still: IO and SQL thread: it was stopped"
    assert result.metrics["is_replica"] == 1


async def test_each_channel_of_replication_counts(mariadb_server: MariadbServer) -> None:
    owner = await as_owner(mariadb_server)
    async with owner.cursor() as cursor:
        for channel in ("east", "west"):
            await cursor.execute(
                f"CHANGE MASTER '{channel}' TO MASTER_HOST='127.0.0.1', MASTER_PORT={stable_port()},"
                " MASTER_USER='nobody'"
            )
        result = await database(mariadb_server.url())
        for channel in ("east", "west"):
            await cursor.execute(f"RESET SLAVE '{channel}' ALL")
    await owner.ensure_closed()
    assert (result.status, result.metrics["is_replica"]) == (Status.UNHEALTHY, 1)
    assert result.text == (
        "replication stands still: channel east: IO and SQL thread: it was stopped;"
        " channel west: IO and SQL thread: it was stopped"
    )


@pytest.mark.parametrize(
    ("channels", "lag_seconds", "stopped"),
    [
        ([{"Seconds_Behind_Master": "7"}, {"Seconds_Behind_Master": "3"}], 7, ""),
        ([{"Seconds_Behind_Source": "7"}, {"Seconds_Behind_Source": None}], 7, ""),
        ([{"Channel_Name": "e", "Replica_SQL_Running": "No"}], None, "channel e: SQL thread: it was stopped"),
        (
            [{"Slave_IO_Running": "No"}] * 5,
            None,
            f"{'; '.join(['IO thread: it was stopped'] * 3)}; and 2 more",
        ),
    ],
)
async def test_the_worst_channel_counts(
    channels: list[dict[str, str | None]], lag_seconds: float | None, stopped: str
) -> None:
    """In the words of either family."""
    running: dict[str, str | None] = {"Slave_IO_Running": "Yes", "Slave_SQL_Running": "Yes"}

    async def ask(query: str) -> list[dict[str, str | None]]:
        return [running | channel for channel in channels] if query.startswith("SHOW ALL") else []

    found = await mysql_figures.read(ask)
    assert (found.is_replica, found.replication_lag_seconds) == (True, lag_seconds)
    assert found.replication_stopped == stopped


async def test_a_replica_that_follows_and_falls_behind(mariadb_server: MariadbServer) -> None:
    """Both are real; the replica is then told to apply everything an hour late."""
    url = mariadb_server.url()
    looking = partial(database, url)
    with tempfile.TemporaryDirectory(prefix="tenantwatch-mariadb-") as name:
        primary = new_mariadb(Path(name), "--log-bin=log", "--server-id=2")
        primary.start()
        leading, following = await as_owner(primary), await as_owner(mariadb_server)
        try:
            async with leading.cursor() as lead, following.cursor() as follow:
                # Its users are the replica's as well.
                await lead.execute("RESET MASTER")
                await follow.execute(
                    f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={primary.port},"
                    " MASTER_USER='tenantwatch', MASTER_PASSWORD='test-only-secret'"
                )
                await follow.execute("START SLAVE")
                # The first events may still arrive late: the server counts whole seconds.
                result = await until(
                    looking, lambda result: result.metrics.get("replication_lag_seconds") == 0
                )
                assert (result.status, result.metrics["is_replica"]) == (Status.HEALTHY, 1)
                await follow.execute("STOP SLAVE")
                await follow.execute("CHANGE MASTER TO MASTER_DELAY=3600")
                await follow.execute("START SLAVE")
                await lead.execute("CREATE TABLE late (a INT)")
                strictly = partial(database, url, replication_lag_degraded_seconds=0.0)
                result = await until(strictly, lambda result: result.status is Status.DEGRADED)
                assert result.text.startswith("replication lag ")
                primary.stop()
                result = await until(looking, lambda result: result.status is Status.UNHEALTHY)
                assert result.text.startswith("replication stands still: IO thread: ")
                await follow.execute("STOP SLAVE")
                await follow.execute("RESET SLAVE ALL")
        finally:
            primary.stop()
            leading.close()
            await following.ensure_closed()


async def test_a_wrong_password_is_told_and_not_shown(mariadb_server: MariadbServer) -> None:
    result = await database(mariadb_server.url(password="hunter2"))
    assert result.status is Status.UNHEALTHY
    assert result.text.startswith("login failed: Access denied for user 'tenantwatch'")
    assert "hunter2" not in result.text


async def test_a_login_that_has_all_its_connections(mariadb_server: MariadbServer) -> None:
    owner = await as_owner(mariadb_server)
    async with owner.cursor() as cursor:
        await cursor.execute(
            "CREATE USER crowded@'127.0.0.1' IDENTIFIED BY 'open-sesame' WITH MAX_USER_CONNECTIONS 1"
        )
        await cursor.execute("GRANT SELECT ON shop.* TO crowded@'127.0.0.1'")
        try:
            url = mariadb_server.url("crowded", "open-sesame")
            holds = await asyncmy.connect(
                host="127.0.0.1", port=mariadb_server.port, user="crowded", password="open-sesame"
            )
            result = await database(url)
            await holds.ensure_closed()
        finally:
            await cursor.execute("DROP USER crowded@'127.0.0.1'")
    await owner.ensure_closed()
    assert result.status is Status.UNHEALTHY
    assert result.text.startswith("login failed: User 'crowded' has exceeded"), result.text


async def test_nobody_listens() -> None:
    result = await database(f"mysql://u:hunter2@127.0.0.1:{stable_port()}/d")
    assert (result.status, result.text) == (Status.UNHEALTHY, "connect failed: Connection refused")


async def test_a_server_gone_silent_ends_at_the_timeout(mariadb_server: MariadbServer) -> None:
    host = f"127.0.0.1:{mariadb_server.port}"
    async with Proxy(host) as proxy:
        proxy.blackhole()
        result = await database(mariadb_server.url().replace(host, proxy.address), 1_000)
    assert (result.status, result.text) == (
        Status.UNHEALTHY,
        "no answer within 1 s, in phase connect",
    )


async def test_a_slow_query_ends_at_the_timeout(mariadb_server: MariadbServer) -> None:
    url = mariadb_server.url()
    await given_up(lambda ms: database(url, ms, query="SELECT SLEEP(60)"), "query", first_ms=500)


@pytest.mark.parametrize("url", ["mysql://h/d", "mysql://u@h:x/d", "mysql://u@h/d?charset=x", "mysql:///d"])
def test_refused_addresses(url: str) -> None:
    with pytest.raises(ConfigurationError, match="the address is not understood"):
        DatabaseConnectivity(Settings(url=url))


async def test_tls(tmp_path: Path) -> None:
    """A server that demands it, with an authority that is not the machine's."""
    authority = Authority(tmp_path)
    minted = authority.mint("127.0.0.1").file
    with tempfile.TemporaryDirectory(prefix="tenantwatch-mariadb-") as name:
        server = new_mariadb(Path(name))
        server.start(f"--ssl-cert={minted}", f"--ssl-key={minted}", "--require-secure-transport=on")
        try:
            result = await database(server.url(), ca_file=authority.file)
            assert result.status is Status.HEALTHY
            assert "tls_ms" in result.metrics
            assert (await database(server.url())).status is Status.HEALTHY
            assert (await database(server.url(), tls="require")).status is Status.HEALTHY
            assert (await database(server.url(), tls="disable")).text.startswith("login failed: ")
            unknown = await database(server.url(), tls="verify-full")
            assert unknown.text.startswith("tls failed: unable to get local issuer certificate")
            elsewhere = server.url().replace("127.0.0.1", "localhost")
            assert "tls failed: Hostname mismatch" in (await database(elsewhere, ca_file=authority.file)).text
            named = await database(elsewhere, ca_file=authority.file, tls="verify-ca")
            assert "tls failed" not in named.text
        finally:
            server.stop()


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_login_by_caching_sha2_password(tmp_path: Path, encrypted: bool) -> None:
    """First the whole proof, over TLS or by the server's key; then the fast one, as the server remembers."""
    context = Authority(tmp_path).mint("127.0.0.1").server() if encrypted else None
    async with MysqlServer("gr\u00fcn & 1", context).running() as server:
        url = f"mysql://u:gr%C3%BCn%20%26%201@{server.address}/shop"
        for _ in range(2):
            result = await database(url, 60_000)
            assert (result.status, result.text) == (Status.HEALTHY, "answers")
            assert result.metrics["max_connections"] == 151
        denied = await database(f"mysql://u:hunter2@{server.address}/shop", 60_000)
    whole = "tls" if encrypted else "rsa"
    assert server.ways == [whole, "fast", whole]
    assert denied.text.startswith("login failed: Access denied for user 'u'")
    assert "hunter2" not in denied.text


async def test_a_login_with_mysqls_own_server() -> None:
    """By the server's key, then as it remembers, and over the TLS that it makes for itself."""
    with (
        tempfile.TemporaryDirectory(prefix="tenantwatch-mysql-") as name,
        running_mysql(Path(name), "probe", "gr\u00fcn & 1") as address,
    ):
        url = f"mysql://probe:gr%C3%BCn%20%26%201@{address}/shop"
        for tls in ("disable", "disable", "require"):
            result = await database(url, 60_000, tls=tls)
            assert (result.status, result.text) == (Status.HEALTHY, "answers")
        denied = await database(f"mysql://probe:hunter2@{address}/shop", 60_000)
    assert denied.text.startswith("login failed: Access denied for user 'probe'")
    assert "hunter2" not in denied.text


async def test_a_login_that_needs_what_is_not_installed_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncmy.auth, "_have_cryptography", False)
    async with MysqlServer("secret").running() as server:
        result = await database(f"mysql://u:secret@{server.address}/shop", 60_000)
    assert result.status is Status.UNKNOWN
    assert result.text == (
        "this login without TLS needs the package cryptography: use TLS, or pip install cryptography"
    )
