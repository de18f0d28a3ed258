"""What a rehearsal has found, in words and as JSON."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from pole_agent.almanac import rfc3339
from pole_agent.console import kept
from pole_agent.incidents.rules import Rule
from pole_agent.languages import phrase
from pole_agent.rehearsal.light import Light
from pole_agent.rehearsal.reel import Coverage
from pole_agent.rehearsal.replay import Alarm, Outcome
from pole_agent.rule_kinds import named
from pole_agent.settings.advice import OPERATOR_ALARMS_PER_H
from pole_agent.vocabulary import Severity

HOUR_S, DAY_S = 3600.0, 86_400.0
LEAST_WH = 0.05  # less is no difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One rule of one camera, and what it did; `today`: as it is configured now, if it is."""

    camera: str
    rule: Rule
    new: Outcome | None
    today: Outcome | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """`since`, `until`: wall times. Light with the new rules, and with those of today."""

    since: float
    until: float
    coverage: dict[str, Coverage]
    tried: list[Tried]
    new: Light
    today: Light | None

    @property
    def days(self) -> float:
        return max(1e-9, max(c.watched_s for c in self.coverage.values()) / DAY_S)

    def busiest(self) -> tuple[float, int] | None:
        """The hour with most alarms that would have been told: when it begins, and how many."""
        hours = Counter(
            alarm.at // HOUR_S * HOUR_S
            for tried in self.tried
            if tried.new is not None and tried.rule.severity is Severity.ALARM
            for alarm in tried.new.alarms
            if not alarm.muted
        )
        return max(hours.items(), key=lambda hour: hour[1], default=None)


def document(found: Rehearsal) -> dict[str, Any]:
    """The rehearsal as JSON."""

    def outcome(done: Outcome | None) -> dict[str, Any] | None:
        return (
            None
            if done is None
            else {
                "alarms": len(done.alarms),
                "a_day": round(len(done.alarms) / found.days, 2),
                "beyond_limit": sum(a.muted for a in done.alarms),
                "drone_requests": sum(a.drone for a in done.alarms),
                "list": [_entry(alarm) for alarm in done.alarms],
            }
        )

    busiest = found.busiest()
    return {
        "since": rfc3339(found.since),
        "until": rfc3339(found.until),
        "cameras": [
            {
                "name": name,
                "watched_h": round(c.watched_s / 3600, 2),
                "lost_bytes": c.lost_bytes,
                "breaks": c.breaks,
            }
            for name, c in found.coverage.items()
        ],
        "rules": [
            {
                "name": t.rule.name,
                "camera": t.camera,
                "kind": t.rule.kind,
                "place": t.rule.place.name,
                "severity": t.rule.severity.word,
                "new": outcome(t.new),
                "today": outcome(t.today),
            }
            for t in found.tried
        ],
        "busiest_hour": busiest and {"at": rfc3339(busiest[0]), "alarms": busiest[1]},
        "lamp": {
            "new": _light_document(found.new),
            "today": None if found.today is None else _light_document(found.today),
        },
    }


def _entry(alarm: Alarm) -> dict[str, Any]:
    way = {"direction": alarm.direction} if alarm.direction else {}
    return {"at": rfc3339(alarm.at), "class": alarm.label, **way, "beyond_limit": alarm.muted}


def _light_document(done: Light) -> dict[str, Any]:
    return {
        "energy_wh": round(sum(done.energy_wh.values()), 1),
        "hours": [
            {
                "hour": hour,
                "raised_min": round(done.raised_min[hour], 1),
                "energy_wh": round(done.energy_wh[hour], 1),
            }
            for hour in range(24)
        ],
    }


def told(found: Rehearsal, zone: tzinfo, arguments: argparse.Namespace) -> Iterator[str]:
    """The rehearsal for people, line by line."""
    for camera, coverage in found.coverage.items():
        yield phrase(
            "rehearsal-of",
            camera=camera,
            since=_day(found.since, zone),
            until=_day(found.until, zone),
            hours=f"{coverage.watched_s / 3600:.1f}",
        )
        if coverage.breaks or coverage.lost_bytes:
            yield phrase("rehearsal-gaps", breaks=coverage.breaks, bytes=coverage.lost_bytes)
    for tried in found.tried:
        yield from _of_rule(tried, found.days, zone, arguments)
    busiest = found.busiest()
    if busiest is not None and busiest[1] > OPERATOR_ALARMS_PER_H:
        yield ""
        hour = _day(busiest[0], zone)
        yield phrase("rehearsal-many-alarms", count=busiest[1], hour=hour, share=OPERATOR_ALARMS_PER_H)
    yield from _of_light(found)


def _of_rule(tried: Tried, days: float, zone: tzinfo, arguments: argparse.Namespace) -> Iterator[str]:
    kind = named(tried.rule.kind, arguments.lang)
    place = tried.rule.place.name
    alarms = tried.new.alarms if tried.new else []
    before = phrase("not-configured") if tried.today is None else str(len(tried.today.alarms))
    new = phrase("not-configured") if tried.new is None else f"{len(alarms)}"
    yield ""
    yield phrase(
        "rehearsal-rule",
        rule=tried.rule.name,
        kind=kind,
        place=place,
        new=new,
        a_day=f"{len(alarms) / days:.1f}",
        today=before,
    )
    if muted := sum(alarm.muted for alarm in alarms):
        yield phrase("rehearsal-muted", count=muted, most=tried.rule.max_alarms_per_h)
    if alarms:
        labels = Counter(named(alarm.label, arguments.lang) for alarm in alarms)
        yield "  " + ", ".join(f"{label} {count}" for label, count in labels.most_common())
        hours = Counter(datetime.fromtimestamp(alarm.at, zone).hour for alarm in alarms)
        for hour in range(24):
            if hours[hour]:
                yield f"  {hour:02}:00 {hours[hour]:>6} {kept.bar(hours[hour], max(hours.values()))}"
    if arguments.list:
        yield from (f"  {_entry_line(alarm, zone, arguments.lang)}" for alarm in alarms)


def _entry_line(alarm: Alarm, zone: tzinfo, language: str) -> str:
    at = datetime.fromtimestamp(alarm.at, zone).strftime("%Y-%m-%d %H:%M:%S")
    return f"{at} {named(alarm.label, language)} {alarm.direction}{' *' if alarm.muted else ''}".rstrip()


def _of_light(found: Rehearsal) -> Iterator[str]:
    """The hours in which the lamp is raised, and the energy."""
    today = found.today or found.new
    hours = [
        hour
        for hour in (*range(12, 24), *range(12))
        if found.new.raised_min[hour]
        or today.raised_min[hour]
        or abs(found.new.energy_wh[hour] - today.energy_wh[hour]) >= LEAST_WH
    ]
    total, before = sum(found.new.energy_wh.values()), sum(today.energy_wh.values())
    yield ""
    yield phrase("rehearsal-light", new=f"{total:.0f}", today=f"{before:.0f}", more=f"{total - before:+.0f}")
    for hour in hours:
        yield phrase(
            "rehearsal-light-hour",
            hour=f"{hour:02}:00",
            new=f"{found.new.raised_min[hour]:.0f}",
            today=f"{today.raised_min[hour]:.0f}",
            more=f"{found.new.energy_wh[hour] - today.energy_wh[hour]:+.1f}",
        )


def _day(wall: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(wall, zone).strftime("%Y-%m-%d %H:%M")
