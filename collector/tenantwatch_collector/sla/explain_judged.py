"""The arithmetic of a period whose terms may have changed or that was corrected, and what of it is proved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tenantwatch_collector.sla.availability import Counted
from tenantwatch_collector.sla.classes import TimeClass
from tenantwatch_collector.sla.evaluate import Evaluation
from tenantwatch_collector.sla.explain import burn_lines, explain, incident_lines, percentile_lines
from tenantwatch_collector.sla.explain_words import instant, number, or_none, seconds
from tenantwatch_collector.sla.judged import Judged
from tenantwatch_collector.sla.report import report
from tenantwatch_collector.sla.rounding import floor_text, half_even_text


def explain_judged(judged: Judged) -> list[str]:
    """Lines of plain text; every number of the report is in them with where it comes from."""
    if len(judged.parts) == 1:
        return [*explain(judged.whole), *_proved(judged), *_corrected(judged)]
    lines = [f"The terms changed: {len(judged.parts)} parts, each judged on its own terms."]
    for number_of, part in enumerate(judged.parts, 1):
        lines += ["", f"Part {number_of}", *explain(part, burn=False)]
    return [*lines, "", "Together", *_together(judged), *_proved(judged), *_corrected(judged)]


def _together(judged: Judged) -> Iterator[str]:
    e, parts = judged.whole, judged.parts
    yield from _time(e, parts)
    yield from _budget(e, parts)
    yield from incident_lines(e)
    yield from _traffic(e, parts)
    yield from burn_lines(e)
    yield f"   violations: {', '.join(e.violations) or 'none'}"
    yield from _score(e, parts)
    yield from _credit(e, parts)


def _time(e: Evaluation, parts: Sequence[Evaluation]) -> Iterator[str]:
    shown = report(e)
    for label, name in (("available", "available"), ("down     ", "down"), ("eligible ", "eligible")):
        amounts = " + ".join(str(seconds(getattr(part.counted, name), part)) for part in parts)
        yield f"   {label} = {amounts} = {seconds(getattr(e.counted, name), e)} s"
    if shown["availability_pct"] is not None:
        yield f"   availability = 100 x {seconds(e.counted.available, e)} / {seconds(e.counted.eligible, e)}"
        yield f"                = {shown['availability_pct']} % (rounded down)"
    if shown["coverage_pct"] is not None:
        unknown = e.seconds[TimeClass.UNKNOWN]
        known = sum(e.seconds[each] for each in (TimeClass.UP, TimeClass.DEGRADED, TimeClass.DOWN))
        yield f"   coverage = 100 x {seconds(known, e)} / ({seconds(known, e)} + {seconds(unknown, e)})"
        yield f"            = {shown['coverage_pct']} % (rounded down)"


def _budget(e: Evaluation, parts: Sequence[Evaluation]) -> Iterator[str]:
    shown, told = report(e)["budget"], [report(part)["budget"] for part in parts]
    for label, name in (("budget", "total_s"), ("budget left", "remaining_s")):
        yield f"   {label} = {' + '.join(each[name] for each in told)} = {shown[name]} s"
    if shown["remaining_pct"] is not None:
        share = f"100 x {shown['remaining_s']} / {shown['total_s']} = {shown['remaining_pct']} %"
        yield f"   that is {share} of it (rounded down)"


def _traffic(e: Evaluation, parts: Sequence[Evaluation]) -> Iterator[str]:
    shown = report(e)
    if shown["errors"]["pct"] is not None:
        errors = " + ".join(f"{part.traffic.errors}" for part in parts)
        total = " + ".join(f"{part.traffic.total}" for part in parts)
        yield f"   error rate = 100 x ({errors}) / ({total}) = {shown['errors']['pct']} % (rounded up)"
    if e.traffic.latency.count:
        sums = " + ".join(f"{part.traffic.latency.sum_us}" for part in parts)
        counts = " + ".join(f"{part.traffic.latency.count}" for part in parts)
        yield f"   mean = ({sums}) us / ({counts}) = {shown['response']['mean_ms']} ms"
        yield from percentile_lines(e.traffic.latency)
    if shown["slices"]:
        sliced = [part.slices for part in parts if part.slices is not None]
        bad, all_of = (" + ".join(f"{getattr(each, name)}" for each in sliced) for name in ("bad", "total"))
        good = or_none(shown["slices"]["good_pct"], " % (rounded down)")
        yield f"   slices: {bad} bad of {all_of}, good {good}"


def _score(e: Evaluation, parts: Sequence[Evaluation]) -> Iterator[str]:
    scored = [(part.health_score, part) for part in parts if part.health_score is not None]
    if not scored:
        return
    weighed = " + ".join(
        f"{half_even_text(score, 6)} x {seconds(part.counted.eligible, part)}" for score, part in scored
    )
    eligible = " + ".join(str(seconds(part.counted.eligible, part)) for _, part in scored)
    yield f"   health score, each part's by its eligible time: ({weighed}) / ({eligible})"
    yield f"                = {report(e)['health_score']} of 100"


def _credit(e: Evaluation, parts: Sequence[Evaluation]) -> Iterator[str]:
    if e.credit is None:
        return
    whole = e.period.end - e.period.start
    shares = " + ".join(
        f"{number(part.credit.amount)} x {seconds(part.period.end - part.period.start, part)}"
        f" / {seconds(whole, e)}"
        for part in parts
        if part.credit is not None
    )
    yield f"   credit, each part's on its share of the period: {shares}"
    yield f"          = {half_even_text(e.credit.amount, 6)}, paid as {report(e)['credit']['amount']}"


def _proved(judged: Judged) -> Iterator[str]:
    truth, e = judged.truth, judged.whole
    yield "What is proved, whatever the policies say of unknown time:"
    yield f"   best case, unknown time up: availability {_bound(truth.if_up, e)}"
    yield f"   worst case, unknown time down: availability {_bound(truth.if_down, e)}"
    yield "   A target is met if it is met in the worst case, breached if it is missed in the best"
    yield "   one and the rest of the period cannot mend that."
    for name, verdict in truth.verdicts.items():
        yield f"   {name.replace('_', ' ')}: {verdict.value.replace('_', ' ')}"


def _bound(counted: Counted, e: Evaluation) -> str:
    if counted.availability is None:
        return "none, for no time counts"
    sums = f"100 x {seconds(counted.available, e)} / {seconds(counted.eligible, e)}"
    return f"= {sums} = {floor_text(counted.availability, 4)} % (rounded down)"


def _corrected(judged: Judged) -> Iterator[str]:
    if judged.issued is None:
        return
    issued = judged.issued
    yield "Corrections that two people stand for are counted above:"
    for each in judged.corrections:
        ends = f"{instant(each.start, judged.whole)} to {instant(each.end, judged.whole)}"
        people = f"entered by {each.author}, approved by {each.approver}"
        yield f"   {each.number}: {ends} counts as {each.counts_as.value.replace('_', ' ')} ({people})"
    sums = f"100 x {seconds(issued.counted.available, issued)} / {seconds(issued.counted.eligible, issued)}"
    yield f"   without them availability = {sums}"
    yield f"                = {or_none(report(issued)['availability_pct'], ' % (rounded down)')}"
