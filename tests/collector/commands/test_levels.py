"""Service levels on the store itself: arithmetic to follow, terms, exports, and errors that help."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import pytest
from tenantwatch_collector.__main__ import main
from tenantwatch_collector.reports.issuing import Asked
from tenantwatch_collector.reports.keyring import Keyring
from tenantwatch_collector.reports.service import Reports
from tenantwatch_collector.store.opening import open_store

from tests.collector.reports.test_kept import DAY, full
from tests.collector.reports.test_loading import HTTP, Life


@pytest.fixture
def config(tmp_path: Path) -> str:
    """A collector's data with one tenant, whose day has an outage, unknown time, masks, a correction."""
    path = tmp_path / "collector.toml"
    path.write_text(f'data_folder = "{tmp_path / "data"}"\n')
    asyncio.run(_fill(tmp_path / "data"))
    return str(path)


async def _fill(folder: Path) -> None:
    folder.mkdir()
    store = await open_store(folder / "collector.sqlite3")
    tenant = await store.create_tenant("acme", "Acme", "enterprise")
    await store.agent_arrived(tenant.tenant_key, "a", "g", "1", "h", "d")
    (check,) = await store.register_checks(tenant.tenant_key, "a", [(HTTP, True)], complete=True)
    await full(Life(store, tenant, check))
    asked = Asked("daily", DAY, 1, time.time_ns() // 1000, True)
    report = await Reports(store, Keyring(folder).signer).tenant_report(tenant, asked)
    (folder / "report.json").write_text(json.dumps(report))
    await store.close()


def run(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(["sla", *arguments]) == code
    said = capsys.readouterr()
    return said.err if code else said.out


def test_the_arithmetic_can_be_followed_with_a_calculator(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every printed step of both parts, done again from the printed numbers alone."""
    told = run(capsys, "explain", "acme", str(DAY), "--config", config)
    first, second, together = re.split(r"^Part \d$|^Together$", told, flags=re.M)[1:]
    seen = [followed(part) for part in (first, second)]
    for row, name in enumerate(("available", "down", "eligible")):
        amounts, total = re.findall(rf"^   {name} += ([\d. +]+) = ([\d.]+) s$", together, re.M)[0]
        assert [Fraction(each) for each in amounts.split(" + ")] == [part[row] for part in seen]
        assert sum(part[row] for part in seen) == Fraction(total)
    available, eligible = (sum((part[row] for part in seen), Fraction(0)) for row in (0, 2))
    assert_rounded_down(together, "availability", 100 * available / eligible)
    assert "Corrections that two people stand for" in together
    assert "entered by ann, approved by bob" in together


def followed(part: str) -> tuple[Fraction, Fraction, Fraction]:
    """Available, down and eligible seconds of a part, after every step of it was found to be right."""
    found = re.findall(r"^   (\w[\w ]*?) +([\d.]+) s$", part, re.M)
    seconds = {name: Fraction(value) for name, value in found}
    assert sum(seconds.values()) == 2 * seconds["together"] == 86_400
    for name in ("down", "unknown", "maintenance", "out of scope"):
        listed = re.findall(rf"^   {name} from .*: ([\d.]+) seconds$", part, re.M)
        assert sum(map(Fraction, listed)) == seconds[name]
    available, down, eligible = (
        Fraction(re.findall(rf"^   {name} += .*= ([\d.]+) s$", part, re.M)[0])
        for name in ("available", "down", "eligible")
    )
    assert (available, down) == (seconds["up"] + seconds["degraded"], seconds["down"])
    assert eligible == available + down
    assert_rounded_down(part, "availability", 100 * available / eligible)
    known = sum(seconds[name] for name in ("up", "degraded", "down"))
    assert_rounded_down(part, "coverage", 100 * known / (known + seconds["unknown"]))
    target, amounts = re.findall(r"\(100 - ([\d.]+)\) / 100 x \(([\d. -]+)\)", part)[0]
    whole, *less = map(Fraction, amounts.split(" - "))
    total, spent, left = map(
        Fraction, re.findall(r"= ([\d.]+) s; less ([\d.]+) s down = (-?[\d.]+) s left", part)[0]
    )
    assert (100 - Fraction(target)) / 100 * (whole - sum(less)) == total == left + spent
    health = re.findall(r"^   health, \w+: .* = ([\d.]+), times (\d+)$", part, re.M)
    weights = sum(int(weight) for _, weight in health)
    score = 100 * sum((Fraction(share) * int(weight) for share, weight in health), Fraction(0)) / weights
    (shown,) = re.findall(r"health score ([\d.]+) of 100", part)
    assert abs(score - Fraction(shown)) <= Fraction(51, 1000)
    return available, down, eligible


def assert_rounded_down(text: str, name: str, exact: Fraction) -> None:
    shown = Fraction(re.findall(rf"^   {name} = [^%]*= ([\d.]+) % \(rounded down\)", text, re.M)[0])
    assert shown <= exact < shown + Fraction(1, 10_000)


def test_a_report_is_checked_against_the_stores_own_export(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "facts.jsonl").write_text(run(capsys, "export", "acme", str(DAY), "--config", config))
    (tmp_path / "keys.json").write_text(run(capsys, "keys", "--config", config))
    said = run(
        capsys,
        "verify",
        str(tmp_path / "data" / "report.json"),
        str(tmp_path / "facts.jsonl"),
        "--keys",
        str(tmp_path / "keys.json"),
    )
    assert "holds: acme: the exported facts give every number of the report" in said
    assert said.count("note:") == 1


def test_another_tier_and_an_earlier_day(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = run(capsys, "what-if", "acme", str(DAY), "--tier", "basic", "--config", config)
    assert re.search(r"^violations +\S.*    +\S", told, re.M)
    assert re.search(r"as agreed +on basic", told)
    assert re.search(r"^incidents +[1-9] +[1-9]$", told, re.M)
    assert re.search(r"^compliant +no +no$", told, re.M)
    assert re.search(r"^target % +99.5 +99$", told, re.M)
    assert re.search(r"^target ms +750 +1000$", told, re.M)
    assert re.search(r"^verdict +breached +breached$", told, re.M)
    assert re.search(r"^credit +2\.50 \(5 %\) +2\.50 \(5 %\)$", told, re.M)
    before = run(capsys, "explain", "acme", str(DAY), "--as-of", f"{DAY}T12:00:00Z", "--config", config)
    assert "nothing later was known" in before


def test_terms_say_what_the_checks_can_prove(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contract = tmp_path / "contract.json"
    contract.write_text('{"tier": "enterprise", "timezone": "Europe/Berlin"}')
    told = run(capsys, "terms", "acme", "--set", str(contract), "--reason", "an upgrade", "--config", config)
    assert "an upgrade (local:" in told
    assert "targets: availability_percentage 99.9, response_time_ms 500" in told
    assert "look every 300 s at the slowest" in told
    assert "warning: the monthly error budget of 2592 s is 8.6 looks" in told
    assert run(capsys, "terms", "acme", "--config", config) == told
    for content, words in (
        ('{"tier": "gold"}', "contract.tier: must be 'basic'"),
        ("{", "Expecting property name"),
        (
            '{"timezone": "Mars/Olympus"}',
            "contract.timezone: 'Mars/Olympus' is no time zone: write an IANA name",
        ),
        ('{"timezone": "localtime"}', "contract: timezone: 'localtime' is no place's time"),
        ('{"tier": "basic", "tier": "enterprise"}', '"tier" stands more than once'),
        ('{"maintenance_cap_s": true}', "contract.maintenance_cap_s: must be a whole number"),
    ):
        contract.write_text(content)
        asked = "terms", "acme", "--set", str(contract), "--reason", "x", "--config", config
        assert words in run(capsys, *asked, code=1)
    contract.write_text("{}")
    bare = "terms", "acme", "--set", str(contract), "--config", config
    assert "reason: is missing" in run(capsys, *bare, code=1)
    contract.write_text('{"contract": {"tier": "basic"}, "reason": "as by REST"}')
    assert "as by REST (local:" in run(capsys, *bare)
    contract.write_text("{}")
    late = "--from", "2020-01-01T00:00:00Z", "--reason", "x"
    assert "new terms must begin now or later" in run(capsys, *bare, *late, code=1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("explain", "acme", "2026-13"), "names no period: write 2026-03-15"),
        (("explain", "acme", "2026-02-30"), "names no period"),
        (("explain", "acme", "2150-01"), "2150-01 has not begun yet"),
        (("explain", "nobody", "2026-03"), "there is no tenant 'nobody'"),
        (("explain",), "say what to explain"),
        (("export", "acme", "2150"), "2150 has not begun yet"),
        (("what-if", "acme", "2026-03", "--tier", "basic", "--as-of", "yesterday"), "write an instant"),
        (
            ("what-if", "acme", "2026-03", "--tier", "basic", "--as-of", "2150-01-01T00:00:00Z"),
            "in the future",
        ),
        (("terms", "nobody"), "there is no tenant 'nobody'"),
    ],
)
def test_bad_input_is_told_with_what_to_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    path = tmp_path / "collector.toml"
    path.write_text(f'data_folder = "{tmp_path / "data"}"\n')
    assert main(["tenant", "create", "acme", "--config", str(path)]) == 0
    capsys.readouterr()
    assert words in run(capsys, *arguments, "--config", str(path), code=1)


def test_who_reads_may_stop(config: str) -> None:
    """As head does: no complaint, and nothing half written at the exit."""
    command = [sys.executable, "-m", "tenantwatch_collector", "sla", "export", "acme", str(DAY)]
    with subprocess.Popen(
        [*command, "--config", config], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        said = running.stderr.read()
    assert (running.returncode, said) == (141, b"")
