"""The report as PDF, typeset by a short-lived process; at most two at a time, each within a time limit."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Mapping
from typing import Any

from tenantwatch_collector.errors import RetryLater
from tenantwatch_collector.reports.view import view_of

TIMEOUT_SECONDS = 60.0
MAX_WORKERS = 2


class TypesettingFailed(RetryLater):
    """No PDF was made; the message says what the typesetter said."""


class Typesetter:
    """Makes PDFs. One per collector; it belongs to the loop that first uses it."""

    def __init__(self, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._timeout_seconds = timeout_seconds
        self._workers = asyncio.Semaphore(MAX_WORKERS)

    async def to_pdf(self, document: Mapping[str, Any]) -> bytes:
        """The document's PDF. Raises TypesettingFailed."""
        view = await asyncio.to_thread(view_of, document)
        job = json.dumps({"view": view, "generated_at": document["generated_at"]}).encode()
        async with self._workers:
            worker = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tenantwatch_collector.reports.render",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    pdf, complaint = await worker.communicate(job)
            except TimeoutError as error:
                raise TypesettingFailed(
                    f"the PDF was not ready after {self._timeout_seconds:g} s; ask for json or csv"
                ) from error
            finally:
                await _end(worker)
        if worker.returncode:
            raise TypesettingFailed(f"the PDF could not be made: {complaint.decode(errors='replace')[-500:]}")
        return pdf


async def _end(worker: asyncio.subprocess.Process) -> None:
    if worker.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
        await worker.wait()
