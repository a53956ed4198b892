"""Every configuration that deploy/ ships is accepted by the program that it is for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import grpc
import pytest

from tests.deploy.unpacked import DEPLOY, ROOT, moved

CONFIGURATIONS = sorted(DEPLOY.rglob("*.toml"))


# Any PEM file will do, as nobody connects here; gRPC brings one.
CERTIFICATE = Path(grpc.__file__).parent / "_cython" / "_credentials" / "roots.pem"


def test_there_are_some_for_both_programs() -> None:
    assert {path.stem for path in CONFIGURATIONS} == {"agent", "collector"}


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: str(path.relative_to(ROOT)))
def test_configuration_is_accepted(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://postgres:secret@127.0.0.1/postgres")
    copy = moved(path, tmp_path, CERTIFICATE)
    command = [sys.executable, "-m", f"tenantwatch_{path.stem}", "check-config", str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert f"{copy}: ok" in done.stdout
