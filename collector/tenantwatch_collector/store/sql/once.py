"""Commands that are carried out once, by the hash of their idempotency key."""

from __future__ import annotations

from tenantwatch_collector.store.access import KeptAnswer
from tenantwatch_collector.store.sql.database import Database

_AT_ONCE = 1_000


class SqlOnce:
    """See :class:`tenantwatch_collector.store.access.AccessStore` for what each method promises."""

    _db: Database

    async def begin_once(
        self, key: bytes, request: bytes, now_us: int, kept_since_us: int, alive_since_us: int
    ) -> KeptAnswer | None:
        async with self._db.transaction() as tx:
            await tx.execute(
                "DELETE FROM once WHERE key_sha256 IN"
                " (SELECT key_sha256 FROM once WHERE begun_at_us < ? ORDER BY begun_at_us LIMIT ?)",
                (kept_since_us, _AT_ONCE),
            )
            taken = await tx.execute(
                "INSERT INTO once (key_sha256, request_sha256, begun_at_us) VALUES (?, ?, ?)"
                " ON CONFLICT (key_sha256) DO UPDATE SET begun_at_us = excluded.begun_at_us"
                " WHERE once.status IS NULL AND once.done = FALSE AND once.begun_at_us < ?"
                " AND once.request_sha256 = excluded.request_sha256",
                (key, request, now_us, alive_since_us),
            )
            if taken:
                return None
            (row,) = await tx.rows("SELECT * FROM once WHERE key_sha256 = ?", (key,))
            return KeptAnswer(
                bytes(row["request_sha256"]),
                row["status"],
                bytes(row["answer"] or b""),
                bool(row["done"]),
                row["begun_at_us"],
            )

    async def done_once(self, key: bytes) -> None:
        async with self._db.transaction() as tx:
            await tx.execute("UPDATE once SET done = TRUE WHERE key_sha256 = ?", (key,))

    async def finish_once(self, key: bytes, status: int, answer: bytes) -> None:
        async with self._db.transaction() as tx:
            await tx.execute(
                "UPDATE once SET status = ?, answer = ? WHERE key_sha256 = ?", (status, answer, key)
            )

    async def forget_once(self, key: bytes) -> None:
        async with self._db.transaction() as tx:
            await tx.execute(
                "DELETE FROM once WHERE key_sha256 = ? AND status IS NULL AND done = FALSE", (key,)
            )
