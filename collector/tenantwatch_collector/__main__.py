"""The command `tenantwatch-collector`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import uvloop

from tenantwatch_collector import __version__
from tenantwatch_collector.commands import access, alerts, notify, openapi, sla, store, tokens
from tenantwatch_collector.config import load_config
from tenantwatch_collector.errors import CollectorError
from tenantwatch_collector.request_ids import NamesRequest

_CONFIG_HELP = "TOML file; without it everything has its default (see docs/configuration.md)"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 done, 1 failed, 2 wrong use."""
    options = _parser().parse_args(arguments)
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(NamesRequest())
    logging.basicConfig(
        handlers=[handler],
        level=logging.DEBUG if options.verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(request)s%(message)s",
    )
    # They report every request at INFO, with addresses that may hold secrets.
    for noisy in ("httpx2", "httpcore2", "uvicorn.error"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # What it warns of, attempt by attempt, its users say once.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    try:
        code = options.command(options)
        return int(code) if code is not None else 0
    except CollectorError as error:
        print(f"tenantwatch-collector: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever reads has seen enough, as head does; nothing may be written at the exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _run(options: argparse.Namespace) -> None:
    # Imported here: the other commands need none of the rooms and should answer at once.
    from tenantwatch_collector.app import run
    from tenantwatch_collector.web.pages import HOME

    config = load_config(options.config)

    def ready(grpc_address: str, rest_address: str) -> None:
        print(f"grpc listening on {grpc_address}")
        print(f"rest listening on {rest_address}")
        print(f"dashboard at {rest_address}{HOME}, with a token of `tenantwatch-collector token create`")
        print(f"results are kept in {config.store_name}", flush=True)

    _loop(run(config, ready))


def _try(options: argparse.Namespace) -> None:
    from tenantwatch_collector.commands import trial

    _loop(trial.run_trial(load_config(None), options.rest_port, options.grpc_port))


def _check_config(options: argparse.Namespace) -> None:
    # Imported here: what only trying can show, such as a broken template.
    from tenantwatch_collector.alerts.routing import unreached
    from tenantwatch_collector.notify.registry import PARTS, build_channels
    from tenantwatch_collector.notify.templates import Templates

    config = load_config(options.file)
    # A file that holds the address is read only now.
    _ = config.store.postgres_url
    settings = config.notify
    build_channels(settings)
    Templates(PARTS, settings.templates_folder)
    for warning in unreached(settings.route_table(), settings.channels, settings.default_policy(1)):
        print(f"{options.file}: {warning}; or by a route made through the API", file=sys.stderr)
    print(f"{options.file}: ok")


def _loop(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tenantwatch-collector",
        description="Receives what agents see, keeps it, judges it, tells people, and answers questions.",
        epilog="First steps: `try` starts everything on this machine; then create a tenant and a token"
        " for its agent with `tenant create` and `token create`, and start with `run`.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--verbose", action="store_true", help="log more")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="run the collector until SIGTERM or Ctrl-C")
    run.add_argument("--config", type=Path, help=_CONFIG_HELP)
    run.set_defaults(command=_run)

    attempt = commands.add_parser("try", help="run a collector and an agent that watches this machine")
    attempt.add_argument("--rest-port", type=int, default=8000, help="first port to try (default 8000)")
    attempt.add_argument("--grpc-port", type=int, default=50051, help="first port to try (default 50051)")
    attempt.set_defaults(command=_try)

    check = commands.add_parser("check-config", help="check a configuration file and say what is wrong")
    check.add_argument("file", type=Path)
    check.set_defaults(command=_check_config)

    access.add_commands(commands, _CONFIG_HELP)
    tokens.add_commands(commands, _CONFIG_HELP)
    openapi.add_commands(commands)
    store.add_commands(commands, _CONFIG_HELP)
    sla.add_commands(commands, _CONFIG_HELP)
    alerts.add_commands(commands, _CONFIG_HELP)
    notify.add_commands(commands, _CONFIG_HELP)
    return parser


if __name__ == "__main__":
    sys.exit(main())
