"""The one table of channels: which kinds there are, what texts they want, which section makes which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tenantwatch_collector.errors import ConfigurationError
from tenantwatch_collector.notify.channels.apprise import AppriseChannel
from tenantwatch_collector.notify.channels.base import Channel, Part
from tenantwatch_collector.notify.channels.email import EmailChannel
from tenantwatch_collector.notify.channels.log import LogChannel
from tenantwatch_collector.notify.channels.pagerduty import PagerDutyChannel
from tenantwatch_collector.notify.channels.slack import SlackChannel
from tenantwatch_collector.notify.channels.sms import SmsChannel
from tenantwatch_collector.notify.channels.webhook import WebhookChannel
from tenantwatch_collector.notify.settings import (
    AppriseSection,
    ChannelSection,
    EmailSection,
    NotifySection,
    PagerDutySection,
    SlackSection,
    SmsSection,
    WebhookSection,
)

PARTS: Mapping[str, Sequence[Part]] = {
    "slack": SlackChannel.parts,
    "email": EmailChannel.parts,
    "sms": SmsChannel.parts,
    "pagerduty": PagerDutyChannel.parts,
    "apprise": AppriseChannel.parts,
}


def build_channels(settings: NotifySection) -> dict[str, Channel]:
    """The configured channels by name. Raises ConfigurationError on what can only be seen by trying."""
    channels: list[Channel] = [LogChannel()] if settings.log else []
    channels += [_build(section, settings) for section in settings.sections()]
    return {channel.name: channel for channel in channels}


def _build(section: ChannelSection, settings: NotifySection) -> Channel:
    match section:
        case SlackSection():
            return SlackChannel(section)
        case EmailSection() if settings.smtp is not None:
            return EmailChannel(section, settings.smtp)
        case SmsSection() if settings.twilio is not None:
            return SmsChannel(section, settings.twilio)
        case PagerDutySection():
            return PagerDutyChannel(section)
        case WebhookSection():
            return WebhookChannel(section)
        case AppriseSection():
            return AppriseChannel(section)
    raise ConfigurationError(f"there is no channel for {section.channel}")
