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
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    return await _typeset(job)
            except TimeoutError as error:
                raise TypesettingFailed(
                    f"the PDF was not ready after {self._timeout_seconds:g} s; ask for json or csv"
                ) from error


async def _typeset(job: bytes) -> bytes:
    try:
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tenantwatch_collector.reports.render",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise TypesettingFailed(f"no PDF could be begun: {error.strerror}") from error
    try:
        pdf, complaint = await worker.communicate(job)
    except (OSError, RuntimeError) as error:
        # uvloop refuses, with a RuntimeError, to write to a worker that has ended already.
        await _end(worker)
        raise TypesettingFailed(
            f"the PDF could not be made: its process ended early, {_ending(worker)}"
        ) from error
    finally:
        await _end(worker)
    if worker.returncode:
        said = complaint.decode(errors="replace")[-500:] or _ending(worker)
        raise TypesettingFailed(f"the PDF could not be made: {said}")
    return pdf


def _ending(worker: asyncio.subprocess.Process) -> str:
    code = worker.returncode or 0
    return f"by signal {-code}" if code < 0 else f"with exit code {code}"


async def _end(worker: asyncio.subprocess.Process) -> None:
    if worker.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
        await worker.wait()
