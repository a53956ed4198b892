"""The sections under [notify]: which channels there are, and whom each one reaches."""

from __future__ import annotations

import ipaddress
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from tenantwatch_collector.alerts.routing import Ground, Route, lint
from tenantwatch_collector.alerts.rule import CHANNEL_ORDER, Policy, kind_of
from tenantwatch_collector.alerts.suppression import Inhibition, built_in_inhibitions, lint_inhibitions
from tenantwatch_collector.alerts.written import InhibitionSection, RouteSection
from tenantwatch_collector.settings import Section

SLACK_VARIABLE = "SLACK_WEBHOOK_URL"

_NAME = r"^[a-z0-9][a-z0-9-]{0,62}$"
_ADDRESS = r"^[^\s@<>,;:\"()\\]+@[^\s@<>,;:\"()\\]+$"
_NUMBER = r"^\+[1-9][0-9]{6,14}$"


def _http(value: SecretStr) -> SecretStr:
    parts = urlsplit(value.get_secret_value())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("write an address that begins with http:// or https://")
    return value


def _https(value: SecretStr) -> SecretStr:
    parts = urlsplit(_http(value).get_secret_value())
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ValueError("write an address that begins with https://: what is sent there holds a secret")
    return value


def is_loopback(host: str) -> bool:
    """Whether the host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


SecretHttpUrl = Annotated[SecretStr, AfterValidator(_http)]
SecretHttpsUrl = Annotated[SecretStr, AfterValidator(_https)]
Recipients = Annotated[list[Annotated[str, Field(pattern=_ADDRESS, max_length=254)]], Field(min_length=1)]
Numbers = Annotated[list[Annotated[str, Field(pattern=_NUMBER)]], Field(min_length=1, max_length=20)]


class ChannelSection(Section):
    """What every channel has. Without a name it is called by its kind, as the default escalation names it."""

    kind: ClassVar[str]
    name: Annotated[str, Field(pattern=_NAME)] | None = None
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 10
    max_per_minute: Annotated[int, Field(ge=1, le=60_000)] = 60
    every_alert: bool = False
    """Whether it hears of every alert, whatever the routes say."""

    @property
    def channel(self) -> str:
        """What routes, the outbox and the metrics call it."""
        return self.kind if self.name is None else f"{self.kind}:{self.name}"


class WebhookSection(ChannelSection):
    """A receiver of alerts as JSON."""

    kind: ClassVar[str] = "webhook"
    secrets: ClassVar[tuple[str, ...]] = ("url", "signing_secret")
    name: Annotated[str, Field(pattern=_NAME)]
    url: SecretHttpUrl
    signing_secret: Annotated[SecretStr, Field(min_length=16)] | None = None
    max_per_minute: Annotated[int, Field(ge=1, le=60_000)] = 6000
    every_alert: bool = True


class SlackSection(ChannelSection):
    """An incoming webhook of Slack. The unnamed one may take its address from SLACK_WEBHOOK_URL."""

    kind: ClassVar[str] = "slack"
    secrets: ClassVar[tuple[str, ...]] = ("url",)
    url: SecretHttpsUrl

    @model_validator(mode="before")
    @classmethod
    def _from_environment(cls, values: object) -> object:
        known = isinstance(values, dict) and any(key.startswith("url") for key in values)
        if (
            isinstance(values, dict)
            and not known
            and not values.get("name")
            and os.environ.get(SLACK_VARIABLE)
        ):
            return {**values, "url": os.environ[SLACK_VARIABLE]}
        return values


class SmtpSection(Section):
    """The mail server that takes our messages."""

    secrets: ClassVar[tuple[str, ...]] = ("password",)
    host: Annotated[str, Field(min_length=1)]
    security: Literal["starttls", "tls", "none"] = "starttls"
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    sender: Annotated[str, Field(pattern=_ADDRESS, max_length=254)]
    username: str = ""
    password: SecretStr | None = None
    ca_file: Path | None = None

    @model_validator(mode="after")
    def _safe(self) -> SmtpSection:
        if bool(self.username) != (self.password is not None):
            raise ValueError("give username and password, or neither")
        if self.password is not None and self.security == "none" and not is_loopback(self.host):
            raise ValueError('the password would travel in clear: write security = "starttls" or "tls"')
        return self


class EmailSection(ChannelSection):
    """Addresses that get mail; all of them in one message."""

    kind: ClassVar[str] = "email"
    to: Annotated[Recipients, Field(max_length=50)]
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 30


class TwilioSection(Section):
    """The account that sends short messages."""

    secrets: ClassVar[tuple[str, ...]] = ("auth_token",)
    account_sid: Annotated[str, Field(pattern=r"^AC[0-9a-f]{32}$")]
    auth_token: SecretStr
    sender: Annotated[str, Field(pattern=r"^(\+[1-9][0-9]{6,14}|MG[0-9a-f]{32}|[A-Za-z0-9 ]{1,11})$")]
    api_url: SecretHttpsUrl = SecretStr("https://api.twilio.com")


class SmsSection(ChannelSection):
    """Telephone numbers that get short messages."""

    kind: ClassVar[str] = "sms"
    to: Numbers


class PagerDutySection(ChannelSection):
    """An integration of PagerDuty, Events API v2."""

    kind: ClassVar[str] = "pagerduty"
    secrets: ClassVar[tuple[str, ...]] = ("routing_key",)
    routing_key: Annotated[SecretStr, Field(min_length=32, max_length=32)]
    url: SecretHttpsUrl = SecretStr("https://events.pagerduty.com/v2/enqueue")
    max_per_minute: Annotated[int, Field(ge=1, le=60_000)] = 120


class AppriseSection(ChannelSection):
    """Any of the services that Apprise knows, by its address."""

    kind: ClassVar[str] = "apprise"
    secrets: ClassVar[tuple[str, ...]] = ("url",)
    name: Annotated[str, Field(pattern=_NAME)]
    url: SecretStr
    every_alert: bool = True
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 30


class NotifySection(Section):
    """All channels. The log is one too, and needs nothing."""

    log: bool = True
    templates_folder: Path | None = None
    operator_channels: list[str] | None = None
    webhooks: tuple[WebhookSection, ...] = ()
    slack: tuple[SlackSection, ...] = ()
    smtp: SmtpSection | None = None
    email: tuple[EmailSection, ...] = ()
    twilio: TwilioSection | None = None
    sms: tuple[SmsSection, ...] = ()
    pagerduty: tuple[PagerDutySection, ...] = ()
    apprise: tuple[AppriseSection, ...] = ()
    routes: tuple[RouteSection, ...] = ()
    inhibitions: Annotated[tuple[InhibitionSection, ...], Field(max_length=100)] = ()
    ack_timeout_seconds: Annotated[int, Field(ge=60, le=7 * 86_400)] | None = None

    @field_validator("templates_folder")
    @classmethod
    def _folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.expanduser().is_dir():
            raise ValueError(f"{value} is not a folder")
        return None if value is None else value.expanduser()

    @model_validator(mode="after")
    def _whole(self) -> NotifySection:
        twice = [name for name, n in Counter(s.channel for s in self.sections()).items() if n > 1]
        if twice:
            raise ValueError(f"two channels are called {', '.join(twice)}: give each a name of its own")
        if self.email and self.smtp is None:
            raise ValueError("[[notify.email]] needs [notify.smtp]: the mail server")
        if self.sms and self.twilio is None:
            raise ValueError("[[notify.sms]] needs [notify.twilio]: the account that sends")
        unknown = sorted(set(self.operator_channels or ()) - set(self.channels))
        if unknown:
            there = ", ".join(self.channels)
            raise ValueError(f"operator_channels: {', '.join(unknown)} not configured; there are {there}")
        complaints = lint(self.route_table(), self.channels, self.default_policy(1))
        complaints += lint_inhibitions(self.all_inhibitions(1))
        if complaints:
            raise ValueError("\n  ".join(complaints))
        return self

    def sections(self) -> Iterator[ChannelSection]:
        """Every channel's section, the one that only the environment speaks of included."""
        yield from self.slack
        if os.environ.get(SLACK_VARIABLE) and all(section.name is not None for section in self.slack):
            yield SlackSection.model_validate({})
        for found in (self.email, self.sms, self.pagerduty, self.webhooks, self.apprise):
            yield from found

    @property
    def channels(self) -> tuple[str, ...]:
        """The names of all configured channels."""
        return ("log",) * self.log + tuple(section.channel for section in self.sections())

    @property
    def every_alert_channels(self) -> tuple[str, ...]:
        """Those that hear of every alert, whatever the routes say."""
        return ("log",) * self.log + tuple(s.channel for s in self.sections() if s.every_alert)

    @property
    def told_of_refusals(self) -> tuple[str, ...]:
        """Those that hear when a channel refuses messages for ever."""
        if self.operator_channels is not None:
            return tuple(self.operator_channels)
        return tuple(c for c in self.channels if c in self.every_alert_channels or c in CHANNEL_ORDER)

    def default_policy(self, ticks_per_second: int) -> Policy:
        """What holds where no route does."""
        return Policy(
            ticks_per_second,
            ack_timeout_seconds=self.ack_timeout_seconds,
            extra_channels=self.every_alert_channels,
            acknowledged_channels=frozenset(c for c in self.channels if kind_of(c) == "pagerduty"),
        )

    def all_inhibitions(self, ticks_per_second: int) -> tuple[Inhibition, ...]:
        """What explains what: the built-in ones and those of the operator."""
        own = tuple(section.inhibition(ticks_per_second) for section in self.inhibitions)
        return (*built_in_inhibitions(ticks_per_second), *own)

    def ground(self, ticks_per_second: int) -> Ground:
        """What routes made through the API lie over."""
        default, routes = self.default_policy(ticks_per_second), tuple(self.route_table())
        return Ground(default, self.channels, routes, self.told_of_refusals)

    def route_table(self) -> list[Route]:
        """The routes in their order."""
        return [section.route() for section in self.routes]
