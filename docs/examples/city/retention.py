"""What is kept for how long: events tell of people, and end. The books that prove completeness stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from city.reading import rfc3339
from city.store import Database

DAY_S = 86_400.0
LEAST_DAYS = 4  # poles send again what is 72 hours old: what we forget sooner would come back
# Days by the noun of an event's type, and for our own tables; what is not named is kept as "other"
DAYS: Mapping[str, int] = {
    "incident": 90, "traffic": 730, "lamp": 730, "drone": 365, "command": 365, "page": 365, "health": 90,
    "other": 365, "desk": 365, "audit": 730, "aside": 30,
}  # fmt: skip
NOT_EVENTS = "desk", "audit", "aside"
KEYS_DAYS = 30  # an event comes again within 72 hours from its pole, or seven days from a broker
Statement = tuple[str, tuple[Any, ...]]


def read_days(table: Mapping[str, Any]) -> dict[str, int]:
    """The days of `[retention]` over the defaults. Raises ValueError."""
    for name, days in table.items():
        if name not in DAYS:
            raise ValueError(f"retention.{name}: unknown; known are {', '.join(DAYS)}")
        if type(days) is not int or not LEAST_DAYS <= days <= 36_500:
            raise ValueError(f"retention.{name}: {LEAST_DAYS} to 36500 days")
    return {**DAYS, **table}


def statements(days: Mapping[str, int], now: float) -> list[Statement]:
    """What to delete at this wall time. Time counts from when it came: a pole's clock may be wrong."""
    until = {name: rfc3339(now - count * DAY_S) for name, count in days.items()}
    nouns = [name for name in DAYS if name not in ("other", *NOT_EVENTS)]
    found: list[Statement] = [
        ("DELETE FROM events WHERE kind LIKE $1 AND came < $2", (f"{noun}.%", until[noun])) for noun in nouns
    ]
    others = " AND ".join(f"kind NOT LIKE '{noun}.%'" for noun in nouns)
    return [
        *found,
        (f"DELETE FROM events WHERE {others} AND came < $1", (until["other"],)),
        ("DELETE FROM incidents WHERE came < $1", (until["incident"],)),
        ("DELETE FROM requests WHERE came < $1", (until["drone"],)),
        ("DELETE FROM cases WHERE done = 1 AND opened_at < $1", (until["desk"],)),
        ("DELETE FROM verdicts WHERE at < $1", (until["desk"],)),
        ("DELETE FROM audit WHERE at < $1", (until["audit"],)),
        ("DELETE FROM aside WHERE came < $1", (until["aside"],)),
    ]


async def purge(db: Database, days: Mapping[str, int], now: float) -> None:
    """Raises StoreError."""
    longest = max(count for name, count in days.items() if name not in NOT_EVENTS)
    days_ago = [rfc3339(now - count * DAY_S)[:10] for count in (longest, KEYS_DAYS)]
    await db.forget_days(*days_ago)
    for sql, arguments in statements(days, now):
        await db.many(sql, [arguments])
