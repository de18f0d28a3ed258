"""The alarm desk: which rows the queue has, and who is called when. Pure: `now` is wall seconds.

A row is a *case*: an alarm and its repeats, a drone request, or all poles that are not heard. A case that
nobody acknowledges calls a second person, then a command.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

JOIN_S = 1800.0  # a repeat within this belongs to its case
LATE_S = 1800.0  # an alarm that comes later than this is shown, and wakes nobody
MOST_MEMBERS = 5000  # then another case begins
MOST_NOTES = 50
MOST_TEXT = 1000
SECOND, COMMAND = 1, 2
OUTAGE = "outage"
ITSELF = "-"  # who ended what ended by itself


class DeskError(Exception):
    """This cannot be done with this case; the text is a code of the board's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """What may become a case or join one. `member`: an incident, a request, or a pole; `at`: wall seconds
    when it came to us; `late`: it happened long before.
    """

    key: str
    kind: str
    member: str
    severity: str
    at: float
    late: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`count`: all that ever joined; `notes`: who, when, what."""

    id: str
    key: str
    kind: str
    severity: str
    opened_at: float
    last_at: float
    late: bool
    count: int
    members: tuple[str, ...]
    facts: Mapping[str, Any]
    level: int = 0
    acknowledged_by: str = ""
    acknowledged_at: float | None = None
    ended_at: float | None = None
    done_by: str = ""
    done_at: float | None = None
    verdict: str = ""
    notes: tuple[tuple[str, float, str], ...] = ()

    @property
    def calls(self) -> bool:
        """Does it wait for somebody? An alarm does also when it is closed again."""
        return not (self.late or self.acknowledged_by or self.done_by)


def heard(cases: Iterable[Case], alarms: Iterable[Alarm]) -> list[Case]:
    """The cases that are new or changed by these alarms. A member that is known changes nothing."""
    cases = list(cases)
    waiting = {case.key: case for case in cases if not case.done_by}
    known = {member for case in cases if case.kind != OUTAGE or not case.done_by for member in case.members}
    changed: dict[str, Case] = {}
    for alarm in alarms:
        if alarm.member in known:
            continue
        known.add(alarm.member)
        case = waiting.get(alarm.key)
        case = _joined(case, alarm) if case is not None and _joins(case, alarm) else _opened(alarm)
        waiting[alarm.key] = changed[case.id] = case
    return list(changed.values())


def _joins(case: Case, alarm: Alarm) -> bool:
    soon = alarm.kind == OUTAGE or alarm.at - case.last_at <= JOIN_S
    return soon and len(case.members) < MOST_MEMBERS


def _opened(alarm: Alarm) -> Case:
    return Case(
        id=f"{alarm.kind} {alarm.member} {int(alarm.at * 1000)}",
        key=alarm.key, kind=alarm.kind, severity=alarm.severity, opened_at=alarm.at, last_at=alarm.at,
        late=alarm.late, count=1, members=(alarm.member,), facts=alarm.facts,
    )  # fmt: skip


def _joined(case: Case, alarm: Alarm) -> Case:
    """What becomes live, or worse, waits for somebody anew: it counts from now."""
    worse = case.severity != "alarm" and alarm.severity == "alarm"
    joined = replace(
        case,
        late=case.late and alarm.late,
        last_at=alarm.at,
        ended_at=None,
        count=case.count + 1,
        members=(*case.members, alarm.member),
        severity="alarm" if worse else case.severity,
    )
    if worse or (case.late and not alarm.late):
        return replace(joined, opened_at=alarm.at, level=0, acknowledged_by="", acknowledged_at=None)
    return joined


def over(case: Case, members: Iterable[str], now: float) -> Case:
    """These members are over. An outage forgets them, and is done with the last one, as a request is with its
    decision; an incident that has closed still wants to be looked at.
    """
    left = tuple(member for member in case.members if member not in set(members))
    if case.kind == "incident":
        return case if left or case.ended_at is not None else replace(case, ended_at=now)
    if left:
        return replace(case, members=left) if len(left) < len(case.members) else case
    return replace(case, ended_at=now, done_by=ITSELF, done_at=now)


def due(case: Case, now: float, escalate_s: tuple[float, float]) -> int:
    """The level that this case has reached; more than `case.level` means: call, and keep the level."""
    if not case.calls or case.severity != "alarm":
        return case.level
    waited = now - case.opened_at
    return max(case.level, sum(waited >= limit for limit in escalate_s))


def at_level(case: Case, level: int) -> Case:
    return replace(case, level=level)


def acknowledged(case: Case, by: str, now: float) -> Case:
    """Somebody looks after it. Raises DeskError where somebody else does already, or it is done."""
    if case.done_by:
        raise DeskError("case-done")
    if case.acknowledged_by and case.acknowledged_by != by:
        raise DeskError("case-taken")
    return case if case.acknowledged_by else replace(case, acknowledged_by=by, acknowledged_at=now)


def noted(case: Case, by: str, now: float, text: str) -> Case:
    """A note, for whoever has the desk next. Raises DeskError."""
    text = text.strip()
    if not 1 <= len(text) <= MOST_TEXT or not text.isprintable():
        raise DeskError("note-invalid")
    return replace(case, notes=(*case.notes, (by, now, text))[-MOST_NOTES:])


def finished(case: Case, by: str, now: float, verdict: str = "") -> Case:
    """Done, with a verdict for an incident: "true", "false", or none. Raises DeskError."""
    if case.done_by:
        raise DeskError("case-done")
    if verdict not in ("", "true", "false") or (verdict and case.kind != "incident"):
        raise DeskError("verdict-invalid")
    taken = case if case.acknowledged_by else acknowledged(case, by, now)
    return replace(taken, done_by=by, done_at=now, verdict=verdict)


def dump(case: Case) -> dict[str, Any]:
    return asdict(case)


def load(document: Mapping[str, Any]) -> Case:
    """What `dump` made, through JSON."""
    lists = {
        "members": tuple(document["members"]),
        "notes": tuple((str(by), float(at), str(text)) for by, at, text in document["notes"]),
    }
    return Case(**{**document, **lists})
