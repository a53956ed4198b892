"""``make agent-alone``: the wheel with ``[agent]`` works in a fresh environment and needs nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "agent-alone"
PYTHON = FOLDER / "environment" / "bin" / "python"
COMMAND = PYTHON.parent / "tenantwatch-agent"

# Run inside the fresh environment: every module of the agent, by the folder it was installed to.
_IMPORT_ALL = """
import importlib, pathlib, tenantwatch_agent
folder = pathlib.Path(tenantwatch_agent.__file__).parent
assert "agent-alone" in str(folder), folder
names = [".".join(path.relative_to(folder.parent).with_suffix("").parts) for path in folder.rglob("*.py")]
for name in sorted(names):
    try:
        importlib.import_module(name.removesuffix(".__init__"))
    except ModuleNotFoundError as error:
        assert error.name in ("h2", "psycopg", "asyncmy"), error  # of the extras http2, postgres, mysql
print(len(names), "modules of the agent imported")
"""

# A server of the standard library's, every kind of check that needs no client of its own, one look at each.
_CONFIGURATION = """
[[checks]]
id = "host"
kind = "host_resources"
cpu_degraded_percent = 100
memory_degraded_percent = 100
memory_unhealthy_percent = 100
disk_degraded_percent = 100
disk_unhealthy_percent = 100
[[checks]]
id = "web"
kind = "http_endpoint"
url = "http://127.0.0.1:{port}/"
[[checks]]
id = "port"
kind = "tcp_connection"
address = "127.0.0.1:{port}"
[[checks]]
id = "plugin"
kind = "plugin_validation"
command = ["/bin/true"]
[[checks]]
id = "business"
kind = "business_logic"
kpis = {{ answer = "6 * 7" }}
"""
_SERVER = """
import http.server
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
print(server.server_port, flush=True)
server.serve_forever()
"""


def _run(*command: str | Path) -> str:
    """What the command printed; ends everything when it fails."""
    done = subprocess.run([str(part) for part in command], cwd=FOLDER, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"failed: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def _name(requirement: str) -> str:
    """A distribution's name, written the one way: ``psycopg[binary]>=3`` is ``psycopg``."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0]).lower()


def _forbidden() -> set[str]:
    """What any other extra brings that the agent's does not, the database clients included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = {name: set(map(_name, needs)) for name, needs in project["optional-dependencies"].items()}
    own = extras.pop("agent") | set(map(_name, project["dependencies"]))
    found: set[str] = set().union(*extras.values()) - own
    return found | {"psycopg-binary", "psycopg-pool", "starlette"}


def _install() -> None:
    """The wheel in an environment of its own, by plain pip."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    _run(*pip, "wheel", "--no-deps", "--wheel-dir", FOLDER, ROOT)
    (wheel,) = FOLDER.glob("tenantwatch-*.whl")
    venv.create(FOLDER / "environment", with_pip=False)
    _run(*pip, "--python", PYTHON, "install", f"{wheel}[agent]")


def _installed() -> set[str]:
    listed = _run(sys.executable, "-m", "pip", "--python", PYTHON, "list", "--format", "freeze")
    return {_name(line) for line in listed.splitlines()}


def _look() -> None:
    """One look with each of the checks; unhealthy is a failure."""
    server = subprocess.Popen(
        [PYTHON, "-c", _SERVER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert server.stdout is not None
        configuration = FOLDER / "agent.toml"
        configuration.write_text(_CONFIGURATION.format(port=server.stdout.readline().strip()))
        for check_id in ("host", "web", "port", "plugin", "business"):
            answer = _run(COMMAND, "run-once", check_id, "--config", configuration)
            sys.stdout.write(f"{answer.splitlines()[0]}\n")
    finally:
        server.kill()
        server.wait()


def main() -> None:
    _install()
    if surplus := _installed() & _forbidden():
        raise SystemExit(f"[agent] brings what is not the agent's: {', '.join(sorted(surplus))}")
    sys.stdout.write(f"{_run(PYTHON, '-c', _IMPORT_ALL)}\n")
    _run(COMMAND, "--help")
    _look()
    sys.stdout.write(f"the agent alone works; installed: {', '.join(sorted(_installed()))}\n")


if __name__ == "__main__":
    main()
