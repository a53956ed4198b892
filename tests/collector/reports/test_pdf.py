"""The PDF says what the document says, whatever the tenant's name and numbers are; read back as text."""

from __future__ import annotations

import asyncio
import io
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdf
import pytest
import uvloop
from tenantwatch_collector.reports.charts import PERCENT, WIDTH, bars, strip
from tenantwatch_collector.reports.pdf import Typesetter, TypesettingFailed
from tenantwatch_collector.sla.parts import Version

from tests.collector.reports import examples


async def read(document: dict[str, Any]) -> tuple[pypdf.PdfReader, str]:
    pdf = pypdf.PdfReader(io.BytesIO(await Typesetter().to_pdf(document)))
    words = " ".join(" ".join(page.extract_text() for page in pdf.pages).split())
    return pdf, re.sub(r"(?<=\d)[\u202f ](?=\d{3}\b)", "", words)


async def test_a_bad_month_is_told_in_full() -> None:
    document = examples.tenant_document(examples.with_incidents(), stage="final")
    pdf, text = await read(document)
    for words in (
        "Breached",
        "99.8530 %",
        "1 March 2026 – 31 March 2026",
        "4 Mar 2026, 10:05:00",
        "longer than agreed",
        "database upgrade to version 18",
        "entered by ann, approved by bob",
        "As issued and as amended",
        "below 99.9 %: 10 %; below 99 %: 25 % of 4900",
        "100 × 2649700 s / 2653600 s = 99.8530 %, rounded down",
        "100 × 2653600 s measured / 2667600 s = 99.4751 %, rounded down",
        "availability would be 99.3289 %; had it all been up, 99.8538 %",
        "10 % of 4900 = 490.00",
        "These figures are final.",
        document["report_id"],
        document["content_digest"],
    ):
        assert words in text
    assert f"Page 1 of {len(pdf.pages)}" in pdf.pages[0].extract_text()
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Service level report: Example Isp 001"


async def test_a_change_of_terms_and_a_revision_are_told() -> None:
    """Two parts, each judged on its own terms."""
    hours = [{"weekday": day, "from_minute": 420, "to_minute": 1320} for day in range(5)]
    later = examples.CONTRACT.model_validate({"tier": "basic", "service_hours": hours})
    cut = examples.at(16, 0)
    versions = [
        Version(start, contract.to_terms(examples.CHECKS, examples.GROUPS, None))
        for start, contract in ((0, examples.CONTRACT), (cut, later))
    ]
    results = examples.month_of(1, examples.OUTAGES, examples.GAPS)
    subject = examples.subject("example-isp-001", results, versions=versions)
    document = examples.tenant_document(subject, stage="revised", revision=2, reason="results arrived late")
    found = [(v["violation"], v["target"], v["measured"]) for v in document["violations"]]
    assert found == [
        ("availability", 99.9, 99.4212),
        ("error_rate", 0.5, 0.571),
        ("recovery_time", 15.0, 80.0),
        ("recovery_time", 15.0, 20.0),
    ]
    assert [v["from"] for v in document["violations"]] == ["2026-02-28T23:00:00Z"] * 3 + [
        "2026-03-15T23:00:00Z"
    ]
    _, text = await read(document)
    for words in (
        "Revision 2 of an earlier report, because results arrived late.",
        "at least 99.9, then 99",
        "In force 1 Mar 2026, 00:00:00 to 16 Mar 2026, 00:00:00",
        "Missed: availability, error rate and recovery time.",
        "Missed: recovery time.",
        "Mon–Fri 07:00–22:00",
    ):
        assert words in text


async def test_hundreds_of_outages_are_bounded_and_not_one() -> None:
    outages = [(at, at + 900) for at in range(examples.MONTH.start, examples.MONTH.end, 6000)]
    document = examples.tenant_document(examples.subject("unsteady", examples.month_of(2, outages)))
    pdf, text = await read(document)
    assert re.search(r"The first 200 are listed; 2\d\d more are in the JSON form\.", text)
    assert len(pdf.pages) < 10
    stretches = [(n / 900, (n + 0.5) / 900, "down") for n in range(900)]
    widths = [
        float(width) for width in re.findall(r"width='([\d.]+)' height='26' fill='#b", strip(stretches, []))
    ]
    assert sum(widths) < 0.61 * WIDTH


async def test_characters_without_a_font_cost_no_report() -> None:
    """A private character: no font has it. Then it is no PDF/A, and says why."""
    document = examples.tenant_document(replace(examples.quiet(), tenant_name="\ue123 Net"))
    pdf, text = await read(document)
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Service level report: \ue123 Net"
    assert "Some could not be shown" in text
    _, text = await read(examples.tenant_document(examples.quiet()))
    assert "could not be shown" not in text


async def test_nothing_measured_is_said() -> None:
    _, text = await read(examples.tenant_document(examples.silent()))
    assert "Nothing was measured in this period" in text
    assert "None was seen: nothing was measured." in text


async def test_a_period_before_the_contract_has_nothing_to_judge() -> None:
    terms = examples.CONTRACT.to_terms(examples.CHECKS, examples.GROUPS, examples.MONTH.end)
    before = examples.subject("early", {}, versions=[Version(0, terms)])
    _, text = await read(examples.tenant_document(before))
    assert "Outside of the contract" in text
    assert "Nothing was measured" not in text.split("Timeline")[0]


def test_a_share_never_reaches_above_the_whole() -> None:
    assert "150 %" not in bars([98.0, None], [], PERCENT, 0.5, "#000", "#111")
    assert "150 min" in bars([98.0, 120.0], [], " min", None, "#000", "#111")


async def test_the_platform_lists_every_tenant() -> None:
    document = examples.platform_document(60)
    missed = document["violations"][0] | {"from": "2026-02-28T23:00:00Z", "to": "2026-03-15T23:00:00Z"}
    document["violations"][0] = missed
    _, text = await read(document)
    assert "1 March 2026 – 15 March 2026" in text, "which part of the period it was"
    assert "20 of 40 tenants with data kept their agreed level." in text
    assert [n for n in range(60) if f"tenant-{n:03}" not in text] == []
    assert "Recovery time 15 min 45 min" in text


@pytest.mark.parametrize(
    "name", ['#import "x"', "$ * _ `", "</svg><script>", "Ünïcode Κόσμος Привет", "x" * 200]
)
async def test_a_name_is_only_a_name(name: str) -> None:
    document = examples.tenant_document(examples.quiet())
    document["tenants"][0]["tenant_name"] = name
    pdf, _ = await read(document)
    assert pdf.metadata is not None
    assert pdf.metadata.title == f"Service level report: {name}"


async def test_no_pdf_is_waited_for_for_ever() -> None:
    with pytest.raises(TypesettingFailed, match="ask for json or csv"):
        await Typesetter(timeout_seconds=0.0).to_pdf(examples.tenant_document(examples.silent()))


def test_a_worker_that_is_gone_before_it_was_asked_is_no_pdf_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the loop of the collector, which then raises another error than the standard one."""
    start = asyncio.create_subprocess_exec

    async def ended(*command: str, **pipes: Any) -> asyncio.subprocess.Process:
        worker = await start(sys.executable, "-c", "import os; os.abort()", **pipes)
        await worker.wait()
        return worker

    monkeypatch.setattr(asyncio, "create_subprocess_exec", ended)
    document = examples.tenant_document(examples.silent())
    with (
        pytest.raises(TypesettingFailed, match="by signal 6"),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(Typesetter().to_pdf(document))


async def test_no_process_for_it_is_no_pdf_now(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    with pytest.raises(TypesettingFailed, match="No such file"):
        await Typesetter().to_pdf(examples.tenant_document(examples.silent()))


def test_grpc_leaves_forks_alone_in_every_command_of_the_collector() -> None:
    """Said before gRPC is imported, whatever module of the collector is the first."""
    program = (
        "import os, sys, tenantwatch_collector; assert 'grpc' not in sys.modules;"
        "import tenantwatch_collector.app; print(os.environ['GRPC_ENABLE_FORK_SUPPORT'])"
    )
    told = {**os.environ, "GRPC_ENABLE_FORK_SUPPORT": "1"}
    asked = subprocess.run([sys.executable, "-c", program], env=told, capture_output=True, text=True)
    assert asked.stdout == "0\n", asked.stderr
