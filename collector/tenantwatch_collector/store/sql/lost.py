"""What was not kept as results: gaps and refused batches, each with its reason."""

from __future__ import annotations

from tenantwatch_collector.store.intake import Intake
from tenantwatch_collector.store.sql.database import Transaction

_PLACE = "tenant_key, agent_id, generation, lane, first_sequence, last_sequence"


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
