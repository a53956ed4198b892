"""`token create|list|revoke`: whose, for what, until when."""

from __future__ import annotations

from pathlib import Path

import pytest
from tenantwatch_collector.__main__ import main
from tenantwatch_collector.commands.tokens import expiry_us
from tenantwatch_collector.errors import ConfigurationError

NOW_US = 1_700_000_000_000_000


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENANTWATCH_DATA_FOLDER", str(tmp_path))
    assert main(["tenant", "create", "acme"]) == 0


def test_tokens_are_made_listed_and_revoked(capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    create = ["token", "create", "--role", "operator", "--subject", "ann", "--expires", "90d"]
    assert main([*create, "--scope", "monitoring:read", "--scope", "checks:run"]) == 0
    secret = capsys.readouterr().out.strip()
    assert secret.startswith("tw_")
    assert main(["token", "list"]) == 0
    heading, line = capsys.readouterr().out.splitlines()
    assert "LAST USED" in heading
    assert secret not in line
    token_id, role, tenant, *_ = line.split()
    assert (role, tenant) == ("operator", "-")
    assert "ann" in line
    assert "(only monitoring:read checks:run)" in line
    assert main(["token", "revoke", token_id]) == 0
    capsys.readouterr()
    assert main(["token", "list"]) == 0
    assert "revoked" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "role"),
    [
        (["--admin"], "admin"),
        (["--tenant", "acme"], "tenant-viewer"),
        (["--tenant", "acme", "--agent"], "agent"),
        (["--tenant", "acme", "--role", "tenant-admin"], "tenant-admin"),
    ],
)
def test_the_short_ways_stay(options: list[str], role: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "create", *options]) == 0
    capsys.readouterr()
    main(["token", "list"])
    assert capsys.readouterr().out.splitlines()[1].split()[1] == role


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ([], "say whose token it is"),
        (["--admin", "--tenant", "acme"], "leave out --tenant"),
        (["--role", "tenant-admin"], "say which with --tenant"),
        (["--role", "auditor", "--admin"], "one of --role"),
        (["--tenant", "nobody"], "there is no tenant"),
        (["--role", "auditor", "--scope", "sla:write"], "has only audit:read monitoring:read"),
        (["--admin", "--expires", "soon"], "such as 90d"),
    ],
)
def test_wrong_wishes_are_refused(
    options: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", "create", *options]) == 1
    assert complaint in capsys.readouterr().err


def test_when_a_token_ends() -> None:
    assert expiry_us("90d", NOW_US) == NOW_US + 90 * 86_400_000_000
    assert expiry_us("2024-01-01T00:00:00+01:00", NOW_US) == 1_704_063_600_000_000
    for wrong in ("0d", "2023-01-01T00:00:00Z", "2024-01-01", "2300-01-01T00:00:00Z", "99999999d"):
        with pytest.raises(ConfigurationError, match="--expires"):
            expiry_us(wrong, NOW_US)


def test_a_tenant_that_exists_stays_as_it_is_and_says_what_differs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["tenant", "create", "acme", "--name", "Acme Ltd", "--tier", "basic"]) == 0
    told = capsys.readouterr()
    assert told.out.endswith("acme\n")
    for words in (
        "acme exists already, and stays as it is",
        "its name is 'acme', not 'Acme Ltd'",
        "the tier professional, not basic",
    ):
        assert words in told.err
    assert main(["tenant", "create", "acme"]) == 0
    assert capsys.readouterr().err == "acme exists already, and stays as it is\n"
