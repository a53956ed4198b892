"""The import table of the house, held by reading the source; and the paths that READMEs name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.imports import ROOT, SHELVES, Import, all_imports, imports_of, inside, modules

WIRE, AGENT, COLLECTOR, CLIENT = SHELVES
RECORDS = (f"{WIRE}.records", f"{WIRE}.limits")
COLLECTOR_ROOMS = (
    "ingest",
    "store",
    "health",
    "sla",
    "alerts",
    "insights",
    "engines",
    "notify",
    "api",
    "web",
    "reports",
    "transfer",
)
JUDGES = ("health", "sla", "alerts", "insights")
DATABASE_DRIVERS = ("sqlite3", "aiosqlite", "psycopg", "psycopg_pool")

IMPORTS = all_imports()


def collector(room: str) -> str:
    return f"{COLLECTOR}.{room}"


def breaches(importers: Iterable[str], forbidden: Iterable[str], allowed: Iterable[str] = ()) -> list[str]:
    """Imports by any of the importers of anything forbidden that is not allowed."""
    importers, forbidden, allowed = tuple(importers), tuple(forbidden), tuple(allowed)
    return [
        str(each)
        for each in IMPORTS
        if any(inside(each.importer, name) for name in importers)
        and any(inside(each.imported, name) for name in forbidden)
        and not any(inside(each.imported, name) for name in allowed)
    ]


def test_the_packages_are_there() -> None:
    found = {module.partition(".")[0] for module, _ in modules()}
    assert {WIRE, AGENT, COLLECTOR} <= found


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        (WIRE, (AGENT, COLLECTOR, CLIENT)),
        (AGENT, (COLLECTOR, CLIENT)),
        (COLLECTOR, (AGENT, CLIENT)),
        (CLIENT, (AGENT, COLLECTOR)),
    ],
)
def test_packages_know_only_the_wire(package: str, forbidden: tuple[str, ...]) -> None:
    assert breaches([package], [*forbidden, "tests"]) == []


@pytest.mark.parametrize(("package", "room"), [(AGENT, "checks"), (COLLECTOR, "store")])
def test_checks_and_store_see_only_records(package: str, room: str) -> None:
    own = f"{package}.{room}"
    # What every room of the package shares and that knows none of them: its failures, how a table
    # of settings is read, and how a file is.
    allowed = [own, *(f"{package}.{one}" for one in ("errors", "settings", "files")), *RECORDS]
    if room == "store":
        allowed.append(f"{WIRE}.columns")  # the records of many results at once
    assert breaches([own], SHELVES, allowed) == []


@pytest.mark.parametrize("room", ["ingest", "engines", "notify", "api"])
def test_rooms_meet_at_the_store_alone(room: str) -> None:
    others = [collector(other) for other in ("ingest", "engines", "notify", "api") if other != room]
    assert breaches([collector(room)], others) == []


@pytest.mark.parametrize("room", [room for room in COLLECTOR_ROOMS if room != "store"])
def test_rooms_know_the_stores_contract_and_no_database(room: str) -> None:
    contract = (f"{collector('store')}.base",)
    assert breaches([collector(room)], [collector("store"), *DATABASE_DRIVERS], contract) == []


@pytest.mark.parametrize("judge", JUDGES)
def test_judges_know_neither_store_nor_one_another(judge: str) -> None:
    drivers = [collector(room) for room in COLLECTOR_ROOMS if room not in JUDGES]
    others = [collector(other) for other in JUDGES if other != judge]
    public = [f"{collector('health')}.{name}" for name in public_names("health")] if judge == "sla" else []
    assert breaches([collector(judge)], [*drivers, *others, *DATABASE_DRIVERS], public) == []


def public_names(judge: str) -> list[str]:
    """What a judge's ``__init__.py`` says in ``__all__``: its public file."""
    path = SHELVES[COLLECTOR] / COLLECTOR / judge / "__init__.py"
    if not path.exists():
        return []
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return []


def test_judging_is_pure() -> None:
    """No clock and no I/O: what is judged again later comes out the same."""
    outside = ("asyncio", "time", "socket", "grpc", "threading", "httpx2", "fastapi")
    assert breaches([collector(judge) for judge in JUDGES], outside) == []


@pytest.mark.parametrize("package", [AGENT, COLLECTOR])
def test_what_every_room_shares_knows_no_room(package: str) -> None:
    shared = [f"{package}.{one}" for one in ("errors", "settings", "signal", "wording")]
    assert breaches(shared, [package], shared) == []


def test_channels_never_see_the_database() -> None:
    channels = collector("notify.channels")
    forbidden = [collector("store"), collector("notify.outbox"), collector("app"), *DATABASE_DRIVERS]
    assert breaches([channels], forbidden) == []


@pytest.mark.parametrize("package", [AGENT, COLLECTOR])
def test_only_the_program_itself_wires_rooms(package: str) -> None:
    """Nobody imports ``app`` but the ways in: what wakes a neighbour is handed over, never imported."""
    ways_in = re.compile(rf"{package}\.(__main__|app|command\w*)(\.|$)")
    found = [
        str(each)
        for each in IMPORTS
        if inside(each.imported, f"{package}.app") and not ways_in.match(each.importer)
    ]
    assert found == []


def test_shelves_are_no_packages() -> None:
    assert [shelf for shelf in SHELVES.values() if (shelf / "__init__.py").exists()] == []


def _readmes() -> list[Path]:
    skipped = {".venv", "build", "dist", "node_modules", ".git"}
    found = [*ROOT.glob("*.md"), *ROOT.rglob("README.md"), *(ROOT / "docs").rglob("*.md")]
    return sorted({path for path in found if not skipped & set(path.relative_to(ROOT).parts)})


def _named_paths(text: str) -> set[str]:
    """Link targets, and words in code marks that look like a path of this repository."""
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    links = {link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", prose) if "://" not in link}
    tops = "|".join(re.escape(path.name) for path in ROOT.iterdir() if path.is_dir() and path.name != "build")
    words = re.findall(r"`([\w.\-/]+)`", prose)
    looks_like_path = re.compile(rf"(({tops})/.*|[\w\-/]+\.(py|sql|md|toml|proto|service|yaml|yml))$")
    return {link for link in links if link} | {word for word in words if looks_like_path.match(word)}


@pytest.mark.parametrize("readme", _readmes(), ids=lambda path: str(path.relative_to(ROOT)))
def test_readmes_name_only_what_exists(readme: Path) -> None:
    missing = {
        name
        for name in _named_paths(readme.read_text())
        if not (readme.parent / name).exists() and not (ROOT / name).exists()
    }
    assert missing == set()


def test_the_reader_of_imports_sees_every_form(tmp_path: Path) -> None:
    source = tmp_path / "room.py"
    source.write_text(
        "import a.b\nfrom c import d\nfrom . import e\nfrom ..f import g\ndef later():\n    from h import i\n"
    )
    found = {each.imported for each in imports_of("top.mid.room", source)}
    assert found == {"a.b", "c.d", "top.mid.e", "top.f.g", "h.i"}
    assert str(Import("m", "n", 3)) == "m:3 imports n"
