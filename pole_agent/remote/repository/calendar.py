"""What ends when, and who has to come to sign: the yearly calendar of a repository."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pole_agent.languages import phrase
from pole_agent.remote.repository.folder import Repository, Signatures, names
from pole_agent.remote.repository.publishing import told_missing
from pole_agent.remote.repository.roles import OFFICE, ROLES, WARN_DAYS


@dataclass(frozen=True, slots=True)
class Entry:
    """One role: what is published, and what waits."""

    role: str
    version: int | None
    expires: datetime | None
    threshold: int
    holders: tuple[str, ...]
    waiting: tuple[Signatures, ...] = ()

    def warns(self, now: datetime) -> bool:
        return self.expires is None or self.expires - now < timedelta(days=WARN_DAYS)


def entries(repository: Repository) -> list[Entry]:
    """The roles, the first to end first."""
    found = []
    for role in ROLES:
        published = repository.published(role)
        staged = None if role in OFFICE else repository.staged(role)
        keys = repository.keys(role)
        signed = published.signed if published else None
        found.append(
            Entry(
                role,
                signed.version if signed else None,
                signed.expires if signed else None,
                ROLES[role].threshold,
                names(keys),
                tuple(repository.signatures(role, staged)) if staged else (),
            )
        )
    never = datetime.max.replace(tzinfo=UTC)
    return sorted(found, key=lambda entry: entry.expires or never)


def as_json(entry: Entry, now: datetime) -> dict[str, Any]:
    return {
        "role": entry.role,
        "version": entry.version,
        "expires": entry.expires and entry.expires.isoformat(),
        "days": entry.expires and (entry.expires - now).days,
        "threshold": entry.threshold,
        "holders": entry.holders,
        "missing": max((s.missing for s in entry.waiting), default=0),
        "warns": entry.warns(now),
    }


def lines(found: Iterable[Entry], now: datetime) -> Iterator[str]:
    for entry in found:
        holders = ", ".join(entry.holders)
        if entry.expires is None or entry.version is None:
            yield phrase("calendar-unpublished", role=entry.role, threshold=entry.threshold, holders=holders)
            continue
        yield phrase(
            "calendar-ends",
            role=entry.role,
            version=entry.version,
            day=f"{entry.expires:%Y-%m-%d}",
            days=(entry.expires - now).days,
            what=_to_do(entry, f"{entry.expires - timedelta(days=WARN_DAYS):%Y-%m-%d}", holders),
        )
        yield from (told_missing(waiting) for waiting in entry.waiting if waiting.missing)


def _to_do(entry: Entry, due: str, holders: str) -> str:
    if entry.role in OFFICE:
        return phrase("calendar-office", due=due, holders=holders)
    return phrase("calendar-role", due=due, role=entry.role, threshold=entry.threshold, holders=holders)
