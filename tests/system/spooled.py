"""What an agent's spool holds, read from outside while the agent is dead."""

from __future__ import annotations

from pathlib import Path

from tests.system.kept import read_rows

_RESULTS = "SELECT check_id, time_us FROM result JOIN check_entry USING (idx) ORDER BY lane, sequence"


def spooled_results(data_folder: Path) -> list[tuple[int | str, ...]]:
    """(check, time) of each result that waits; none where no spool was begun yet."""
    spool = data_folder / "spool.sqlite3"
    return read_rows(spool, _RESULTS) if spool.exists() else []
