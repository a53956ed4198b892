"""The one table of channels: which settings make which channel."""

from __future__ import annotations

from tenantwatch_collector.config import NotifySection
from tenantwatch_collector.notify.channels.base import Channel
from tenantwatch_collector.notify.channels.log import LogChannel
from tenantwatch_collector.notify.channels.webhook import WebhookChannel


def build_channels(settings: NotifySection) -> dict[str, Channel]:
    """The configured channels by name."""
    channels: list[Channel] = [LogChannel()] if settings.log else []
    channels += [WebhookChannel(w.name, w.url, w.timeout_seconds) for w in settings.webhooks]
    return {channel.name: channel for channel in channels}
