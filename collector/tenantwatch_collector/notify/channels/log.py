"""Every message as one line in the collector's log."""

from __future__ import annotations

import logging

from tenantwatch_collector.notify.channels.base import Message, Part

_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class LogChannel:
    """Always works, so that an alert is on record even where no other channel is configured."""

    name = "log"
    parts: tuple[Part, ...] = ()

    def __init__(self) -> None:
        self._log = logging.getLogger("tenantwatch.alerts")

    def preview(self, message: Message) -> str:
        alert = message.alert
        line = f"{alert['tenant_id']} {alert['alert_name']}: {alert['alert_description']}"
        # What a tenant's server said must not look like a line of our own.
        return f"{message.kind}: {' '.join(line.split())} [{message.dedup_key}]"

    async def send(self, message: Message) -> None:
        level = logging.INFO if message.is_over else _LEVELS.get(message.alert["severity"], logging.CRITICAL)
        self._log.log(level, "%s", self.preview(message))

    async def close(self) -> None:
        return None
