"""`sla terms TENANT`: what was agreed, and what the checks can prove of it; with --set another version."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tenantwatch_collector.api.agreements import NewTerms, TermsView
from tenantwatch_collector.api.contracting import Contracting
from tenantwatch_collector.commands.access import local_caller
from tenantwatch_collector.commands.on_store import opened
from tenantwatch_collector.config import load_config
from tenantwatch_collector.errors import ConfigurationError
from tenantwatch_collector.reports.strict_json import read_json
from tenantwatch_collector.wording import dotted, told

MAX_FILE_BYTES = 256 * 1024
_EXAMPLE = (
    'the file holds a contract as in docs/service-levels.md, for example {"tier": "enterprise",'
    ' "timezone": "Europe/Berlin", "targets": {"availability_percentage": "99.95"}}'
)


async def _terms(options: argparse.Namespace) -> None:
    config = load_config(options.config)
    new = None if options.set is None else _new(options)
    async with opened(config) as store:
        contracting, caller = Contracting(store), local_caller()
        if new is None:
            told = await contracting.terms(caller, options.tenant)
        else:
            told = await contracting.set_terms(caller, options.tenant, new)
    _print(told)


def _new(options: argparse.Namespace) -> NewTerms:
    path: Path = options.set
    try:
        contract = read_json(path, MAX_FILE_BYTES)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError(f"{path}: {error}; {_EXAMPLE}") from error
    if not isinstance(contract, dict) or "contract" not in contract:
        contract = {"contract": contract}
    given = {"reason": options.reason, "in_force_from": options.begin}
    try:
        return NewTerms.model_validate(contract | {k: v for k, v in given.items() if v is not None})
    except ValidationError as error:
        words = told(error.errors(include_url=False), dotted)
        raise ConfigurationError(f"{path}: {words}; {_EXAMPLE}") from error


def _print(told: TermsView) -> None:
    for version in told.versions:
        since = "from the beginning" if version.in_force_from is None else f"from {version.in_force_from}"
        print(f"version {version.number}, {since}: {version.reason} ({version.author})")
    newest = told.versions[-1]
    print(newest.contract.model_dump_json(indent=1, exclude_defaults=True))
    print("targets: " + ", ".join(f"{name} {value}" for name, value in newest.targets.items()))
    for note in told.notes:
        print(f"note: {note}")
    found = told.resolution
    if found is None:
        print("there is no critical check: nothing can be proved")
        return
    print(
        f"the critical checks look every {found.coarsest_interval_s:g} s at the slowest: one look is"
        f" {found.step_pct:.4f} % of a month, and an outage is confirmed after {found.shortest_outage_s:g} s"
    )
    for warning in found.warnings:
        print(f"warning: {warning}")


def add_command(family: Any, config_help: str) -> None:
    """Register `sla terms` with argparse."""
    text = "show a tenant's terms and what its checks can prove of them; --set agrees on new ones"
    parser = family.add_parser("terms", help=text, description=text, epilog=_EXAMPLE)
    parser.add_argument("tenant", metavar="TENANT", help="as in `tenant list`")
    parser.add_argument(
        "--set",
        type=Path,
        metavar="FILE",
        help="a contract as JSON, alone or with its reason and in_force_from as REST takes it; the past keeps"
        " its terms",
    )
    parser.add_argument("--reason", help="why the terms change; wanted with --set where FILE does not say")
    parser.add_argument(
        "--from", dest="begin", metavar="INSTANT", help="when they begin, such as 2027-05-01T00:00:00+02:00"
    )
    parser.add_argument("--config", type=Path, help=config_help)
    parser.set_defaults(command=lambda options: asyncio.run(_terms(options)))
