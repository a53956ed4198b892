"""What the collector's configuration refuses, and how it names its store."""

from __future__ import annotations

from pathlib import Path

import pytest
from tenantwatch_collector.__main__ import main
from tenantwatch_collector.config import CollectorConfig, load_config
from tenantwatch_collector.errors import ConfigurationError


def load(tmp_path: Path, text: str) -> CollectorConfig:
    path = tmp_path / "collector.toml"
    path.write_text(text)
    return load_config(path)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[store]\nwriters = "2"', "store: writers must be a whole number, written without quotes"),
        ('[ingest]\nresults_per_second = "9"', "ingest: results_per_second must be a number, written"),
        ('[rest]\nlisten = "8000"', "rest.listen: write HOST:PORT"),
        ('[rest]\nlisten = "0.0.0.0:8000"', "rest.listen = '0.0.0.0:8000' can be reached from"),
        ('[store]\npath = "/a"\nurl = "postgresql://x/y"', "store: give one of path, url, url_file"),
        ("[stor]", "unknown key stor; allowed here: "),
        ("[store", "is not valid TOML: "),
    ],
)
def test_refused_with_the_place_and_what_to_write(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(tmp_path, text)
    assert complaint in str(raised.value)


def test_a_store_is_named_without_its_secrets(tmp_path: Path) -> None:
    config = load(tmp_path, '[store]\nurl = "postgresql://ann:s3cret@db.example.org:5433/watch"')
    assert config.store_name == "PostgreSQL, watch at db.example.org"
    assert load(tmp_path, '[store]\npath = "/srv/tw.sqlite3"').store_name == "/srv/tw.sqlite3"


def test_check_config_reads_the_file_of_the_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "collector.toml"
    path.write_text(f'[store]\nurl_file = "{tmp_path}/address"')
    assert main(["check-config", str(path)]) == 1
    assert f"store.url_file {tmp_path}/address: No such file" in capsys.readouterr().err
    (tmp_path / "address").write_text("postgresql://ann:s3cret@db/watch\n")
    assert main(["check-config", str(path)]) == 0
