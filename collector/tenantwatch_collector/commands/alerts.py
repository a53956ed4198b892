"""`alerts list|acknowledge|resolve|timeline|simulate`: written cases, and the alerts of the store itself."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tenantwatch_collector.alerts.alert import Status
from tenantwatch_collector.alerts.rule import Severity
from tenantwatch_collector.alerts.simulate import simulate_file
from tenantwatch_collector.api.recording import recorded
from tenantwatch_collector.commands import replay, rules, silences
from tenantwatch_collector.commands.access import local_caller
from tenantwatch_collector.commands.alert_table import FORMATS, print_alerts, row_of
from tenantwatch_collector.commands.on_store import add
from tenantwatch_collector.commands.progress import Progress
from tenantwatch_collector.errors import NotFound, RefusedForEver
from tenantwatch_collector.store.base import Store

MAX_FILE_BYTES = 64 * 1024 * 1024
_MAX_EVENTS = 10_000
OPEN = "open"
"""As a status: active or acknowledged."""


def _simulate(options: argparse.Namespace) -> None:
    answers: list[dict[str, Any]] = []
    cases = _read(options.file)
    progress = Progress("cases")
    for number, case in enumerate(cases):
        progress.step(number / len(cases), number)
        try:
            answers += list(simulate_file([case]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            named = case.get("id", number) if isinstance(case, dict) else number
            raise RefusedForEver(f"{options.file}: case {named}: {type(error).__name__}: {error}") from error
    progress.end()
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


async def _command(store: Store, options: argparse.Namespace) -> None:
    found = await store.alert(options.alert_id, None)
    tenant = None if found is None else await store.tenant(found[1])
    action, alert_id = options.action, options.alert_id
    async with recorded(store, local_caller(), f"alert.{action}", alert_id, tenant) as record:
        record.after = {"by": options.by, "notes": options.notes}
        if not await record.store.command_alert(alert_id, None, action, options.by, options.notes):
            raise NotFound(f"there is no open alert {alert_id!r}")
    print(f"{options.alert_id}: the collector will {options.action} it")


async def _list(store: Store, options: argparse.Namespace) -> None:
    tenant = None
    if options.tenant is not None and (tenant := await store.tenant(options.tenant)) is None:
        raise NotFound(f"there is no tenant {options.tenant!r}")
    key = None if tenant is None else tenant.tenant_key
    if options.status == OPEN:
        found = await store.open_alerts(key, options.limit)
        found = [one for one in found if options.severity in ("", one[0].severity)]
    else:
        status = "" if options.status == "any" else options.status
        found = await store.alerts(key, options.severity, status, options.limit)
    print_alerts([row_of(alert, tenant_id) for alert, tenant_id in found], options.output)


async def _timeline(store: Store, options: argparse.Namespace) -> None:
    events = await store.alert_events(options.alert_id, None, _MAX_EVENTS)
    if not events:
        raise NotFound(f"nothing is on record of an alert {options.alert_id!r}")
    for event in events:
        at = datetime.fromtimestamp(event.time_us / 1e6, UTC).isoformat(timespec="milliseconds")
        words = (event.kind, event.channel, event.outcome, event.who and f"by {event.who}", event.detail)
        print(at, *(word for word in words if word))


def add_commands(commands: Any, config_help: str) -> None:
    """Register the commands with argparse."""
    alerts = commands.add_parser("alerts", help="work on alerts, and try rules").add_subparsers(required=True)
    for action, text in (
        ("acknowledge", "say that somebody works on an alert: it is not escalated any more"),
        ("resolve", "end an alert by hand; it does not open again within the hour for the same trouble"),
    ):
        one = add(alerts, action, text, _command, config_help)
        one.add_argument("alert_id")
        one.add_argument("--by", required=True, help="who does it, for the record")
        one.add_argument("--notes", default="", help="why, for the record")
        one.set_defaults(action=action)
    text = "print the record of an alert: what happened, and each attempt to tell somebody"
    add(alerts, "timeline", text, _timeline, config_help).add_argument("alert_id")
    one = add(alerts, "list", "list alerts, those that are open unless said otherwise", _list, config_help)
    one.add_argument("--tenant", help="of this tenant alone")
    one.add_argument("--status", default=OPEN, choices=[OPEN, *Status, "any"])
    one.add_argument("--severity", default="", choices=[each.value for each in Severity])
    one.add_argument("--limit", type=_limit, default=100, help="at most so many (default 100)")
    one.add_argument("--output", default="table", choices=FORMATS)
    rules.add_commands(alerts, config_help)
    silences.add_commands(alerts, config_help)
    replay.add_commands(alerts, config_help)
    text = "play a file of cases and print who would have been told what, as JSON"
    simulate = alerts.add_parser("simulate", help=text, description=text)
    simulate.add_argument("file", type=Path, metavar="FILE", help="cases of schema alert-cases/1")
    simulate.set_defaults(command=_simulate)


def _limit(text: str) -> int:
    limit = int(text)
    if not 1 <= limit <= _MAX_EVENTS:
        raise argparse.ArgumentTypeError(f"write 1 to {_MAX_EVENTS}")
    return limit
