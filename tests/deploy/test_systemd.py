"""The units: systemd itself reads them, and rates what a broken-into service could still do."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.unpacked import DEPLOY, ROOT
from tests.missing import not_tested

UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
WORST_EXPOSURE = "20"  # of 100; 0 is a service that can do nothing


def _analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        not_tested("systemd units", "install systemd")
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=300)


def _installed(unit: Path, folder: Path) -> Path:
    """A copy that starts the programs of this environment, as systemd looks whether they are there."""
    copy = folder / unit.name
    copy.write_text(unit.read_text().replace("/opt/tenantwatch/bin", str(Path(sys.executable).parent)))
    return copy


def test_there_is_one_for_each_program() -> None:
    assert [unit.stem for unit in UNITS] == ["tenantwatch-agent", "tenantwatch-collector"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_accepts_the_unit(unit: Path, tmp_path: Path) -> None:
    done = _analyze("verify", "--man=no", str(_installed(unit, tmp_path)))
    # It also judges whatever else this machine has installed: only ours counts.
    complaints = [line for line in done.stderr.splitlines() if unit.name in line]
    assert complaints == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_the_service_is_locked_in(unit: Path, tmp_path: Path) -> None:
    copy = str(_installed(unit, tmp_path))
    done = _analyze("security", "--offline=true", "--no-pager", f"--threshold={WORST_EXPOSURE}", copy)
    if "unrecognized option" in done.stderr:
        not_tested("exposure of the systemd units", "install systemd 250 or newer")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_users_of_the_units_are_declared(unit: Path) -> None:
    declared = (DEPLOY / "systemd" / "tenantwatch.sysusers").read_text()
    user = next(line for line in unit.read_text().splitlines() if line.startswith("User=")).partition("=")[2]
    assert f"\nu {user} - " in declared
    assert (ROOT / "deploy" / "examples" / f"{unit.stem.removeprefix('tenantwatch-')}.toml").exists()
