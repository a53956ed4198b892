"""`spool inspect` and `spool export`: what waits on this machine, with the agent running or not."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import IO

from tenantwatch_agent.config import data_folder_of
from tenantwatch_agent.spool.outside import Outside

_COLUMNS = ("lane", "sequence", "check_id", "kind", "time_us", "status", "latency_us", "text", "metrics")


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    spool = commands.add_parser(
        "spool",
        help="show or export the results that wait",
        description="Reads the spool and changes nothing; the agent may run meanwhile.",
    )
    actions = spool.add_subparsers(required=True, metavar="ACTION")

    inspect = actions.add_parser(
        "inspect",
        help="how many results wait, of which checks, since when; gaps",
        epilog="example: tenantwatch-agent spool inspect --config /etc/tenantwatch/agent.toml",
    )
    _where(inspect)
    inspect.set_defaults(command=show)

    export = actions.add_parser(
        "export",
        help="write all results that wait, one a line",
        description="Writes results as NDJSON or CSV to standard output. A damaged file that was set aside"
        " can be named with --file: what is still legible is exported. Exit code 1 if the file is damaged.",
        epilog="example: tenantwatch-agent spool export --config agent.toml --format csv > results.csv",
    )
    _where(export)
    export.add_argument("--format", choices=("ndjson", "csv"), default="ndjson")
    export.set_defaults(command=write_out)


def _where(parser: argparse.ArgumentParser) -> None:
    one = parser.add_mutually_exclusive_group(required=True)
    one.add_argument("--config", metavar="FILE", help="the agent's TOML file")
    one.add_argument("--file", type=Path, help="a spool file, as one that was set aside")


def _outside(options: argparse.Namespace) -> Outside:
    return Outside(options.file or data_folder_of(options.config) / "spool.sqlite3")


def show(options: argparse.Namespace) -> int:
    with _outside(options) as spool:
        print(
            f"{spool.path}: generation {spool.generation()}, {spool.size_bytes() / 1e6:.1f} MB on disk,"
            " with its write-ahead log"
        )
        for lane in spool.lanes():
            print(
                f"{lane.name:8} {lane.count} results wait, sequences given up to {lane.last}"
                + (f", {_when(lane.from_us)} to {_when(lane.to_us)}" if lane.count else "")
            )
        for gap in spool.gaps():
            print(
                f"gap      {gap['lane']} {gap['first_sequence']}-{gap['last_sequence']},"
                f" {_when(gap['from_us'])} to {_when(gap['to_us'])}: {gap['reason']}"
            )
        for check_id, count in spool.checks():
            print(f"  {check_id:32} {count}")
    return 0


def write_out(options: argparse.Namespace) -> int:
    with _outside(options) as spool:
        return _write(spool, options.format, sys.stdout)


def _write(spool: Outside, form: str, out: IO[str]) -> int:
    # Imported here: the agent that runs never needs it.
    import csv

    table = csv.DictWriter(out, _COLUMNS) if form == "csv" else None
    if table is not None:
        table.writeheader()
    for row in spool.results():
        if table is None:
            out.write(json.dumps(row) + "\n")
        else:
            table.writerow(row | {"metrics": json.dumps(row["metrics"])})
    if spool.damage:
        print(f"the file is damaged, what follows cannot be read: {spool.damage}", file=sys.stderr)
        return 1
    return 0


def _when(time_us: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time_us / 1e6))
