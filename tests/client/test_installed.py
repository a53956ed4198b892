"""The command says what it needs where only another part of tenantwatch is installed."""

from __future__ import annotations

import subprocess
import sys


def test_without_its_extra_it_says_how_to_have_it() -> None:
    program = "import sys; sys.modules['typer'] = None; import tenantwatch_client.__main__"
    asked = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert asked.returncode == 1
    assert asked.stderr == (
        "tenantwatch: typer is not installed: this program is the extra client, pip install '.[client]' where"
        " tenantwatch was installed from\n"
    )
