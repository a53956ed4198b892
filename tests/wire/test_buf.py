"""The .proto files by the rules of proto/buf.yaml, and against what was promised before."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.missing import not_tested
from tests.npm_tools import ROOT, buf


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


def _promised() -> str:
    """The newest release; before the first one, what is committed."""
    if shutil.which("git") is None or _run("git", "rev-parse", "--verify", "-q", "HEAD:proto").returncode:
        not_tested("breaking changes of the wire", "work in a git clone")
    tag = _run("git", "describe", "--tags", "--abbrev=0").stdout.strip()
    return tag or "HEAD"


@pytest.mark.xdist_group("buf")
def test_the_wire_follows_the_rules() -> None:
    done = _run(buf("the rules for .proto files"), "lint", "proto")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.xdist_group("buf")
def test_the_wire_breaks_no_promise() -> None:
    promised = _promised()
    command = buf("breaking changes of the wire")
    done = _run(command, "breaking", "proto", "--against", f".git#ref={promised},subdir=proto")
    assert done.returncode == 0, done.stdout + done.stderr
