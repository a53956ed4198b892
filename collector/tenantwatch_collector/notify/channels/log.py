"""Every message as one line in the collector's log."""

from __future__ import annotations

import logging

from tenantwatch_collector.notify.channels.base import Message

_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class LogChannel:
    """Always works, so that an alert is on record even where no other channel is configured."""

    name = "log"

    def __init__(self) -> None:
        self._log = logging.getLogger("tenantwatch.alerts")

    async def send(self, message: Message) -> None:
        alert = message.payload["alert"]
        level = _LEVELS.get(alert["severity"], logging.CRITICAL)
        resolved = message.kind == "resolved"
        self._log.log(
            logging.INFO if resolved else level,
            "%s: %s %s: %s [%s]",
            message.kind,
            alert["tenant_id"],
            alert["alert_name"],
            alert["alert_description"],
            message.dedup_key,
        )

    async def close(self) -> None:
        return None
