"""`alerts silence add|list|end`: times in which nobody is told."""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict
from typing import Any

from tenantwatch_collector.api.models import instant
from tenantwatch_collector.api.recording import recorded
from tenantwatch_collector.commands.access import local_caller
from tenantwatch_collector.commands.on_store import add
from tenantwatch_collector.errors import NotFound
from tenantwatch_collector.store.base import Store, StoredSilence

_MAX_MINUTES = 60 * 24 * 90


def _minutes(text: str) -> float:
    minutes = float(text)
    if not 0 < minutes <= _MAX_MINUTES:
        raise argparse.ArgumentTypeError(f"write more than 0 and at most {_MAX_MINUTES}")
    return minutes


async def _add(store: Store, options: argparse.Namespace) -> None:
    tenant = None if options.tenant is None else await store.tenant(options.tenant)
    if options.tenant is not None and tenant is None:
        raise NotFound(f"there is no tenant {options.tenant!r}")
    now_us = time.time_ns() // 1000
    end_us = now_us + int(options.minutes * 60_000_000)
    silence = StoredSilence(0, options.tenant, options.type, now_us, end_us, options.by, options.notes)
    async with recorded(store, local_caller(), "silence.create", "", tenant) as record:
        silence_id = await record.store.add_silence(silence)
        record.target, record.after = str(silence_id), asdict(silence)
    print(f"silence {silence_id} until {_moment(end_us)}")


async def _list(store: Store, options: argparse.Namespace) -> None:
    for one in await store.silences(time.time_ns() // 1000):
        whose = f"{one.tenant_id or 'everybody'} {one.alert_type or 'everything'}"
        print(f"{one.silence_id:6} until {_moment(one.end_us)} {whose:40} by {one.who} {one.notes}".rstrip())


async def _end(store: Store, options: argparse.Namespace) -> None:
    async with recorded(store, local_caller(), "silence.end", str(options.silence_id)) as record:
        if not await record.store.end_silence(options.silence_id, time.time_ns() // 1000):
            raise NotFound(f"there is no silence {options.silence_id}; see `alerts silence list`")
    print(f"silence {options.silence_id} is over")


def _moment(time_us: int) -> str:
    return instant(time_us).strftime("%Y-%m-%dT%H:%M:%SZ")


def add_commands(family: Any, config_help: str) -> None:
    """Register the commands with argparse."""
    silence = family.add_parser("silence", help="times in which nobody is told").add_subparsers(required=True)
    begun = add(silence, "add", "begin a silence now", _add, config_help)
    begun.add_argument("--minutes", type=_minutes, required=True, help="how long it lasts")
    begun.add_argument("--tenant", help="of this tenant only")
    begun.add_argument("--type", help="of this type of alert only, such as http_endpoint")
    begun.add_argument("--by", required=True, help="who wants it, for the record")
    begun.add_argument("--notes", default="", help="why, for the record")
    add(silence, "list", "list the silences that are not over", _list, config_help)
    text = "end a silence before its time"
    add(silence, "end", text, _end, config_help).add_argument("silence_id", type=int)
