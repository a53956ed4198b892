"""A mistake is told with the line on which it was written."""

from __future__ import annotations

from pathlib import Path

import pytest
from tenantwatch_agent.config import load_config
from tenantwatch_agent.config.source import TOP, Source
from tenantwatch_agent.errors import ConfigurationError

TEXT = '''\
agent = "a"
text = """
[[checks]]
id = "no line of its own"
"""
[spool]   # [log]
max = 1

[[checks]]
id = "a"
"odd-key" = "#"
[checks.headers]
accept = "x"
accept-language = "x"
"odd header" = "x"
[[checks.steps]]
url = "1"
[[checks.steps]]
url = "2"
[[checks]]
id = "b"
'''


@pytest.mark.parametrize(
    ("section", "mistake", "line"),
    [
        (TOP, "agent must be a text", 1),
        (TOP, "spool must be a section [spool]", 6),
        (TOP, "something else", None),
        ("spool", "[spool]: max must be less", 7),
        ("spool", "[spool]: min is missing", 6),
        ("log", "[log]: level is missing", None),
        ("checks 1", "[[checks]] number 1 (a): unknown key 'odd-key'", 11),
        ("checks 1", "[[checks]] number 1 (a): headers.accept must be a text", 13),
        ("checks 1", "[[checks]] number 1 (a): headers: 'accept-language' is too long", 14),
        ("checks 1", "[[checks]] number 1 (a): headers: 'odd header' is no header", 15),
        ("checks 1", "[[checks]] number 1 (a): headers: there is no such thing", 12),
        ("checks 1", "[[checks]] number 1 (a): steps number 1: url must be a text", 17),
        ("checks 1", "[[checks]] number 1 (a): steps number 2: url must be a text", 19),
        ("checks 1", "[[checks]] number 1 (a): steps number 2: name is missing", 18),
        ("checks 1", "[[checks]] number 1 (a): steps number 9: name is missing", 9),
        ("checks 2", "[[checks]] number 2 (b): kind is missing", 20),
        ("checks 2", "[[checks]] number 2 (b): a check with this id exists already", 21),
    ],
)
def test_the_line_of_what_is_wrong(section: str, mistake: str, line: int | None) -> None:
    place = "f.toml" if line is None else f"f.toml:{line}"
    assert Source("f.toml", TEXT).placed(section, mistake) == f"{place}: {mistake}"


def test_a_text_that_is_no_toml_has_lines_or_none() -> None:
    for text in ("", '"""', "'''\n[[checks]]", "[", "[[", "= =", '[a\n"b" = """"""""'):
        assert "wrong" in Source("f", text).placed("checks 1", "wrong")


def test_all_that_is_wrong_is_told_at_once_with_its_lines(tmp_path: Path) -> None:
    (tmp_path / "conf.d").mkdir()
    part = tmp_path / "conf.d" / "more.toml"
    part.write_text('[[checks]]\nid = "c"\nkind = "tcp_connection"\naddress = "h"\n')
    path = tmp_path / "agent.toml"
    path.write_text(
        'agent_idd = "a"\n[spool]\nmax_results = 0\n[labels]\nRegion = "eu"\n'
        '[[checks]]\nid = "a"\nkind = "tcp_connection"\nretries = 11\naddress = "h"\n'
        '[[checks]]\nid = "b"\nkind = "http_endpoint"\nurl = 7\nmethodd = "GET"\n'
    )
    with pytest.raises(ConfigurationError) as caught:
        load_config(path)
    places = [mistake.split(": ")[0] for mistake in caught.value.mistakes]
    assert places == [*(f"{path}:{line}" for line in (3, 5, 1, 9, 10, 14, 15)), f"{part}:4"]


def test_more_mistakes_than_anybody_reads_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.write_text("".join(f"key{number} = 1\n" for number in range(150)))
    with pytest.raises(ConfigurationError) as caught:
        load_config(path)
    assert (len(caught.value.mistakes), caught.value.untold) == (100, 50)
    assert str(caught.value).endswith("; and 140 more")
