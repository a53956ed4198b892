"""Requests made from the interface's description find no fault, and no answer that it does not tell of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.system.described import assert_as_described
from tests.system.ground import ground

pytestmark = pytest.mark.system


async def test_every_value_at_its_border(tmp_path: Path) -> None:
    """The deterministic part; `make soak` goes on from here by chance."""
    async with ground(tmp_path) as here:
        await assert_as_described(here, tmp_path, "--phases", "coverage")
        await here.collector.terminate()
