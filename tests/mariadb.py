"""A real MariaDB for tests, from Debian's packages and without root. One per pytest worker."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.debian import unpacked
from tests.ports import stable_port
from tests.servers import await_line

_PASSWORD = "test-only-secret"
_PACKAGES = ("mariadb-server-core", "mariadb-client-core", "liburing2", "libaio1")
_USERS = f"""
CREATE DATABASE shop;
CREATE USER tenantwatch@'127.0.0.1' IDENTIFIED BY '{_PASSWORD}';
GRANT ALL ON *.* TO tenantwatch@'127.0.0.1' WITH GRANT OPTION;
"""


class MariadbServer:
    """A MariaDB of its own on a loopback port that stays the same over stop and start."""

    def __init__(self, root: Path, folder: Path, *options: str) -> None:
        self._root = root
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        libraries = [
            str(path) for path in (*root.glob("usr/lib/*-linux-gnu*"), *root.glob("lib/*-linux-gnu*"))
        ]
        # A server that starts removes every temporary table it finds, also those of one that runs beside it.
        (folder / "tmp").mkdir()
        self._environment = {
            "LD_LIBRARY_PATH": ":".join(libraries),
            "PATH": os.environ["PATH"],
            "LC_ALL": "C",
            "TMPDIR": str(folder / "tmp"),
        }
        # Started by root it wants to be told that this is meant.
        self._user = ["--user=root"] if os.getuid() == 0 else []
        self._places = ["--no-defaults", f"--basedir={root / 'usr'}", f"--datadir={folder / 'data'}"]
        self.port = stable_port()

    def url(self, user: str = "tenantwatch", password: str = _PASSWORD) -> str:
        return f"mysql://{user}:{password}@127.0.0.1:{self.port}/shop"

    def create(self) -> None:
        """Make the empty data folder. Once, before the first start."""
        program = self._root / "usr" / "bin" / "mariadb-install-db"
        command = [
            str(program), *self._places,
            "--auth-root-authentication-method=normal", "--skip-test-db", *self._user,
        ]  # fmt: skip
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, timeout=240)
        if done.returncode:
            raise RuntimeError(
                f"{program.name} ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr}"
            )
        (self._folder / "users.sql").write_text(_USERS)

    def start(self, *options: str) -> None:
        """Return when it accepts connections."""
        program = self._root / "usr" / "sbin" / "mariadbd"
        command = [
            str(program), *self._places,
            f"--socket={self._folder / 's'}", f"--port={self.port}", "--bind-address=127.0.0.1",
            f"--lc-messages-dir={self._root / 'usr/share/mysql'}", "--innodb-buffer-pool-size=8M",
            "--innodb-log-file-size=4M", "--innodb-flush-log-at-trx-commit=0", "--performance-schema=off",
            "--max-connections=151", "--plugin-maturity=unknown", *self._user, *self._options, *options,
        ]  # fmt: skip
        users = self._folder / "users.sql"
        if users.exists():
            command.append(f"--init-file={users}")
        self._process = subprocess.Popen(
            command, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        await_line(self._process, "ready for connections")
        users.unlink(missing_ok=True)

    def stop(self) -> None:
        """Kill it; safe to call twice."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=60)
            self._process = None


def new_mariadb(folder: Path, *options: str) -> MariadbServer:
    """Created, not started."""
    server = MariadbServer(unpacked("everything that needs MariaDB", *_PACKAGES), folder, *options)
    server.create()
    return server


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariadbServer]:
    """A running MariaDB; a test that stops it starts it again."""
    # The path of a socket is limited to some hundred bytes, which pytest's own folders can exceed.
    with tempfile.TemporaryDirectory(prefix="tenantwatch-mariadb-", ignore_cleanup_errors=True) as name:
        server = new_mariadb(Path(name))
        server.start()
        yield server
        server.stop()
