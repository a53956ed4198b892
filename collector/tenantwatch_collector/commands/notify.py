"""`notify preview|test`: what a channel would be sent, and whether it arrives."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import time
from pathlib import Path
from typing import Any

from tenantwatch_collector.alerts.rule import is_for_people, kind_of
from tenantwatch_collector.config import CollectorConfig, load_config
from tenantwatch_collector.errors import CollectorError, NotFound, RetryLater
from tenantwatch_collector.notify.channels.base import Channel, Message
from tenantwatch_collector.notify.registry import PARTS, build_channels
from tenantwatch_collector.notify.samples import KINDS, sample_payload
from tenantwatch_collector.notify.templates import Templates


def _preview(options: argparse.Namespace) -> None:
    config = load_config(options.config)
    templates = Templates(PARTS, config.notify.templates_folder)
    channel = _channel(config, options.channel)
    if options.template is not None:
        if kind_of(channel.name) not in PARTS:
            raise NotFound(f"{channel.name} has no templates: it gets the message as it is")
        templates = templates.with_file(kind_of(channel.name), options.template)
    print(channel.preview(_message(config, templates, channel.name, options.kind, "")))


def _test(options: argparse.Namespace) -> None:
    config = load_config(options.config)
    templates = Templates(PARTS, config.notify.templates_folder)
    channel = _channel(config, options.channel)
    began = time.monotonic()
    asyncio.run(_send(config, templates, channel))
    print(f"{channel.name}: taken after {time.monotonic() - began:.2f} s")


async def _send(config: CollectorConfig, templates: Templates, channel: Channel) -> None:
    alert_id = f"test-{secrets.token_hex(8)}"
    # Whatever keeps incidents must not keep this one.
    kinds = ["test"] if is_for_people(channel.name) or channel.name == "log" else ["test", "resolved"]
    try:
        for kind in kinds:
            message = _message(config, templates, channel.name, kind, f"{alert_id}/{kind}/0")
            await channel.send(message)
    except RetryLater as error:
        raise CollectorError(
            f"{channel.name}: not taken: {error}; a real message would be repeated"
        ) from None
    except CollectorError as error:
        raise CollectorError(f"{channel.name}: refused for ever: {error}") from None
    finally:
        await channel.close()


def _message(
    config: CollectorConfig, templates: Templates, channel: str, kind: str, dedup_key: str
) -> Message:
    base = config.dashboard_url.rstrip("/")
    link = f"{base}/admin/monitoring/tenants/example-isp-001" if base else None
    payload = sample_payload(kind, link, time.time_ns() // 1000, dedup_key)
    texts = templates.render(kind_of(channel), payload)
    return Message(payload["dedup_key"], kind, payload, 1, texts)


def _channel(config: CollectorConfig, name: str) -> Channel:
    channels = build_channels(config.notify)
    if name not in channels:
        raise NotFound(f"no channel is called {name!r}; configured are {', '.join(channels) or 'none'}")
    return channels[name]


def add_commands(commands: Any, config_help: str) -> None:
    """Register the commands with argparse."""
    notify = commands.add_parser("notify", help="preview and test messages").add_subparsers(required=True)
    preview = _add(notify, "preview", "print what would be sent; nothing is", _preview, config_help)
    preview.add_argument("--template", type=Path, metavar="FILE", help="in place of the template of its name")
    preview.add_argument("--kind", choices=KINDS, default="firing", help="of message (default firing)")
    _add(notify, "test", "send a test message and say whether it was taken", _test, config_help)


def _add(family: Any, name: str, help_text: str, work: Any, config_help: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = family.add_parser(name, help=help_text, description=help_text)
    parser.add_argument("channel", metavar="CHANNEL", help="such as slack, email, webhook:operations")
    parser.add_argument("--config", type=Path, help=config_help)
    parser.set_defaults(command=work)
    return parser
