"""Every wrong setting is refused with the file, the key and what is allowed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tenantwatch_agent.__main__ import main
from tenantwatch_agent.config import load_config
from tenantwatch_agent.errors import ConfigurationError

HTTP = '[[checks]]\nid = "a"\nkind = "http_endpoint"\nurl = "http://a/"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "agent.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("agent_id = ", "not valid TOML"),
        ('agent_idd = "a"', r"unknown key 'agent_idd'; did you mean 'agent_id'\? Allowed here: .*data_"),
        ("zzz = 1", r"unknown key 'zzz'\. Allowed here: agent_id, assignment, checks"),
        ("agent_id = 7", "agent_id must be a text, not 7"),
        (f'agent_id = "{"x" * 129}"', "agent_id must be 1 to 128 printable characters"),
        ("collector = 1", r"collector must be a section \[collector\]"),
        ('[collector]\naddress = "here"', "write HOST:PORT"),
        ('[collector]\naddress = "127.0.0.1:99999"', "write HOST:PORT"),
        ('[collector]\naddress = "10.0.0.1:50051"', "is another machine: give ca_file"),
        ('[labels]\nRegion = "eu"', r"\[labels\]: Region = 'eu': write a name of lower-case letters"),
        ('[labels]\nregion = "e u"', r"\[labels\]: region = 'e u': write a name of lower-case letters"),
        ("[labels]\nregion = 7", "must be a text, not 7"),
        ("[labels]\n" + "".join(f'l{n} = "v"\n' for n in range(17)), r"\[labels\]: 16 are enough"),
        ('[collector]\naddress = "https://m.example.org:50051"', "write HOST:PORT alone, without https://"),
        (f'[collector]\naddress = "127.0.0.1:{"9" * 5000}"', "write HOST:PORT"),
        (f"[spool]\nmax_age_hours = 1{'0' * 400}", r":2: .*max_age_hours is a number of 401 digits: 18 are"),
        (f"[spool]\nmax_results = 1{'0' * 400}", "max_results is a number of 401 digits"),
        (f"[spool]\nmax_results = {'9' * 5000}", "is not valid TOML: "),
        ("x = " + "[" * 3000, "too deep within one another|not valid TOML"),
        ('data_folder = "~nosuchuser/x"', "data_folder: ~nosuchuser is no user's home here: write the"),
        ('data_folder = "/x\\u0000y"', "data_folder must be a path, and no path holds a NUL character"),
        ('conf_d = "x\\u0000y"', "conf_d must be a path, and no path holds a NUL character"),
        (HTTP + 'ca_file = "/x\\u0000y"', "ca_file must be a path, and no path holds a NUL character"),
        (HTTP + 'ca_file = "~nosuchuser/x"', "ca_file: ~nosuchuser is no user's home here"),
        (HTTP + 'headers_file = { x = "~nosuchuser/x" }', "headers_file.x: ~nosuchuser is no user's home"),
        (HTTP + "degraded_after_ms = 9\nunhealthy_after_ms = 8", "degraded_after_ms = 9 is above unhealthy"),
        (
            '[[checks]]\nid = "a"\nkind = "host_resources"\ndisk_degraded_percent = 96',
            "disk_degraded_percent = 96 is above disk_unhealthy_percent = 95: nothing would ever be degraded",
        ),
        (
            '[[checks]]\nid = "a"\nkind = "external_apis"\n[checks.status_page]\nurl = "http://["',
            ":5: .*write http://HOST",
        ),
        ('[[checks]]\nid = "a"\nkind = "tcp_connection"\naddress = "127.0.0.1:²"', "write HOST:PORT"),
        ("[spool]\nmax_results = 0", "max_results must be 1 to 1000000000"),
        ("[spool]\nmax_megabytes = 0", "max_megabytes must be 1 to 1000000"),
        ("[spool]\nmax_age_hours = nan", "max_age_hours must be more than 0"),
        ("[schedule]\nmax_concurrent = 0", "max_concurrent must be 1 to 10000"),
        ('[egress]\naddresses = ["example.org"]', "write HOST:PORT"),
        ("[egress]\ntimeout_seconds = 0", "timeout_seconds must be 0.1 to 60"),
        ('[assignment]\nhosts = ["http://h"]', "hosts: 'http://h': write a name, "),
        ('[assignment]\nkinds = ["ping"]', "kinds: 'ping' is none of http_endpoint, "),
        ('[metrics]\nlisten = "0.0.0.0:9469"', "is not loopback: write 127.0.0.1:PORT"),
        ('[log]\nformat = "xml"', 'format must be "console" or "json"'),
        ('[log]\nlevel = "loud"', 'level must be "debug", "info"'),
        ('conf_d = "nowhere"', "conf_d .*nowhere is not a folder"),
        (HTTP + "retries = 11", "retries must be 0 to 10"),
        (HTTP + "retry_delay_seconds = -1", "retry_delay_seconds must be 0 to 600"),
        ("checks = 1", r"checks must be written as \[\[checks\]\] sections"),
        ('[[checks]]\nid = "a"', "kind is missing"),
        ('[[checks]]\nid = "a"\nkind = "ping"', "kind 'ping' is none of http_endpoint, "),
        (HTTP + HTTP, "a check with this id exists already"),
        (HTTP + "interval_seconds = 0", "interval_seconds must be 0.1 to 86400"),
        (HTTP + "interval_seconds = nan", "interval_seconds must be 0.1 to 86400"),
        (HTTP + 'interval_seconds = "5"', "interval_seconds must be a number, not '5'"),
        (HTTP + "timeout_seconds = 0", "timeout_seconds must be 0.05 to 600"),
        (HTTP + "confirm_failures = 0", "confirm_failures must be 1 to 100"),
        (HTTP + "critical = 1", "critical must be true or false, not 1"),
        (HTTP + "expect_status = 200", "expect_status must be a list"),
        (HTTP + 'expect_status = ["9xx"]', "'9xx' is none of"),
        (HTTP + 'expect_body_matches = "("', "is not a regular expression"),
        (HTTP + "degraded_after_ms = -1", "degraded_after_ms must be more than 0"),
        (HTTP + 'ca_file = "/nowhere"', "ca_file belongs to an https:// url"),
        (HTTP.replace("http:", "https:") + 'ca_file = "/nowhere"', "ca_file /nowhere"),
        (HTTP + 'method = "G ET"', "is not an HTTP method"),
        (HTTP + '[checks.headers]\n"a b" = "c"', "'a b' is not a valid header"),
        (HTTP.replace("http://a/", "ftp://a/"), "write http://HOST"),
        (HTTP.replace("http://a/", "http://[::1"), "write http://HOST"),
        ('[[checks]]\nid = "a"\nkind = "redis_connectivity"\nurl = "redis://h:x"', "port that is not a"),
        ('[[checks]]\nid = "a"\nkind = "redis_connectivity"', "give exactly one of url, url_file, url_env"),
        ('[[checks]]\nid = "a"\nkind = "redis_connectivity"\nurl_env = "NO_SUCH"', "NO_SUCH is not set"),
        ('[[checks]]\nid = "a"\nkind = "database_connectivity"\nurl = "oracle://h"', "postgresql:// or "),
        ('[[checks]]\nid = "a"\nkind = "host_resources"\ndisk_paths = ["/nowhere"]', "is not a folder"),
        ('[[checks]]\nid = "a"\nkind = "host_resources"\ncpu_degraded_percent = 101', "must be 0 to 100"),
        ('[[checks]]\nid = "a"\nkind = "tcp_connection"\naddress = "h"', "write HOST:PORT"),
    ],
)  # fmt: skip
def test_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigurationError, match=reason) as caught:
        load_config(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("kind", ["http_endpoint", "redis_connectivity", "database_connectivity"])
@pytest.mark.parametrize("url", ["{}://u:hunter2@h:x/", "{}://u:hunter2@[::1", "hunter2"])
def test_no_refusal_and_no_target_tells_a_password(tmp_path: Path, kind: str, url: str) -> None:
    scheme = {"http_endpoint": "http", "redis_connectivity": "redis"}.get(kind, "postgresql")
    text = f'[[checks]]\nid = "a"\nkind = "{kind}"\nurl = "{url.format(scheme)}"'
    if url == "hunter2":
        text = text.replace("hunter2", f"{scheme}x://u:hunter2@h/")
    try:
        told = load_config(written(tmp_path, text)).checks[0].definition.target
    except ConfigurationError as error:
        told = str(error)
    assert "hunter2" not in told


def test_what_only_looks_like_a_path_is_none(tmp_path: Path) -> None:
    text = HTTP + '[checks.headers]\n"x_file" = "~nosuchuser/x"\n'
    assert load_config(written(tmp_path, text)).checks[0].files == ()


def test_an_upper_limit_below_the_lower_one_that_nobody_wrote_is_meant(tmp_path: Path) -> None:
    text = '[[checks]]\nid = "a"\nkind = "host_resources"\ndisk_unhealthy_percent = 50'
    assert len(load_config(written(tmp_path, text)).checks) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"tw_a\ntw_b\n", "holds several lines, and a token is one"),
        ("tw_ä".encode(), "holds blanks or other characters that are in no token"),
        (b"tw_\xff", "holds blanks or other"),
        (b"tw a", "holds blanks or other"),
        (b"x" * 5000, "holds more than 4096 characters"),
        (b"\n", "is empty"),
    ],
)
def test_what_is_no_token_is_blamed_on_its_file_and_not_told(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / "token").write_bytes(content)
    text = f'[collector]\ntoken_file = "{tmp_path}/token"\n'
    with pytest.raises(
        ConfigurationError, match=f"collector.token_file {tmp_path}/token: {reason}"
    ) as caught:
        load_config(written(tmp_path, text)).collector.token()
    assert "tw_" not in str(caught.value)
    (tmp_path / "token").write_bytes(b" tw_a.b-c\r\n")
    assert load_config(tmp_path / "agent.toml").collector.token() == "tw_a.b-c"


def test_defaults(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, HTTP + HTTP.replace('"a"', '"b"') + "critical = true"))
    assert [one.definition.interval_ms for one in config.checks] == [300_000, 60_000]
    first = config.checks[0].definition
    assert (first.timeout_ms, first.confirm_failures, first.confirm_successes) == (10_000, 3, 2)
    assert config.agent_id
    assert config.collector.address == "127.0.0.1:50051"


def test_the_digest_names_the_content(tmp_path: Path) -> None:
    first = load_config(written(tmp_path, HTTP)).digest
    assert load_config(written(tmp_path, HTTP)).digest == first
    assert load_config(written(tmp_path, HTTP + "timeout_seconds = 5")).digest != first


def test_check_config_says_what_is_wrong_or_lists_the_checks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENANTWATCH_TOKEN", "tw_any")
    assert main(["check-config", str(written(tmp_path, HTTP))]) == 0
    assert "ok, 1 check\n" in capsys.readouterr().out
    assert main(["check-config", str(written(tmp_path, "x = 1"))]) == 1
    assert "unknown key 'x'" in capsys.readouterr().err
    assert main(["check-config", str(tmp_path / "none.toml")]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_the_main_file_and_its_conf_d_are_one_configuration(tmp_path: Path) -> None:
    path = written(tmp_path, HTTP)
    alone = load_config(path).digest
    folder = tmp_path / "conf.d"
    folder.mkdir()
    for name in ("20-b.toml", "10-c.toml"):
        (folder / name).write_text(HTTP.replace('"a"', f'"{name[3]}"'))
    (folder / ".hidden.toml").write_text("nonsense")
    (folder / "note.txt").write_text("nonsense")
    config = load_config(path)
    assert [one.definition.check_id for one in config.checks] == ["a", "c", "b"]
    assert config.digest != alone


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (HTTP, "a check with this id exists already"),
        ("[spool]\nmax_results = 1", "'spool' is not allowed here: only"),
        ("x", "not valid TOML"),
    ],
)
def test_a_wrong_part_is_named(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "conf.d").mkdir()
    part = tmp_path / "conf.d" / "x.toml"
    part.write_text(text)
    with pytest.raises(ConfigurationError, match=reason) as caught:
        load_config(written(tmp_path, HTTP))
    assert str(part) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("conf.d/x.toml", HTTP),
        ("url", '[[checks]]\nid = "a"\nkind = "redis_connectivity"\nurl_file = "{pipe}"'),
        ("secret", HTTP + 'headers_file = {{ "X-Key" = "{pipe}" }}'),
    ],
)
def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path: Path, name: str, text: str) -> None:
    pipe = tmp_path / name
    pipe.parent.mkdir(exist_ok=True)
    os.mkfifo(pipe)
    with pytest.raises(ConfigurationError, match=f"{name}: .*is not a regular file"):
        load_config(written(tmp_path, text.format(pipe=pipe)))


def test_a_check_is_another_one_when_a_file_that_it_names_changes(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("redis://127.0.0.1:1/0")
    text = f'[[checks]]\nid = "a"\nkind = "redis_connectivity"\nurl_file = "{secret}"\n'
    path = written(tmp_path, text)
    first, again = load_config(path), load_config(path)
    assert first.checks[0].fingerprint == again.checks[0].fingerprint
    before = first.snapshot()
    assert again.snapshot() == before
    secret.write_text("redis://127.0.0.1:2/0")
    changed = load_config(path)
    assert changed.digest == first.digest
    assert changed.checks[0].fingerprint != first.checks[0].fingerprint
    assert first.snapshot() != before


def test_the_longest_look_is_what_the_collector_waits_for(tmp_path: Path) -> None:
    text = HTTP + "timeout_seconds = 2\nretries = 3\nretry_delay_seconds = 0.5"
    one = load_config(written(tmp_path, text)).checks[0]
    assert one.definition.timeout_ms == 4 * 2000 + 3 * 500
    assert (one.timeout_seconds, one.retries, one.retry_delay_seconds) == (2.0, 3, 0.5)


def test_one_mistake_of_a_check_hides_no_other(tmp_path: Path) -> None:
    """Ranges, an unknown key, a pattern, an address and an id that stands twice, each with its line."""
    path = written(
        tmp_path,
        """[[checks]]
id = "a"
kind = "http_endpoint"
url = "ftp://h"
intervall_seconds = 5
interval_seconds = 0
retries = 99
expect_body_matches = "("
degraded_after_ms = -1
[[checks]]
id = "a"
kind = "redis_connectivity"
retries = "five"
url = "http://h"
[[checks]]
id = "b"
kind = "database_connectivity"
url = "oracle://h"
statement_timeout_seconds = 0
connections_degraded_percent = 500
""",
    )
    with pytest.raises(ConfigurationError) as caught:
        load_config(path)
    told = [line.removeprefix(f"{path}:") for line in caught.value.lines]
    for number, words in (
        (6, "interval_seconds must be 0.1 to 86400"),
        (7, "retries must be 0 to 10"),
        (5, "unknown key 'intervall_seconds'"),
        (8, "is not a regular expression"),
        (9, "degraded_after_ms must be more than 0"),
        (4, "url 'ftp://h' is not valid"),
        (13, "retries must be a whole number, not 'five'"),
        (14, "url must hold an address that begins with redis://"),
        (11, "a check with this id exists already"),
        (19, "statement_timeout_seconds must be 0.01 to 600"),
        (20, "connections_degraded_percent must be 0 to 100"),
        (18, "url must hold an address that begins with postgresql://"),
    ):
        assert [line for line in told if line.startswith(f"{number}: ") and words in line], (number, told)
    assert len(told) == 12


@pytest.mark.parametrize("broken", ["link", "file"])
def test_a_folder_that_is_none_is_no_absent_one(tmp_path: Path, broken: str) -> None:
    folder = tmp_path / "conf.d"
    if broken == "link":
        folder.symlink_to(tmp_path / "nowhere")
    else:
        folder.touch()
    path = tmp_path / "agent.toml"
    path.touch()
    with pytest.raises(ConfigurationError, match=r"conf\.d is not a folder"):
        load_config(path)
    folder.unlink()
    assert load_config(path).checks == ()


_MISTAKES_IN_TABLES = """[[checks]]
id = "shop"
kind = "external_apis"
[[checks.steps]]
name = "login"
url = "ftp://h"
method = "BAD METHOD"
expect_status = ["abc"]
expect_json = ["$.a ? 1", "$.b ? 2"]
extract = { token = "nothing", Other = "$.x" }
[[checks.steps]]
name = "login"
url = "https://h/{token}{nobody}"
headers = { "a b" = "x" }
max_redirects = 100
[[checks.steps]]
name = "use"
url = "https://h/{token}"
retry = 3
timeout = 4
[[checks]]
id = "orders"
kind = "business_logic"
healthy_if = "orders >"
degraded_unless = "elsewhere > 3"
[checks.kpis]
a = "b +"
b = "c +"
[checks.source]
url = "nowhere"
method = "BAD METHOD"
[checks.values]
orders = "orders"
[[checks]]
id = "vendor"
kind = "external_apis"
[checks.status_page]
url = "nowhere"
degraded_after_ms = 4
expect_json = ["a", "b"]
[[checks]]
id = "page"
kind = "http_endpoint"
url = "http://h"
[checks.headers]
"a b" = "x"
te = "x"
"""
_TOLD_OF_TABLES = (
    (6, "url 'ftp://h' is not valid"),
    (7, "method 'BAD METHOD' is not"),
    (8, "expect_status: 'abc' is none of"),
    (9, "'$.a ? 1' is no condition"),
    (9, "'$.b ? 2' is no condition"),
    (10, "extract.token: 'nothing' is none of"),
    (10, "extract: 'Other' must be of a-z"),
    (12, "name must be unique"),
    (13, "{nobody} is neither"),
    (14, "headers: 'a b' is not a valid header"),
    (15, "max_redirects must be 0 to"),
    (19, "unknown key 'retry'"),
    (20, "unknown key 'timeout'"),
    (24, "healthy_if: expected"),
    (32, "'elsewhere' is not among values (orders)"),
    (27, "kpis.a: expected"),
    (28, "kpis.b: expected"),
    (30, "source: url 'nowhere' is not valid"),
    (31, "source: method 'BAD METHOD'"),
    (33, "values.orders: 'orders' is no path"),
    (38, "status_page: url 'nowhere' is not valid"),
    (39, "status_page: degraded_after_ms: how fast"),
    (40, "'a' is no condition"),
    (40, "'b' is no condition"),
    (46, "headers: 'a b' is not a valid header"),
    (47, "headers: 'te' is for the agent"),
)


def test_one_mistake_in_a_table_of_a_check_hides_no_other(tmp_path: Path) -> None:
    """Of three steps, of a source with its values and KPIs, of a status page and of headers."""
    path = written(tmp_path, _MISTAKES_IN_TABLES)
    with pytest.raises(ConfigurationError) as caught:
        load_config(path)
    told = [line.removeprefix(f"{path}:") for line in caught.value.lines]
    for number, words in _TOLD_OF_TABLES:
        assert [line for line in told if line.startswith(f"{number}: ") and words in line], (number, told)
    assert len(told) == len(_TOLD_OF_TABLES)
