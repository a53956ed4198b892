"""``python migrating.py PATH [URL]``: open a store as a collector does, and say when it begins."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tenantwatch_collector.store.opening import open_store


async def main(path: str, url: str = "") -> None:
    store = await open_store(Path(path), url)
    await store.close()


if __name__ == "__main__":
    print("begins", flush=True)  # noqa: T201
    asyncio.run(main(*sys.argv[1:]))
    print("done", flush=True)  # noqa: T201
