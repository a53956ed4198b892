"""The store of a configuration, open for as long as one command works on it."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tenantwatch_collector.config import CollectorConfig, load_config
from tenantwatch_collector.store.base import Store
from tenantwatch_collector.store.opening import open_store

Work = Callable[[Store, argparse.Namespace], Awaitable[None]]


@asynccontextmanager
async def opened(config: CollectorConfig) -> AsyncIterator[Store]:
    """Made or brought up to date on the way, and closed whatever becomes of the command."""
    store = await open_store(config.store_path, config.store.postgres_url)
    try:
        yield store
    finally:
        await store.close()


def add(family: Any, name: str, help_text: str, work: Work, config_help: str) -> argparse.ArgumentParser:
    """Register a command that works on the store."""
    parser: argparse.ArgumentParser = family.add_parser(name, help=help_text, description=help_text)
    parser.add_argument("--config", type=Path, help=config_help)
    parser.set_defaults(command=lambda options: asyncio.run(_carry_out(work, options)))
    return parser


async def _carry_out(work: Work, options: argparse.Namespace) -> None:
    async with opened(load_config(options.config)) as store:
        await work(store, options)
