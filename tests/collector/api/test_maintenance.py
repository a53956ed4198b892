"""Maintenance through REST: rules in local time, exclusions, notice, allowance, cancelling; as reports count.

Nothing is measured here: what no window covers is unknown. Announcements are dated back in the store, for the
collector dates them by its own clock and a report is of the past.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from tenantwatch_collector.store.base import Tenant
from tenantwatch_collector.store.sql.store import SqlStore

from tests.collector.api.served import Served

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("api-maintenance")]
LONG_AGO = "2024-01-01T00:00:00Z"
BERLIN = {"tier": "enterprise", "timezone": "Europe/Berlin", "effective_from": LONG_AGO}
NIGHTLY: dict[str, Any] = {"rule": "FREQ=DAILY", "first": "2024-02-20T02:30:00", "duration_s": 3600}


def unix_us(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


@dataclass
class Agreed:
    """A tenant of its own, whose terms and windows are as old as a test wants them."""

    here: Served
    tenant: Tenant

    @property
    def path(self) -> str:
        return f"/monitoring/sla/{self.tenant.tenant_id}"

    async def terms(self, **contract: Any) -> None:
        new = {"contract": BERLIN | contract, "reason": "a test"}
        told = await self.here.admin.rest("PUT", f"{self.path}/terms", new)
        number = told["versions"][-1]["number"]
        await self._set("contract", "number", number, in_force_from_us=0, recorded_at_us=0)

    async def window(self, announced: str = "2024-02-01T00:00:00Z", **window: Any) -> int:
        body = {"reason": "patches", **window}
        told = await self.here.admin.rest("POST", f"{self.path}/maintenance", body, 201)
        number: int = told["window_id"]
        await self._set("maintenance_window", "window_id", number, announced_at_us=unix_us(announced))
        return number

    async def cancelled(self, window_id: int, at: str) -> None:
        await self.here.admin.rest("DELETE", f"{self.path}/maintenance/{window_id}", None, 204)
        await self._set("maintenance_window", "window_id", window_id, cancelled_at_us=unix_us(at))

    async def seconds(self, day: str, period: str = "daily") -> int:
        """In maintenance, as the report of that day has it."""
        told = await self.here.admin.rest("GET", f"{self.path}?period={period}&date={day}")
        found: int = told["detail"]["report"]["seconds"]["maintenance"]
        return found

    async def listed(self) -> dict[int, tuple[bool, str]]:
        """Whether each window counts, and why not."""
        told = await self.here.admin.rest("GET", f"{self.path}/maintenance")
        return {each["window_id"]: (each["counts"], each["why"]) for each in told["windows"]}

    async def starts(self, month: str) -> list[str]:
        told = await self.here.admin.rest("GET", f"{self.path}?period=monthly&date={month}-01")
        return [
            datetime.fromtimestamp(each["from"], UTC).strftime("%m-%dT%H:%MZ")
            for each in told["detail"]["exclusions"]
            if each["kind"] == "maintenance"
        ]

    async def refused(self, **window: Any) -> str:
        body = {"reason": "patches", **window}
        told = await self.here.admin.rest("POST", f"{self.path}/maintenance", body, 422)
        detail: str = told["detail"]
        return detail

    async def _set(self, table: str, key: str, number: int, **values: int) -> None:
        store = self.here.store
        assert isinstance(store, SqlStore)
        names = ", ".join(f"{name} = ?" for name in values)
        where = f"WHERE tenant_key = ? AND {key} = ?"
        async with store._db.transaction() as tx:
            changed = await tx.execute(
                f"UPDATE {table} SET {names} {where}", [*values.values(), self.tenant.tenant_key, number]
            )
        assert changed == 1


@pytest_asyncio.fixture(loop_scope="module")
async def agreed(here: Served) -> AsyncIterator[Agreed]:
    name = f"t-{secrets.token_hex(6)}"
    made = Agreed(here, await here.store.create_tenant(name, name, "enterprise"))
    await made.terms()
    yield made


async def test_a_rule_stays_at_its_local_hour_over_both_changes_of_the_clock(agreed: Agreed) -> None:
    """Of the night in March that skips the hour it takes the one after; of the one in October the first."""
    await agreed.window(**NIGHTLY)
    assert [await agreed.seconds(day) for day in ("2024-03-30", "2024-03-31", "2024-10-27")] == [3600] * 3
    # A window of the next day, local time, reaches into no report of March.
    assert (await agreed.starts("2024-03"))[-3:] == ["03-29T01:30Z", "03-30T01:30Z", "03-31T01:30Z"]
    assert (await agreed.starts("2024-04"))[0] == "04-01T00:30Z"
    assert "10-27T00:30Z" in await agreed.starts("2024-10")


@pytest.mark.parametrize(
    ("rule", "exdates", "days"),
    [
        ("FREQ=WEEKLY;BYDAY=SU;COUNT=3", [], ["02-25", "03-03", "03-10"]),
        ("FREQ=WEEKLY;BYDAY=SU;UNTIL=20240303", [], ["02-25", "03-03"]),
        ("FREQ=WEEKLY;BYDAY=SU;UNTIL=20240303T013000Z", [], ["02-25", "03-03"]),
        ("FREQ=WEEKLY;BYDAY=SU;UNTIL=20240303T012959Z", [], ["02-25"]),
        ("FREQ=WEEKLY;BYDAY=SU;COUNT=3", ["2024-03-03T02:30:00"], ["02-25", "03-10"]),
        ("FREQ=WEEKLY;BYDAY=SU;COUNT=3", ["2024-02-25T00:00:00"], ["03-03", "03-10"]),
    ],
)
async def test_count_until_and_exdate(agreed: Agreed, rule: str, exdates: list[str], days: list[str]) -> None:
    await agreed.window(**{**NIGHTLY, "rule": rule, "exdates": exdates})
    found = [*await agreed.starts("2024-02"), *await agreed.starts("2024-03")]
    assert [each[:5] for each in found] == days


async def test_a_window_needs_its_notice(agreed: Agreed) -> None:
    """Two days: one announced exactly so long before is effective, a second later it is not."""
    await agreed.terms(maintenance_min_notice_s=172_800)
    once = {"from": "2024-03-10T02:00:00Z", "to": "2024-03-10T03:00:00Z"}
    await agreed.window("2024-03-08T02:00:01Z", **once)
    assert await agreed.seconds("2024-03-10") == 0
    await agreed.window("2024-03-08T02:00:00Z", **once)
    assert await agreed.seconds("2024-03-10") == 3600


async def test_what_was_announced_after_it_began_is_none(agreed: Agreed) -> None:
    told = {"from": "2024-03-10T02:00:00Z", "to": "2024-03-10T03:00:00Z", "reason": "sorry"}
    kept = await agreed.here.admin.rest("POST", f"{agreed.path}/maintenance", told, 201)
    assert datetime.fromisoformat(kept["announced_at"]) > datetime.fromisoformat(kept["to"])
    assert await agreed.seconds("2024-03-10") == 0
    assert (kept["counts"], kept["why"]) == (False, "it was over when it was announced")
    assert (await agreed.listed())[kept["window_id"]] == (False, kept["why"])


def soon(**ahead: int) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


@pytest.mark.parametrize(
    ("window", "counts", "words"),
    [
        ({"from": soon(days=3), "to": soon(days=4)}, True, ""),
        ({"from": soon(days=1), "to": soon(days=4)}, False, "the terms ask for a notice of 2 d"),
        ({"from": soon(hours=-1), "to": soon(days=4)}, False, "it had begun when it was announced"),
        ({**NIGHTLY, "first": "2199-01-01T00:00:00"}, True, ""),
        (NIGHTLY, True, "what begins less than 2 d after it was announced does not"),
        ({**NIGHTLY, "rule": "FREQ=DAILY;COUNT=3"}, False, "its last window was over when it was announced"),
        (
            {**NIGHTLY, "rule": f"FREQ=DAILY;UNTIL={soon(days=1)[:10].replace('-', '')}"},
            False,
            "its last window is too near",
        ),
    ],
)
async def test_whoever_announces_is_told_whether_it_counts(
    agreed: Agreed, window: dict[str, Any], counts: bool, words: str
) -> None:
    await agreed.terms(maintenance_min_notice_s=172_800)
    body = {"reason": "patches", **window}
    told = await agreed.here.admin.rest("POST", f"{agreed.path}/maintenance", body, 201)
    assert told["counts"] is counts
    assert words in told["why"]
    assert bool(words) is bool(told["why"])
    assert await agreed.listed() == {told["window_id"]: (counts, told["why"])}


async def test_of_a_series_that_is_cancelled_early_nothing_counts(agreed: Agreed) -> None:
    number = await agreed.window(soon(), **{**NIGHTLY, "first": "2199-01-01T00:00:00"})
    await agreed.here.admin.rest("DELETE", f"{agreed.path}/maintenance/{number}", None, 204)
    assert (await agreed.listed())[number] == (False, "it was cancelled before its first window that counts")


async def test_an_allowance_is_spent_in_order_of_time(agreed: Agreed) -> None:
    await agreed.terms(maintenance_cap_s=3 * 3600 + 600)
    await agreed.window(**NIGHTLY)
    assert await agreed.seconds("2024-03-15", "monthly") == 3 * 3600 + 600
    assert [await agreed.seconds(f"2024-03-0{day}") for day in (1, 9)] == [3600, 3600]


async def test_a_cancelled_series_ends_within_its_window(agreed: Agreed) -> None:
    number = await agreed.window(**NIGHTLY)
    await agreed.cancelled(number, "2024-03-10T01:40:00Z")
    assert [await agreed.seconds(f"2024-03-{day:02}") for day in (9, 10, 11)] == [3600, 600, 0]


@pytest.mark.parametrize(
    ("window", "words"),
    [
        ({**NIGHTLY, "rule": "FREQ=SOMETIMES"}, "FREQ must be one of DAILY"),
        ({**NIGHTLY, "rule": "FREQ=SECONDLY"}, "FREQ must be one of DAILY"),
        ({**NIGHTLY, "rule": "FREQ=DAILY;BYHOUR=25"}, "BYHOUR takes 0 to 23"),
        ({**NIGHTLY, "rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "never happens"),
        ({**NIGHTLY, "rule": "FREQ=DAILY;INTERVAL=0"}, "INTERVAL must be 1 to 1000"),
        ({**NIGHTLY, "exdates": ["2024-03-01T02:00:00"]}, "is no start of"),
        ({**NIGHTLY, "exdates": ["2024-03-01T02:30:00Z"]}, "exdates"),
        ({**NIGHTLY, "exdates": ["2024-03-01T02:30:00"] * 501}, "exdates"),
        ({**NIGHTLY, "timezone": "Mars/Olympus"}, "is no time zone"),
        ({**NIGHTLY, "from": LONG_AGO}, "write either from and to"),
        (
            {"from": LONG_AGO, "to": "2024-02-01T00:00:00Z", "exdates": ["2024-01-02T00:00:00"]},
            "belong to a rule",
        ),
        ({"from": LONG_AGO, "to": LONG_AGO}, "from must lie before to"),
        ({"from": LONG_AGO, "to": "2024-02-01T00:00:00Z", "checks": ["a/none"]}, "there is no check a/none"),
    ],
)
async def test_a_bad_window_is_refused_with_what_to_write(
    agreed: Agreed, window: dict[str, Any], words: str
) -> None:
    assert words in await agreed.refused(**window)
