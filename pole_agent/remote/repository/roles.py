"""Who may sign what, how many of them it takes, and for how long it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Role:
    threshold: int
    days: int  # a signature holds so long
    paths: tuple[str, ...] = ()


# A year and a month, so that a yearly appointment may slip. Every publishing renews the two of the office.
YEARLY, QUARTERLY = 400, 90
DELEGATED = {
    "release": Role(2, YEARLY, ("release/*", "model/*")),
    "full": Role(2, YEARLY, ("full/*", "fence/*")),
    "light": Role(1, YEARLY, ("light/*", "light/group/*")),
}
ROLES = {
    "root": Role(2, YEARLY),
    "targets": Role(2, YEARLY),  # the delegations; signed by the keys of root
    **DELEGATED,
    "snapshot": Role(1, QUARTERLY),
    "timestamp": Role(1, QUARTERLY),
}
OFFICE = ("snapshot", "timestamp")  # signed by the office at each publishing; nobody else has to come
STAGED = tuple(role for role in ROLES if role not in OFFICE)
KEYED = tuple(role for role in ROLES if role != "targets")  # those with keys of their own
ROLE_OF = {path.partition("/")[0]: name for name, role in DELEGATED.items() for path in role.paths}
WARN_DAYS = 30


def expiry(role: str, now: datetime) -> datetime:
    return now.astimezone(UTC).replace(microsecond=0) + timedelta(days=ROLES[role].days)
