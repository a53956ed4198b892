"""What may stand under [notify]: secrets from files and variables, and what is refused, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tenantwatch_collector.config import CollectorConfig, load_config
from tenantwatch_collector.errors import ConfigurationError

SLACK = "https://hooks.slack.com/services/T0/B0/secretsecretsecretsecret"


def load(tmp_path: Path, text: str) -> CollectorConfig:
    path = tmp_path / "collector.toml"
    path.write_text(text)
    return load_config(path)


def test_a_secret_comes_as_it_is_or_from_a_file_or_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text(f"{SLACK}\n")
    monkeypatch.setenv("TEAM_SLACK", SLACK)
    config = load(
        tmp_path,
        f'[[notify.slack]]\nurl = "{SLACK}"\n'
        f'[[notify.slack]]\nname = "a"\nevery_alert = true\nurl_file = "{tmp_path}/secret"\n'
        '[[notify.slack]]\nname = "b"\nevery_alert = true\nurl_env = "TEAM_SLACK"\n',
    )
    assert [section.url.get_secret_value() for section in config.notify.slack] == [SLACK] * 3
    assert config.notify.channels == ("log", "slack", "slack:a", "slack:b")
    assert "secretsecret" not in repr(config)


def test_slack_may_be_configured_by_its_variable_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK_URL", SLACK)
    assert load(tmp_path, "").notify.channels == ("log", "slack")
    named = load(tmp_path, f'[[notify.slack]]\nname = "a"\nevery_alert = true\nurl = "{SLACK}"\n')
    assert set(named.notify.channels) == {"log", "slack", "slack:a"}
    plain = load(tmp_path, "[[notify.slack]]\ntimeout_seconds = 3\n")
    (section,) = plain.notify.sections()
    assert (section.channel, section.timeout_seconds) == ("slack", 3)


WEBHOOK = '[[notify.webhooks]]\nname = "a"\nurl = "https://x/y"\n'
ROUTE = '[[notify.routes]]\nname = "r"\n'
SMTP = '[notify.smtp]\nhost = "mail.example.org"\nsender = "tw@example.org"\n'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            '[[notify.inhibitions]]\nsource = "a"\ntargets = ["b"]\n'
            '[[notify.inhibitions]]\nsource = "b"\ntargets = ["c", "a"]',
            "inhibitions: a waits for itself, through a, b",
        ),
        ('[[notify.inhibitions]]\nsource = "a"\ntargets = []', "notify.inhibitions.0.targets"),
        ('[[notify.slack]]\nurl = "ftp://x"', "notify.slack.0.url: write an address that begins with http"),
        ('[[notify.slack]]\nurl = "http://hooks.slack.com/x"', "begins with https://"),
        ("[[notify.slack]]\nname = 'a'", "notify.slack.0.url: is missing"),
        ('[[notify.slack]]\nurl = "https://x/y"\nurl_env = "Z"', "give one of url and url_env, not both"),
        ('[[notify.slack]]\nurl_env = "NOT_THERE"', "the variable NOT_THERE is not set"),
        ('[[notify.slack]]\nurl_file = "/not/there"', "/not/there cannot be read: No such file"),
        (
            '[[notify.slack]]\nurll = "https://x/y"',
            "unknown key notify.slack.0.urll; allowed here: every_alert, max_per_minute, name,"
            " timeout_seconds, url, url_env, url_file",
        ),
        ('[[notify.email]]\nto = ["a@b.c"]', "[[notify.email]] needs [notify.smtp]"),
        (f'{SMTP}[[notify.email]]\nto = ["a b"]', "notify.email.0.to.0: "),
        (f"{SMTP}[[notify.email]]\nto = []", "notify.email.0.to: "),
        (f"{SMTP}username = 'x'\n", "give username and password, or neither"),
        (f"{SMTP}username = 'x'\npassword = 'y'\nsecurity = 'none'\n", "the password would travel in clear"),
        ('[[notify.sms]]\nto = ["+4915112345678"]', "[[notify.sms]] needs [notify.twilio]"),
        ("[[notify.pagerduty]]\nrouting_key = 'short'", "notify.pagerduty.0.routing_key: "),
        (WEBHOOK * 2, "two channels are called webhook:a"),
        ("[notify]\noperator_channels = ['sms']", "sms not configured; there are log"),
        (f"{ROUTE}steps = [['slack:a']]", "the route 'r': no channel is called slack:a; there are log"),
        (f"{ROUTE}", "the route 'r': it reaches nobody: none of its channels is configured"),
        (f"{ROUTE}steps = []", "it reaches nobody"),
        (f"{WEBHOOK}{ROUTE}steps = [[]]", "its first step names no channel"),
        (f"{ROUTE}tiers = ['gold']", "notify.routes.0.tiers.0: "),
        (f"{ROUTE}hours = {{ timezone = 'Mars' }}", "'Mars' is no time zone"),
        (f"{ROUTE}hours = {{ timezone = 'UTC', start = '08:00', end = '08:00' }}", "never be in force"),
        (f"{ROUTE}hours = {{ timezone = 'UTC', start = '8:00' }}", "notify.routes.0.hours.start: "),
        ("[notify]\ntemplates_folder = '/not/there'", "/not/there is not a folder"),
        (
            '[[notify.webhooks]]\nname = "a"\nurl = "https://x/y"\nsigning_secret = "short"',
            "signing_secret: ",
        ),
    ],
)
def test_what_is_wrong_is_named(text: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path}/collector.toml: ")
    assert complaint in str(caught.value)


def test_a_wrong_secret_is_not_repeated(tmp_path: Path) -> None:
    values: list[tuple[str, Any]] = [("slack", "url"), ("pagerduty", "routing_key")]
    for section, key in values:
        with pytest.raises(ConfigurationError) as caught:
            load(tmp_path, f"[[notify.{section}]]\n{key} = 'my-secret'")
        assert "my-secret" not in str(caught.value)
