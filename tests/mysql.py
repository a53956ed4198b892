"""MySQL's own server for tests, where the machine has one: no package brings it without root."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.missing import not_tested
from tests.ports import stable_port
from tests.servers import await_line

_WHAT = "a login by caching_sha2_password with MySQL's own server"
_PLACES = (os.environ.get("PATH", ""), "/usr/sbin", "/usr/libexec", "/usr/local/mysql/bin")


def mysql_program() -> Path:
    """Skips the test where there is none; what MariaDB calls mysqld knows no caching_sha2_password."""
    found = shutil.which("mysqld", path=":".join(_PLACES))
    if found is not None:
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
        if said.returncode == 0 and "mariadb" not in said.stdout.lower():
            return Path(found)
    not_tested(_WHAT, "put the mysqld of MySQL 8 or newer into PATH")


@contextmanager
def running_mysql(folder: Path, user: str, password: str) -> Iterator[str]:
    """Has a database ``shop`` and that user; yields HOST:PORT."""
    port = stable_port()
    begin = folder / "begin.sql"
    begin.write_text(
        "CREATE DATABASE shop;\n"
        f"CREATE USER '{user}'@'%' IDENTIFIED WITH caching_sha2_password BY '{password}';\n"
        f"GRANT ALL ON shop.* TO '{user}'@'%';\n"
    )
    command = [
        str(mysql_program()), "--no-defaults", f"--datadir={folder / 'data'}",
        *(["--user=root"] if os.getuid() == 0 else []),
    ]  # fmt: skip
    made = subprocess.run([*command, "--initialize-insecure"], capture_output=True, text=True, check=False)
    if made.returncode:
        not_tested(_WHAT, f"let mysqld keep its data in {folder.parent}")
    process = subprocess.Popen(
        [
            *command, "--mysqlx=OFF", "--bind-address=127.0.0.1", f"--port={port}",
            f"--socket={folder / 's'}", f"--pid-file={folder / 'pid'}", f"--init-file={begin}",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    try:
        await_line(process, "ready for connections")
        yield f"127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(timeout=60)
