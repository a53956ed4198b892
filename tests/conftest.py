"""Fixtures that every test may use, and the summary of what could not be tested here."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("tests.system.harness", "tests.system.kept", "tests.system.streaming")

from tests.mariadb import mariadb_server  # noqa: E402 - after the line above, which must come first
from tests.missing import write_summary  # noqa: E402
from tests.servers import apache_server, postgres_server, redis_server, timescale_server  # noqa: E402

__all__ = ["apache_server", "mariadb_server", "postgres_server", "redis_server", "timescale_server"]

# The machine's proxy is for what lies outside of it.
for _name in ("no_proxy", "NO_PROXY"):
    os.environ[_name] = ",".join(filter(None, ("127.0.0.1,::1,localhost", os.environ.get(_name))))

# How long an example takes, or takes to be drawn, is no property of ours: a busy machine would fail it.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Every run tries the same examples; --hypothesis-profile=unhurried looks for others.
settings.register_profile("same", settings.get_profile("unhurried"), derandomize=True)
settings.load_profile("same")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    write_summary(terminalreporter)
