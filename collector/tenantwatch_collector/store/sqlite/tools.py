"""Taking stock of an SQLite file."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tenantwatch_collector.store.columns import ResultColumns
from tenantwatch_collector.store.sql import tools
from tenantwatch_collector.store.sql.database import Database
from tenantwatch_collector.store.tools import Inventory

_KEPT = (
    "SELECT a.key AS place FROM json_each(?) a WHERE EXISTS (SELECT 1 FROM result r"
    " WHERE r.tenant_key = json_extract(a.value, '$[0]') AND r.check_key = json_extract(a.value, '$[1]')"
    " AND r.time_us = json_extract(a.value, '$[2]') AND r.status = json_extract(a.value, '$[3]')"
    " AND coalesce(r.latency_us, -1) = json_extract(a.value, '$[4]'))"
)
_REACH = (
    "SELECT (SELECT count(*) FROM result) AS results,"
    " min(oldest_us) AS oldest_us, max(newest_us) AS newest_us FROM (SELECT"
    " (SELECT min(time_us) FROM result r WHERE r.tenant_key = d.tenant_key AND r.check_key = d.check_key)"
    " AS oldest_us,"
    " (SELECT max(time_us) FROM result r WHERE r.tenant_key = d.tenant_key AND r.check_key = d.check_key)"
    " AS newest_us FROM check_definition d)"
)


async def kept_already(db: Database, results: ResultColumns) -> npt.NDArray[np.bool_]:
    asked = np.stack(
        [results.tenant_key, results.check_key, results.time_us, results.status, results.latency_us], axis=1
    )
    kept = np.zeros(len(results), bool)
    rows = await db.survey(_KEPT, (json.dumps(asked.tolist()),))
    kept[[row["place"] for row in rows]] = True
    return kept


async def inventory(db: Database, path: Path, raw_since_us: int) -> Inventory:
    (found,) = await db.survey(_REACH)
    (pages,) = await db.survey(
        "SELECT (SELECT page_size FROM pragma_page_size) * (SELECT freelist_count FROM pragma_freelist_count)"
        " AS free"
    )
    ahead = path.with_name(f"{path.name}-wal")
    return Inventory(
        database=f"SQLite {sqlite3.sqlite_version}, {path}",
        flavour="sqlite",
        raw_since_us=raw_since_us,
        results=found["results"],
        results_estimated=False,
        oldest_us=found["oldest_us"],
        newest_us=found["newest_us"],
        sizes={
            "file": path.stat().st_size,
            "free pages": pages["free"],
            "write-ahead log": ahead.stat().st_size if ahead.exists() else 0,
        },
        **await tools.counts(db),
    )
