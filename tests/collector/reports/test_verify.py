"""Reports hold against whoever has the results: signature, digest, numbers; and each lie is named."""

from __future__ import annotations

import base64
import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tenantwatch_collector.__main__ import main
from tenantwatch_collector.errors import ConfigurationError
from tenantwatch_collector.health import CheckResult
from tenantwatch_collector.reports.canonical import digest
from tenantwatch_collector.reports.document import content_of, report_id_of
from tenantwatch_collector.reports.export import ExportError, read_export, write_export
from tenantwatch_collector.reports.exported import Export
from tenantwatch_collector.reports.signing import SignatureError, Signer, load_signer, verify_signature
from tenantwatch_wire.records import Status

from tests.collector.reports import examples

RESULTS = examples.month_of(1, examples.OUTAGES, examples.GAPS)


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return load_signer(tmp_path_factory.mktemp("key") / "folder" / "report-key.pem")


@pytest.fixture(scope="module")
def signed(signer: Signer) -> dict[str, Any]:
    return signer.sign(examples.tenant_document(examples.with_incidents()))


@pytest.fixture(scope="module")
def export() -> Export:
    subject = examples.with_incidents()
    return Export(
        subject.tenant_id, 1, RESULTS, list(subject.windows), corrections=list(subject.facts.corrections)
    )


def files(folder: Path, report: Any, export: Export | None = None) -> list[str]:
    (folder / "report.json").write_text(json.dumps(report))
    if export is None:
        return [str(folder / "report.json")]
    (folder / "export.jsonl").write_text("".join(write_export(export)))
    return [str(folder / "report.json"), str(folder / "export.jsonl")]


def test_a_report_holds_against_its_results(
    signed: dict[str, Any], export: Export, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sla", "verify", *files(tmp_path, signed, export)]) == 0
    said = capsys.readouterr().out
    assert "the exported results give every number of the report" in said
    assert "have the digests of the report's facts" in said
    assert "DIFFERS" not in said


def test_results_that_differ_are_found_out(
    signed: dict[str, Any], export: Export, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fewer = {
        name: [r for r in series if r.status is not Status.UNHEALTHY] for name, series in RESULTS.items()
    }
    assert main(["sla", "verify", *files(tmp_path, signed, replace(export, results=fewer))]) == 1
    assert "DIFFERS: tenants[0].report.seconds.unknown" in capsys.readouterr().out


def test_a_slower_response_is_found_out(
    signed: dict[str, Any], export: Export, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = {name: list(series) for name, series in RESULTS.items()}
    changed["http"][5000] = replace(changed["http"][5000], latency_us=999_999)
    assert main(["sla", "verify", *files(tmp_path, signed, replace(export, results=changed))]) == 1
    assert "DIFFERS: tenants[0].report.response.mean_ms: the report says" in capsys.readouterr().out


def test_a_changed_report_is_found_out(signed: dict[str, Any]) -> None:
    lie = copy.deepcopy(signed)
    lie["tenants"][0]["report"]["availability_pct"] = "100.0000"
    with pytest.raises(SignatureError, match="changed after it was signed"):
        verify_signature(lie)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("report", "availability_pct"), "99.9999", "report.availability_pct: the report says 99.9999"),
        (("report", "seconds", "down"), 1, "report.seconds.down: the report says 1"),
    ],
)
def test_a_signed_lie_is_named(
    signer: Signer,
    signed: dict[str, Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    path: tuple[str, ...],
    value: Any,
    words: str,
) -> None:
    """Whoever holds the key can sign anything; the arithmetic does not follow."""
    lie = copy.deepcopy(signed)
    place = lie["tenants"][0]
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    lie["content_digest"] = digest(content_of(lie))
    assert main(["sla", "verify", *files(tmp_path, signer.sign(lie))]) == 1
    assert words in capsys.readouterr().out


def test_the_expected_key_must_have_signed(
    signed: dict[str, Any], signer: Signer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = files(tmp_path, signed)
    assert main(["sla", "verify", *arguments, "--key-id", signer.key_id]) == 0
    assert main(["sla", "verify", *arguments, "--key-id", "0" * 16]) == 1
    assert f"signed with key {signer.key_id}, not with" in capsys.readouterr().out


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"signature": {"algorithm": "none"}},
        {"signature": {"algorithm": "Ed25519", "public_key": "!", "value": ""}},
        {"signature": {"algorithm": "Ed25519", "public_key": "AAAA", "value": "AAAA"}},
        {"signature": "yes"},
    ],
)
def test_what_is_not_signed_is_not_believed(broken: dict[str, Any]) -> None:
    with pytest.raises(SignatureError):
        verify_signature(broken)


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("key_id", lambda _: "0123456789abcdef", "says other things of its key"),
        ("value", lambda value: _other_spelling(value), "the signature or its key is damaged"),
        ("public_key", lambda value: _other_spelling(value), "the signature or its key is damaged"),
        ("note", lambda _: "approved by the auditor", "says other things of its key"),
    ],
)
def test_nothing_of_a_signature_can_be_changed(
    signed: dict[str, Any], name: str, change: Any, words: str
) -> None:
    """What is not under the signature is what follows from it, in one spelling."""
    lie = {**signed, "signature": {**signed["signature"], name: change(signed["signature"].get(name))}}
    assert lie != signed
    with pytest.raises(SignatureError, match=words):
        verify_signature(lie)


def _other_spelling(text: str) -> str:
    """Base64 of the same bytes: bits that decoding leaves out are set."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    end = text.rindex(text.rstrip("=")[-1])
    other = text[:end] + digits[digits.index(text[end]) + 1] + text[end + 1 :]
    assert base64.b64decode(other, validate=True) == base64.b64decode(text)
    return other


def test_a_name_that_stands_twice_is_found_out(
    signed: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A reader that takes the first of two would be told something that nobody signed."""
    (path,) = files(tmp_path, signed)
    text = Path(path).read_text().replace('"schema":', '"stage": "final", "schema":', 1)
    Path(path).write_text(text)
    assert main(["sla", "verify", path]) == 1
    assert '"stage" stands more than once' in capsys.readouterr().err


def test_whose_key_it_was_is_said(
    signed: dict[str, Any], signer: Signer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Anybody can sign with a key of their own and put that into the report."""
    (path,) = files(tmp_path, signed)
    assert main(["sla", "verify", path]) == 0
    assert "who made it is not proved" in capsys.readouterr().out
    assert main(["sla", "verify", path, "--key-id", signer.key_id]) == 0
    said = capsys.readouterr().out
    assert "who made it is not proved" not in said
    assert said.count("note:") == 2, "of what no fact tells, and what there are none of here"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("response", "mean_ms"), "1e-999999999"),
        (("incidents", 0, "start"), "1e999999999"),
        (("incidents", 0, "downtime_s"), "not measured"),
        (("incidents", 0, "downtime_s"), True),
    ],
)
def test_a_signed_number_without_bounds_ends_at_once(
    signer: Signer,
    signed: dict[str, Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    path: Any,
    value: Any,
) -> None:
    lie = copy.deepcopy(signed)
    place = lie["tenants"][0]["report"]
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    lie["content_digest"] = digest(content_of(lie))
    assert main(["sla", "verify", *files(tmp_path, signer.sign(lie))]) == 1
    assert "is not a finite number" in capsys.readouterr().out


def test_a_report_in_an_unknown_zone_is_refused(
    signer: Signer, signed: dict[str, Any], export: Export, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for lie in ("../../etc/passwd", "Mars/Olympus", ["x"]):
        changed = copy.deepcopy(signed)
        changed["report_period"]["timezone"] = lie
        changed["content_digest"] = digest(content_of(changed))
        changed["report_id"] = report_id_of("2026-03", changed["content_digest"])
        assert main(["sla", "verify", *files(tmp_path, signer.sign(changed), export)]) == 1
        assert "DIFFERS: report_period.timezone" in capsys.readouterr().out


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no endless file here")
@pytest.mark.parametrize("place", [0, 1])
def test_an_endless_file_is_read_no_further_than_its_bound(
    signed: dict[str, Any],
    export: Export,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    place: int,
) -> None:
    monkeypatch.setattr("tenantwatch_collector.commands.sla.MAX_FILE_BYTES", 10_000_000)
    arguments = files(tmp_path, signed, export)
    arguments[place] = "/dev/zero"
    assert main(["sla", "verify", *arguments]) == 1
    assert "/dev/zero: " + ("more than 10000000 bytes", "line 1")[place] in capsys.readouterr().err


def test_the_key_is_made_once_and_kept_to_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    first = load_signer(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_signer(path).key_id == first.key_id
    assert list(tmp_path.iterdir()) == [path]
    assert "PRIVATE" not in repr(first)
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        load_signer(path)
    path.chmod(0o600)
    path.write_text("nonsense")
    with pytest.raises(ConfigurationError, match="no private key"):
        load_signer(path)


def test_an_export_survives_its_file(export: Export) -> None:
    again = read_export(write_export(export))
    assert again == export
    bare = Export("t", 1_000_000, {"a": [CheckResult(1, Status.UNKNOWN, None, 2)]})
    assert read_export(write_export(bare)).results == bare.results


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "line 1"),
        (["{}"], "line 1: not an export"),
        (["[]"], "line 1: not the first line"),
        (["x"], "line 1: not the first line"),
        (["ok", "[1]"], "line 2: not"),
        (["ok", '["a",1,"great",null,null]'], "line 2: not"),
        (["ok", '["a",1,"healthy",-5,null]'], "line 2: not"),
        (["ok", "", '["a",1,"healthy",5,null]', '{"a":1}'], "line 4: not"),
        (["ok", '["a",1.5,"healthy",5,null]'], "line 2: .*no whole number"),
        (["ok", '["a",1e400,"healthy",5,null]'], "line 2: .*too great or too small"),
        (["ok", '["a",1,"healthy",true,null]'], "line 2: .*no whole number"),
        (["ok", '["a",1,"healthy",5,"now"]'], "line 2: .*no whole number"),
        (["ok", '["a",1,"healthy",NaN,null]'], "line 2: .*no number of JSON"),
        (["ok", '{"correction": {}, "correction": {}}'], 'line 2: .*"correction" stands more than once'),
        (["ok", "[" * 10_000], "line 2: .*nested too deeply"),
        (["ok", " " * 2_000_000 + "1"], "line 2: too long"),
    ],
)
def test_what_is_no_export_is_named_by_its_line(lines: list[str], words: str) -> None:
    heading = next(write_export(Export("t", 1)))
    with pytest.raises(ExportError, match=words):
        read_export([heading if line == "ok" else line for line in lines])


def test_what_is_no_report_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sla", "verify", *files(tmp_path, [])]) == 1
    assert main(["sla", "verify", *files(tmp_path, {"schema": "other"})]) == 1
    assert 'DIFFERS: not a report: "schema" must be' in capsys.readouterr().out
