"""Dockerfiles and compose.yaml, parsed: nothing is built, but all that they name must exist."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.unpacked import DEPLOY, ROOT

DOCKERFILES = sorted((DEPLOY / "docker").glob("*.Dockerfile"))
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
INSTRUCTIONS = {"FROM", "WORKDIR", "RUN", "COPY", "ENV", "USER", "VOLUME", "EXPOSE", "ENTRYPOINT", "CMD"}

Instruction = tuple[str, str]


def parsed(dockerfile: Path) -> list[Instruction]:
    """(instruction, arguments) in order, continued lines joined and comments left out."""
    lines = [line for line in dockerfile.read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    parts = [line.strip().partition(" ") for line in joined.splitlines() if line.strip()]
    return [(name, arguments.strip()) for name, _, arguments in parts]


def arguments_of(steps: list[Instruction], wanted: str) -> list[str]:
    return [arguments for name, arguments in steps if name == wanted]


@pytest.fixture(params=DOCKERFILES, ids=lambda path: path.stem)
def steps(request: pytest.FixtureRequest) -> list[Instruction]:
    return parsed(request.param)


def test_there_is_one_for_each_program() -> None:
    assert [path.name for path in DOCKERFILES] == ["agent.Dockerfile", "collector.Dockerfile"]


def test_instructions_are_known_and_bases_pinned(steps: list[Instruction]) -> None:
    assert steps[0][0] == "FROM"
    assert {name for name, _ in steps} <= INSTRUCTIONS
    for base in arguments_of(steps, "FROM"):
        assert re.fullmatch(r"python:3\.\d+-slim( AS \w+)?", base)


def test_what_is_copied_exists_and_is_let_through(steps: list[Instruction]) -> None:
    let_through = [
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    ]
    for copy in arguments_of(steps, "COPY"):
        if copy.startswith("--from="):
            continue
        *sources, _ = shlex.split(copy)
        for source in sources:
            assert (ROOT / source).exists(), source
            assert source == "." or any(source.startswith(one) for one in let_through), source


def test_what_the_build_reads_is_let_through() -> None:
    let_through = (ROOT / ".dockerignore").read_text().splitlines()
    for name in ("pyproject.toml", "uv.lock", PROJECT["readme"], *PROJECT["license-files"]):
        assert f"!{name}" in let_through


def test_extras_exist(steps: list[Instruction]) -> None:
    extras = re.findall(r"--extra (\w+)", " ".join(arguments_of(steps, "RUN")))
    assert extras
    assert set(extras) <= set(PROJECT["optional-dependencies"])


def test_the_program_is_ours_and_runs_as_nobody(steps: list[Instruction]) -> None:
    (entry,) = json.loads(arguments_of(steps, "ENTRYPOINT")[-1])
    assert Path(entry).name in PROJECT["scripts"]
    assert json.loads(arguments_of(steps, "CMD")[-1])[0] == "run"
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", arguments_of(steps, "USER")[-1])


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_service_names_only_what_exists(name: str) -> None:
    service = COMPOSE["services"][name]
    assert set(service.get("depends_on", {})) <= set(COMPOSE["services"])
    if "build" in service:
        context = DEPLOY / service["build"]["context"]
        assert (context / service["build"]["dockerfile"]).exists()
    else:
        built = {each["image"] for each in COMPOSE["services"].values() if "build" in each}
        assert service["image"] in built or re.search(r":\d[\w.-]+$", service["image"])
    for volume in service.get("volumes", []):
        source = volume.partition(":")[0]
        assert (DEPLOY / source).is_file() if source.startswith(".") else source in COMPOSE["volumes"]


def test_ports_are_open_to_this_machine_alone() -> None:
    ports = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
