"""Judges service levels: periods, masks, exact numbers and a verdict out of timelines and terms. Pure."""

from tenantwatch_collector.sla.buckets import BUCKET_SECONDS, Bucket, Rollups, buckets_of
from tenantwatch_collector.sla.evaluate import Evaluation, evaluate, raw_spans
from tenantwatch_collector.sla.facts import Facts, known_facts
from tenantwatch_collector.sla.layout import lay_out
from tenantwatch_collector.sla.masks import Maintenance, ServiceHours
from tenantwatch_collector.sla.periods import Period, calendar_period, report_stage, rolling_period
from tenantwatch_collector.sla.report import report
from tenantwatch_collector.sla.terms import TIERS, CheckTerms, Policies, Targets, Terms
from tenantwatch_collector.sla.traffic import RequestCount

__all__ = [
    "BUCKET_SECONDS",
    "TIERS",
    "Bucket",
    "CheckTerms",
    "Evaluation",
    "Facts",
    "Maintenance",
    "Period",
    "Policies",
    "RequestCount",
    "Rollups",
    "ServiceHours",
    "Targets",
    "Terms",
    "buckets_of",
    "calendar_period",
    "evaluate",
    "known_facts",
    "lay_out",
    "raw_spans",
    "report",
    "report_stage",
    "rolling_period",
]
