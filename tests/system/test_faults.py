"""Whatever comes between agent, collector and PostgreSQL: every result once, and nobody is called down."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.servers import PostgresServer
from tests.system.faults import NAMES, between

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("postgres-faults")]


async def test_each_fault_once_between_agent_collector_and_postgres(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails, to repeat it
    chance = random.Random(seed)
    async with between(tmp_path, postgres_server, chance) as faults:
        for name in chance.sample(NAMES, len(NAMES)):
            await faults.strike(name)
