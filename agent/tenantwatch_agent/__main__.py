"""The command `tenantwatch-agent`."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import uvloop
from tenantwatch_wire import __version__
from tenantwatch_wire.records import Result, Status

from tenantwatch_agent.app import run
from tenantwatch_agent.config import load_config
from tenantwatch_agent.errors import AgentError
from tenantwatch_agent.schedule import look

T = TypeVar("T")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 done, 1 failed, 2 wrong use."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.DEBUG if options.verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    try:
        return int(options.command(options))
    except AgentError as error:
        print(f"tenantwatch-agent: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _run(options: argparse.Namespace) -> int:
    _loop(run(load_config(options.config)))
    return 0


def _check_config(options: argparse.Namespace) -> int:
    config = load_config(options.file)
    for one in config.checks:
        d = one.definition
        print(f"{d.check_id:32} {d.kind:24} every {d.interval_ms / 1000:g} s   {d.target}")
    print(f"{options.file}: ok, {len(config.checks)} checks")
    return 0


def _run_once(options: argparse.Namespace) -> int:
    found = {one.definition.check_id: one for one in load_config(options.config).checks}
    if options.check_id not in found:
        raise AgentError(f"there is no check {options.check_id!r}; there are: {', '.join(found) or 'none'}")
    one = found[options.check_id]
    result: Result = _loop(look(one.definition, one.check))
    print(f"{one.definition.check_id}: {result.status.word}: {result.text}")
    if result.latency_us is not None:
        print(f"latency: {result.latency_us / 1000:.3f} ms")
    print(json.dumps(dict(result.metrics), indent=2))
    return 0 if result.status is Status.HEALTHY else 1


def _loop(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tenantwatch-agent",
        description="Looks at a tenant's services and sends what it sees to the collector.",
        epilog="Begin with a file of a few lines: `[collector]` with address and token_file, then"
        " `[[checks]]` with id, kind and url; `check-config FILE` says what is wrong with it.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--verbose", action="store_true", help="log more")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    running = commands.add_parser("run", help="look and send until SIGTERM or Ctrl-C")
    running.add_argument("--config", type=Path, required=True, help="the agent's TOML file")
    running.set_defaults(command=_run)

    check = commands.add_parser("check-config", help="check a file and list its checks")
    check.add_argument("file", type=Path)
    check.set_defaults(command=_check_config)

    once = commands.add_parser("run-once", help="look once with one check and print what it saw")
    once.add_argument("check_id")
    once.add_argument("--config", type=Path, required=True, help="the agent's TOML file")
    once.set_defaults(command=_run_once)
    return parser


if __name__ == "__main__":
    sys.exit(main())
