"""`store export|import`: results into files and out of them, the collector running or not."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import IO

from tenantwatch_wire.limits import MAX_TIME_US, MIN_TIME_US

from tenantwatch_collector.commands.progress import Progress
from tenantwatch_collector.config import CollectorConfig
from tenantwatch_collector.engines.retention import retention_at
from tenantwatch_collector.errors import ConfigurationError, NotFound, RefusedForEver
from tenantwatch_collector.store.base import Store, StoreUnavailable, Tenant
from tenantwatch_collector.transfer.exporting import Wanted, export
from tenantwatch_collector.transfer.files import (
    STANDARD,
    FileKind,
    Sink,
    Source,
    Stopped,
    kind_of,
    stopped_at,
)
from tenantwatch_collector.transfer.forms import BadHeading, Line
from tenantwatch_collector.transfer.importing import Done, Importer, Refused
from tenantwatch_collector.transfer.record import time_of


async def export_results(store: Store, config: CollectorConfig, options: argparse.Namespace) -> None:
    """See the command's help."""
    path: Path = options.file
    kind = kind_of(path, options.format)
    wanted = Wanted(await _tenants(store, options.tenant), *_span(options))
    sink, stopped = _sink(path, kind, options.resume, wanted)
    progress = Progress("results")
    try:
        count = await export(store, wanted, sink, kind, stopped, progress.step)
        sink.close()
    except BrokenPipeError:
        # Whoever read has enough; nothing must be written when the program ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    except StoreUnavailable as error:
        raise StoreUnavailable(f"{error}; {path} can be gone on with by --resume") from error
    except OSError as error:
        raise RefusedForEver(f"{path}: {error.strerror}; it can be gone on with by --resume") from error
    finally:
        progress.end()
    name = "standard output" if path == STANDARD else path
    print(f"{count} results of {len(wanted.tenants)} tenants written to {name}", file=sys.stderr)


async def import_results(store: Store, config: CollectorConfig, options: argparse.Namespace) -> None:
    """See the command's help."""
    path: Path = options.file
    source = Source(path, kind_of(path, options.format))
    now_us = time.time_ns() // 1000
    kept = retention_at(now_us, config.retention.raw_days, config.retention.history_months)
    progress = Progress("lines")

    def told(done: Done) -> None:
        share = source.read_bytes() / source.size if source.size else None
        progress.step(share, done.stored + done.already + done.aside)

    try:
        with _aside(options.skip_bad) as aside:
            importer = Importer(store, options.create, kept.raw_before_us, aside)
            done = await importer.run(source.records(), told)
    except BadHeading as error:
        raise RefusedForEver(f"{path}: {error}") from None
    except Refused as error:
        raise RefusedForEver(
            f"{path}: {error}\nAll lines before it are in the store. Mend the line and run the command again:"
            " nothing is stored twice. Or give --skip-bad FILE to set such lines aside."
        ) from None
    except StoreUnavailable as error:
        raise StoreUnavailable(f"{error}; run the command again: it goes on where it stopped") from error
    finally:
        progress.end()
        source.close()
    _say(done, options.skip_bad)


def _say(done: Done, skip_bad: Path | None) -> None:
    said = f"{done.stored} results imported"
    if done.already:
        said += f", {done.already} were there already"
    if done.aside:
        said += f", {done.aside} lines set aside in {skip_bad}"
    print(said)


async def _tenants(store: Store, named: list[str]) -> list[Tenant]:
    """Those named, else all, in the order of a file."""
    tenants = {tenant.tenant_id: tenant for tenant in await store.tenants()}
    for tenant_id in named:
        if tenant_id not in tenants:
            raise NotFound(f"there is no tenant {tenant_id!r}; see `tenantwatch-collector tenant list`")
    return [tenants[tenant_id] for tenant_id in sorted(set(named) or tenants)]


def _span(options: argparse.Namespace) -> tuple[int, int]:
    from_us, to_us = options.start or MIN_TIME_US, options.end or MAX_TIME_US
    if from_us >= to_us:
        raise ConfigurationError("--from must be before --to")
    return from_us, to_us


def _sink(path: Path, kind: FileKind, resume: bool, wanted: Wanted) -> tuple[Sink, Stopped | None]:
    if not resume or not path.exists():
        return Sink.begin(path, kind), None
    if path == STANDARD:
        raise ConfigurationError("--resume needs a file: standard output cannot be gone on with")
    stopped = stopped_at(path, kind)
    if stopped is None:
        path.unlink()
        return Sink.begin(path, kind), None
    known = {tenant.tenant_id for tenant in wanted.tenants}
    if stopped.tenant_id not in known or not wanted.from_us <= stopped.from_us <= wanted.to_us:
        raise ConfigurationError(
            f"{path} ends with results of {stopped.tenant_id} that this command would not export: give the"
            " same --tenant, --from and --to as before"
        )
    return Sink.resume(path, kind, stopped), stopped


@contextmanager
def _aside(path: Path | None) -> Iterator[Callable[[Line, str], None] | None]:
    """What writes bad lines into the file, which is not there as long as there are none."""
    file: IO[str] | None = None

    def write(line: Line, reason: str) -> None:
        nonlocal file
        if file is None:
            assert path is not None
            try:
                file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w")
            except OSError as error:
                raise ConfigurationError(f"{path}: cannot be written: {error.strerror}") from None
        content = line.content.rstrip("\r\n")
        print(json.dumps({"line": line.number, "reason": reason, "content": content}), file=file)

    try:
        yield None if path is None else write
    finally:
        if file is not None:
            file.close()


def moment_of(text: str) -> int:
    """A day (UTC) or a time, as Unix microseconds; for argparse."""
    with suppress(ValueError):
        return time_of(f"{date.fromisoformat(text).isoformat()}T00:00:00Z")
    try:
        return time_of(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r}: write a day (UTC) as in 2026-01-31, or a time as in 2026-01-31T12:00:00+01:00"
        ) from None
