"""What is allowed and hardly meant is told before it costs a night."""

from __future__ import annotations

from pathlib import Path

import pytest
from tenantwatch_agent.config import load_config
from tenantwatch_agent.config.doubts import MAX_LOGGED, doubts, warn

TCP = '[[checks]]\nid = "a"\nkind = "tcp_connection"\naddress = "127.0.0.1:1"\n'
LOGIC = '[[checks]]\nid = "l"\nkind = "business_logic"\n'
HEARTBEAT = LOGIC + 'heartbeat = "nightly"\nsilence_seconds = 60\n'
PLUGIN = '[[checks]]\nid = "p"\nkind = "plugin_validation"\n'


def told(folder: Path, text: str) -> list[str]:
    path = folder / "agent.toml"
    path.write_text(text)
    return list(doubts(load_config(path)))


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("", "no check is configured: nothing is looked at"),
        (TCP + "interval_seconds = 5", "check a: a look may take 10 s (timeout_seconds), more than"),
        (
            TCP + "interval_seconds = 30\nretries = 2",
            "a look may take 32 s (timeout_seconds, 3 attempts and the pauses between them), more than its",
        ),
        (LOGIC + 'healthy_if = "gone.value > 1"', "check l: asks for the results of a check 'gone', and"),
        ('data_folder = "data"\n' + TCP, "data_folder 'data' counts from the folder that a"),
        ('[collector]\ntoken_file = "token"\n' + TCP, "collector.token_file 'token' counts from the folder"),
        (HEARTBEAT, "check l: waits for the job 'nightly', which can call nobody; write [metrics] listen ="),
        (PLUGIN + 'command = ["/no/such/program"]', "check p: /no/such/program is not a program that this"),
        (PLUGIN + 'command = ["/etc/passwd"]', "check p: /etc/passwd is not a program that this"),
    ],
)  # fmt: skip
def test_doubtful(tmp_path: Path, text: str, doubt: str) -> None:
    found = told(tmp_path, text)
    assert [doubt in one for one in found] == [True], found


def test_what_is_meant_raises_no_doubt(tmp_path: Path) -> None:
    text = (
        '[metrics]\nlisten = "127.0.0.1:0"\n'
        + TCP
        + HEARTBEAT
        + LOGIC.replace('"l"', '"m"')
        + 'healthy_if = "a.connect_ms < 5"\n'
        + PLUGIN
        + 'command = ["/bin/true"]\n'
    )
    assert told(tmp_path, text) == []


def test_the_log_tells_the_first_and_how_many_there_are(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "agent.toml"
    checks = (TCP.replace('"a"', f'"a{number}"') + "interval_seconds = 1\n" for number in range(30))
    path.write_text("".join(checks))
    warn(load_config(path))
    told = [record.getMessage() for record in caplog.records if record.name.startswith("tenantwatch_agent")]
    assert len(told) == MAX_LOGGED + 1
    assert told[-1] == "and 10 more, see `tenantwatch-agent check-config`"
