"""`tenantwatch rule`: alert rules of your own."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from tenantwatch_client.commands.alert import Severity
from tenantwatch_client.commands.profile import connect
from tenantwatch_client.commands.show import Output, OutputOption, show, show_one

app = typer.Typer(help="Alert rules of your own.", no_args_is_help=True)


class Condition(StrEnum):
    greater_than = "greater_than"
    greater_or_equal = "greater_or_equal"
    less_than = "less_than"
    less_or_equal = "less_or_equal"
    equals = "equals"
    not_equals = "not_equals"
    absent = "absent"
    changes_by_percent = "changes_by_percent"


COLUMNS = (
    ("RULE", "rule_id"),
    ("METRIC", "metric"),
    ("CONDITION", "condition"),
    ("THRESHOLD", "threshold"),
    ("SEVERITY", "severity"),
    ("FOR S", "for_seconds"),
    ("ON", "enabled"),
    ("TENANT", "tenant_id"),
    ("TIER", "tier"),
    ("BY", "created_by"),
)
RuleArgument = Annotated[str, typer.Argument(metavar="RULE", help="its id, of `rule list`")]


@app.command("list")
def list_rules(output: OutputOption = Output.table) -> None:
    """List them; the platform's callers see the built-in ones as well."""
    with connect() as client:
        show(client.rules.list(), COLUMNS, output, "there are no rules")


@app.command("create")
def create(
    metric: Annotated[str, typer.Argument(help="such as cpu_percent")],
    condition: Annotated[Condition, typer.Argument()],
    threshold: Annotated[float | None, typer.Argument(help="for absent none")] = None,
    severity: Annotated[Severity, typer.Option()] = Severity.warning,
    tenant: Annotated[str | None, typer.Option(help="only for this tenant")] = None,
    tier: Annotated[str | None, typer.Option(help="only for tenants of this tier")] = None,
    for_seconds: Annotated[int, typer.Option(min=0, help="how long it must hold")] = 0,
    window_seconds: Annotated[int, typer.Option(min=0, help="aggregate over so long")] = 0,
    aggregation: Annotated[str | None, typer.Option(help="such as avg, max, p95; else avg")] = None,
    rule_id: Annotated[str | None, typer.Option(help="else one is made")] = None,
    output: OutputOption = Output.table,
) -> None:
    """Alert when a metric is as the condition says; in force within two seconds."""
    rule = {
        "metric": metric,
        "condition": condition.value,
        "threshold": threshold,
        "severity": severity.value,
        "tenant_id": tenant,
        "tier": tier,
        "for_seconds": for_seconds,
        "window_seconds": window_seconds,
        "aggregation": aggregation,
        "rule_id": rule_id,
    }
    with connect() as client:
        show_one(client.rules.create(rule), COLUMNS, output)


@app.command("delete")
def delete(rule: RuleArgument) -> None:
    """Remove one; its alerts end."""
    with connect() as client:
        client.rules.delete(rule)
    typer.echo(f"{rule} is removed")
