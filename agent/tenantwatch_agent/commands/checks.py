"""`check-config` and `run-once`: try a configuration without an agent."""

from __future__ import annotations

import argparse
import sys

from tenantwatch_wire.records import Result, Status

from tenantwatch_agent.checks.base import asked_by
from tenantwatch_agent.config import AgentConfig, ConfiguredCheck
from tenantwatch_agent.config.current import Configuration
from tenantwatch_agent.config.doubts import doubts
from tenantwatch_agent.config.load import collector_of
from tenantwatch_agent.egress import OwnEgress
from tenantwatch_agent.errors import AgentError, Mistakes
from tenantwatch_agent.look import Looker
from tenantwatch_agent.loop import run_to_end
from tenantwatch_agent.vitals import Vitals
from tenantwatch_agent.words import counted

_PHASES = (
    *("dns", "connect", "proxy", "tls", "login", "first_byte", "body"),
    *("query", "ping", "info", "write", "run"),
)
"""As the kinds of checks name them."""
_TARGET_WIDTH = 100


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = commands.add_parser(
        "check-config",
        help="check a file, its conf.d and what the collector assigned; list the checks",
        description="Reads the configuration as `run` would, starts nothing, and says all that is"
        " wrong: the file and its line, the key, and what to write instead. Exit code 1 if anything is: also"
        " if the token or the authority's file of [collector] cannot be had by whoever asks. What is allowed"
        " and hardly meant is a warning, and changes no exit code.",
        epilog="example: tenantwatch-agent check-config /etc/tenantwatch/agent.toml",
    )
    check.add_argument("file", nargs="?", help="the agent's TOML file")
    check.add_argument(
        "--config", dest="file_option", metavar="FILE", help="the same, as the other commands take it"
    )
    check.set_defaults(command=check_config, wrong_use=check.error)

    once = commands.add_parser(
        "run-once",
        help="look once with one check and print what it saw, phase by phase",
        description="Looks with one configured check, with its retries, and prints status, text, latency,"
        " phases and metrics; first with those whose results it asks for. Nothing is kept or sent. Exit code,"
        " as plugins of Nagios have it: 0 healthy, 1 degraded, 2 unhealthy, 3 unknown or not configured.",
        epilog="example: tenantwatch-agent run-once front-page --config /etc/tenantwatch/agent.toml",
    )
    once.add_argument("check_id", metavar="CHECK", help="its id")
    once.add_argument("--config", required=True, metavar="FILE", help="the agent's TOML file")
    once.set_defaults(command=run_once)


def check_config(options: argparse.Namespace) -> int:
    path = options.file or options.file_option
    if path is None:
        options.wrong_use("name the file: tenantwatch-agent check-config FILE")
    mistakes = Mistakes()
    with mistakes.noted():
        configuration = Configuration(path)
        warnings = _show(configuration)
    collector = collector_of(path)
    if collector is not None:
        with mistakes.noted():
            collector.check()
    mistakes.demand_none()
    more = f", {counted(warnings, 'warning')}" if warnings else ""
    print(f"{path}: ok, {counted(len(configuration.config.checks), 'check')}{more}")
    return 0


def _show(configuration: Configuration) -> int:
    """Lists the checks and what is doubtful; returns how much that is."""
    for one in configuration.config.checks:
        print(_line(one))
    if configuration.assignment_error:
        print(f"what the collector assigned is left out: {configuration.assignment_error}")
    warnings = list(doubts(configuration.config))
    for warning in warnings:
        print(f"warning: {warning}")
    return len(warnings)


def _line(one: ConfiguredCheck) -> str:
    d = one.definition
    retries = f", {one.retries} {'retry' if one.retries == 1 else 'retries'}" if one.retries else ""
    return (
        f"{d.check_id:32} {d.kind:24} every {d.interval_ms / 1000:g} s{retries}   {d.target[:_TARGET_WIDTH]}"
    )


def run_once(options: argparse.Namespace) -> int:
    try:
        return int(_look_once(options))
    except AgentError as error:
        for line in error.lines:
            print(f"tenantwatch-agent: {line}", file=sys.stderr)
        return int(Status.UNKNOWN)


def _look_once(options: argparse.Namespace) -> Status:
    configuration = Configuration(options.config)
    one = _named(configuration.config, options.check_id)
    looker = Looker(Vitals(), OwnEgress(configuration.config.egress), keeps_times=True)
    result: Result = run_to_end(_look(looker, one, configuration))
    print(f"{one.definition.check_id}: {result.status.word}: {result.text}")
    if result.latency_us is not None:
        print(f"latency: {result.latency_us / 1000:.3f} ms")
    _print_figures(result)
    return result.status


async def _look(looker: Looker, one: ConfiguredCheck, configuration: Configuration) -> Result:
    """After those of whose results it makes its own."""
    configuration.surroundings.heartbeats.expect(configuration.config.heartbeats)
    asked = asked_by(one.check)
    for other in configuration.config.checks:
        if other.definition.check_id in asked and other is not one:
            configuration.surroundings.latest.record(await looker.look(other))
    return await looker.look(one)


def _named(config: AgentConfig, check_id: str) -> ConfiguredCheck:
    found = {one.definition.check_id: one for one in config.checks}
    if check_id not in found:
        raise AgentError(f"there is no check {check_id!r}; there are: {', '.join(found) or 'none'}")
    return found[check_id]


def _is_phase(metric: str) -> bool:
    """Also of a step of external_apis, which begins with the step's name."""
    name = metric.removesuffix("_ms")
    return name != metric and (name in _PHASES or any(name.endswith(f"_{each}") for each in _PHASES))


def _print_figures(result: Result) -> None:
    phases = {name: value for name, value in result.metrics.items() if _is_phase(name)}
    if phases:
        print("phases:")
        width = max(12, *map(len, phases))
        for name, value in phases.items():
            print(f"  {name.removesuffix('_ms').replace('_', ' '):{width}} {value:10.3f} ms")
    others = {name: value for name, value in result.metrics.items() if name not in phases}
    if others:
        print("metrics:")
        width = max(map(len, others))
        for name, value in others.items():
            print(f"  {name:{width}} {value:.10g}")
