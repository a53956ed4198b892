"""Two hundred random faults between an agent, its collector and PostgreSQL, SIGKILL among them."""

from __future__ import annotations

import random
from pathlib import Path

from tests.servers import postgres_programs, running_postgres
from tests.system.faults import NAMES, between

FAULTS = 200
_REPORT_EVERY = 20


async def strike(folder: Path, chance: random.Random, count: int = FAULTS) -> str:
    """Deal that many, let everything arrive, compare. Raises AssertionError on any difference."""
    folder.mkdir(parents=True)
    with running_postgres(postgres_programs) as server:
        async with between(folder, server, chance) as faults:
            for number in range(1, count + 1):
                await faults.strike(chance.choice(NAMES))
                if number % _REPORT_EVERY == 0:
                    print(f"{number} faults of {count}", flush=True)  # noqa: T201
    return f"every result once and nobody called down, after {dict(faults.dealt)}"
