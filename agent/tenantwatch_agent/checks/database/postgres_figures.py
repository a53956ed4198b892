"""What PostgreSQL tells a login of itself; each figure is its own query, since any may be kept from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from tenantwatch_agent.checks.database.session import Figures

Figure = float | None
Ask = Callable[[Sequence[str]], Awaitable[Sequence[Figure]]]
"""The only cell of each answer; None for null, and where this login may not see it."""

# Without pg_monitor others' sessions are there, but of all that they are only whose and where.
_CONNECTIONS = """
SELECT count(*)::float8 FROM pg_stat_activity WHERE backend_type = 'client backend'
    OR (backend_type IS NULL AND datid IS NOT NULL AND usesysid IS NOT NULL)
"""
_BOUND = "SELECT current_setting('max_connections')::float8"
_SIZE = "SELECT pg_database_size(current_database())::float8"
_TRANSACTION = """
SELECT max(extract(epoch FROM clock_timestamp() - xact_start))::float8 FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
_PREPARED = "SELECT max(extract(epoch FROM clock_timestamp() - prepared))::float8 FROM pg_prepared_xacts"
_IN_RECOVERY = "SELECT pg_is_in_recovery()::int::float8"

_RECEIVERS = "SELECT count(*)::float8 FROM pg_stat_wal_receiver"
_NOT_REPLAYED = """
SELECT CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
    ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END::float8
"""
# A receiver asks for a sign of life after half of its timeout: one that is without for longer hangs.
_NOTHING_HEARD = """
SELECT extract(epoch FROM clock_timestamp() - last_msg_receipt_time)::float8 FROM pg_stat_wal_receiver
WHERE current_setting('wal_receiver_timeout')::interval > interval '0'
    AND clock_timestamp() - last_msg_receipt_time > 0.75 * current_setting('wal_receiver_timeout')::interval
"""

_FOLLOWERS = "SELECT count(*)::float8 FROM pg_stat_replication"
_REPLAY = "SELECT max(extract(epoch FROM replay_lag))::float8 FROM pg_stat_replication"
# The lag that a follower told last stays as it was when it hangs. One that lives says something in every
# wal_receiver_status_interval, which is its own setting and as a rule the primary's as well.
_NOTHING_SAID = """
SELECT max(extract(epoch FROM clock_timestamp() - reply_time))::float8 FROM pg_stat_replication
WHERE replay_lsn < pg_current_wal_lsn() AND clock_timestamp() - reply_time
    > 2 * greatest(current_setting('wal_receiver_status_interval')::interval, interval '1 s')
"""


async def read(ask: Ask) -> Figures:
    """Raises what ``ask`` raises."""
    found = Figures()
    (
        found.connections,
        found.max_connections,
        found.database_bytes,
        transaction,
        prepared,
        in_recovery,
        followers,
    ) = await ask([_CONNECTIONS, _BOUND, _SIZE, _TRANSACTION, _PREPARED, _IN_RECOVERY, _FOLLOWERS])
    found.longest_transaction_seconds = _longest(transaction, prepared)
    found.is_replica = bool(in_recovery)
    if found.is_replica:
        # Receivers last: one that has just begun is not missing beside what it received.
        not_replayed, nothing_heard, receivers = await ask([_NOT_REPLAYED, _NOTHING_HEARD, _RECEIVERS])
        if receivers == 0:
            found.replication_stopped = "it receives nothing from its primary"
        found.replication_lag_seconds = _longest(not_replayed, nothing_heard)
    elif followers:
        found.replicas = followers
        found.replication_lag_seconds = _longest(*await ask([_REPLAY, _NOTHING_SAID]))
    return found


def _longest(*found: Figure) -> Figure:
    return max([seconds for seconds in found if seconds is not None], default=None)
