"""What people are told to type exists: make targets, commands and options of our programs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.deploy.unpacked import ROOT

TEXTS = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("*/README.md"), *ROOT.glob("docs/*.md")]
)
TARGETS = {"run", "test", "check", "proto", "agent-alone", "bench", "soak", "clean"}


def _code(text: str) -> str:
    """What is set as code, in lines and in words."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, flags=re.DOTALL))


def _helped() -> set[str]:
    """Targets that plain ``make`` shows a line for."""
    shown = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=True).stdout
    return {line.split()[0] for line in shown.splitlines() if len(line.split()) > 1}


def test_plain_make_explains_every_target() -> None:
    assert _helped() >= TARGETS


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_of_the_text_exist(text: Path) -> None:
    code = _code(text.read_text())
    assert set(re.findall(r"(?:^|[`\s])make ([a-z-]+)", code)) <= _helped()
    for program, command in re.findall(r"(tenantwatch-(?:agent|collector)) ([a-z][a-z-]*)", code):
        package = ROOT / program.removeprefix("tenantwatch-") / program.replace("-", "_")
        sources = [path.read_text() for path in package.rglob("*.py")]
        parsers = "".join(each for each in sources if "argparse" in each)
        assert f'"{command}"' in parsers, f"{program} {command}"


def test_ci_calls_the_test_command_of_the_readme() -> None:
    called = (ROOT / ".ci" / "run").read_text().splitlines()[-1]
    assert called == "make test"
    assert "make test" in _code((ROOT / "README.md").read_text())
