"""Tools from npm for tests: installed once into build/tools, under a lock that all pytest workers share."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.missing import not_tested

ROOT = Path(__file__).parents[1]
_PINS = Path(__file__).parent / "tools"
_FOLDER = ROOT / "build" / "tools"
_HOW = "install node and npm, and let npm reach its registry"
_UNPACK = """
const chromium = require('@sparticuz/chromium');
(chromium.default ?? chromium).executablePath().then(path => console.log(path));
"""


_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{folder}/fonts/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{folder}/fonts-cache</cachedir>
</fontconfig>
"""


@dataclass(frozen=True, slots=True)
class Browser:
    """A Chromium that can be started here."""

    path: str
    environment: dict[str, str] = field(default_factory=dict)


@contextmanager
def _alone() -> Iterator[None]:
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with (_FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(what: str) -> None:
    """Bring the pinned packages into build/tools; nothing to do when the pins are there already."""
    pins = (_PINS / "package-lock.json").read_bytes()
    done = _FOLDER / ".installed"
    if done.exists() and done.read_bytes() == pins:
        return
    if shutil.which("npm") is None:
        not_tested(what, _HOW)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(_PINS / name, _FOLDER / name)
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        run = subprocess.run(command, cwd=_FOLDER, capture_output=True, text=True, timeout=240)
    except subprocess.TimeoutExpired:
        not_tested(what, _HOW)
    if run.returncode:
        not_tested(what, f"{_HOW}; npm said: {run.stderr.strip().splitlines()[-1:]}")
    done.write_bytes(pins)


def buf(what: str) -> str:
    """The path of ``buf``; skips the test, naming what it would have tested, where it cannot be had."""
    with _alone():
        _install(what)
    return str(_FOLDER / "node_modules" / ".bin" / "buf")


def browser(what: str) -> Browser:
    """The system's Chromium, or one from npm."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return Browser(path)
    with _alone():
        _install(what)
        return _unpacked_chromium(what)


def _unpacked_chromium(what: str) -> Browser:
    folder = _FOLDER / "chromium"
    if not (folder / "complete").exists():
        folder.mkdir(exist_ok=True)
        # Under this name of an environment the package unpacks the libraries that a bare machine lacks, too.
        environment = os.environ | {"TMPDIR": str(folder), "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs22.x"}
        command = ["node", "-e", _UNPACK]
        run = subprocess.run(command, cwd=_FOLDER, env=environment, capture_output=True, text=True)
        if run.returncode:
            not_tested(
                what, f"install a system chromium; unpacking the one from npm failed: {run.stderr[-200:]}"
            )
        (folder / "complete").write_text(json.dumps({"path": run.stdout.strip()}))
    # The package's own font configuration names folders of a machine that is not this one; and a
    # Chromium that finds no font at all ends itself.
    fonts, wanted = folder / "fonts.conf", _FONTS.format(folder=folder)
    if not fonts.exists() or fonts.read_text() != wanted:
        # Whole or not at all: another test's Chromium may be reading it.
        (folder / "fonts.new").write_text(wanted)
        (folder / "fonts.new").rename(fonts)
    library = {"LD_LIBRARY_PATH": str(folder / "al2023" / "lib"), "FONTCONFIG_FILE": str(fonts)}
    return Browser(str(folder / "chromium"), library)
