"""An operator's texts: preferred, tried when the collector starts, and never able to do harm."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantwatch_collector.errors import ConfigurationError
from tenantwatch_collector.notify.registry import PARTS
from tenantwatch_collector.notify.samples import KINDS, sample_payload
from tenantwatch_collector.notify.templates import Templates

SHIPPED = Templates(PARTS)


def folder(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        path = tmp_path / name.replace("__", "/").replace("_dot_", ".")
        path = path.with_name(f"{path.name}.j2")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


@given(st.sampled_from(sorted(PARTS)), st.sampled_from(sorted(KINDS)), st.text(), st.booleans())
def test_shipped_texts_take_whatever_a_tenant_says(channel: str, kind: str, said: str, linked: bool) -> None:
    payload = sample_payload(kind, "https://example.org/?a=1&b=2" if linked else None, 10**15)
    payload["alert"] |= {"alert_description": said, "alert_name": said, "alert_data": {"text": said}}
    texts = SHIPPED.render(channel, payload)
    for part in PARTS[channel]:
        assert len(texts[part.name]) <= part.max_characters
        assert not part.one_line or len(texts[part.name].splitlines()) <= 1


def test_an_operators_file_is_preferred_and_one_for_a_kind_more_so(tmp_path: Path) -> None:
    own = folder(tmp_path, sms__text="all {{ alert.tenant_id }}", sms__text_dot_resolved="over")
    templates = Templates(PARTS, own)
    assert templates.render("sms", sample_payload("firing", None, 0)) == {"text": "all example-isp-001"}
    assert templates.render("sms", sample_payload("resolved", None, 0)) == {"text": "over"}
    slack = sample_payload("firing", None, 10**15)
    assert templates.render("slack", slack) == SHIPPED.render("slack", slack)


@pytest.mark.parametrize(
    ("text", "line", "complaint"),
    [
        ("one\ntwo {% if %}", 2, "Expected an expression"),
        ("one\n\n{{ alert.tenant }}", 3, "has no attribute 'tenant'"),
        ("{{ nobody }}", 1, "'nobody' is undefined"),
        ("{% if kind == 'resolved' %}\n{{ alert.resolved_at_us | nothing }}{% endif %}", 2, "nothing"),
        ("{{ 1 / 0 }}", 1, "ZeroDivisionError"),
        ("{{ kind.__class__.__mro__ }}", 1, "unsafe"),
        ("{{ alert.update({'tenant_id': 'x'}) }}", 1, "unsafe"),
        ("{% include '../../etc/passwd' %}", 1, "passwd"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(text: str, line: int, complaint: str, tmp_path: Path) -> None:
    own = folder(tmp_path, sms__text=text)
    with pytest.raises(ConfigurationError) as caught:
        Templates(PARTS, own)
    assert str(caught.value).startswith(f"{own}/sms/text.j2:{line}: ")
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("sms__txt", "is no template; write CHANNEL/PART.j2"),
        ("smss__text", "is no template"),
        ("sms__text_dot_fired", "is no template"),
    ],
)
def test_a_file_that_nothing_would_read_is_refused(name: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        Templates(PARTS, folder(tmp_path, **{name: "x"}))


def test_a_file_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="longer than 65536 bytes"):
        Templates(PARTS, folder(tmp_path, sms__text="x" * 65_537))


def test_a_text_that_breaks_later_gives_way_to_the_shipped_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = folder(tmp_path, sms__text="{{ alert.alert_data.target.upper() }}")
    templates = Templates(PARTS, own)
    payload = sample_payload("firing", None, 0)
    payload["alert"]["alert_data"] = {}
    assert templates.render("sms", payload) == SHIPPED.render("sms", payload)
    assert "the shipped one is used for this message" in caplog.text


def test_one_file_can_be_tried_without_being_installed(tmp_path: Path) -> None:
    tried = tmp_path / "text.resolved.j2"
    tried.write_text("gone: {{ alert.alert_name }}")
    templates = SHIPPED.with_file("sms", tried)
    texts = templates.render("sms", sample_payload("resolved", None, 0))
    assert texts == {"text": "gone: http_endpoint is unhealthy"}
    assert templates.render("sms", sample_payload("firing", None, 0)) == SHIPPED.render(
        "sms", sample_payload("firing", None, 0)
    )


def test_a_tried_file_must_be_called_like_what_it_replaces(tmp_path: Path) -> None:
    tried = tmp_path / "new.j2"
    tried.write_text("x")
    with pytest.raises(ConfigurationError, match=r"sms has the templates text\.j2"):
        SHIPPED.with_file("sms", tried)
