"""Try rules before they count: what would they have done in the last days? The judge of the pole goes once
more over what its cameras saw (storage.trajectory_days; no picture is kept, and none is needed).

pole-agent rehearse --config new.toml               the last seven days, beside today's rules
pole-agent rehearse --config new.toml --since 36h   or since a date: --since 2026-11-20
pole-agent rehearse --config new.toml --list        each alarm with its time
pole-agent rehearse                                 today's rules alone

For each rule: how often it would have alarmed, when, and for what; beside that, what today's rules do with
the same street. For the lamp: in which hours presence raises it, for how many minutes, and the energy.
Overrides, sensors and fades are left out. Nothing is changed, on the pole or in a file.

Exit code 0, 1 where no trajectories are kept, 2 for a configuration that cannot be used.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from pole_agent import compose
from pole_agent.almanac import rfc3339
from pole_agent.console import kept
from pole_agent.console.speech import say
from pole_agent.errors import PoleAgentError
from pole_agent.incidents.rules import Rule
from pole_agent.languages import phrase
from pole_agent.rehearsal.light import Light, light
from pole_agent.rehearsal.reel import Coverage
from pole_agent.rehearsal.rehearse import Part, rehearse
from pole_agent.rehearsal.replay import Alarm, Outcome
from pole_agent.rule_kinds import named
from pole_agent.settings import DEFAULT_PATH, Settings
from pole_agent.settings.load import load, load_or_last_good

HELP = "try rules on what the pole saw in the last days"
DAY_S = 86_400.0
LEAST_WH = 0.05  # less is no difference


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        type=Path,
        default=DEFAULT_PATH,
        metavar="F",
        help=f"the rules to try; default: {DEFAULT_PATH}",
    )
    parser.add_argument(
        "--beside",
        type=Path,
        default=DEFAULT_PATH,
        metavar="F",
        help=f"the rules of today; default: {DEFAULT_PATH}",
    )
    parser.add_argument("--list", action="store_true", help="each alarm with its time, class and way")
    kept.arguments(parser)


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


def run(arguments: argparse.Namespace) -> int:
    new = load(arguments.config).settings
    today = _today(arguments, new)
    found = _rehearsed(arguments, new, today)
    zone = new.pole.place.zone
    if arguments.json:
        print(json.dumps(document(found), ensure_ascii=False))
        return 0
    for line in _told(found, zone, arguments):
        say(arguments, line)
    return 0


def _today(arguments: argparse.Namespace, new: Settings) -> Settings | None:
    """The configuration to compare with; None where it is the same, or there is none."""
    if arguments.beside == arguments.config or (
        arguments.beside == DEFAULT_PATH and not DEFAULT_PATH.exists()
    ):
        return None
    settings = load_or_last_good(arguments.beside).settings
    return None if settings == new else settings


def _rehearsed(arguments: argparse.Namespace, new: Settings, today: Settings | None) -> Rehearsal:
    folder = arguments.state_dir or (today or new).storage.state_dir
    coverage: dict[str, Coverage] = {}
    tried: list[Tried] = []
    for camera in new.cameras:
        files = kept.kept(folder, today or new, camera.name)
        start = kept.since(arguments.since, new.pole.place.zone, files)
        ours = compose.rules_of(new, camera.name)
        known = [c.name for c in today.cameras] if today else []
        theirs = compose.rules_of(today, camera.name) if today and camera.name in known else []
        different = [*ours, *(rule for rule in theirs if rule not in ours)]
        part = Part(camera=camera.name, rules=tuple(different), place=new.pole.place, since=start)
        result = rehearse(part, kept.wanted(files, start), kept.progress(arguments.lang))
        outcomes = list(zip(different, result.rules, strict=True))
        coverage[camera.name] = result.coverage
        for rule, outcome in outcomes:
            before = next((o for r, o in outcomes if r in theirs and r.name == rule.name), None)
            if rule in ours:
                tried.append(Tried(camera=camera.name, rule=rule, new=outcome, today=before))
            elif rule.name not in {r.name for r in ours}:
                tried.append(Tried(camera=camera.name, rule=rule, new=None, today=outcome))
    since = min((c.since for c in coverage.values() if c.since is not None), default=None)
    until = max((c.until for c in coverage.values() if c.until is not None), default=None)
    if since is None or until is None:
        raise PoleAgentError(phrase("trajectories-not-since", since=arguments.since))
    return Rehearsal(
        since=since,
        until=until,
        coverage=coverage,
        tried=tried,
        new=light(compose.configuration_of(new), _boosts(t.new for t in tried), since, until),
        today=None
        if today is None
        else light(compose.configuration_of(today), _boosts(t.today for t in tried), since, until),
    )


def _boosts(outcomes: Iterator[Outcome | None]) -> list[tuple[float, float, float]]:
    return [boost for outcome in outcomes if outcome is not None for boost in outcome.boosts]


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


def _told(found: Rehearsal, zone: tzinfo, arguments: argparse.Namespace) -> Iterator[str]:
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
