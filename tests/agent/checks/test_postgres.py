"""PostgreSQL, by a real server, also through a line that goes silent."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from tenantwatch_agent.checks.database.postgres import _parameters
from tenantwatch_agent.checks.database.session import Tls
from tenantwatch_agent.checks.database_connectivity import DatabaseConnectivity, Settings
from tenantwatch_agent.errors import ConfigurationError
from tenantwatch_wire.records import CheckDefinition, Result, Status

from tests.agent.checks.looking import given_up, look, until
from tests.fakes import hostile
from tests.fakes.certificates import Authority
from tests.fakes.proxy import Proxy, Way
from tests.fakes.tls_front import tls_front
from tests.ports import stable_port
from tests.servers import PostgresServer

ON_UVLOOP = True


async def database(url: str, timeout_ms: int = 60_000, **settings: Any) -> Result:
    check = DatabaseConnectivity(Settings(url=url, **settings))
    return await look(CheckDefinition("a", "database_connectivity", 1000, timeout_ms), check)


async def test_it_answers_with_phases_and_figures(postgres_server: PostgresServer) -> None:
    result = await database(postgres_server.url, query="SELECT 6 * 7", expect_value="42", expect="value > 41")
    assert (result.status, result.text) == (Status.HEALTHY, "answers")
    assert result.latency_us
    expected = {"connect_ms", "login_ms", "query_ms", "connections", "database_bytes", "is_replica"}
    assert expected <= result.metrics.keys()
    assert result.metrics["max_connections"] == 50
    assert result.metrics["connections_percent"] >= 2
    assert result.metrics["value"] == 42
    phases_ms = sum(result.metrics.get(f"{name}_ms", 0) for name in ("connect", "tls", "login", "query"))
    assert phases_ms <= result.latency_us / 1000 + 0.01


@pytest.mark.parametrize(
    ("settings", "status", "text"),
    [
        ({"expect_value": "2"}, Status.UNHEALTHY, "the query answered '1', expected '2'"),
        ({"query": "SELECT 1 WHERE false", "expect_value": "1"}, Status.UNHEALTHY, "answered 'null'"),
        (
            {"query": "SELECT 5", "expect": "value > 7"},
            Status.UNHEALTHY,
            "expected value > 7: the query answ",
        ),
        ({"query": "SELECT 'five'", "expect": "value > 7"}, Status.UNHEALTHY, "'five', which is no number"),
        ({"expect": "rows == 2"}, Status.UNHEALTHY, "expected rows == 2"),
        (
            {"query": "SELECT pg_terminate_backend(pg_backend_pid())"},
            Status.UNHEALTHY,
            "query failed: terminating connection due to administrator command",
        ),
        ({"query": "SELECT * FROM nowhere"}, Status.UNHEALTHY, 'query failed: relation "nowhere" does not'),
        ({"query": "CREATE TABLE t ()"}, Status.UNHEALTHY, "read-only transaction"),
        ({"query": "SELECT 1; DROP TABLE t"}, Status.UNHEALTHY, "multiple commands"),
        ({"degraded_after_ms": 0.001}, Status.DEGRADED, "took"),
        ({"connections_degraded_percent": 0.0}, Status.DEGRADED, " %, more than 0 %"),
        (
            {"query": "SELECT pg_sleep(9)", "statement_timeout_seconds": 0.05},
            Status.UNHEALTHY,
            "query failed: canceling statement due to statement timeout",
        ),
        ({"tls": "require"}, Status.UNHEALTHY, "tls failed: "),
    ],
)
async def test_judged(
    postgres_server: PostgresServer, settings: dict[str, Any], status: Status, text: str
) -> None:
    result = await database(postgres_server.url, **settings)
    assert result.status is status, result.text
    assert text in result.text


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("SELECT true", "t"),
        ("SELECT 1::float8", "1"),
        ("SELECT 1.50", "1.50"),
        ("""SELECT '{"a": 1}'::json""", '{"a": 1}'),
        ("SELECT 'infinity'::timestamptz", "infinity"),
        ("SELECT '12000-01-01'::date", "12000-01-01"),
        ("SELECT ARRAY[1, NULL]", "{1,NULL}"),
        ("SELECT '\\x00ff'::bytea", "\\x00ff"),
        ("SELECT '1 mon'::interval", "1 mon"),
        ("SELECT NULL", "null"),
        ("DO $$ BEGIN END $$", "null"),
        ("SET search_path = public", "null"),
    ],
)
async def test_a_value_is_what_the_server_wrote(
    postgres_server: PostgresServer, query: str, text: str
) -> None:
    result = await database(postgres_server.url, query=query, expect_value=text)
    assert (result.status, result.text) == (Status.HEALTHY, "answers")


@pytest.mark.parametrize(("encoding", "query"), [("SQL_ASCII", "SELECT 'ok'"), ("LATIN1", "SELECT chr(252)")])
async def test_a_value_in_another_encoding(
    postgres_server: PostgresServer, encoding: str, query: str
) -> None:
    async with await owner(postgres_server) as connection:
        await connection.execute(
            f"CREATE DATABASE in_{encoding} TEMPLATE template0 ENCODING {encoding}".encode()
        )
    url = postgres_server.url_of(f"in_{encoding.lower()}")
    result = await database(url, query=query, expect_value="ok" if "ok" in query else "ü")
    assert (result.status, result.text) == (Status.HEALTHY, "answers")


async def test_a_truth_is_a_number_in_a_condition(postgres_server: PostgresServer) -> None:
    result = await database(postgres_server.url, query="SELECT 1 = 1", expect="value == 1")
    assert (result.status, result.metrics["value"]) == (Status.HEALTHY, 1)


@pytest.mark.parametrize("width", [1, 1_000])
async def test_no_more_rows_than_the_cap(postgres_server: PostgresServer, width: int) -> None:
    """Whatever comes after them, be it too much to be read to its end."""
    query = f"SELECT repeat('x', {width}), generate_series(1, 1000000)"
    result = await database(postgres_server.url, 60_000, query=query)
    assert (result.status, result.metrics["rows"]) == (Status.HEALTHY, 100), result.text
    assert result.metrics["max_connections"] == 50


async def test_no_larger_answer_than_the_limit(postgres_server: PostgresServer) -> None:
    result = await database(postgres_server.url, 60_000, query="SELECT repeat('x', 20000000)")
    assert (result.status, result.text) == (
        Status.UNHEALTHY,
        "query failed: the server's answers are larger than 1048576 bytes",
    )
    result = await database(postgres_server.url, query="SELECT repeat('x', 1000000)")
    assert result.status is Status.HEALTHY, result.text


@pytest.mark.parametrize(
    ("begin", "part"),
    [
        (b"NE" + (900_000_000).to_bytes(4, "big"), b"x" * 65_536),
        (b"NR\0\0\0\x08\0\0\0\0", b"S\0\0\0\x0cname\0vvv\0"[:13] * 1_000),
        (b"NR\0\0\0\x08\0\0\0\0N" + (900_000_000).to_bytes(4, "big"), b"x" * 65_536),
    ],
)
async def test_an_endless_answer_ends_at_a_limit(begin: bytes, part: bytes) -> None:
    async with hostile.saying(hostile.endless(begin, part)) as address:
        result = await database(f"postgresql://u:p@{address}/d", 60_000)
    assert result.status is Status.UNHEALTHY
    assert result.text.startswith("login failed: "), result.text


async def test_a_transaction_that_stays_open(postgres_server: PostgresServer) -> None:
    async with await psycopg.AsyncConnection.connect(postgres_server.url) as other:
        await other.execute("SELECT 1")
        result = await database(postgres_server.url, transaction_unhealthy_seconds=0.0)
        await other.rollback()
    assert result.status is Status.UNHEALTHY
    assert result.text.startswith("longest transaction ")
    assert result.metrics["longest_transaction_seconds"] > 0


@pytest.fixture
async def plain_url(postgres_server: PostgresServer) -> AsyncIterator[str]:
    """Of a login without any right of its own, in a database of its own."""
    async with await owner(postgres_server) as connection:
        await connection.execute("CREATE ROLE plain LOGIN PASSWORD 'open-sesame'")
        yield postgres_server.url_of(postgres_server.create_database(), "plain", "open-sesame")
        await connection.execute("DROP ROLE plain")


def owner(server: PostgresServer, database: str = "postgres") -> Any:
    return psycopg.AsyncConnection.connect(server.url_of(database), autocommit=True)


async def test_a_login_without_rights_counts_all_connections(
    postgres_server: PostgresServer, plain_url: str
) -> None:
    async with AsyncExitStack() as held:
        for _ in range(5):
            await held.enter_async_context(await owner(postgres_server))
        result = await database(plain_url, connections_degraded_percent=10.0)
    assert (result.status, result.metrics["connections"] >= 7) == (Status.DEGRADED, True), result


async def test_a_figure_that_a_login_may_not_see_is_left_out(
    postgres_server: PostgresServer, plain_url: str
) -> None:
    async with await owner(postgres_server, urlsplit(plain_url).path[1:]) as connection:
        await connection.execute("REVOKE SELECT ON pg_stat_replication, pg_stat_activity FROM public")
        await connection.execute("REVOKE EXECUTE ON FUNCTION pg_database_size(name) FROM public")
    result = await database(plain_url)
    assert (result.status, result.text) == (Status.HEALTHY, "answers")
    assert result.metrics["max_connections"] == 50
    assert not result.metrics.keys() & {"connections", "database_bytes", "longest_transaction_seconds"}


async def test_a_prepared_transaction_that_was_forgotten(
    postgres_server: PostgresServer, plain_url: str
) -> None:
    async with await owner(postgres_server) as connection:
        await connection.execute("BEGIN")
        await connection.execute("PREPARE TRANSACTION 'forgotten'")
        result = await database(plain_url, transaction_unhealthy_seconds=0.0)
        await connection.execute("ROLLBACK PREPARED 'forgotten'")
    assert result.status is Status.UNHEALTHY
    assert result.text.startswith("longest transaction ")


async def test_a_wrong_password_is_told_and_not_shown(postgres_server: PostgresServer) -> None:
    result = await database(f"postgresql://tenantwatch:hunter2@127.0.0.1:{postgres_server.port}/postgres")
    assert result.status is Status.UNHEALTHY
    assert result.text.startswith("login failed: ")
    assert "password authentication failed" in result.text
    assert "hunter2" not in result.text


async def test_a_login_that_has_all_its_connections(postgres_server: PostgresServer) -> None:
    async with await owner(postgres_server) as connection:
        await connection.execute("CREATE ROLE crowded LOGIN PASSWORD 'open-sesame' CONNECTION LIMIT 0")
        try:
            result = await database(postgres_server.url_of("postgres", "crowded", "open-sesame"))
        finally:
            await connection.execute("DROP ROLE crowded")
    assert result.status is Status.UNHEALTHY
    assert 'too many connections for role "crowded"' in result.text
    missing = await database(postgres_server.url_of("nowhere"))
    assert (missing.status, 'database "nowhere" does not exist' in missing.text) == (Status.UNHEALTHY, True)


async def test_nobody_listens() -> None:
    result = await database(f"postgresql://u:hunter2@127.0.0.1:{stable_port()}/d")
    assert result.status is Status.UNHEALTHY
    assert result.text.startswith("connect failed: ")
    assert "hunter2" not in result.text


@pytest.mark.usefixtures("no_names")
async def test_a_host_without_an_address() -> None:
    result = await database("postgresql://u:hunter2@host.invalid/d")
    assert result.status is Status.UNHEALTHY
    assert result.text.startswith("connect failed: no address of host.invalid: ")


async def test_a_slow_query_ends_at_the_timeout(postgres_server: PostgresServer) -> None:
    url = postgres_server.url
    await given_up(lambda ms: database(url, ms, query="SELECT pg_sleep(100)"), "query", first_ms=500)


@asynccontextmanager
async def _silent_line(server: PostgresServer, *ways: Way) -> AsyncIterator[str]:
    host = f"127.0.0.1:{server.port}"
    async with Proxy(host) as proxy:
        proxy.blackhole(*ways)
        yield server.url.replace(host, proxy.address)


@pytest.mark.parametrize(("tls", "phase"), [("prefer", "tls"), ("disable", "login")])
async def test_a_server_gone_silent_ends_at_the_timeout(
    postgres_server: PostgresServer, tls: str, phase: str
) -> None:
    async with _silent_line(postgres_server) as url:
        await given_up(lambda ms: database(url, ms, tls=tls), phase)


async def test_tls(postgres_server: PostgresServer, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context = authority.mint("127.0.0.1").server()
    async with tls_front(postgres_server.port, context, postgres=True) as port:
        url = postgres_server.url.replace(str(postgres_server.port), str(port))
        result = await database(url, ca_file=authority.file)
        assert result.status is Status.HEALTHY, result.text
        assert "tls_ms" in result.metrics
        assert (await database(url, tls="require")).status is Status.HEALTHY
        result = await database(url, tls="verify-full")
        assert result.text.startswith("tls failed: ")
        assert "certificate verify failed" in result.text
        elsewhere = url.replace("127.0.0.1", "localhost")
        assert "does not match host name" in (await database(elsewhere, ca_file=authority.file)).text
        result = await database(elsewhere, ca_file=authority.file, tls="verify-ca")
        assert result.status is Status.HEALTHY


async def test_a_primary_and_its_replica(postgres_server: PostgresServer) -> None:
    follower = postgres_server.new_replica()
    follower.start()
    try:
        await _caught_up(follower)
        async with asyncio.timeout(60):
            # The connections that the copy was made by end by themselves, its own appears by itself.
            while (await database(postgres_server.url)).metrics.get("replicas") != 1:
                continue
        await _fall_behind(postgres_server, follower)
        result = await database(follower.url, replication_lag_degraded_seconds=0.0)
        assert result.status is Status.DEGRADED
        assert result.text.startswith("replication lag ")
        assert result.metrics["replication_lag_seconds"] > 0
    finally:
        follower.stop()


async def _caught_up(replica: PostgresServer) -> None:
    """Return when it has replayed all that it was sent; until then there is always something new for it."""
    deadline = time.monotonic() + 120
    while (result := await database(replica.url)).metrics.get("replication_lag_seconds") != 0:
        assert time.monotonic() < deadline, result
        # It accepts logins before it has found its primary.
        if result.status is not Status.HEALTHY:
            assert "replication stands still: it receives nothing from its primary" in result.text
    assert (result.status, result.metrics["is_replica"]) == (Status.HEALTHY, 1)


async def test_a_replica_that_hangs_is_behind_on_both_sides(postgres_server: PostgresServer) -> None:
    """Its receiver neither reads nor ends, as on a machine whose disk hangs."""
    follower = postgres_server.new_replica()
    follower.start()
    try:
        await _caught_up(follower)
        async with await owner(follower) as following, await owner(postgres_server) as leading:
            row = await (await following.execute("SELECT pid FROM pg_stat_wal_receiver")).fetchone()
            os.kill(row[0], signal.SIGSTOP)
            await following.execute("ALTER SYSTEM SET wal_receiver_timeout = '4s'")
            await following.execute("SELECT pg_reload_conf()")
            await leading.execute("ALTER SYSTEM SET wal_receiver_status_interval = '1s'")
            await leading.execute("SELECT pg_reload_conf()")
            await leading.execute("CREATE TABLE unheard (a int)")
            await leading.execute("DROP TABLE unheard")
        for url in (postgres_server.url, follower.url):
            looking = partial(database, url, replication_lag_degraded_seconds=1.5)
            result = await until(looking, lambda result: result.status is Status.DEGRADED)
            assert result.text.startswith("replication lag "), result.text
        os.kill(row[0], signal.SIGCONT)
    finally:
        follower.stop()
        async with await owner(postgres_server) as leading:
            await leading.execute("ALTER SYSTEM RESET wal_receiver_status_interval")
            await leading.execute("SELECT pg_reload_conf()")


async def _fall_behind(primary: PostgresServer, replica: PostgresServer) -> None:
    """Return when the replica holds what it has not replayed, and will not."""
    async with (
        asyncio.timeout(60),
        await psycopg.AsyncConnection.connect(replica.url, autocommit=True) as following,
        await psycopg.AsyncConnection.connect(primary.url, autocommit=True) as leading,
    ):

        async def says(figure: bytes) -> Any:
            row = await (await following.execute(b"SELECT " + figure)).fetchone()
            assert row is not None
            return row[0]

        await leading.execute("CREATE TABLE IF NOT EXISTS told (a int)")
        while await says(b"pg_last_xact_replay_timestamp()") is None:
            await leading.execute("INSERT INTO told VALUES (0)")
        await following.execute("SELECT pg_wal_replay_pause()")
        while await says(b"pg_get_wal_replay_pause_state()") != "paused":
            await leading.execute("INSERT INTO told VALUES (1)")
        while await says(b"pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()"):
            await leading.execute("INSERT INTO told VALUES (2)")


async def test_a_replica_that_follows_no_primary(replica: PostgresServer) -> None:
    result = await database(replica.url, replication_lag_degraded_seconds=None)
    assert result.status is Status.UNHEALTHY
    assert result.text == "replication stands still: it receives nothing from its primary"
    assert result.metrics["is_replica"] == 1


@pytest.fixture
def replica(postgres_server: PostgresServer) -> Any:
    """The same server, for this one test a standby without a primary."""
    postgres_server.stop()
    postgres_server.stand_by(True)
    postgres_server.start()
    yield postgres_server
    postgres_server.stop()
    postgres_server.stand_by(False)
    postgres_server.start()


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"url": "postgresql://u@h:x/d"}, "the address is not understood"),
        ({"url": "postgresql://u@h/d?nonsense=1"}, "the address is not understood"),
        ({"url": "postgresql://u@a,b/d"}, "names several hosts"),
        ({"url": "oracle://u@h/d"}, "must hold an address that begins with postgresql://"),
        ({"url": "postgresql://u@h/d", "tls": "on"}, "tls must be one of disable, prefer"),
        ({"url": "postgresql://u@h/d", "tls": "verify-ca"}, "needs ca_file"),
        ({"url": "postgresql://u@h/d", "ca_file": Path("/nowhere")}, "ca_file /nowhere: No such file"),
        ({"url": "postgresql://u@h/d", "expect": "columns > 1"}, "'columns' is neither value nor rows"),
        ({"url": "postgresql://u@h/d", "expect": "rows"}, "'rows' is a number: compare it"),
        (
            {"url": "postgresql://u@h/d", "statement_timeout_seconds": 0.0},
            "statement_timeout_seconds must be",
        ),
        ({"url": "postgresql://u@h/d", "connections_degraded_percent": 101.0}, "must be 0 to 100, not 101"),
        ({"url": "postgresql://u@h/d", "transaction_degraded_seconds": -1.0}, "must be 0 or more, not -1"),
    ],
)
def test_refused_settings(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        DatabaseConnectivity(Settings(**settings))


_LOOKS = """
import asyncio, sys
from tenantwatch_agent.checks.registry import build_check
for url in sys.argv[1:]:
    print(asyncio.run(build_check("database_connectivity", {"url": url}, "here").look()).text)
"""


def test_the_client_says_nothing_on_stderr(postgres_server: PostgresServer) -> None:
    """In a process of its own: in that of the tests others write there, too."""
    urls = postgres_server.url, f"postgresql://ann@127.0.0.1:{postgres_server.port}/postgres"
    command = [sys.executable, "-c", _LOOKS, *urls]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    well, denied = done.stdout.splitlines()
    assert (well, denied.startswith("login failed: "), done.stderr) == ("answers", True, "")


async def test_looks_side_by_side(postgres_server: PostgresServer) -> None:
    results = await asyncio.gather(*(database(postgres_server.url) for _ in range(8)))
    assert {result.status for result in results} == {Status.HEALTHY}


async def test_the_agents_own_variables_are_for_no_server(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """libpq would give a password of the environment, or of a file at home, to whatever server is named."""
    monkeypatch.setenv("PGAPPNAME", "of-the-environment")
    parameters = _parameters("postgresql://ann@db.example/shop", Tls("", None))
    assert parameters["password"] == ""
    assert not Path(parameters["passfile"]).exists()
    query = "SELECT current_setting('application_name')"
    result = await database(postgres_server.url, query=query, expect_value="tenantwatch-agent")
    assert result.status is Status.HEALTHY, result.text


def test_an_authority_of_the_address_that_is_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ca.pem")
    url = f"postgresql://u@127.0.0.1/d?sslmode=verify-ca&sslrootcert={tmp_path / 'ca.pem'}"
    with pytest.raises(ConfigurationError, match=r"sslrootcert .*: is not a regular file"):
        DatabaseConnectivity(Settings(url=url))


async def _echoing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Asks for the password in clear, and says it again."""
    await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big") - 4)
    writer.write(b"R\0\0\0\x08\0\0\0\x03")
    await reader.readexactly(1)
    password = await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big") - 4)
    fields = b"SFATAL\0C28P01\0Mno such login: " + password.rstrip(b"\0") + b"\0\0"
    writer.write(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)
    writer.close()


@pytest.mark.parametrize(
    "form", ["u:hunter2%2Fnever@{}/d?sslmode=disable", "u@{}/d?sslmode=disable&password=hunter2/never"]
)
async def test_a_password_that_a_server_says_again_is_not_shown(form: str) -> None:
    async with await asyncio.start_server(_echoing, "127.0.0.1", 0) as server:
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        result = await database(f"postgresql://{form.format(address)}")
    assert result.status is Status.UNHEALTHY
    assert result.text.endswith("FATAL: no such login: ***")


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("postgresql://u:p@db.example:5433/shop?sslmode=require", "postgresql://db.example:5433/shop"),
        ("postgresql:///shop?host=db.example&password=x", "postgresql://db.example/shop"),
        ("postgresql://db.example/shop?hostaddr=2001:db8::1", "postgresql://[2001:db8::1]/shop"),
        ("postgresql:///shop?host=/run/postgresql", "postgresql://%2Frun%2Fpostgresql/shop"),
        ("postgresql:///shop", "postgresql:///shop"),
    ],
)
def test_what_is_looked_at_is_what_is_dialled(url: str, target: str) -> None:
    assert DatabaseConnectivity(Settings(url=url)).target == target
