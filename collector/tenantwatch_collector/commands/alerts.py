"""`alerts simulate`: what rules would have said to whom, through the machine of the running collector."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tenantwatch_collector.alerts.simulate import simulate_file
from tenantwatch_collector.errors import RefusedForEver

MAX_FILE_BYTES = 64 * 1024 * 1024


def _simulate(options: argparse.Namespace) -> None:
    answers = []
    cases = _read(options.file)
    for number, case in enumerate(cases):
        try:
            answers += list(simulate_file([case]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            named = case.get("id", number) if isinstance(case, dict) else number
            raise RefusedForEver(f"{options.file}: case {named}: {type(error).__name__}: {error}") from error
    json.dump({"cases": answers}, sys.stdout, indent=2)
    print()
    _compare(cases, answers)


def _compare(cases: list[Any], answers: list[dict[str, Any]]) -> None:
    """Say where an expected answer differs."""
    wrong = [
        case["id"]
        for case, answer in zip(cases, answers, strict=True)
        if "expected" in case and {**case["expected"], "id": case["id"]} != answer
    ]
    if wrong:
        raise RefusedForEver(
            f"{len(wrong)} of {len(cases)} cases differ from what they expect: {', '.join(wrong)}"
        )


def _read(path: Path) -> list[Any]:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise RefusedForEver(f"{path}: cannot be read: {error.strerror}") from None
    if len(content) > MAX_FILE_BYTES:
        raise RefusedForEver(f"{path}: is longer than {MAX_FILE_BYTES} bytes")
    try:
        found = json.loads(content)
    except ValueError as error:
        raise RefusedForEver(f"{path}: is not JSON: {error}") from None
    if not isinstance(found, dict) or not isinstance(found.get("cases"), list):
        raise RefusedForEver(f'{path}: write {{"schema": "alert-cases/1", "cases": [...]}}')
    return list(found["cases"])


def add_commands(commands: Any) -> None:
    """Register the commands with argparse."""
    alerts = commands.add_parser("alerts", help="try alert rules").add_subparsers(required=True)
    text = "play a file of cases and print who would have been told what, as JSON"
    simulate = alerts.add_parser("simulate", help=text, description=text)
    simulate.add_argument("file", type=Path, metavar="FILE", help="cases of schema alert-cases/1")
    simulate.set_defaults(command=_simulate)
