"""Schemathesis over the whole REST interface: requests made from its own description."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.system.ground import TENANT, Ground

# What a schema cannot say, such as that a metric must have been measured, is rightly refused.
_EXCLUDED = "positive_data_acceptance"


async def assert_as_described(here: Ground, folder: Path, *options: str) -> None:
    """Fail with its words on a fault of ours, or an answer that the description does not know."""
    settings = folder / "schemathesis.toml"
    # Whether anything is there to be changed is asked before the change itself is read.
    refused = [400, 401, 403, 404, 405, 406, 409, 412, 415, 422, 428, 429]
    settings.write_text(
        f'[parameters]\n"path.tenant_id" = "{TENANT}"\n'
        f"[checks.negative_data_rejection]\nexpected-statuses = {refused}\n"
    )
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")),
        *("--config-file", str(settings), "run", f"{here.collector.rest_url}/openapi.json"),
        *("--header", f"Authorization: Bearer {here.admin_token}", "--exclude-checks", _EXCLUDED),
        *("--generation-database", "none", "--continue-on-failure", "--no-color", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, output.decode()[-8_000:]
    assert here.collector.running
