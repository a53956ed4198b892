"""How what runs beside a room's work comes to its end, the same in every room."""

from __future__ import annotations

import asyncio


async def end(task: asyncio.Task[None] | None) -> None:
    """Cancel it and return once it has ended, however it does; nothing to do where there is none."""
    if task is not None:
        task.cancel()
        await asyncio.wait([task])
