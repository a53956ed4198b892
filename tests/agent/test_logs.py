"""No secret gets into the log, in either format."""

from __future__ import annotations

import json
import logging

import pytest
from tenantwatch_agent.logs import ConsoleFormatter, JsonFormatter, without_secrets


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://shop:hunter2@db/orders",
        "redis://:hunter2@cache:6379",
        "authorization: Bearer hunter2",
        "Authorization: Basic hunter2==",
        "token tw_hunter2-abc is unknown",
        "password=hunter2 host=db",
        'api_key: "hunter2"',
        "{'password': 'hunter2'}",
        "https://h/?token=hunter2&x=1",
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str) -> None:
    assert "hunter2" not in without_secrets(text)


@pytest.mark.parametrize(
    "text", ["there is no token; set collector.token_file", "check web: timeout", "http://h:80/p"]
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert without_secrets(text) == text


def record() -> logging.LogRecord:
    try:
        raise ValueError("cannot use postgresql://u:hunter2@h")
    except ValueError as error:
        trace = (type(error), error, error.__traceback__)
    return logging.LogRecord(
        "agent.x", logging.ERROR, __file__, 1, "failed at %s", ("redis://:hunter2@h",), trace
    )


def test_both_formats_hide_secrets_of_messages_and_exceptions() -> None:
    line = ConsoleFormatter().format(record())
    assert "ERROR agent.x: failed at redis://***@h" in line
    told = json.loads(JsonFormatter().format(record()))
    assert (told["level"], told["logger"], told["message"]) == ("error", "agent.x", "failed at redis://***@h")
    assert "ValueError" in told["exception"]
    assert told["time"].endswith("Z")
    assert "hunter2" not in line + json.dumps(told)
