"""Taking stock of a PostgreSQL database."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tenantwatch_collector.store.columns import ResultColumns
from tenantwatch_collector.store.sql import tools
from tenantwatch_collector.store.sql.database import Database
from tenantwatch_collector.store.tools import Inventory

_COUNTED_UP_TO = 2_000_000
_KEPT = (
    "SELECT DISTINCT a.place FROM unnest(?::int[], ?::int[], ?::bigint[], ?::smallint[], ?::bigint[])"
    " WITH ORDINALITY AS a (tenant, which, instant, word, latency, place)"
    " JOIN result r ON r.tenant_key = a.tenant AND r.check_key = a.which AND r.time_us = a.instant"
    " AND r.status = a.word AND coalesce(r.latency_us, -1) = a.latency"
    " WHERE r.time_us BETWEEN ? AND ? AND r.tenant_key = ANY(?)"
)
_SERVER = (
    "SELECT current_setting('server_version') AS version, current_database() AS name,"
    " pg_database_size(current_database()) AS bytes,"
    " (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS timescale,"
    " current_setting('timescaledb.license', true) AS licence,"
    " pg_table_size('rollup') AS rollup_bytes, pg_indexes_size('rollup') AS rollup_index_bytes"
)
_PARTITIONS = (
    "SELECT coalesce(sum(pg_table_size(relid)), 0)::bigint AS bytes,"
    " coalesce(sum(pg_indexes_size(relid)), 0)::bigint AS index_bytes,"
    " coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint AS estimate"
    " FROM pg_partition_tree('result') p JOIN pg_class c ON c.oid = p.relid WHERE p.isleaf"
)
_CHUNKS = (
    "SELECT (table_bytes + coalesce(toast_bytes, 0))::bigint AS bytes, index_bytes::bigint AS index_bytes,"
    " approximate_row_count('result') AS estimate FROM hypertable_detailed_size('result')"
)
_REACH = "SELECT min(earliest_us) AS oldest_us, max(latest_us) AS newest_us FROM commit_log"


async def kept_already(db: Database, results: ResultColumns) -> npt.NDArray[np.bool_]:
    kept = np.zeros(len(results), bool)
    columns = (results.tenant_key, results.check_key, results.time_us, results.status, results.latency_us)
    rows = await db.survey(
        _KEPT,
        (
            *(column.tolist() for column in columns),
            int(results.time_us.min()),
            int(results.time_us.max()),
            np.unique(results.tenant_key).tolist(),
        ),
    )
    kept[[row["place"] - 1 for row in rows]] = True
    return kept


async def inventory(db: Database, flavour: str, raw_since_us: int) -> Inventory:
    (server,) = await db.survey(_SERVER)
    (raw,) = await db.survey(_PARTITIONS if flavour == "plain" else _CHUNKS)
    (reached,) = await db.survey(_REACH)
    results, estimated = int(raw["estimate"]), True
    if results < _COUNTED_UP_TO:
        (counted,) = await db.survey("SELECT count(*) AS results FROM result")
        results, estimated = counted["results"], False
    extension = ""
    if server["timescale"]:
        extension = f" with TimescaleDB {server['timescale']} (licence {server['licence']})"
    oldest_us = reached["oldest_us"]
    return Inventory(
        database=f"PostgreSQL {server['version']}{extension}, database {server['name']}",
        flavour=flavour,
        raw_since_us=raw_since_us,
        results=results,
        results_estimated=estimated,
        # The log outlives the results that retention took.
        oldest_us=None if oldest_us is None or not results else max(oldest_us, raw_since_us),
        newest_us=reached["newest_us"] if results else None,
        sizes={
            "database": server["bytes"],
            "results": raw["bytes"],
            "index of results": raw["index_bytes"],
            "rollups": server["rollup_bytes"],
            "index of rollups": server["rollup_index_bytes"],
        },
        **await tools.counts(db),
    )
