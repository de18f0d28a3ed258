"""Tracks -> facts: which incidents opened, go on, or closed. Pure; time and identifiers are arguments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from pole_agent.incidents.machine import Happening, State, after
from pole_agent.incidents.rules import ON_LINE, PER_RULE, Incident, Line, Rule, Zone
from pole_agent.incidents.traffic import Traffic
from pole_agent.incidents.walk import Walk
from pole_agent.vocabulary import Track

GRACE_S = 2.0  # an object may be hidden this long before its incident closes
Key = tuple[str, int]  # rule name, track id (0 for the kinds with one incident per rule)


@dataclass(frozen=True, slots=True)
class Opened:
    incident: Incident


@dataclass(frozen=True, slots=True)
class Ongoing:
    """The condition holds at this frame."""

    incident: Incident


@dataclass(frozen=True, slots=True)
class Closed:
    incident: Incident


@dataclass(frozen=True, slots=True)
class Summarized:
    data: dict[str, object]


Fact = Opened | Ongoing | Closed | Summarized


@dataclass(slots=True)
class Case:
    """An incident in the making or open."""

    incident: Incident
    state: State
    since: float  # when the condition began to hold
    met_at: float = -1.0  # when it held last


class Judge:
    """Judges the tracks of one camera by its rules."""

    def __init__(
        self,
        camera: str,
        rules: Sequence[Rule],
        zones: Sequence[Zone],
        lines: Sequence[Line],
        new_id: Callable[[], str],
        now: float,
    ) -> None:
        self._camera, self._rules, self._lines = camera, rules, lines
        self._zones = list(zones) or [Zone("frame")]
        self._new_id = new_id
        self._walks: dict[int, Walk] = {}
        self._cases: dict[Key, Case] = {}
        self._traffic = Traffic(now)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Objects in sight now: zone -> class -> count."""
        return {zone.name: dict(Counter(w.track.label for w in self._walks.values() if zone.name in w.entered)) for zone in self._zones}

    def step(self, tracks: Sequence[Track], active: frozenset[str], now: float) -> list[Fact]:
        """Judge one frame. `active` names the rules that are on at this time of day."""
        facts: list[Fact] = []
        crossings: dict[int, dict[str, int]] = {}
        for track in tracks:
            walk = self._walks.get(track.track_id)
            if walk is None:
                walk = self._walks[track.track_id] = Walk(track)
                before = walk.foot
            else:
                before = walk.step(track, now)
            crossings[track.track_id] = self._count(walk, before, now)
        gone = self._walks.keys() - {t.track_id for t in tracks}
        for rule in self._rules:
            if rule.name in active:
                facts += self._apply(rule, tracks, crossings, now)
        facts += self._age(active, now)
        for track_id in gone:
            self._forget(track_id, now)
        for zone in self._zones:
            self._traffic.inside(zone.name, Counter(w.track.label for w in self._walks.values() if zone.name in w.entered))
        if self._traffic.due(now):
            facts += self._summary(now)
        return facts

    def stop(self, reason: str, now: float) -> list[Fact]:
        """Close everything: the camera went blind or the agent stops. The summary so far is given too."""
        facts: list[Fact] = []
        for key, case in list(self._cases.items()):
            facts += self._move(key, case, "ended", now, reason)
        for track_id in list(self._walks):
            self._forget(track_id, now)
        return facts + self._summary(now)

    def _summary(self, now: float) -> list[Fact]:
        data = self._traffic.summary(self._camera, now)
        return [Summarized(data)] if data else []

    def _count(self, walk: Walk, before: tuple[float, float], now: float) -> dict[str, int]:
        """Feed the traffic counts; return the lines crossed at this step."""
        label = walk.track.label
        for zone in self._zones:
            was, since = zone.name in walk.entered, walk.entered.get(zone.name, now)
            stayed = walk.stay(zone, now)
            if stayed is not None and zone.name not in walk.visited:
                walk.visited.add(zone.name)  # a foot that trembles on the edge comes in once
                self._traffic.enter(zone.name, label)
            elif stayed is None and was:
                self._traffic.leave(zone.name, now - since)
        ways = {line.name: walk.crossing(line, before, now) for line in self._lines}
        crossed = {name: way for name, way in ways.items() if way}
        for name, way in crossed.items():
            self._traffic.cross(name, way, label)
        return crossed

    def _forget(self, track_id: int, now: float) -> None:
        walk = self._walks.pop(track_id)
        for name, since in walk.entered.items():
            self._traffic.leave(name, walk.track.last_seen - since)

    def _apply(self, rule: Rule, tracks: Sequence[Track], crossings: dict[int, dict[str, int]], now: float) -> Iterable[Fact]:
        there = [t for t in tracks if t.label in rule.classes and self._meets(rule, t, crossings[t.track_id], now)]
        if rule.kind in PER_RULE:
            if len(there) >= rule.count:
                return self._met((rule.name, 0), rule, there, "", now)
            return []
        facts: list[Fact] = []
        for track in there:
            way = crossings[track.track_id].get(rule.place.name, 0)
            direction = {1: "forward", -1: "backward"}.get(way, "") if rule.kind in ON_LINE else ""
            facts += self._met((rule.name, track.track_id), rule, [track], direction, now)
        return facts

    def _meets(self, rule: Rule, track: Track, crossed: dict[str, int], now: float) -> bool:
        """Does this track fulfil the condition of the rule at this frame?"""
        if isinstance(rule.place, Line):
            way = crossed.get(rule.place.name, 0)
            return way != 0 and (rule.direction == "any" or way == (1 if rule.direction == "forward" else -1))
        walk = self._walks[track.track_id]
        if not rule.place.holds(walk.foot):
            return False
        return rule.kind != "stopped" or now - walk.still_since > GRACE_S

    def _met(self, key: Key, rule: Rule, there: list[Track], direction: str, now: float) -> list[Fact]:
        case = self._cases.get(key)
        seen = max(t.last_seen for t in there)
        if case is None:
            first = there[0]
            since = self._walks[first.track_id].still_since if rule.kind == "stopped" else now
            incident = Incident("", rule, now, seen, first.label, (), 0, (), direction)
            case = self._cases[key] = Case(incident, "forming", since)
        old = case.incident
        ids = tuple(dict.fromkeys((*old.track_ids, *(t.track_id for t in there))))[:8]
        case.incident = replace(
            old,
            last_seen_at=max(old.last_seen_at, seen),
            track_ids=ids,
            peak=max(old.peak, len(there)),
            path=self._walks[there[0].track_id].path(),
        )
        if case.state == "forming" and now - case.since >= rule.dwell_s:
            return self._move(key, case, "matured", now)
        return self._move(key, case, "met", now)

    def _age(self, active: frozenset[str], now: float) -> list[Fact]:
        """Let go of what does not hold any more."""
        facts: list[Fact] = []
        for key, case in list(self._cases.items()):
            missing = now - case.incident.last_seen_at
            if key[0] not in active:
                facts += self._move(key, case, "ended", now, "inactive")
            elif case.state == "closing" and missing > GRACE_S:
                facts += self._move(key, case, "expired", now, "gone")
            elif case.met_at != now and (case.state == "open" or missing > GRACE_S):
                facts += self._move(key, case, "lost", now)
        return facts

    def _move(self, key: Key, case: Case, happening: Happening, now: float, reason: str = "") -> list[Fact]:
        was = case.state
        case.state = after(was, happening)
        if happening in ("met", "matured"):
            case.met_at = now
        if case.state == "closed":
            del self._cases[key]
            return [] if was == "forming" else [Closed(replace(case.incident, end_reason=reason))]
        if happening == "matured":
            case.incident = replace(case.incident, incident_id=self._new_id(), opened_at=now)
            return [Opened(case.incident), Ongoing(case.incident)]
        return [Ongoing(case.incident)] if happening == "met" and case.state == "open" else []
