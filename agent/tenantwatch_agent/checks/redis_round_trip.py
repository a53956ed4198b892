"""What is written can be read and deleted: a key of its own, on a node of a cluster in one of its slots."""

from __future__ import annotations

import secrets
from binascii import crc_hqx

from tenantwatch_agent.checks.redis_client import RedisClient, RedisFailed, Refused
from tenantwatch_agent.checks.redis_info import ALL_SLOTS

_KEY_LIVES_MS = 60_000
_MOST_KEYS = 100
_ELSEWHERE = ("MOVED", "ASK")


async def round_trip(client: RedisClient, in_cluster: bool) -> str:
    """What went wrong in words; empty if nothing did, and where a replica takes no writes."""
    slots = await _own_slots(client) if in_cluster else None
    if slots is not None and not slots:
        return "the node serves no slots"
    for _ in range(_MOST_KEYS):
        try:
            return await _with_key(client, key_in(slots))
        except Refused as error:
            if error.code == "READONLY":
                return ""
            if error.code not in _ELSEWHERE:
                raise
    return f"the node takes none of {_MOST_KEYS} keys: its slots are few, and CLUSTER NODES is not allowed"


async def _with_key(client: RedisClient, key: str) -> str:
    value = secrets.token_hex(8)
    await client.ask("SET", key, value, "PX", str(_KEY_LIVES_MS))
    found = await client.ask("GET", key)
    deleted = await client.ask("DEL", key)
    if found != value:
        return "what was written was not read back"
    return "" if deleted == 1 else "what was written could not be deleted"


def key_in(slots: set[int] | None) -> str:
    """A new one; as good as always in these slots, be it a single one."""
    base = f"tenantwatch:{secrets.token_hex(8)}:"
    begun = crc_hqx(base.encode(), 0)
    numbers = range(16 * ALL_SLOTS if slots else 1)
    fits = (n for n in numbers if not slots or crc_hqx(b"%d" % n, begun) % ALL_SLOTS in slots)
    return f"{base}{next(fits, 0)}"


async def _own_slots(client: RedisClient) -> set[int] | None:
    """None where the login may not ask for them."""
    try:
        nodes = await client.ask("CLUSTER", "NODES")
    except Refused as error:
        if error.code == "NOPERM":
            return None
        raise
    for node in str(nodes).splitlines():
        fields = node.split()
        if len(fields) >= 8 and "myself" in fields[2].split(","):
            # In brackets stand slots that are on their way to or from another node.
            return set().union(*(_slots(field) for field in fields[8:] if not field.startswith("[")))
    raise RedisFailed("its answer is not understood")


def _slots(field: str) -> range:
    """Of ``7`` or ``7-9``."""
    first, _, last = field.partition("-")
    try:
        return range(int(first), min(int(last or first), ALL_SLOTS - 1) + 1)
    except ValueError:
        raise RedisFailed("its answer is not understood") from None
