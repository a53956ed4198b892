"""Exporting, importing, taking stock and checking, as far as both databases do it in the same words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tenantwatch_collector.store.results import StoredResult
from tenantwatch_collector.store.sql import judgements, rollups
from tenantwatch_collector.store.sql.database import Database
from tenantwatch_collector.store.sql.history import named
from tenantwatch_collector.store.tools import Account, Lost

# By way of the checks, so that the index leads to each one's time.
_IN_ORDER = (
    "SELECT r.* FROM check_definition d"
    " JOIN any_result r ON r.tenant_key = d.tenant_key AND r.check_key = d.check_key"
    " WHERE d.tenant_key = ? AND r.time_us >= ? AND r.time_us < ?"
    " ORDER BY r.time_us, r.check_key, r.commit_key LIMIT ?"
)
_REACH = (
    "SELECT min(oldest_us) AS oldest_us, max(newest_us) AS newest_us FROM (SELECT"
    " (SELECT min(time_us) FROM result r WHERE r.tenant_key = d.tenant_key AND r.check_key = d.check_key)"
    " AS oldest_us,"
    " (SELECT max(time_us) FROM result r WHERE r.tenant_key = d.tenant_key AND r.check_key = d.check_key)"
    " AS newest_us FROM check_definition d WHERE d.tenant_key = ?) reached"
)
_ACCOUNTS = """
SELECT t.tenant_id, k.agent_id, coalesce(w.total, 0) AS acknowledged, coalesce(r.total, 0) AS results,
       coalesce(g.total, 0) AS lost, coalesce(d.total, 0) AS refused
FROM (SELECT tenant_key, agent_id FROM watermark
      UNION SELECT tenant_key, agent_id FROM check_definition) k
JOIN tenant t ON t.tenant_key = k.tenant_key
LEFT JOIN (SELECT tenant_key, agent_id, sum(sequence) AS total FROM watermark
           GROUP BY tenant_key, agent_id) w
       ON w.tenant_key = k.tenant_key AND w.agent_id = k.agent_id
LEFT JOIN (SELECT c.tenant_key, c.agent_id, sum(n) AS total
           FROM (SELECT check_key, count(*) AS n FROM result GROUP BY check_key) counted
           JOIN check_definition c ON c.check_key = counted.check_key GROUP BY c.tenant_key, c.agent_id) r
       ON r.tenant_key = k.tenant_key AND r.agent_id = k.agent_id
LEFT JOIN (SELECT tenant_key, agent_id, sum(last_sequence - first_sequence + 1) AS total FROM gap
           GROUP BY tenant_key, agent_id) g
       ON g.tenant_key = k.tenant_key AND g.agent_id = k.agent_id
LEFT JOIN (SELECT tenant_key, agent_id, sum(last_sequence - first_sequence + 1) AS total FROM dead_letter
           GROUP BY tenant_key, agent_id) d
       ON d.tenant_key = k.tenant_key AND d.agent_id = k.agent_id
ORDER BY t.tenant_id, k.agent_id
"""
_COUNTS = (
    "SELECT (SELECT max(version) FROM schema_version) AS schema_version,"
    " (SELECT count(*) FROM tenant) AS tenants, (SELECT count(*) FROM agent) AS agents,"
    " (SELECT count(*) FROM check_definition) AS checks, (SELECT count(*) FROM commit_log) AS commits,"
    " (SELECT coalesce(max(commit_id), 0) FROM commit_log) AS newest_commit,"
    " (SELECT count(*) FROM rollup_due) AS spans_due, (SELECT count(*) FROM rollup) AS rollups"
)
_COUNTED = (
    "schema_version",
    "tenants",
    "agents",
    "checks",
    "commits",
    "newest_commit",
    "spans_due",
    "rollups",
)
_MAX_REASONS = 10_000


class SqlTools:
    """See :class:`tenantwatch_collector.store.tools.StoreTools`."""

    _db: Database

    async def results_from(
        self, tenant_key: int, from_us: int, to_us: int, limit: int
    ) -> Sequence[StoredResult]:
        rows = await self._db.survey(_IN_ORDER, (tenant_key, from_us, to_us, limit))
        return await named(self._db, rows)

    async def reach(self, tenant_key: int) -> tuple[int, int] | None:
        (row,) = await self._db.survey(_REACH, (tenant_key,))
        return None if row["oldest_us"] is None else (row["oldest_us"], row["newest_us"])

    async def accounts(self) -> Sequence[Account]:
        numbers = ("acknowledged", "results", "lost", "refused")
        return [
            Account(row["tenant_id"], row["agent_id"], *(int(row[name]) for name in numbers))
            for row in await self._db.survey(_ACCOUNTS)
        ]

    async def orphans(self) -> int:
        (row,) = await self._db.survey(
            "SELECT count(*) AS n FROM result r"
            " WHERE NOT EXISTS (SELECT 1 FROM commit_log c WHERE c.commit_key = r.commit_key)"
        )
        return int(row["n"])


async def counts(db: Database) -> dict[str, Any]:
    """What of an inventory is counted alike everywhere, by field."""
    (row,) = await db.survey(_COUNTS)
    return {
        **{name: int(row[name] or 0) for name in _COUNTED},
        "judged_through": await judgements.cursor(db, judgements.ENGINE),
        "rolled_up_through": await judgements.cursor(db, rollups.ENGINE),
        "gaps": await _lost(db, "gap"),
        "dead_letters": await _lost(db, "dead_letter"),
    }


async def _lost(db: Database, table: str) -> Sequence[Lost]:
    """By reason; reasons that differ in nothing but their numbers are one."""
    rows = await db.survey(
        f"SELECT reason, count(*) AS n, sum(last_sequence - first_sequence + 1) AS total FROM {table}"
        f" GROUP BY reason LIMIT {_MAX_REASONS}"
    )
    found: dict[str, Lost] = {}
    for row in rows:
        reason = re.sub(r"\d+", "N", row["reason"])
        known = found.get(reason, Lost(reason, 0, 0))
        found[reason] = Lost(reason, known.rows + int(row["n"]), known.sequences + int(row["total"]))
    return sorted(found.values(), key=lambda each: -each.sequences)
