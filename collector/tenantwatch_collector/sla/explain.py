"""The arithmetic of a report, step by step, for people who want to check it with pencil and paper."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from tenantwatch_collector.sla.availability import BurnAnswer, BurnRate
from tenantwatch_collector.sla.classes import TimeClass
from tenantwatch_collector.sla.evaluate import Evaluation
from tenantwatch_collector.sla.judged import Judged
from tenantwatch_collector.sla.report import in_seconds, report
from tenantwatch_collector.sla.rounding import decimal_text, half_even_text, half_up_text
from tenantwatch_collector.sla.verdict import health_parts

MAX_STRETCHES = 100


def explain_judged(judged: Judged) -> list[str]:
    """The same for a period whose terms may have changed, or that was corrected."""
    if len(judged.parts) == 1:
        return [*explain(judged.whole), *_corrected(judged)]
    lines = [f"The terms changed: {len(judged.parts)} parts, each judged on its own terms."]
    for number, part in enumerate(judged.parts, 1):
        lines += ["", f"Part {number}", *explain(part)]
    return [*lines, "", "Together", *_together(judged), *_corrected(judged)]


def _together(judged: Judged) -> Iterator[str]:
    e, parts = judged.whole, judged.parts
    shown = report(e)
    for label, name in (("available", "available"), ("down     ", "down"), ("eligible ", "eligible")):
        amounts = " + ".join(str(_s(getattr(part.counted, name), part)) for part in parts)
        yield f"   {label} = {amounts} = {_s(getattr(e.counted, name), e)} s"
    if shown["availability_pct"] is not None:
        yield f"   availability = 100 x {_s(e.counted.available, e)} / {_s(e.counted.eligible, e)}"
        yield f"                = {shown['availability_pct']} % (rounded down)"
    left = " + ".join(report(part)["budget"]["remaining_s"] for part in parts)
    yield f"   budget left = {left} = {shown['budget']['remaining_s']} s"
    errors = " + ".join(f"{part.traffic.errors}" for part in parts)
    total = " + ".join(f"{part.traffic.total}" for part in parts)
    if shown["errors"]["pct"] is not None:
        yield f"   error rate = 100 x ({errors}) / ({total}) = {shown['errors']['pct']} % (rounded up)"
    yield f"   violations: {', '.join(e.violations) or 'none'}"
    yield f"   health score, each part's by its eligible time: {_or_none(shown['health_score'], ' of 100')}"
    if e.credit is not None:
        yield f"   credit, each part's on its share of the fee: {shown['credit']['amount']}"


def _corrected(judged: Judged) -> Iterator[str]:
    if judged.issued is None:
        return
    yield "Corrections that two people stand for are counted above:"
    for each in judged.corrections:
        ends = f"{_instant(each.start, judged.whole)} to {_instant(each.end, judged.whole)}"
        people = f"entered by {each.author}, approved by {each.approver}"
        yield f"   {each.number}: {ends} counts as {each.counts_as.value.replace('_', ' ')} ({people})"
    yield f"   without them availability = {_or_none(report(judged.issued)['availability_pct'], ' %')}"


def explain(evaluation: Evaluation) -> list[str]:
    """Lines of plain text; every number of the report is in them with where it comes from."""
    return [
        *_period(evaluation),
        *_classes(evaluation),
        *_availability(evaluation),
        *_budget(evaluation),
        *_incidents(evaluation),
        *_traffic(evaluation),
        *_burn(evaluation),
        *_judgement(evaluation),
    ]


def _period(e: Evaluation) -> Iterator[str]:
    yield "1. Period"
    yield f"   from {_instant(e.period.start, e)} up to, not including, {_instant(e.period.end, e)}"
    if e.eval_end < e.period.end:
        yield f"   counted up to {_instant(e.eval_end, e)}, for nothing later was known"


def _classes(e: Evaluation) -> Iterator[str]:
    yield "2. What each second was"
    for each in TimeClass:
        yield f"   {each.value.replace('_', ' '):13}{_s(e.seconds[each], e):>14} s"
    yield f"   {'together':13}{_s(sum(e.seconds.values()), e):>14} s"
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
        yield f"   {name} from {_instant(start, e)} to {_instant(end, e)}: {_s(end - start, e)} seconds"
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
    yield f"   available = {' + '.join(up)} = {_s(counted.available, e)} s"
    yield f"   down      = {' + '.join(down)} = {_s(counted.down, e)} s"
    yield f"   eligible  = available + down = {_s(counted.eligible, e)} s"
    if shown["availability_pct"] is None:
        yield "   no time counts, so there is no availability"
    else:
        yield f"   availability = 100 x {_s(counted.available, e)} / {_s(counted.eligible, e)}"
        yield f"                = {shown['availability_pct']} % (rounded down)"
    if shown["coverage_pct"] is not None:
        unknown = e.seconds[TimeClass.UNKNOWN]
        known = sum(e.seconds[each] for each in (TimeClass.UP, TimeClass.DEGRADED, TimeClass.DOWN))
        sums = f"100 x {_s(known, e)} / ({_s(known, e)} + {_s(unknown, e)})"
        yield f"   coverage = 100 x known / (known + unknown) = {sums}"
        yield f"            = {shown['coverage_pct']} % (rounded down)"


def _budget(e: Evaluation) -> Iterator[str]:
    shown, targets = report(e)["budget"], e.terms.targets
    length = e.period.end - e.period.start
    left_out = [e.seconds[TimeClass.OUT_OF_SCOPE]]
    left_out += [e.seconds[TimeClass.MAINTENANCE]] if e.terms.policies.maintenance == "exclude" else []
    left_out += [e.seconds[TimeClass.UNKNOWN]] if e.terms.policies.unknown == "exclude" else []
    less = "".join(f" - {_s(each, e)}" for each in left_out)
    yield "4. Error budget"
    yield f"   (100 - {decimal_text(targets.availability_percentage)}) / 100 x ({_s(length, e)}{less})"
    yield f"   = {shown['total_s']} s; less {_s(e.counted.down, e)} s down = {shown['remaining_s']} s left"


def _incidents(e: Evaluation) -> Iterator[str]:
    shown = report(e)
    count, started = shown["incident_count"], shown["incidents_started"]
    yield f"5. Incidents: {count}, of which {started} began in the period"
    for incident in shown["incidents"]:
        end = "still open" if incident["end"] is None else f"to {_utc(incident['end'])}"
        over = ", longer than the recovery target" if incident["over_target"] else ""
        yield f"   {_utc(incident['start'])} {end}: down {incident['downtime_s']} s{over}"
    resolved = [i.downtime for i in e.incidents if i.resolved]
    if resolved:
        yield f"   mean time to recover = {_s(sum(resolved), e)} / {len(resolved)} = {shown['mttr_s']} s"
    if shown["mtbf_s"] is not None:
        yield (
            f"   mean time between failures = {_s(e.counted.available, e)} / {e.incidents_started}"
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
        yield "   " + ", ".join(f"p{p} = {shown['response'][f'p{p}_us']} us" for p in (50, 95, 99))
    if shown["slices"]:
        slices = shown["slices"]
        good = _or_none(slices["good_pct"], " %")
        yield f"   slices: {slices['bad']} bad of {slices['total']}, good {good}"


def _burn(e: Evaluation) -> Iterator[str]:
    if not e.burn:
        return
    yield "7. Burn rates: (down / eligible) / (1 - target / 100); fires if both are above the threshold"
    for answer in e.burn:
        yield f"   {_burn_line(answer, e)}"


def _burn_line(answer: BurnAnswer, e: Evaluation) -> str:
    return (
        f"{answer.rule.severity}: {_s(answer.rule.long, e)} s {_rate(answer.long)},"
        f" {_s(answer.rule.short, e)} s {_rate(answer.short)},"
        f" threshold {half_even_text(answer.threshold, 4)}: {'fires' if answer.firing else 'silent'}"
    )


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
    yield f"   compliant: {word}; health score {_or_none(shown['health_score'], ' of 100')}"
    if e.credit is not None and e.terms.credits is not None:
        fee = half_up_text(e.terms.credits.fee, 2)
        yield f"   credit = {e.credit.pct} % of {fee} = {shown['credit']['amount']}"


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


def _s(units: int, e: Evaluation) -> int | str:
    return in_seconds(units, e.terms.units_per_second)


def _instant(units: int, e: Evaluation) -> str:
    return _utc(in_seconds(units, e.terms.units_per_second))


def _utc(seconds: int | str) -> str:
    whole, _, rest = str(seconds).partition(".")
    moment = datetime.fromtimestamp(int(whole), UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}{'.' + rest if rest else ''} UTC"


def _rate(rate: BurnRate) -> str:
    if rate.unlimited:
        return "without limit"
    return "not measured" if rate.rate is None else f"burns {half_even_text(rate.rate, 4)} x"


def _or_none(text: str | None, unit: str) -> str:
    return "none" if text is None else f"{text}{unit}"
