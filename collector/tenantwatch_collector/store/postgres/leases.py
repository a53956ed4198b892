"""The lease on the engines: held by one collector, until an instant of the database's clock, under a term."""

from __future__ import annotations

from tenantwatch_collector.store.base import LeaseLost
from tenantwatch_collector.store.sql.database import Transaction

_NOW_US = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_SEEN = f"SELECT holder, term, until_us < {_NOW_US} AS is_over FROM lease WHERE name = 'engines'"
_RENEW = (
    f"UPDATE lease SET until_us = {_NOW_US} + ?, judged_through = ?"
    " WHERE name = 'engines' AND holder = ? AND term = ?"
)
_TAKE = (
    f"UPDATE lease SET holder = ?, term = term + 1, until_us = {_NOW_US} + ?"
    f" WHERE name = 'engines' AND term = ? AND until_us < {_NOW_US}"
)


async def take(tx: Transaction, holder: str, lease_us: int, judged_through: int) -> int | None:
    """Renew or take over; returns the term, or None while another holds it."""
    (seen,) = await tx.rows(_SEEN)
    term = int(seen["term"])
    if seen["holder"] == holder:
        return term if await tx.execute(_RENEW, (lease_us, judged_through, holder, term)) else None
    if seen["is_over"]:
        return term + 1 if await tx.execute(_TAKE, (holder, lease_us, term)) else None
    return None


async def release(tx: Transaction, holder: str) -> None:
    """Let the next one take it at once."""
    await tx.execute("UPDATE lease SET until_us = 0 WHERE name = 'engines' AND holder = ?", (holder,))


async def demand(tx: Transaction, term: int | None) -> None:
    """Raise LeaseLost unless it is still that term; until the transaction's end no other begins."""
    if term is None:
        return
    rows = await tx.rows("SELECT term FROM lease WHERE name = 'engines' FOR KEY SHARE")
    if rows[0]["term"] != term:
        raise LeaseLost("another collector has taken over judging; what this one thought is not written")
