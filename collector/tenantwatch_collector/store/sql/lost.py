"""What was not kept as results: gaps and refused batches, each with its reason."""

from __future__ import annotations

from tenantwatch_collector.store.intake import Intake
from tenantwatch_collector.store.sql.database import Transaction

MAX_DEAD_LETTERS, MAX_DEAD_LETTER_BYTES, MAX_GAPS = 1_000, 16 * 1024 * 1024, 10_000
"""What is kept of each tenant, the newest: an agent that sends nothing but rubbish must not fill the disk."""

_PLACE = "tenant_key, agent_id, generation, lane, first_sequence, last_sequence"

_OLD_DEAD_LETTERS = (
    "DELETE FROM dead_letter WHERE tenant_key = ? AND dead_letter_id <= ("
    "SELECT coalesce(max(dead_letter_id), 0) FROM (SELECT dead_letter_id, row_number() OVER newest AS number,"
    " sum(length(payload)) OVER newest AS size FROM dead_letter WHERE tenant_key = ?"
    " WINDOW newest AS (ORDER BY dead_letter_id DESC)) counted WHERE number > ? OR (number > 1 AND size > ?))"
)
_OLD_GAPS = (
    "DELETE FROM gap WHERE tenant_key = ? AND gap_id <= coalesce((SELECT gap_id FROM gap"
    " WHERE tenant_key = ? ORDER BY gap_id DESC LIMIT 1 OFFSET ?), 0)"
)


async def write_lost(tx: Transaction, found: Intake, received_at_us: int) -> None:
    """Note the gaps and the refused batches of a commit."""
    await tx.execute_many(
        f"INSERT INTO gap ({_PLACE}, from_us, to_us, reason, received_at_us)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *lost.key,
                lost.first_sequence,
                lost.last_sequence,
                lost.gap.from_us,
                lost.gap.to_us,
                lost.gap.reason,
                received_at_us,
            )
            for lost in found.lost
        ],
    )
    await tx.execute_many(
        f"INSERT INTO dead_letter ({_PLACE}, reason, payload, received_at_us)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (*dead.key, dead.first_sequence, dead.last_sequence, dead.reason, dead.payload, received_at_us)
            for dead in found.dead_letters
        ],
    )
    for tenant_key in {dead.key[0] for dead in found.dead_letters}:
        await tx.execute(_OLD_DEAD_LETTERS, (tenant_key, tenant_key, MAX_DEAD_LETTERS, MAX_DEAD_LETTER_BYTES))
    for tenant_key in {lost.key[0] for lost in found.lost}:
        await tx.execute(_OLD_GAPS, (tenant_key, tenant_key, MAX_GAPS))
