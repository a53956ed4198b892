"""Programs from Debian's packages without root: downloaded by apt itself, unpacked, never installed.

They are kept in the user's cache folder under a lock, so that checkouts and pytest workers share them.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.missing import not_tested

_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tenantwatch-tests" / "debian"
_HOW = "run on Debian or a relative of it, with apt-get and a mirror in reach"
_SECONDS = 240


def unpacked(what: str, *packages: str) -> Path:
    """The root folder of the unpacked packages; skips the test, naming what it would have tested, without."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        not_tested(what, _HOW)
    system = (
        f"{platform.freedesktop_os_release().get('VERSION_CODENAME', '')} {platform.machine()} {packages}"
    )
    folder = _CACHE / hashlib.sha256(system.encode()).hexdigest()[:16]
    with _alone():
        if not folder.exists():
            _bring(what, packages, folder)
    return folder


@contextmanager
def _alone() -> Iterator[None]:
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _bring(what: str, packages: tuple[str, ...], folder: Path) -> None:
    """Whole or not at all: unpacked beside its place and then moved there."""
    with tempfile.TemporaryDirectory(dir=_CACHE) as name:
        work = Path(name)
        for needed in ("state/lists/partial", "cache/archives/partial", "root"):
            (work / needed).mkdir(parents=True)
        apt = [
            "apt-get", "-qq", "-o", f"Dir::State={work}/state", "-o", f"Dir::Cache={work}/cache",
            "-o", "Dir::State::status=/var/lib/dpkg/status", "-o", "Debug::NoLocking=1",
        ]  # fmt: skip
        _run(what, work, *apt, "update")
        _run(what, work, *apt, "download", *packages)
        for package in work.glob("*.deb"):
            _run(what, work, "dpkg-deb", "-x", str(package), "root")
        (work / "root").rename(folder)


def _run(what: str, folder: Path, *command: str) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        not_tested(what, _HOW)
    if done.returncode:
        not_tested(what, f"{_HOW}; it said: {done.stderr.strip()[-200:]}")
