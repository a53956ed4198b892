"""What collectors on one store see of one another's work, in one cheap question."""

from __future__ import annotations

from tenantwatch_collector.store.collectors import Pulse
from tenantwatch_collector.store.sql.database import Row, Transaction

PULSE = (
    "SELECT (SELECT coalesce(max(commit_id), 0) FROM commit_log) AS newest_commit,"
    " (SELECT coalesce(max(known_at_us), 0) FROM check_change) AS newest_change_us,"
    " (SELECT coalesce(max(event_id), 0) FROM alert_event) AS newest_event,"
    " (SELECT count(*) FROM alert_command WHERE done_at_us IS NULL) AS commands,"
    " (SELECT number FROM revision WHERE name = 'definitions') AS definitions,"
    " (SELECT judged_through FROM lease WHERE name = 'engines') AS judged_through,"
    " (SELECT coalesce(max(before_us), 0) FROM retention WHERE name = 'raw') AS raw_since_us"
)
_NAMES = tuple(Pulse.__dataclass_fields__)


def pulse_of(row: Row) -> Pulse:
    return Pulse(**{name: row[name] for name in _NAMES})


async def note_definitions(tx: Transaction) -> None:
    await tx.execute("UPDATE revision SET number = number + 1 WHERE name = 'definitions'")
