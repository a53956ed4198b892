"""Migrations: from every earlier version, killed, together, and never from a newer one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from tenantwatch_collector.errors import ConfigurationError
from tenantwatch_collector.store.sqlite.migrate import migrate


def test_a_store_of_another_build_is_refused_and_the_same_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    assert migrate(path) == migrate(path)
    with sqlite3.connect(path) as file:
        file.execute("UPDATE schema_version SET sha256 = 'other'")
    file.close()
    with pytest.raises(ConfigurationError, match="different build"):
        migrate(path)
