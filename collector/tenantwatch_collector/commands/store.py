"""`store export|import|migrate|status|verify`: what an operator does with the store itself."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

from tenantwatch_collector.commands.on_store import opened
from tenantwatch_collector.commands.store_files import export_results, import_results, moment_of
from tenantwatch_collector.commands.store_state import migrate, status, verify
from tenantwatch_collector.config import CollectorConfig, load_config
from tenantwatch_collector.errors import ConfigurationError, NotFound
from tenantwatch_collector.store.base import Store
from tenantwatch_collector.store.opening import schema_of
from tenantwatch_collector.transfer.record import COLUMNS, REQUIRED

Work = Callable[[Store, CollectorConfig, argparse.Namespace], Awaitable[int | None]]

_FORMS = f"""
A line is one result. Its columns:

    {" ".join(COLUMNS[:8])}
    {" ".join(COLUMNS[8:])}

time is RFC 3339 with microseconds, status healthy, degraded, unhealthy or unknown, metrics an object of JSON.
CSV begins with these names; NDJSON is an object a line. An ending of .gz means gzip."""

_EXPORT = f"""
Writes results in order of tenant and time, however many there are, while the collector runs or not.
{_FORMS}
In CSV a text that a spreadsheet would take for a formula begins with an apostrophe; importing takes it away.

examples:
    tenantwatch-collector store export results.csv.gz
    tenantwatch-collector store export --tenant acme --from 2026-01-01 --to 2026-02-01 acme-january.ndjson
    tenantwatch-collector store export --format ndjson - | grep unhealthy

If it was interrupted, run the same command with --resume."""

_IMPORT = f"""
Stores the results of a file, each once: run it again after an interruption, or run it twice, and what is
there already is left out. The collector may run meanwhile; it judges what comes, but alerts nobody of it.
{_FORMS}
Needed are {", ".join(REQUIRED)}; without agent_id a check is that of the agent "imported".
received_at and sent_time are not taken: this store receives the results now.

examples:
    tenantwatch-collector store import results.csv.gz
    tenantwatch-collector store import --create --skip-bad refused.ndjson history.csv

A line that cannot be imported ends the import and is named; what came before it is in the store."""

_MIGRATE = """
Brings the store's schema up to date and says from which version to which. `run` and `store import` do so
by themselves; this does it before. Safe to be killed, run twice, and run together with others."""

_STATUS = """
Tells what database it is and in which version, its sizes, how much it holds and of which time, how far
judging and rollups have come, and what never became results, by reason. Changes nothing."""

_VERIFY = """
Checks what must hold: the log of commits has no hole; each agent's results, gaps and refused batches are what
was acknowledged to it; commits brought and touched what the log says; rollups are what a recount gives;
states are those of the last confirmed changes. Prints a line for each, and the first differences.
Exits with 1 if there are any. Reads only; a collector may run meanwhile.

examples:
    tenantwatch-collector store verify
    tenantwatch-collector store verify --all"""


def add_commands(commands: Any, config_help: str) -> None:
    """Register the commands with argparse."""
    family = commands.add_parser(
        "store", help="export and import results, migrate, take stock, verify"
    ).add_subparsers(required=True, metavar="COMMAND")
    _add_export(family, config_help)
    _add_import(family, config_help)
    _add(
        family,
        "migrate",
        "bring the schema up to date",
        _MIGRATE,
        lambda options: asyncio.run(migrate(options)),
        config_help,
    )
    _add(
        family,
        "status",
        "tell what the store holds and where it stands",
        _STATUS,
        _with_store(status),
        config_help,
    )
    verified = _add(
        family, "verify", "check what must hold of the store", _VERIFY, _with_store(verify), config_help
    )
    verified.add_argument(
        "--all", action="store_true", help="every commit, result and rollup instead of a sample"
    )


def _add_export(family: Any, config_help: str) -> None:
    exported = _add(
        family, "export", "write results to a file", _EXPORT, _with_store(export_results), config_help
    )
    exported.add_argument("file", type=Path, metavar="FILE", help="- is standard output")
    exported.add_argument(
        "--tenant", action="append", default=[], metavar="T", help="only this one's; repeatable"
    )
    exported.add_argument("--from", dest="start", type=moment_of, metavar="TIME", help="results since then")
    exported.add_argument("--to", dest="end", type=moment_of, metavar="TIME", help="results before then")
    exported.add_argument("--resume", action="store_true", help="go on with an interrupted FILE")
    _form(exported)


def _add_import(family: Any, config_help: str) -> None:
    imported = _add(
        family,
        "import",
        "store the results of a file",
        _IMPORT,
        _with_store(import_results, new=True),
        config_help,
    )
    imported.add_argument("file", type=Path, metavar="FILE", help="- is standard input")
    imported.add_argument("--create", action="store_true", help="make tenants and checks that are not there")
    imported.add_argument(
        "--skip-bad",
        type=Path,
        metavar="FILE",
        help="go on after bad lines; write them there with their reasons",
    )
    _form(imported)


def _form(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("csv", "ndjson"), help="where the file's ending does not say it")


def _with_store(work: Work, new: bool = False) -> Callable[[argparse.Namespace], int | None]:
    """With ``new`` the store may be made, or brought up to date, on the way."""

    async def carry_out(options: argparse.Namespace) -> int | None:
        config = load_config(options.config)
        if not new:
            await _demand_current(config.store_path, config.store.postgres_url)
        async with opened(config) as store:
            return await work(store, config, options)

    return lambda options: asyncio.run(carry_out(options))


async def _demand_current(path: Path, url: str) -> None:
    schema = await schema_of(path, url)
    if schema.version == 0:
        raise NotFound(
            f"there is no store in {'that database' if url else path} yet: `tenantwatch-collector run` or"
            " `tenantwatch-collector store migrate` makes it"
        )
    if schema.version < schema.newest:
        raise ConfigurationError(
            f"the store has schema version {schema.version}, and this tenantwatch has {schema.newest}: bring"
            " it up to date with `tenantwatch-collector store migrate`"
        )


def _add(
    family: Any, name: str, help_text: str, more: str, command: Any, config_help: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = family.add_parser(
        name,
        help=help_text,
        description=dedent(more).strip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, help=config_help)
    parser.set_defaults(command=command)
    return parser
