"""Contracts: what is taken, what is refused with which words, and what intervals can prove."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError
from tenantwatch_collector.health import Group
from tenantwatch_collector.sla import TIERS, CheckTerms, Period, ServiceHours
from tenantwatch_collector.sla.contract import (
    BackdatedTerms,
    Contract,
    ContractVersion,
    refuse_backdating,
    settled_zone,
    terms_of,
    versions_known,
)
from tenantwatch_collector.sla.grouping import group_of
from tenantwatch_collector.sla.parts import split_period
from tenantwatch_collector.sla.resolution import resolution

CHECKS = (CheckTerms("a", "web", 3, 2, 100),)
GROUPS = (Group("web", "critical"),)


def test_an_empty_contract_is_the_default_tier() -> None:
    contract = Contract.model_validate({})
    assert contract.targets_in_force() == TIERS["professional"]
    terms = contract.to_terms(CHECKS, GROUPS, None)
    assert terms.burn is not None
    assert [(r.severity, r.long, r.short) for r in terms.burn.rules] == [
        ("critical", 3600, 300),
        ("critical", 21600, 1800),
        ("warning", 86400, 7200),
        ("warning", 259200, 21600),
    ]


def test_everything_reaches_the_terms_in_their_unit() -> None:
    contract = Contract.model_validate(
        {
            "tier": "enterprise",
            "targets": {"error_rate_percentage": "0.25"},
            "timezone": "Europe/Berlin",
            "service_hours": [{"weekday": 0, "from_minute": 480, "to_minute": 1080}],
            "policies": {"maintenance": "up", "unknown": "down", "degraded": "down"},
            "maintenance_min_notice_s": 60,
            "maintenance_cap_s": 120,
            "slices": {"slice_s": 300, "bad_above_pct": "5", "min_requests": 10, "empty": "exclude"},
            "credits": {"fee": "1000.00", "table": [{"below": "99.9", "credit_pct": "10"}]},
        }
    )
    terms = contract.to_terms(CHECKS, GROUPS, 5_000_000, 1_000_000)
    assert terms.targets == replace(TIERS["enterprise"], error_rate_percentage=Fraction(1, 4))
    assert (str(terms.zone), terms.service_hours) == ("Europe/Berlin", (ServiceHours(0, 480, 1080),))
    assert (terms.maintenance_min_notice, terms.maintenance_allowance) == (60_000_000, 120_000_000)
    assert (terms.policies.maintenance, terms.policies.unknown, terms.policies.degraded) == (
        "up",
        "down",
        "down",
    )
    assert terms.slices is not None
    assert (terms.slices.length, terms.slices.bad_above_pct) == (300_000_000, Fraction(5))
    assert terms.credits is not None
    assert (terms.credits.fee, terms.credits.table[0].pct) == (Fraction(1000), "10")
    assert Contract.model_validate_json(contract.model_dump_json()) == contract


def test_groups_are_as_agreed_and_else_by_their_kinds() -> None:
    contract = Contract.model_validate(
        {"groups": {"site": {"rule": "quorum"}, "disks": {"role": "critical"}, "later": {}}}
    )
    assert Contract.model_validate_json(contract.model_dump_json()) == contract
    told = [
        group_of(contract.groups, name, kinds)
        for name, kinds in (
            ("site", ["http_endpoint"]),
            ("disks", ["host_resources"]),
            ("later", ["external_apis"]),
            ("other", ["host_resources"]),
        )
    ]
    assert told == [
        Group("site", "critical", "quorum"),
        Group("disks", "critical", "any"),
        Group("later", "degrading", "any"),
        Group("other", "informational", "any"),
    ]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"tier": "gold"}, "'basic', 'professional' or 'enterprise'"),
        ({"teir": "basic"}, "teir"),
        ({"timezone": "Mars/Olympus"}, "write an IANA name such as Europe/Berlin"),
        ({"timezone": "../../etc/passwd"}, "no time zone"),
        ({"targets": {"availability_percentage": "100.1"}}, "less than or equal to 100"),
        ({"targets": {"availability_percentage": "99.99999"}}, "decimal places"),
        ({"targets": {"availability_percentage": "NaN"}}, "finite"),
        ({"targets": {"response_time_ms": 0}}, "greater than 0"),
        ({"targets": {"recovery_time_minutes": "1e999"}}, "less than or equal"),
        ({"service_hours": []}, "at least 1"),
        ({"service_hours": [{"weekday": 0, "from_minute": 0, "to_minute": 1440}] * 71}, "at most 70"),
        ({"service_hours": [{"weekday": 0, "from_minute": 600, "to_minute": 60}]}, "split hours that pass"),
        ({"credits": {"fee": "1", "table": [{"below": "99", "credit_pct": "5"}] * 21}}, "at most 20"),
        ({"credits": {"fee": "-1", "table": []}}, "greater than or equal to 0"),
        ({"maintenance_cap_s": -1}, "greater than or equal to 0"),
        ({"slices": {"slice_s": 1}}, "60 or 300"),
        ({"policies": {"unknown": "guess"}}, "'exclude', 'up' or 'down'"),
        ({"maintenance_cap_s": True}, "must be a whole number"),
        ({"maintenance_min_notice_s": "5"}, "must be a whole number"),
        ({"service_hours": [{"weekday": True, "from_minute": 0, "to_minute": 9}]}, "must be a whole number"),
        ({"slices": {"slice_s": True}}, "60 or 300"),
        ({"groups": {"site": {"role": "vital"}}}, "'critical', 'degrading' or 'informational'"),
        ({"groups": {"site": {"rule": "most"}}}, "'any', 'all' or 'quorum'"),
        ({"groups": {"site": {"quorum": 2}}}, "groups.site.quorum"),
        ({"groups": {"": {}}}, "at least 1 character"),
        ({"groups": {"x" * 129: {}}}, "at most 128"),
        ({"groups": {"a\nb": {}}}, "printable"),
        ({"groups": {f"g{number}": {} for number in range(101)}}, "at most 100"),
    ],
)
def test_what_is_wrong_is_refused_with_what_is_allowed(document: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Contract.model_validate(document)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("1E+2", "100"),
        ("-0", "0"),
        (-0.0, "0"),
        ("0e999999999", "0"),
        ("99.9500", "99.9500"),
        (99.95, "99.95"),
    ],
)
def test_a_percentage_is_kept_in_digits(written: str | float, kept: str) -> None:
    contract = Contract.model_validate({"targets": {"availability_percentage": written}})
    told = json.loads(contract.model_dump_json())
    assert told["targets"]["availability_percentage"] == kept
    assert Contract.model_validate(told) == contract


@pytest.mark.parametrize("name", ["localtime", "Factory"])
def test_a_zone_is_the_same_on_every_machine(name: str) -> None:
    with pytest.raises(ValueError, match="no place's time: write an IANA name"):
        settled_zone(name)
    assert settled_zone("Europe/Berlin") == "Europe/Berlin"


def version(number: int, start: int, recorded_at: int, tier: str) -> ContractVersion:
    contract = Contract.model_validate({"tier": tier})
    return ContractVersion(number, start, contract, recorded_at, "ann", "agreed")


def test_a_change_inside_a_period_splits_it_and_leaves_the_past() -> None:
    versions = [version(1, 0, 0, "basic"), version(2, 500, 450, "enterprise")]
    parts = split_period(
        Period(0, 1000), terms_of(versions_known(versions, 2000), [(CHECKS, GROUPS)] * 2, None, 1)
    )
    assert [(t.targets, p.start, p.end) for t, p in parts] == [
        (TIERS["basic"], 0, 500),
        (TIERS["enterprise"], 500, 1000),
    ]


def test_a_report_of_the_past_knows_only_the_terms_of_then() -> None:
    versions = [version(2, 500, 450, "enterprise"), version(1, 0, 0, "basic"), version(3, 500, 480, "basic")]
    assert [v.number for v in versions_known(versions, 449)] == [1]
    assert [v.number for v in versions_known(versions, 460)] == [1, 2]
    assert [v.number for v in versions_known(versions, 480)] == [1, 3]


def test_terms_never_begin_in_the_past() -> None:
    refuse_backdating(100, 100)
    with pytest.raises(BackdatedTerms, match="by a correction"):
        refuse_backdating(99, 100)


def test_five_minutes_are_too_coarse_for_enterprise() -> None:
    found = resolution(TIERS["enterprise"], {"http": 300, "fast": 60}, {"http": 3, "fast": 3})
    assert found is not None
    assert (found.coarsest_interval_s, found.shortest_outage_s) == (300, 900)
    assert [w.split(" looks")[0] for w in found.warnings] == [
        "the monthly error budget of 2592 s is 8.6",
        "the recovery target of 900 s is 3.0",
    ]
    assert found.warnings[0].endswith("set its interval to 259 s or less")


def test_a_minute_is_enough() -> None:
    found = resolution(TIERS["enterprise"], {"http": 60}, {})
    assert found is not None
    assert found.warnings == []
    assert resolution(TIERS["enterprise"], {}, {}) is None
