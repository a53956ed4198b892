"""What the operator is told when a message had to be given up: an alert of the platform."""

from __future__ import annotations

import json

from tenantwatch_collector.alerts.routing import UNDELIVERABLE
from tenantwatch_collector.store.base import OutboxMessage


def undeliverable(message: OutboxMessage, error: str) -> str:
    """The alert as it is reported, JSON. While it is open, further messages of the channel only count."""
    refused = json.loads(message.payload)["alert"]
    return json.dumps(
        {
            "alert_type": UNDELIVERABLE + message.channel,
            "alert_name": f"{message.channel} refuses messages",
            "description": f"The message {message.kind!r} of {refused['tenant_id']}'s"
            f" {refused['alert_name']!r} was given up: {error}. Mend the channel's configuration, try it with"
            f" `tenantwatch-collector notify test {message.channel}`, and resolve this alert.",
            "severity": "error",
            "source_service": "tenantwatch",
            "alert_data": {"channel": message.channel, "message": message.dedup_key, "error": error},
        }
    )
