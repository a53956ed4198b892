"""Every number of a report is told with what it follows from: computed again here from the text alone."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tenantwatch_collector.sla import Period, evaluate, known_facts, report
from tenantwatch_collector.sla.cases import evaluate_case
from tenantwatch_collector.sla.explain import explain
from tenantwatch_collector.sla.explain_judged import explain_judged
from tenantwatch_collector.sla.histogram import bucket_of, highest_of
from tenantwatch_collector.sla.judged import Judged, judge
from tenantwatch_collector.sla.parts import Version
from tenantwatch_collector.sla.rounding import floor_text, half_even_text
from tenantwatch_collector.sla.terms import Policies

from tests.collector.reports import examples

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "cases.json").read_text())["cases"]
BURNING = [case for case in CASES if case["expected"]["burn"]]
RATE = re.compile(
    r"(?:(?P<down>\d+) / (?P<eligible>\d+) / \(1 - (?P<target>[\d.]+) / 100\) = (?P<rate>[\d.]+) x,"
    r" (?P<above>.*)"
    r"|\d+ s down of \d+ s, where none is allowed: (?P<unlimited>without limit), above"
    r"|(?P<nothing>no time counts): not measured, not above)$"
)


@pytest.mark.parametrize("case", BURNING, ids=[case["id"] for case in BURNING])
def test_burn_rates_follow_from_what_is_printed(case: dict[str, Any]) -> None:
    lines = explain(evaluate_case(case["input"]))
    rules = case["input"]["burn"]["rules"]
    for rule, expected in zip(rules, case["expected"]["burn"], strict=True):
        head = next(n for n, line in enumerate(lines) if f"/ {rule['long_s']} =" in line)
        pct, period, long, shown = re.findall(
            r"threshold = ([\d.]+) / 100 x (\d+) / (\d+) = ([\d.]+)$", lines[head]
        )[0]
        assert lines[head].strip().startswith(f"{rule['severity']}: ")
        threshold = Fraction(pct) / 100 * Fraction(int(period), int(long))
        assert shown == half_even_text(threshold, 4) == expected["threshold"]
        windows = [followed_rate(line) for line in lines[head + 1 : head + 3]]
        assert [rate for rate, _ in windows] == [expected["long_rate"], expected["short_rate"]]
        assert all(above for _, above in windows) == expected["firing"]
        assert ("the rule is met" in lines[head + 3]) == expected["firing"]


def followed_rate(line: str) -> tuple[str | None, bool]:
    found = RATE.search(line)
    assert found is not None, line
    if found["unlimited"]:
        return "inf", True
    if found["nothing"]:
        return None, False
    allowed = 1 - Fraction(found["target"]) / 100
    rate = Fraction(int(found["down"]), int(found["eligible"])) / allowed
    assert half_even_text(rate, 4) == found["rate"]
    return found["rate"], found["above"] == "above"


def test_percentiles_follow_from_ranks() -> None:
    latencies = sorted(r.latency_us for r in examples.RESULTS["http"] if r.latency_us is not None)
    subject = examples.subject("slow", examples.RESULTS)
    text = "\n".join(explain(subject.judged.whole))
    count = int(re.findall(r"of (\d+) response times in order", text)[0])
    told = re.findall(
        r"p(\d+): number (\d+) = \d+ / 100 x \d+, rounded up; (\d+) are below its bucket, (\d+) in it,"
        r" up to (\d+) us.*\n   p\d+ = (\d+) us",
        text,
    )
    assert [int(each[0]) for each in told] == [50, 95, 99]
    for percent, rank, below, inside, highest, value in (map(int, each) for each in told):
        assert rank == -(-percent * count // 100)
        assert below < rank <= below + inside
        assert value == min(highest, latencies[-1])
        assert highest_of(bucket_of(value)) == highest


def changed() -> Judged:
    """A month whose second half counts unknown time as down."""
    terms = examples.CONTRACT.to_terms(examples.CHECKS, examples.GROUPS, None)
    dark = replace(terms, policies=Policies(unknown="down"))
    facts = known_facts(terms, examples.month_of(1, examples.OUTAGES, examples.GAPS), examples.AS_OF)
    versions = [Version(0, terms), Version(examples.at(16, 0), dark)]
    return judge(versions, facts, examples.MONTH, examples.AS_OF)


def test_parts_add_up_to_the_whole_in_the_text() -> None:
    judged = changed()
    shown = report(judged.whole)
    parts, together = "\n".join(explain_judged(judged)).split("\nTogether\n")
    for label, name in (("budget", "total_s"), ("budget left", "remaining_s")):
        amounts, total = re.findall(rf"^   {label} = (.*) = (-?[\d.]+) s$", together, re.M)[0]
        assert sum(map(Fraction, amounts.split(" + "))) == Fraction(total) == Fraction(shown["budget"][name])
    sums, counts, mean = re.findall(r"mean = \((.*)\) us / \((.*)\) = ([\d.]+) ms", together)[0]
    added, number = (sum(map(int, each.split(" + "))) for each in (sums, counts))
    assert half_even_text(Fraction(added, 1000 * number), 3) == mean == shown["response"]["mean_ms"]
    weighed, eligible = re.findall(r"eligible time: \((.*)\) / \((.*)\)$", together, re.M)[0]
    points = [each.split(" x ") for each in weighed.split(" + ")]
    total_s = sum(map(int, eligible.split(" + ")))
    score = sum((Fraction(each) * int(by) for each, by in points), Fraction(0)) / total_s
    assert abs(score - Fraction(shown["health_score"])) <= Fraction(51, 1000)
    shares, owed, paid = re.findall(r"share of the period: (.*)\n += ([\d.]+), paid as ([\d.]+)", together)[0]
    amount = Fraction(0)
    for share in shares.split(" + "):
        fee, length, whole = re.split(r" x | / ", share)
        amount += Fraction(fee) * Fraction(int(length), int(whole))
    assert (half_even_text(amount, 6), paid) == (owed, shown["credit"]["amount"])
    # Burn rates are of one instant and of the terms in force then: told once.
    assert "Burn rates" not in parts
    assert together.count("Burn rates") == 1


def test_the_bounds_are_told_with_what_each_part_counts() -> None:
    """The gap of the second half is down by policy; what is proved is the same as if it were excluded."""
    judged = changed()
    text = "\n".join(explain_judged(judged))
    seen = []
    for name in ("best", "worst"):
        available, eligible, shown = re.findall(rf"{name} case, .*= 100 x (\d+) / (\d+) = ([\d.]+) %", text)[
            0
        ]
        assert floor_text(Fraction(100 * int(available), int(eligible)), 4) == shown
        seen.append((int(available), int(eligible)))
    unknown = sum(high - low for low, high in examples.GAPS)
    assert seen[0][1] == seen[1][1]
    assert unknown - 1000 <= seen[0][0] - seen[1][0] <= unknown
    assert "availability: breached" in text


def test_where_no_time_counts_nothing_is_divided() -> None:
    terms = examples.CONTRACT.to_terms(examples.CHECKS, examples.GROUPS, None)
    facts = known_facts(terms, {}, 1000)
    silent = judge([Version(0, terms), Version(100, terms)], facts, Period(0, 1000), 1000)
    text = "\n".join(explain_judged(silent))
    assert "best case, unknown time up: availability = 100 x 1000 / 1000 = 100.0000 %" in text
    assert "no time counts: not measured, not above" in text
    early = evaluate(terms, facts, Period(2000, 3000), 1000)
    assert "no time counts, so there is no availability" in "\n".join(explain(early))
