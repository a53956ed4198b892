"""The PDF says what the document says, whatever the tenant's name and numbers are; read back as text."""

from __future__ import annotations

import io
from typing import Any

import pypdf
import pytest
from tenantwatch_collector.reports.pdf import Typesetter, TypesettingFailed

from tests.collector.reports import examples


async def read(document: dict[str, Any]) -> tuple[pypdf.PdfReader, str]:
    pdf = pypdf.PdfReader(io.BytesIO(await Typesetter().to_pdf(document)))
    return pdf, " ".join(" ".join(page.extract_text() for page in pdf.pages).split())


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
        "These figures are final.",
        document["report_id"],
        document["content_digest"],
    ):
        assert words in text
    assert f"Page 1 of {len(pdf.pages)}" in pdf.pages[0].extract_text()
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Service level report: Example Isp 001"


async def test_nothing_measured_is_said() -> None:
    _, text = await read(examples.tenant_document(examples.silent()))
    assert "Nothing was measured in this period" in text
    assert "None was seen: nothing was measured." in text


async def test_the_platform_lists_every_tenant() -> None:
    _, text = await read(examples.platform_document(60))
    assert "20 of 40 tenants with data kept their agreed level." in text
    assert [n for n in range(60) if f"tenant-{n:03}" not in text] == []


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
