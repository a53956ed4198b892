"""The command `tenantwatch-agent`."""

from __future__ import annotations

import argparse
import signal
import sys

from tenantwatch_wire import __version__

from tenantwatch_agent.commands import checks, spool, status
from tenantwatch_agent.config.current import Configuration
from tenantwatch_agent.config.doubts import warn
from tenantwatch_agent.config.sections import Logging
from tenantwatch_agent.errors import AgentError
from tenantwatch_agent.logs import set_up_logs
from tenantwatch_agent.loop import run_to_end
from tenantwatch_agent.secrecy import close_to_others

_EPILOG = """\
Begin with a file agent.toml of a few lines:

  [collector]
  address = "monitoring.example.org:50051"
  token_file = "/etc/tenantwatch/agent-token"
  ca_file = "system"

  [[checks]]
  id = "shop"
  kind = "http_endpoint"
  url = "https://shop.example.org/healthz"

then:

  tenantwatch-agent check-config agent.toml             what is wrong with it
  tenantwatch-agent run-once shop --config agent.toml   what the check sees
  tenantwatch-agent run --config agent.toml             look and send
  tenantwatch-agent status --config agent.toml          how it goes

More [[checks]] may stand in files of the folder conf.d beside it. A changed file is taken within seconds, and
at once on SIGHUP; a wrong one changes nothing. All keys: docs/configuration.md."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 done, 1 failed, 2 wrong use, 3 something is wrong."""
    options = _parser().parse_args(arguments)
    set_up_logs(Logging(), options.verbose)
    # Before any secret is read.
    close_to_others()
    try:
        return int(options.command(options))
    except AgentError as error:
        for line in error.lines:
            print(f"tenantwatch-agent: {line}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        sys.stderr.close()
        return 1
    except KeyboardInterrupt:
        return 130


def _run(options: argparse.Namespace) -> int:
    # Imported here: the other commands need neither stream nor spool.
    from tenantwatch_agent.app import run

    # Until the agent listens to it: a reload that comes early must not end it.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    configuration = Configuration(options.config)
    set_up_logs(configuration.config.log, options.verbose)
    warn(configuration.config)
    run_to_end(run(configuration))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tenantwatch-agent",
        description="Looks at a tenant's services and sends what it sees to the collector.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--verbose", action="store_true", help="log more")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    running = commands.add_parser(
        "run",
        help="look and send until SIGTERM or Ctrl-C",
        description="Looks with every check, keeps the results in the data folder, and sends them. SIGHUP"
        " reads the configuration anew; SIGTERM sends what is left and ends with 0. Exit code 1 if it cannot"
        " start: a wrong configuration, a data folder that another agent uses.",
        epilog="example: tenantwatch-agent run --config /etc/tenantwatch/agent.toml",
    )
    running.add_argument("--config", required=True, metavar="FILE", help="the agent's TOML file")
    running.add_argument("--verbose", action="store_true", default=argparse.SUPPRESS, help="log more")
    running.set_defaults(command=_run)
    for one in (checks, status, spool):
        one.add_parsers(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
