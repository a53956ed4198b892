"""What the engines write and go on from: judged states, confirmed changes, alerts."""

from __future__ import annotations

from collections.abc import Sequence

from tenantwatch_wire.records import Status

from tenantwatch_collector.store.alerts import AlertKeyState, AlertRecord
from tenantwatch_collector.store.judgements import (
    CheckChange,
    CheckState,
    JudgedState,
    Judgement,
    TenantState,
)
from tenantwatch_collector.store.sql.alert_commands import done
from tenantwatch_collector.store.sql.alert_events import note
from tenantwatch_collector.store.sql.database import Database, Row, Transaction, now_us
from tenantwatch_collector.store.sql.outbox import owe

ENGINE = "health"

_UPSERT_ALERT = (
    "INSERT INTO alert (alert_id, tenant_key, alert_type, alert_name, alert_description, severity, status,"
    " first_occurred_us, last_occurred_us, occurrence_count, resolved_at_us, alert_data)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (alert_id) DO UPDATE SET"
    " alert_name = excluded.alert_name, alert_description = excluded.alert_description,"
    " severity = excluded.severity, status = excluded.status, last_occurred_us = excluded.last_occurred_us,"
    " occurrence_count = excluded.occurrence_count, resolved_at_us = excluded.resolved_at_us,"
    " alert_data = excluded.alert_data"
)
_IN_FORCE_BEFORE = (
    "SELECT c.* FROM check_change c JOIN (SELECT check_key, max(known_at_us) AS known_at_us"
    " FROM check_change WHERE tenant_key = ? AND time_us <= ? GROUP BY check_key) newest"
    " ON c.check_key = newest.check_key AND c.known_at_us = newest.known_at_us"
    " WHERE c.tenant_key = ? AND c.time_us <= ? ORDER BY c.time_us"
)


class SqlJudgements:
    """See :class:`tenantwatch_collector.store.judgements.JudgementStore` for what each method promises."""

    _db: Database

    async def judged_state(self) -> JudgedState:
        checks = await self._db.read("SELECT * FROM check_state")
        tenants = await self._db.read("SELECT * FROM tenant_state")
        keys = await self._db.read("SELECT * FROM alert_key")
        known = await self._db.read("SELECT max(known_at_us) AS known_at_us FROM check_change")
        return JudgedState(
            cursor=await cursor(self._db, ENGINE),
            known_until_us=known[0]["known_at_us"] or 0,
            checks=[
                CheckState(
                    r["tenant_key"],
                    r["check_key"],
                    Status(r["level"]),
                    r["since_us"],
                    r["through_commit"],
                    r["last_us"],
                    r["timeline"],
                )
                for r in checks
            ],
            tenants=[TenantState(r["tenant_key"], r["state"], r["since_us"], r["groups"]) for r in tenants],
            alert_keys=[
                AlertKeyState(r["tenant_key"], r["alert_type"], r["state"], r["next_due_us"]) for r in keys
            ],
        )

    async def changes(self, tenant_key: int, from_us: int, to_us: int) -> Sequence[CheckChange]:
        before = await self._db.read(_IN_FORCE_BEFORE, (tenant_key, from_us, tenant_key, from_us))
        within = await self._db.read(
            "SELECT * FROM check_change WHERE tenant_key = ? AND time_us > ? AND time_us < ?",
            (tenant_key, from_us, to_us),
        )
        carried = {row["check_key"]: _change_of(row) for row in before}
        later: dict[int, list[CheckChange]] = {}
        for row in within:
            later.setdefault(row["check_key"], []).append(_change_of(row))
        found = list(carried.values())
        for check_key, known in later.items():
            known_until_us = carried[check_key].known_at_us if check_key in carried else -1
            found += _in_force([c for c in known if c.known_at_us >= known_until_us])
        return sorted(found, key=lambda c: (c.time_us, c.check_key))

    async def changed_since(self, known_after_us: int) -> Sequence[tuple[int, int, int]]:
        rows = await self._db.read(
            "SELECT tenant_key, min(time_us) AS time_us, max(known_at_us) AS known_at_us FROM check_change"
            " WHERE known_at_us > ? GROUP BY tenant_key",
            (known_after_us,),
        )
        return [(row["tenant_key"], row["time_us"], row["known_at_us"]) for row in rows]


async def write_judgement(tx: Transaction, judgement: Judgement) -> None:
    await tx.execute_many(
        "INSERT INTO check_state (tenant_key, check_key, level, since_us, through_commit, last_us, timeline)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant_key, check_key) DO UPDATE SET"
        " level = excluded.level, since_us = excluded.since_us, through_commit = excluded.through_commit,"
        " last_us = excluded.last_us, timeline = excluded.timeline",
        [
            (s.tenant_key, s.check_key, int(s.level), s.since_us, s.through_commit, s.last_us, s.timeline)
            for s in judgement.checks
        ],
    )
    await tx.execute_many(
        "INSERT INTO check_change (tenant_key, check_key, time_us, known_at_us, level)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(c.tenant_key, c.check_key, c.time_us, c.known_at_us, int(c.level)) for c in judgement.changes],
    )
    await tx.execute_many(
        "INSERT INTO tenant_state (tenant_key, state, since_us, groups) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (tenant_key) DO UPDATE SET"
        " state = excluded.state, since_us = excluded.since_us, groups = excluded.groups",
        [(t.tenant_key, t.state, t.since_us, t.groups) for t in judgement.tenants],
    )
    await _write_alerts(tx, judgement)
    await advance(tx, ENGINE, judgement.cursor)


async def advance(tx: Transaction, engine: str, commit_id: int) -> None:
    """Note how far an engine has come."""
    await tx.execute(
        "INSERT INTO engine_cursor (engine, commit_id) VALUES (?, ?)"
        " ON CONFLICT (engine) DO UPDATE SET commit_id = excluded.commit_id",
        (engine, commit_id),
    )


async def cursor(db: Database, engine: str) -> int:
    rows = await db.read("SELECT commit_id FROM engine_cursor WHERE engine = ?", (engine,))
    return int(rows[0]["commit_id"]) if rows else 0


async def _write_alerts(tx: Transaction, judgement: Judgement) -> None:
    await tx.execute_many(
        "INSERT INTO alert_key (tenant_key, alert_type, state, next_due_us) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (tenant_key, alert_type) DO UPDATE SET"
        " state = excluded.state, next_due_us = excluded.next_due_us",
        [(k.tenant_key, k.alert_type, k.state, k.next_due_us) for k in judgement.alert_keys],
    )
    # Resolved ones first: the next alert of the same key may open in the same judgement.
    await tx.execute_many(
        _UPSERT_ALERT,
        [_alert_row(alert) for alert in sorted(judgement.alerts, key=lambda a: a.status != "resolved")],
    )
    await note(tx, judgement.events)
    await done(tx, judgement.obeyed, now_us())
    for message in judgement.messages:
        await owe(tx, message)


def _alert_row(alert: AlertRecord) -> tuple[object, ...]:
    return (
        alert.alert_id,
        alert.tenant_key,
        alert.alert_type,
        alert.alert_name,
        alert.alert_description,
        alert.severity,
        alert.status,
        alert.first_occurred_us,
        alert.last_occurred_us,
        alert.occurrence_count,
        alert.resolved_at_us,
        alert.alert_data,
    )


def _in_force(changes: Sequence[CheckChange]) -> list[CheckChange]:
    """One check's changes that no later knowledge has replaced."""
    kept: list[CheckChange] = []
    replaced_from: int | None = None
    for known_at_us in sorted({c.known_at_us for c in changes}, reverse=True):
        together = [c for c in changes if c.known_at_us == known_at_us]
        kept += [c for c in together if replaced_from is None or c.time_us < replaced_from]
        first = min(c.time_us for c in together)
        replaced_from = first if replaced_from is None else min(replaced_from, first)
    return kept


def _change_of(row: Row) -> CheckChange:
    return CheckChange(
        row["tenant_key"], row["check_key"], row["time_us"], Status(row["level"]), row["known_at_us"]
    )
