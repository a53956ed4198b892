"""Keys are rotated and old reports still verify; what is published holds no private one."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from tenantwatch_collector.__main__ import main
from tenantwatch_collector.errors import ConfigurationError
from tenantwatch_collector.reports.keyring import Keyring, trusted_ids

from tests.collector.reports import examples


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return examples.tenant_document(examples.silent())


def configured(folder: Path) -> str:
    path = folder / "collector.toml"
    path.write_text(f'data_folder = "{folder / "data"}"\n')
    return str(path)


def test_a_rotation_keeps_the_public_half_of_what_was(tmp_path: Path) -> None:
    ring = Keyring(tmp_path)
    first = ring.signer.key_id
    second = ring.rotate().key_id
    third = Keyring(tmp_path).rotate().key_id
    published = Keyring(tmp_path).published()["keys"]
    assert [(key["key_id"], key["state"]) for key in published] == [
        (third, "current"),
        (second, "retired"),
        (first, "retired"),
    ]
    assert trusted_ids({"keys": published}) == {first, second, third}
    assert stat.S_IMODE((tmp_path / "report-key.pem").stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report-key.pem", "report-keys.json"]
    assert "PRIVATE" not in (tmp_path / "report-keys.json").read_text()


def test_an_old_report_holds_against_the_published_keys(
    document: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = configured(tmp_path)
    old = Keyring(tmp_path / "data").signer
    (tmp_path / "old.json").write_text(json.dumps(old.sign(document)))
    assert main(["sla", "keys", "--rotate", "--config", config]) == 0
    said = capsys.readouterr()
    assert "restart the collector" in said.err
    (tmp_path / "keys.json").write_text(said.out)
    verify = ["sla", "verify", str(tmp_path / "old.json"), "--keys", str(tmp_path / "keys.json")]
    assert main(verify) == 0
    assert f"as key {old.key_id} signed it" in capsys.readouterr().out
    strange = Keyring(tmp_path / "elsewhere").published_json()
    (tmp_path / "keys.json").write_text(strange)
    assert main(verify) == 1
    assert f"DIFFERS: the report was signed with key {old.key_id}, not with" in capsys.readouterr().out
    assert main([*verify, "--key-id", old.key_id]) == 0


@pytest.mark.parametrize("content", ["[]", "{}", '{"keys": [1]}', '{"keys": [{"public_key": "!"}]}'])
def test_what_are_no_keys_is_said(
    document: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    (tmp_path / "report.json").write_text(json.dumps(Keyring(tmp_path).signer.sign(document)))
    (tmp_path / "keys.json").write_text(content)
    assert main(["sla", "verify", str(tmp_path / "report.json"), "--keys", str(tmp_path / "keys.json")]) == 1
    assert "keys.json: not the keys of a collector" in capsys.readouterr().err


def test_a_damaged_list_of_keys_is_named(tmp_path: Path) -> None:
    ring = Keyring(tmp_path)
    (tmp_path / "report-keys.json").write_text("{")
    with pytest.raises(ConfigurationError, match="cannot read the retired keys"):
        ring.published()
