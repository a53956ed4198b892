"""The arithmetic of a report, step by step, for people who want to check it with pencil and paper."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from tenantwatch_collector.sla.availability import BurnAnswer, BurnRate
from tenantwatch_collector.sla.classes import TimeClass
from tenantwatch_collector.sla.defined import definitions_in
from tenantwatch_collector.sla.evaluate import Evaluation
from tenantwatch_collector.sla.explain_words import group_words, instant, number, or_none, seconds, utc
from tenantwatch_collector.sla.histogram import LatencyHistogram
from tenantwatch_collector.sla.report import PERCENTS, report
from tenantwatch_collector.sla.rounding import decimal_text, half_even_text
from tenantwatch_collector.sla.terms import Terms
from tenantwatch_collector.sla.verdict import health_parts

MAX_STRETCHES = 100
MAX_DEFINITIONS = 100
MAX_GROUPS = 100


def explain(evaluation: Evaluation, burn: bool = True) -> list[str]:
    """Lines of plain text; every number of the report is in them with where it comes from.

    Without ``burn`` nothing of burn rates: they are of the instant asked about, whose terms others may be.
    """
    return [
        *_period(evaluation),
        *_groups(evaluation),
        *_definitions(evaluation),
        *_classes(evaluation),
        *_availability(evaluation),
        *_budget(evaluation),
        *incident_lines(evaluation),
        *_traffic(evaluation),
        *(burn_lines(evaluation) if burn else ()),
        *_judgement(evaluation),
    ]


def _period(e: Evaluation) -> Iterator[str]:
    yield "1. Period"
    yield f"   from {instant(e.period.start, e)} up to, not including, {instant(e.period.end, e)}"
    if e.eval_end < e.period.end:
        yield f"   counted up to {instant(e.eval_end, e)}, for nothing later was known"


def _groups(e: Evaluation) -> Iterator[str]:
    used = {check.group for check in e.terms.checks}
    found = [group for group in e.terms.groups if group.name in used]
    for group in found[:MAX_GROUPS]:
        yield f"   group {group.name}: {group_words(group.role, group.rule)}"
    if len(found) > MAX_GROUPS:
        yield f"   and {len(found) - MAX_GROUPS} more groups"


def _definitions(e: Evaluation) -> Iterator[str]:
    found = definitions_in(e)
    if found:
        yield "   Checks that were defined anew: each result counts as its check was defined at the time"
    for check in found[:MAX_DEFINITIONS]:
        confirmed = f"{check.confirm_failures} failures or {check.confirm_successes} successes confirm"
        begins = "" if check.active_from is None else f" from {instant(check.active_from, e)}"
        ends = "" if check.active_to is None else f" to {instant(check.active_to, e)}"
        yield f"   {check.check_id}:{begins}{ends} of group {check.group}, {confirmed},"
        yield f"      a result speaks for {seconds(check.stale_after, e)} s at most"
    if len(found) > MAX_DEFINITIONS:
        yield f"   and {len(found) - MAX_DEFINITIONS} more, which the report's JSON form has in its terms"


def _classes(e: Evaluation) -> Iterator[str]:
    yield "2. What each second was"
    for each in TimeClass:
        yield f"   {each.value.replace('_', ' '):13}{seconds(e.seconds[each], e):>14} s"
    yield f"   {'together':13}{seconds(sum(e.seconds.values()), e):>14} s"
    yield from _stretches(e)


def _stretches(e: Evaluation) -> Iterator[str]:
    """The time that was not simply up: what the sums above are made of."""
    low, high = e.period.start, e.eval_end
    found = [
        (max(s.start, low), min(s.end, high), s.time_class)
        for s in e.stretches
        if s.time_class is not TimeClass.UP and s.start < high and s.end > low
    ]
    for start, end, time_class in found[:MAX_STRETCHES]:
        name = time_class.value.replace("_", " ")
        yield f"   {name} from {instant(start, e)} to {instant(end, e)}: {seconds(end - start, e)} seconds"
    if len(found) > MAX_STRETCHES:
        yield f"   and {len(found) - MAX_STRETCHES} more, which the report's JSON form has in its timeline"


def _availability(e: Evaluation) -> Iterator[str]:
    policies, counted, shown = e.terms.policies, e.counted, report(e)
    down = ["down"]
    up = ["up"]
    (up if policies.degraded == "up" else down).append("degraded")
    if policies.unknown != "exclude":
        (up if policies.unknown == "up" else down).append("unknown")
    if policies.maintenance == "up":
        up.append("maintenance")
    yield "3. Availability"
    yield f"   policies: degraded counts as {policies.degraded}, unknown: {policies.unknown},"
    yield f"   maintenance: {policies.maintenance}"
    yield f"   available = {' + '.join(up)} = {seconds(counted.available, e)} s"
    yield f"   down      = {' + '.join(down)} = {seconds(counted.down, e)} s"
    yield f"   eligible  = available + down = {seconds(counted.eligible, e)} s"
    yield f"   downtime = {seconds(counted.down, e)} s / 60 = {shown['downtime_minutes']} min (rounded up)"
    if shown["availability_pct"] is None:
        yield "   no time counts, so there is no availability"
    else:
        yield f"   availability = 100 x {seconds(counted.available, e)} / {seconds(counted.eligible, e)}"
        yield f"                = {shown['availability_pct']} % (rounded down)"
    if shown["coverage_pct"] is not None:
        unknown = e.seconds[TimeClass.UNKNOWN]
        known = sum(e.seconds[each] for each in (TimeClass.UP, TimeClass.DEGRADED, TimeClass.DOWN))
        sums = f"100 x {seconds(known, e)} / ({seconds(known, e)} + {seconds(unknown, e)})"
        yield f"   coverage = 100 x known / (known + unknown) = {sums}"
        yield f"            = {shown['coverage_pct']} % (rounded down)"


def _budget(e: Evaluation) -> Iterator[str]:
    shown, targets = report(e)["budget"], e.terms.targets
    length = e.period.end - e.period.start
    left_out = [e.seconds[TimeClass.OUT_OF_SCOPE]]
    left_out += [e.seconds[TimeClass.MAINTENANCE]] if e.terms.policies.maintenance == "exclude" else []
    left_out += [e.seconds[TimeClass.UNKNOWN]] if e.terms.policies.unknown == "exclude" else []
    less = "".join(f" - {seconds(each, e)}" for each in left_out)
    yield "4. Error budget"
    yield f"   (100 - {decimal_text(targets.availability_percentage)}) / 100 x ({seconds(length, e)}{less})"
    down = seconds(e.counted.down, e)
    yield f"   = {shown['total_s']} s; less {down} s down = {shown['remaining_s']} s left"
    if shown["remaining_pct"] is not None:
        share = f"100 x {shown['remaining_s']} / {shown['total_s']} = {shown['remaining_pct']} %"
        yield f"   that is {share} of it (rounded down)"


def incident_lines(e: Evaluation) -> Iterator[str]:
    """The outages told apart, and the means of them."""
    shown = report(e)
    count, started = shown["incident_count"], shown["incidents_started"]
    yield f"5. Incidents: {count}, of which {started} began in the period"
    for incident in shown["incidents"]:
        end = "still open" if incident["end"] is None else f"to {utc(incident['end'])}"
        over = ", longer than the recovery target" if incident["over_target"] else ""
        yield f"   {utc(incident['start'])} {end}: down {incident['downtime_s']} s{over}"
    resolved = [i.downtime for i in e.incidents if i.resolved]
    if resolved:
        yield f"   mean time to recover = {seconds(sum(resolved), e)} / {len(resolved)} = {shown['mttr_s']} s"
    if shown["mtbf_s"] is not None:
        yield (
            f"   mean time between failures = {seconds(e.counted.available, e)} / {e.incidents_started}"
            f" = {shown['mtbf_s']} s"
        )


def _traffic(e: Evaluation) -> Iterator[str]:
    shown, latency = report(e), e.traffic.latency
    yield "6. Errors and response times, outside of masked time"
    errors = shown["errors"]
    if errors["pct"] is None:
        yield "   nothing was counted, so there is no error rate"
    else:
        yield f"   error rate = 100 x {errors['errors']} / {errors['total']} = {errors['pct']} % (rounded up)"
    if latency.count:
        yield f"   mean = {latency.sum_us} us / {latency.count} = {shown['response']['mean_ms']} ms"
        yield from percentile_lines(latency)
    if shown["slices"]:
        slices = shown["slices"]
        good = or_none(slices["good_pct"], " % (rounded down)")
        sums = f"100 x ({slices['total']} - {slices['bad']}) / {slices['total']}"
        yield f"   slices: {slices['bad']} bad of {slices['total']}, good = {sums} = {good}"


def percentile_lines(latency: LatencyHistogram) -> Iterator[str]:
    """Each by its rank in the histogram, whose buckets are narrower than 0.79 % of what is in them."""
    yield f"   of {latency.count} response times in order, by buckets, the slowest {latency.max_us} us:"
    for percent, found in zip(PERCENTS, latency.ranked(PERCENTS), strict=True):
        if found is not None:
            least = ", or the slowest" if found.latency_us < found.highest_us else ""
            yield (
                f"   p{percent}: number {found.rank} = {percent} / 100 x {latency.count}, rounded up;"
                f" {found.below} are below its bucket, {found.inside} in it,"
                f" up to {found.highest_us} us{least}"
            )
            yield f"   p{percent} = {found.latency_us} us"


def burn_lines(e: Evaluation) -> Iterator[str]:
    """The rules at the instant asked about, each with what its two windows hold."""
    terms = e.burn_terms or e.terms
    if not e.burn or terms.burn is None:
        return
    target = decimal_text(terms.targets.availability_percentage)
    yield f"7. Burn rates up to the instant asked about: down / eligible / (1 - {target} / 100)"
    yield "   A rule is met if both of its windows burn above its threshold, which is"
    yield "   budget % / 100 x the budget's period / the long window."
    yield "   An alert asks besides whether enough of the long window was measured."
    for answer in e.burn:
        yield from _burn_rule(answer, e, terms)


def _burn_rule(answer: BurnAnswer, e: Evaluation, terms: Terms) -> Iterator[str]:
    assert terms.burn is not None
    rule, slo_period = answer.rule, seconds(terms.burn.slo_period, e)
    target = decimal_text(terms.targets.availability_percentage)
    sums = f"{number(rule.budget_pct)} / 100 x {slo_period} / {seconds(rule.long, e)}"
    yield f"   {rule.severity}: threshold = {sums} = {half_even_text(answer.threshold, 4)}"
    for name, window, rate in (("long ", rule.long, answer.long), ("short", rule.short, answer.short)):
        yield f"      {name} {seconds(window, e)} s: {_rate(rate, answer.threshold, target, e)}"
    yield f"      {_burn_outcome(answer)}"


def _rate(rate: BurnRate, threshold: Fraction, target: str, e: Evaluation) -> str:
    down, eligible = seconds(rate.counted.down, e), seconds(rate.counted.eligible, e)
    if rate.unlimited:
        return f"{down} s down of {eligible} s, where none is allowed: without limit, above"
    if rate.rate is None:
        return "no time counts: not measured, not above"
    told = f"{down} / {eligible} / (1 - {target} / 100) = {half_even_text(rate.rate, 4)} x"
    return f"{told}, {'above' if rate.exceeds(threshold) else 'not above'}"


def _burn_outcome(answer: BurnAnswer) -> str:
    above = answer.long.exceeds(answer.threshold), answer.short.exceeds(answer.threshold)
    return {
        (True, True): "both are above: the rule is met",
        (True, False): "the long window alone is above, it burns no more: the rule is silent",
        (False, True): "the short window alone is above, too little burnt: the rule is silent",
        (False, False): "neither is above: the rule is silent",
    }[above]


def _judgement(e: Evaluation) -> Iterator[str]:
    targets, shown = e.terms.targets, report(e)
    yield "8. Judgement, on exact values (beyond the target is a breach, equal to it is not)"
    yield f"   availability at least {decimal_text(targets.availability_percentage)} %"
    yield f"   mean response at most {decimal_text(targets.response_time_ms)} ms"
    yield f"   error rate at most {decimal_text(targets.error_rate_percentage)} %"
    yield f"   every incident at most {decimal_text(targets.recovery_time_minutes)} min"
    yield f"   violations: {', '.join(e.violations) or 'none'}"
    yield from _health(e)
    word = {None: "cannot be judged", True: "yes", False: "no"}[e.compliant]
    yield f"   compliant: {word}; health score {or_none(shown['health_score'], ' of 100')}"
    if e.credit is not None and e.terms.credits is not None:
        rows = ", ".join(f"below {number(row.below)} %: {row.pct} %" for row in e.terms.credits.table)
        yield f"   credit, the highest of the rows that the availability is below ({rows})"
        amount = f"{e.credit.pct} % of {number(e.terms.credits.fee)} = {shown['credit']['amount']}"
        yield f"   credit = {amount} (rounded to the nearest)"


def _health(e: Evaluation) -> Iterator[str]:
    """The score's parts; a part without data is left out and the others share its weight."""
    parts = health_parts(e.counted, e.traffic, e.incidents, e.terms.targets, e.terms.units_per_second)
    for part in parts:
        rule = "1.5 - used, from 0 to 1" if part.name == "response" else "1 - used / 2, at least 0"
        used, share = half_even_text(part.used, 6), half_even_text(part.share, 6)
        yield f"   health, {part.name}: {used} of what is allowed used; {rule} = {share}, times {part.weight}"
    if parts:
        weights = " + ".join(str(part.weight) for part in parts)
        yield f"   health score = 100 x the sum of these / ({weights})"
