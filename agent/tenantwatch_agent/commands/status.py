"""`status`: asks the running agent over its socket."""

from __future__ import annotations

import argparse
import json
import socket
import time
from typing import Any

from tenantwatch_agent.config import data_folder_of
from tenantwatch_agent.errors import AgentError
from tenantwatch_agent.listener import SOCKET, near
from tenantwatch_agent.words import counted

_SECONDS = 5.0


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    status = commands.add_parser(
        "status",
        help="ask the running agent for its stream, spool, and last results",
        description="Asks over the socket in the agent's data folder, which only its user may open. Exit"
        " code 1 if no agent runs, 3 if one runs and something is wrong: no stream, a refused configuration,"
        " a spool that cannot be written.",
        epilog="example: tenantwatch-agent status --config /etc/tenantwatch/agent.toml",
    )
    status.add_argument("--config", required=True, metavar="FILE", help="the agent's TOML file")
    status.add_argument("--json", action="store_true", help="print everything it says, for programs")
    status.set_defaults(command=show_status)


def show_status(options: argparse.Namespace) -> int:
    told = _ask(options.config)
    print(json.dumps(told, indent=2) if options.json else _shown(told))
    return 3 if _troubles(told) else 0


def _ask(path: str) -> dict[str, Any]:
    folder = data_folder_of(path)
    try:
        with near(folder / SOCKET) as name, socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(_SECONDS)
            sock.connect(name)
            sock.sendall(b"GET /status HTTP/1.1\r\nHost: agent\r\n\r\n")
            answer = b"".join(iter(lambda: sock.recv(65_536), b""))
        if not answer:
            raise ConnectionResetError
    except (FileNotFoundError, ConnectionRefusedError):
        raise AgentError(f"no agent runs with the data folder {folder}") from None
    except (ConnectionResetError, BrokenPipeError):
        raise AgentError(
            f"the agent with the data folder {folder} ends the connection at once: it may open no more files;"
            " raise LimitNOFILE of its unit"
        ) from None
    except OSError as error:
        raise AgentError(f"{folder / SOCKET}: {error}; ask as the agent's user") from None
    told: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return told


def _troubles(told: dict[str, Any]) -> list[str]:
    stream, spool, configuration = told["stream"], told["spool"], told["configuration"]
    return [
        text
        for text, is_so in (
            (f"no stream: {stream['trouble'] or 'connecting'}", stream["connected_seconds"] is None),
            (stream["warning"], stream["warning"] != stream["trouble"] and stream["warning"]),
            ("the spool cannot be written: its disk is full", not spool["writable"]),
            (f"configuration refused: {configuration['refused']}", configuration["refused"]),
            (
                f"assignment refused: {configuration['assignment_refused']}",
                configuration["assignment_refused"],
            ),
            (told["egress_down"], told["egress_down"]),
        )
        if is_so
    ]


def _shown(told: dict[str, Any]) -> str:
    stream, spool, counts = told["stream"], told["spool"], told["counts"]
    connected = stream["connected_seconds"]
    lines = [
        f"agent {told['agent_id']} {told['version']}, up {told['up_seconds']} s,"
        f" {counted(told['configuration']['checks'], 'check')}",
        f"stream  {stream['collector']}: " + ("down" if connected is None else f"up for {connected} s"),
        f"spool   {spool['live_results']:.0f} live, {spool['backlog_results']:.0f} backlog,"
        f" {spool['memory_results']:.0f} in memory, {spool['dropped_results']:.0f} dropped,"
        f" {spool['bytes'] / 1e6:.1f} MB in use",
        f"counts  {counts['looks']} looks, {counts['missed_runs']} missed,"
        f" {counts['acknowledged_results']} acknowledged",
        *(f"!       {trouble}" for trouble in _troubles(told)),
    ]
    return "\n".join([*lines, *map(_check, told["checks"])])


def _check(one: dict[str, Any]) -> str:
    age = time.time() - one["time_us"] / 1e6
    latency = "" if one["latency_us"] is None else f"{one['latency_us'] / 1000:.1f} ms"
    return f"  {one['check_id']:30} {one['status']:10} {age:5.0f} s ago {latency:>12}  {one['text'][:120]}"
