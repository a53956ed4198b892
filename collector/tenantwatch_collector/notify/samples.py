"""Messages about a tenant that does not exist: to try templates and channels with."""

from __future__ import annotations

from typing import Any

KINDS = {
    "firing": "FIRING",
    "severity_raised": "WORSE",
    "escalation": "STILL FIRING, ESCALATED",
    "repeat": "STILL FIRING",
    "unacked": "NOBODY ANSWERS",
    "flapping_start": "FLAPPING",
    "flapping_stop": "CALM AGAIN",
    "acknowledged": "ACKNOWLEDGED",
    "resolved": "RESOLVED",
    "test": "TEST",
}
"""Every kind of message, and how it is headed."""

_MINUTE_US = 60_000_000


def sample_payload(kind: str, link: str | None, now_us: int, dedup_key: str = "") -> dict[str, Any]:
    """A whole payload of that kind, as the engines make them."""
    is_over = kind == "resolved"
    alert_id = dedup_key.partition("/")[0] or "0123456789abcdef0123456789abcdef"
    return {
        "kind": kind,
        "dedup_key": dedup_key or f"{alert_id}/{kind}/0",
        "level": 1 if kind == "escalation" else 0,
        "alert": {
            "alert_id": alert_id,
            "alert_name": "test of a channel" if kind == "test" else "http_endpoint is unhealthy",
            "alert_description": "This is only a test: nothing is wrong."
            if kind == "test"
            else "front-page on web-1: answered 503 <html> & more",
            "tenant_id": "example-isp-001",
            "severity": "info" if kind == "test" else "error",
            "status": "resolved" if is_over else "acknowledged" if kind == "acknowledged" else "active",
            "source_service": "saas_monitoring",
            "metric_name": "http_endpoint",
            "first_occurred_us": now_us - 7 * _MINUTE_US,
            "last_occurred_us": now_us - _MINUTE_US,
            "occurrence_count": 1 if kind == "test" else 7,
            "resolved_at_us": now_us if is_over else None,
            "alert_data": {
                "agent_id": "web-1",
                "check_id": "front-page",
                "target": "https://example.org/",
                "text": "answered 503",
            },
        },
        "link": link,
    }
