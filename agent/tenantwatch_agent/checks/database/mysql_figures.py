"""What MySQL and MariaDB tell a user of themselves; of replication, all of its channels."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from tenantwatch_agent.checks.database.session import Figures

Row = Mapping[str, str | None]
Ask = Callable[[str], Awaitable[Sequence[Row]]]
"""No rows where this user may not see them, and where this server does not know them."""

_CONNECTIONS = "SHOW GLOBAL STATUS LIKE 'Threads_connected'"
_BOUND = "SELECT @@max_connections AS bound"
_SIZE = """
SELECT SUM(data_length + index_length) AS bytes FROM information_schema.tables
WHERE table_schema = DATABASE()
"""
_LONGEST = """
SELECT MAX(TIMESTAMPDIFF(SECOND, trx_started, NOW())) AS seconds FROM information_schema.innodb_trx
WHERE trx_mysql_thread_id <> CONNECTION_ID()
"""
# MariaDB's, which shows only the channel without a name otherwise; MySQL's, and as it was before 8.0.22.
_CHANNELS = ("SHOW ALL SLAVES STATUS", "SHOW REPLICA STATUS", "SHOW SLAVE STATUS")
_MAX_STOPPED = 3


async def read(ask: Ask) -> Figures:
    """Raises what ``ask`` raises."""
    found = Figures(_number(await ask(_CONNECTIONS), "Value"), _number(await ask(_BOUND), "bound"))
    found.database_bytes = _number(await ask(_SIZE), "bytes")
    found.longest_transaction_seconds = _number(await ask(_LONGEST), "seconds")
    for query in _CHANNELS:
        if channels := await ask(query):
            _read_channels(found, channels)
            break
    return found


def _read_channels(found: Figures, channels: Sequence[Row]) -> None:
    """The one that is furthest behind counts, and each that stands still."""
    told = [_old_names(channel) for channel in channels]
    found.is_replica = True
    lags = [lag for one in told if (lag := _number([one], "Seconds_Behind_Master")) is not None]
    found.replication_lag_seconds = max(lags, default=None)
    stopped = [reason for one in told if (reason := _stopped(one))]
    more = [f"and {len(stopped) - _MAX_STOPPED} more"] if len(stopped) > _MAX_STOPPED else []
    found.replication_stopped = "; ".join(stopped[:_MAX_STOPPED] + more)


def _old_names(channel: Row) -> Row:
    """MySQL 8.0.22 renamed the columns; MariaDB keeps the old names."""
    return {name.replace("Source", "Master").replace("Replica", "Slave"): v for name, v in channel.items()}


def _stopped(channel: Row) -> str:
    """Why it does not follow; empty while it does."""
    threads = [part for part in ("IO", "SQL") if channel.get(f"Slave_{part}_Running") != "Yes"]
    if not threads:
        return ""
    name = channel.get("Connection_name") or channel.get("Channel_Name")
    why = channel.get("Last_IO_Error") or channel.get("Last_SQL_Error") or "it was stopped"
    where = f"channel {name}: " if name else ""
    return f"{where}{' and '.join(threads)} thread: {' '.join(why.split())[:200]}"


def _number(rows: Sequence[Row], name: str) -> float | None:
    value = rows[0].get(name) if rows else None
    return None if value is None else float(value)
