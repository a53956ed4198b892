"""`openapi`: the description of the REST interface, without a running collector."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tenantwatch_collector.config import CollectorConfig
from tenantwatch_collector.store.opening import open_store


def _print(options: argparse.Namespace) -> None:
    json.dump(asyncio.run(_described()), sys.stdout, indent=2, ensure_ascii=False)
    print()


async def _described() -> dict[str, Any]:
    # Imported here: the other commands need none of the rooms and should answer at once.
    from tenantwatch_collector.app import Collector

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = await open_store(folder / "empty.sqlite3")
        try:
            return Collector(CollectorConfig(data_folder=folder), store).describe()
        finally:
            await store.close()


def add_commands(commands: Any) -> None:
    """Register the command with argparse."""
    text = "print the description of the REST interface as OpenAPI 3.1, in JSON"
    commands.add_parser("openapi", help=text, description=text).set_defaults(command=_print)
