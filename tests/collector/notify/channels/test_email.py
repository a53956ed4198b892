"""Mail to a real server: threads, parts, encryption, and what is said about recipients."""

from __future__ import annotations

from pathlib import Path

import pytest
from tenantwatch_collector.errors import RefusedForEver, RetryLater

from tests.collector.notify.grounds import LINK, built, mail_settings, message
from tests.fakes.smtp import mail_server

ALERT = "a" * 32
TO = {"to": ["ops@example.org", "boss@example.org"]}


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
async def test_mail_travels_as_configured(security: str, tmp_path: Path) -> None:
    async with mail_server(tmp_path, security) as box:
        channel = built(**mail_settings(box, tmp_path, security), email=[TO])
        await channel.send(message("email"))
    assert box.secured == [security != "none"]
    assert box.logins == ([] if security == "none" else [True])
    assert box.recipients == [TO["to"]]


async def test_an_alert_is_one_thread(tmp_path: Path) -> None:
    async with mail_server(tmp_path, "none") as box:
        channel = built(**mail_settings(box, tmp_path, "none"), email=[TO])
        for kind, n in (("firing", 0), ("escalation", 1), ("escalation", 1), ("resolved", 0)):
            await channel.send(message("email", kind, f"{ALERT}/{kind}/{n}"))
    root = f"<{ALERT}@example.org>"
    assert [mail["Message-ID"] for mail in box.mails] == [
        root,
        f"<{ALERT}.escalation.1@example.org>",
        f"<{ALERT}.escalation.1@example.org>",
        f"<{ALERT}.resolved.0@example.org>",
    ]
    assert [mail["In-Reply-To"] for mail in box.mails] == [None, root, root, root]
    assert [mail["References"] for mail in box.mails] == [None, root, root, root]
    subject = "[tenantwatch] example-isp-001: http_endpoint is unhealthy"
    assert [mail["Subject"] for mail in box.mails] == [subject, *[f"Re: {subject}"] * 3]


async def test_mail_has_a_plain_and_an_html_part_with_the_link(tmp_path: Path) -> None:
    async with mail_server(tmp_path, "none") as box:
        channel = built(**mail_settings(box, tmp_path, "none"), email=[TO])
        await channel.send(message("email", alert_description="<script>alert(1)</script>"))
    (mail,) = box.mails
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert mail.get_content_type() == "multipart/alternative"
    assert plain is not None
    assert html is not None
    assert LINK in plain.get_content()
    assert f'<a href="{LINK}">' in html.get_content()
    assert "<script>" not in html.get_content()
    assert mail["Auto-Submitted"] == "auto-generated"


async def test_a_value_cannot_add_a_header(tmp_path: Path) -> None:
    async with mail_server(tmp_path, "none") as box:
        channel = built(**mail_settings(box, tmp_path, "none"), email=[TO])
        await channel.send(message("email", alert_name="x\r\nBcc: thief@example.org"))
    (mail,) = box.mails
    assert mail["Bcc"] is None
    assert "Bcc: thief@example.org" in mail["Subject"]


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"ops@example.org": "550 no such user"}, None),
        ({"ops@example.org": "550 no", "boss@example.org": "550 no"}, RefusedForEver),
        ({"ops@example.org": "550 no", "boss@example.org": "450 full"}, RetryLater),
    ],
)
async def test_one_recipient_refused_does_not_hide_that_the_other_was_told(
    answers: dict[str, str], error: type[Exception] | None, tmp_path: Path
) -> None:
    async with mail_server(tmp_path, "none") as box:
        box.refuse = answers
        channel = built(**mail_settings(box, tmp_path, "none"), email=[TO])
        if error is None:
            await channel.send(message("email"))
            assert box.recipients == [["boss@example.org"]]
        else:
            with pytest.raises(error):
                await channel.send(message("email"))


async def test_who_is_refused_for_now_is_tried_again_alone(tmp_path: Path) -> None:
    async with mail_server(tmp_path, "none") as box:
        channel = built(**mail_settings(box, tmp_path, "none"), email=[TO])
        box.refuse = {"ops@example.org": "450 greylisted"}
        sent = message("email")
        with pytest.raises(RetryLater, match="450"):
            await channel.send(sent)
        box.refuse = {}
        await channel.send(sent)
        assert box.recipients == [["boss@example.org"], ["ops@example.org"]]
        # Refused for ever after the other was told: no reason to give the message up.
        again = message("email")
        box.refuse = {"ops@example.org": "450 greylisted"}
        with pytest.raises(RetryLater):
            await channel.send(again)
        box.refuse = {"ops@example.org": "550 no such user"}
        await channel.send(again)
        assert again.reached.refused == {"ops@example.org": "answered 550"}
        assert box.mails[0]["Message-ID"] == box.mails[1]["Message-ID"]


async def test_a_certificate_that_nobody_vouches_for_is_no_server(tmp_path: Path) -> None:
    async with mail_server(tmp_path) as box:
        settings = mail_settings(box, tmp_path)
        del settings["smtp"]["ca_file"]
        channel = built(**settings, email=[TO])
        with pytest.raises(RetryLater, match="certificate"):
            await channel.send(message("email"))
    assert (box.mails, box.logins) == ([], [])


async def test_a_wrong_password_is_refused_for_ever_and_not_repeated_to_the_log(tmp_path: Path) -> None:
    async with mail_server(tmp_path) as box:
        settings = mail_settings(box, tmp_path)
        settings["smtp"]["password"] = "not the password"
        channel = built(**settings, email=[TO])
        with pytest.raises(RefusedForEver, match="login was refused") as caught:
            await channel.send(message("email"))
    assert "not the password" not in str(caught.value)


async def test_a_server_without_encryption_gets_nothing(tmp_path: Path) -> None:
    async with mail_server(tmp_path, "none") as box:
        settings = mail_settings(box, tmp_path, "none")
        settings["smtp"]["security"] = "starttls"
        channel = built(**settings, email=[TO])
        with pytest.raises(RefusedForEver, match="cannot do what is demanded"):
            await channel.send(message("email"))
    assert box.mails == []
