"""What the operator is told when a message had to be given up."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tenantwatch_collector.store.base import OutboxMessage

KIND = "undeliverable"
_HOUR_US = 3_600_000_000


def undeliverable(
    message: OutboxMessage, error: str, channels: Sequence[str], now_us: int
) -> list[OutboxMessage]:
    """A message to each of the channels; one an hour for each channel that refuses, however often it does.

    That a word to the operator was refused is not told again: two broken channels would never end.
    """
    if message.kind == KIND:
        return []
    alert_id = f"undeliverable-{message.channel.replace(':', '-')}"
    dedup_key = f"{alert_id}/{KIND}/{now_us // _HOUR_US}"
    refused = json.loads(message.payload)
    payload = {
        "kind": KIND,
        "dedup_key": dedup_key,
        "level": 0,
        "alert": {
            **refused["alert"],
            "alert_id": alert_id,
            "alert_name": f"{message.channel} refuses messages",
            "alert_description": f"The message {message.kind!r} of {refused['alert']['alert_name']!r}"
            f" was given up: {error}. Mend the channel's configuration and try it with"
            f" `tenantwatch-collector notify test {message.channel}`.",
            "severity": "error",
            "status": "active",
            "metric_name": KIND,
            "first_occurred_us": now_us,
            "last_occurred_us": now_us,
            "occurrence_count": 1,
            "resolved_at_us": None,
            "alert_data": {"channel": message.channel, "message": message.dedup_key, "error": error},
        },
        "link": refused["link"],
    }
    text = json.dumps(payload)
    return [
        OutboxMessage(0, message.tenant_key, alert_id, KIND, dedup_key, channel, text, now_us)
        for channel in channels
    ]
