"""`sla evaluate|explain|verify|what-if`: the functions of the running collector, by hand."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from tenantwatch_collector.commands import levels, terms
from tenantwatch_collector.errors import RefusedForEver
from tenantwatch_collector.reports.difference import Difference
from tenantwatch_collector.reports.export import read_export_file
from tenantwatch_collector.reports.keyring import trusted_ids
from tenantwatch_collector.reports.signing import SignatureError
from tenantwatch_collector.reports.strict_json import read_json
from tenantwatch_collector.reports.verify import Note, verify
from tenantwatch_collector.sla.cases import CaseError, cases_of, evaluate_file, judge_named, unread
from tenantwatch_collector.sla.explain_judged import explain_judged

MAX_FILE_BYTES = 256 * 1024 * 1024
_PROGRESS_SECONDS = 1.0
_MAX_NOTES = 20

_EPILOG = """\
what a customer's question takes:
  tenantwatch-collector sla explain example-isp-001 2026-03         how each number comes about
  tenantwatch-collector sla what-if example-isp-001 2026-03 --tier basic
what checking a report takes (report.json is GET /reports/sla?tenant_id=...&format=json):
  tenantwatch-collector sla export example-isp-001 2026-03 > facts.jsonl
  tenantwatch-collector sla keys > keys.json
  tenantwatch-collector sla verify report.json facts.jsonl --keys keys.json
"""
Case = Mapping[str, Any]


def _evaluate(options: argparse.Namespace) -> None:
    cases = _read(options.file)
    answers = []
    progress = _Progress(len(cases))
    try:
        for answer in evaluate_file(cases):
            answers.append(answer)
            progress.step()
    except CaseError as error:
        raise RefusedForEver(f"{options.file}: {error}") from error
    progress.end()
    json.dump({"cases": answers}, sys.stdout, indent=None if len(cases) > 100 else 2)
    print()
    _compare(cases, answers)


def _explain(options: argparse.Namespace) -> None:
    if options.cases is None:
        if options.tenant is None or options.period is None:
            raise RefusedForEver("say what to explain: TENANT PERIOD, or --cases FILE [CASE]")
        levels.explain_stored(options)
        return
    cases = [case for case in _read(options.cases) if options.tenant in (None, case["id"])]
    if not cases:
        raise RefusedForEver(f"{options.cases} has no case {options.tenant!r}")
    for case in cases:
        try:
            lines = explain_judged(judge_named(case))
        except CaseError as error:
            raise RefusedForEver(f"{options.cases}: {error}") from error
        print("\n".join([f"{case['id']}: {case.get('title', '')}", *lines, ""]))


def _verify(options: argparse.Namespace) -> int:
    if options.report.suffix.lower() in (".pdf", ".csv"):
        raise RefusedForEver(
            f"{options.report}: take the JSON form, which alone is signed: format=json of the same report"
        )
    document = _json(options.report)
    if not isinstance(document, dict):
        raise RefusedForEver(f"{options.report}: not a report")
    export = None
    if options.export is not None:
        try:
            export = read_export_file(options.export)
        except OSError as error:
            raise RefusedForEver(f"{options.export}: {error.strerror}") from error
        except ValueError as error:
            raise RefusedForEver(f"{options.export}: {error}") from error
    try:
        for line in verify(document, export, _trusted(options)):
            print(f"{'note' if isinstance(line, Note) else 'holds'}: {line}")
    except (Difference, SignatureError) as error:
        print(f"DIFFERS: {error}")
        return 1
    return 0


def _trusted(options: argparse.Namespace) -> set[str] | None:
    """The ids of the keys that may have signed; None where none was named, so that any may."""
    if options.keys is None:
        return set(options.key_id) or None
    try:
        return {*options.key_id, *trusted_ids(_json(options.keys))}
    except ValueError as error:
        raise RefusedForEver(f"{options.keys}: {error}") from error


class _Progress:
    """Says on standard error how far it is, once the work takes longer than a moment."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._said = False
        self._due = time.monotonic() + _PROGRESS_SECONDS

    def step(self) -> None:
        self._done += 1
        if time.monotonic() >= self._due:
            self._said = True
            self._due = time.monotonic() + _PROGRESS_SECONDS
            print(f"{self._done} of {self._total} cases", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._said:
            print(f"{self._done} of {self._total} cases, done", file=sys.stderr, flush=True)


def _compare(cases: Sequence[Case], answers: Sequence[Case]) -> None:
    """Say on standard error whether the cases that expect something got it."""
    told = [(c, a["report"]) for c, a in zip(cases, answers, strict=True) if "expected" in c]
    if not told:
        return
    other = [
        f"{case['id']} ({', '.join(sorted(_differing(case['expected'], found)))})"
        for case, found in told
        if case["expected"] != found
    ]
    print(f"{len(told) - len(other)} of {len(told)} cases give what they expect", file=sys.stderr)
    for line in other:
        print(f"differs: {line}", file=sys.stderr)


def _differing(expected: Any, found: Case) -> set[str]:
    if not isinstance(expected, dict):
        return {"expected is no object"}
    return {key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key)}


def _read(path: Path) -> Sequence[Case]:
    file = _json(path)
    try:
        cases = cases_of(file)
        for name in islice(unread(file), _MAX_NOTES):
            print(f"note: {path}: {name} is not known and not read", file=sys.stderr)
        return cases
    except CaseError as error:
        raise RefusedForEver(f"{path}: {error}") from error


def _json(path: Path) -> Any:
    try:
        return read_json(path, MAX_FILE_BYTES)
    except OSError as error:
        raise RefusedForEver(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise RefusedForEver(f"{path}: {error}") from error


def add_commands(commands: Any, config_help: str) -> None:
    """Register the commands with argparse."""
    text = "service levels: what was agreed, the arithmetic of a period, reports checked without a server"
    sla = commands.add_parser(
        "sla",
        help=text,
        description=text,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).add_subparsers(required=True)
    evaluate = _add(sla, "evaluate", "evaluate a file of cases and print the reports as JSON", _evaluate)
    evaluate.add_argument("file", type=Path, metavar="FILE", help="cases of schema sla-cases/1")
    told = _add(sla, "explain", "print the arithmetic of a report step by step", _explain)
    told.add_argument("tenant", nargs="?", metavar="TENANT", help="or the id of one case of FILE")
    told.add_argument("period", nargs="?", metavar="PERIOD", help=levels.PERIOD_HELP)
    told.add_argument("--cases", type=Path, metavar="FILE", help="cases of schema sla-cases/1, not the store")
    levels.add_period(told, config_help)
    levels.add_commands(sla, config_help)
    terms.add_command(sla, config_help)
    checked = _add(sla, "verify", "check a report with no server: signature, arithmetic, numbers", _verify)
    checked.add_argument("report", type=Path, metavar="REPORT", help="a report in its JSON form")
    checked.add_argument(
        "export",
        type=Path,
        nargs="?",
        metavar="EXPORT",
        help="its facts, of `sla export` or GET /sla/TENANT/export: everything is made again",
    )
    checked.add_argument(
        "--key-id",
        action="append",
        default=[],
        help="a key that may have signed it, as its operator published it; may be given several times",
    )
    checked.add_argument(
        "--keys",
        type=Path,
        metavar="FILE",
        help="the operator's published keys, retired ones too: what `sla keys` prints",
    )


def _add(family: Any, name: str, help_text: str, work: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = family.add_parser(name, help=help_text, description=help_text)
    parser.set_defaults(command=work)
    return parser
