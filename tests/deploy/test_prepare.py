"""What compose.yaml runs before everything else, run for real: twice, as a second `up` does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.unpacked import DEPLOY
from tests.missing import not_tested


def _prepare(folder: Path) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    arguments = [str(folder / name) for name in ("collector.toml", "keys", "hand-over")]
    command = ["sh", str(DEPLOY / "docker" / "prepare.sh"), *arguments]
    done = subprocess.run(
        command, env=os.environ | {"PATH": path}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr


def test_preparing_twice_gives_the_same_keys_and_tokens(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        not_tested("the certificate of compose.yaml", "install openssl")
    (tmp_path / "hand-over").mkdir()
    shipped = (DEPLOY / "docker" / "collector.toml").read_text()
    assert '"/var/lib/tenantwatch/tls/' in shipped
    settings = shipped.replace("/var/lib/tenantwatch/tls", str(tmp_path / "keys"))
    (tmp_path / "collector.toml").write_text(settings.replace("/var/lib/tenantwatch", str(tmp_path / "data")))
    _prepare(tmp_path)
    first = {path.name: path.read_text() for path in (tmp_path / "hand-over").iterdir()}
    assert set(first) == {"tls.crt", "agent-token", "admin-token"}
    assert all(first[name].startswith("tw_") for name in ("agent-token", "admin-token"))
    assert (tmp_path / "keys" / "tls.key").stat().st_mode & 0o077 == 0
    _prepare(tmp_path)
    assert first == {path.name: path.read_text() for path in (tmp_path / "hand-over").iterdir()}


@pytest.mark.parametrize("name", ["prepare.sh"])
def test_the_script_can_be_executed(name: str) -> None:
    assert os.access(DEPLOY / "docker" / name, os.X_OK)
