"""Tracks -> facts: which incidents opened, go on, or closed. Pure; time and identifiers are arguments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pole_agent.incidents.facts import Closed, Noticed, Ongoing, Opened, Summarized
from pole_agent.incidents.machine import State, Transition, after
from pole_agent.incidents.rules import Incident, Line, Rule, Zone
from pole_agent.incidents.traffic import Traffic
from pole_agent.incidents.trajectory import StaticObjects, Trajectory
from pole_agent.rule_kinds import GRACE_S, LONGEST_STAY_S, Seen
from pole_agent.vocabulary import Track

# What has been standing for this long is part of the street: it holds no presence, and keeps no lamp raised.
STATIC_S = {"person": 900.0}
OTHER_STATIC_S = 60.0
Key = tuple[str, int]  # rule name, track id (0 for the kinds with one incident per rule)


Fact = Noticed | Opened | Ongoing | Closed | Summarized


@dataclass(slots=True)
class Case:
    """An incident in the making or open."""

    incident: Incident
    state: State
    since: float  # when the condition began to hold
    met_at: float  # when it held last
    who: tuple[int, ...]  # for whom it held last


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
        watched = {r.place.name: r.place for r in rules if isinstance(r.place, Zone)}
        self._watched = list((watched | {z.name: z for z in self._zones}).values())
        self._new_id = new_id
        self._trajectories: dict[int, Trajectory] = {}
        self._present: dict[int, Trajectory] = {}  # those reported at this frame
        self._static = StaticObjects()
        self._cases: dict[Key, Case] = {}
        self._traffic = Traffic(now)
        self._aspect: float  # of the picture at this step
        self._active: frozenset[str] = frozenset()

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Objects in sight now: zone -> class -> count."""
        return {
            zone.name: dict(Counter(w.track.label for w in self._present.values() if zone.name in w.entered))
            for zone in self._zones
        }

    def step(
        self,
        tracks: Sequence[Track],
        active: frozenset[str],
        now: float,
        tentative: Sequence[Track] = (),
        remembered: Collection[int] = (),
        aspect: float = 1.0,
        *,
        blind: bool = False,
    ) -> list[Fact]:
        """Judge one frame. `active` names the rules that are on at this time of day; `tentative` may become
        tracks.

        `remembered`: the numbers of those that the tracker would know again, in sight or not. Their life goes
        on. `aspect`: the width of the picture over its height, so that distances in it are true. `blind`:
        there is no frame, only time has passed.
        """
        self._aspect, self._active = aspect, active
        here = {track.track_id for track in tracks}
        self._present, crossings = {}, {}
        for track in tracks:
            self._present[track.track_id], crossings[track.track_id] = self._follow(track, here, now)
        over = self._over(remembered)
        crossings |= {
            number: self._cross(trajectory, trajectory.last_crossings())
            for number, trajectory in over.items()
        }
        facts: list[Fact] = []
        for rule in self._rules:
            if rule.name in active:
                facts += self._apply(rule, over, crossings, tentative, now)
        facts += self._age(active, now, "interrupted" if blind else "gone")
        self._traffic.inside(self.counts, now)
        if self._traffic.due(now):
            facts += self._summary(now)
        return facts

    def skip(self, since: float, now: float) -> None:
        """Nobody looked from `since` to `now`.

        That does not count as time that somebody stayed or stood, for nobody knows.
        """
        gap_s = now - since
        for trajectory in self._trajectories.values():
            trajectory.skip(gap_s)
        for case in self._cases.values():
            case.since += gap_s
        self._static.skip(gap_s)
        self._traffic.skip(now)

    def stop(self, reason: str, now: float) -> list[Fact]:
        """Close everything: the clip or the agent ends. The summary so far is given too."""
        self._present = {}
        over = self._over(())
        crossings = {
            number: self._cross(trajectory, trajectory.last_crossings())
            for number, trajectory in over.items()
        }
        facts = [
            f
            for rule in self._rules
            if rule.name in self._active
            for f in self._apply(rule, over, crossings, (), now)
        ]
        for key, case in list(self._cases.items()):
            facts += self._move(key, case, "ended", now, reason)
        return facts + self._summary(now)

    def _summary(self, now: float) -> list[Fact]:
        data = self._traffic.summary(self._camera, now)
        return [Summarized(data)] if data else []

    def _follow(
        self, track: Track, here: Collection[int], now: float
    ) -> tuple[Trajectory, Mapping[str, int]]:
        """Its trajectory, and the lines crossed since the last step: for a new one, also before it was sure
        to be there.

        `here`: the numbers of all who are reported.
        """
        crossed: dict[str, int] = {}
        through: set[str] = set()
        for seen in track.earlier:
            trajectory = self._trajectory(
                replace(track, box=seen.box, last_seen=seen.at, seen_now=True, earlier=()), here, seen.at
            )
            crossed.update(self._count(trajectory, seen.at))
            through.update(trajectory.entered)
        trajectory = self._trajectory(track, here, now)
        trajectory.through = through
        return trajectory, {**crossed, **self._count(trajectory, now)}

    def _trajectory(self, track: Track, here: Collection[int], now: float) -> Trajectory:
        """The trajectory of this track, brought up to date."""
        trajectory = self._trajectories.get(track.track_id) or self._adopt(track, here)
        if trajectory is None:
            trajectory = self._trajectories[track.track_id] = Trajectory(track, self._lines)
            self._static.claim(trajectory)
        else:
            trajectory.step(track, now, self._aspect)
        return trajectory

    def _adopt(self, track: Track, here: Collection[int]) -> Trajectory | None:
        """What stood here and is out of sight is found again, under a new number: its trajectory and its
        incidents go on.
        """
        for number, trajectory in self._trajectories.items():
            if number not in here and trajectory.settled and trajectory.is_place_of(track):
                for rule, _ in [key for key in self._cases if key[1] == number]:
                    self._cases[rule, track.track_id] = self._cases.pop((rule, number))
                self._trajectories[track.track_id] = self._trajectories.pop(number)
                return trajectory
        return None

    def _stood_before(self, candidate: Track) -> bool:
        """Is it a part of the street that is found again?"""
        hidden = [
            w for n, w in self._trajectories.items() if n not in self._present and w.is_place_of(candidate)
        ]
        return any(_is_static(w, w.track.last_seen) for w in (*hidden, *self._static.at(candidate)))

    def _count(self, trajectory: Trajectory, now: float) -> Mapping[str, int]:
        """Feed the traffic counts; return the lines crossed at this step."""
        counted = {zone.name for zone in self._zones}
        for zone in self._watched:
            since = trajectory.entered.get(zone.name)
            stayed = trajectory.stay(zone, now, self._aspect)
            if zone.name not in counted:
                continue
            if stayed is not None and zone.name not in trajectory.visited:
                trajectory.visited.add(zone.name)  # a foot that trembles on the edge comes in once
                self._traffic.enter(zone.name, trajectory)
            elif stayed is None and since is not None:
                self._traffic.leave(zone.name, now - since)
        return self._cross(trajectory, trajectory.crossings(now, self._aspect))

    def _cross(self, trajectory: Trajectory, crossed: Mapping[str, int]) -> Mapping[str, int]:
        for name, way in crossed.items():
            self._traffic.cross(name, way, trajectory)
        return crossed

    def _over(self, remembered: Collection[int]) -> dict[int, Trajectory]:
        """Drop the trajectories of those whom the tracker has forgotten, and return them.

        One who stood is remembered by its place.
        """
        counted = {zone.name for zone in self._zones}
        over: dict[int, Trajectory] = {}
        for number, trajectory in list(self._trajectories.items()):
            if number in self._present or number in remembered:
                continue
            over[number] = self._trajectories.pop(number)
            seen = trajectory.track.last_seen
            if trajectory.settled:
                self._static.leave(trajectory)
            for name, since in trajectory.entered.items():
                if name in counted:
                    self._traffic.leave(name, seen - since)
        return over

    def _apply(
        self,
        rule: Rule,
        over: Mapping[int, Trajectory],
        crossings: Mapping[int, Mapping[str, int]],
        tentative: Sequence[Track],
        now: float,
    ) -> Iterable[Fact]:
        """What the rule says of those who are here; of those whose time is `over`, only that they crossed its
        line.
        """
        kind, at_line = rule.of_kind, rule.of_kind.on_line
        fitting = [
            w for w in (*self._present.values(), *(over.values() if at_line else ())) if rule.fits(w.track)
        ]
        there = [w for w in fitting if self._meets(rule, w, crossings[w.track.track_id], now)]
        if kind.per_rule:
            if len(there) >= rule.count:
                return self._met((rule.name, 0), rule, there, "", now)
            coming = [w.foot for w in fitting if not _is_static(w, now)] + [
                g.box.foot for g in tentative if rule.fits(g) and not self._stood_before(g)
            ]
            noticed = kind.early and isinstance(rule.place, Zone) and any(map(rule.place.holds, coming))
            return [Noticed(rule)] if noticed else []
        facts: list[Fact] = []
        for trajectory in there:
            number = trajectory.track.track_id
            direction = {1: "forward", -1: "backward"}[crossings[number][rule.place.name]] if at_line else ""
            facts += self._met((rule.name, number), rule, [trajectory], direction, now)
        return facts

    def _meets(self, rule: Rule, trajectory: Trajectory, crossed: Mapping[str, int], now: float) -> bool:
        """Does this track fulfil the condition of the rule at this frame?"""
        if isinstance(rule.place, Line):
            way = crossed.get(rule.place.name, 0)
            return way != 0 and (rule.direction == "any" or way == (1 if rule.direction == "forward" else -1))
        kind, name = rule.of_kind, rule.place.name
        if name not in trajectory.entered and not (kind.early and name in trajectory.through):
            return False
        told = rule.name in trajectory.alerted and (rule.name, trajectory.track.track_id) not in self._cases
        return kind.meets(
            Seen(
                stood_s=trajectory.stood(now),
                dwell_s=rule.dwell_s,
                static=_is_static(trajectory, now),
                told=told,
            )
        )

    def _met(
        self, key: Key, rule: Rule, there: Sequence[Trajectory], direction: str, now: float
    ) -> list[Fact]:
        case = self._cases.get(key)
        seen = max(w.track.last_seen for w in there)
        first = there[0]
        if case is None:
            incident = Incident("", rule, now, seen, first.track.label, (), 0, (), direction)
            case = self._cases[key] = Case(incident, "forming", _since(rule, there, now), now, ())
        old = case.incident
        ids = tuple(dict.fromkeys((*old.track_ids, *(w.track.track_id for w in there))))[:8]
        case.incident = replace(
            old,
            last_seen_at=max(old.last_seen_at, seen),
            track_ids=ids,
            peak=max(old.peak, len(there)),
            path=first.path(),
            score=max(old.score, *(w.track.score for w in there)),
        )
        case.who = tuple(w.track.track_id for w in there)
        if case.state == "forming" and now - case.since >= rule.dwell_s - 1e-6:
            first.alerted.add(rule.name)
            return self._move(key, case, "matured", now)
        return self._move(key, case, "met", now)

    def _age(self, active: frozenset[str], now: float, reason: str) -> list[Fact]:
        """Let go of what does not hold any more. `reason` is that of those who are not seen any more."""
        facts: list[Fact] = []
        for key, case in list(self._cases.items()):
            gone = now - case.incident.last_seen_at > GRACE_S and not self._hidden(case)
            if key[0] not in active:
                facts += self._move(key, case, "ended", now, "inactive")
            elif case.state == "closing" and self._settled(key, case, now):
                facts += self._move(key, case, "ended", now, "settled")
            elif case.state == "closing" and gone:
                facts += self._move(key, case, "expired", now, reason)
            elif case.met_at != now and (case.state == "open" or gone):
                facts += self._move(key, case, "lost", now)
        return facts

    def _hidden(self, case: Case) -> bool:
        """Is somebody of the incident out of sight, and would be known again?"""
        place = case.incident.rule.place
        trajectories = [
            self._trajectories[n] for n in case.who if n in self._trajectories and n not in self._present
        ]
        return isinstance(place, Zone) and any(
            place.name in trajectory.entered for trajectory in trajectories
        )

    def _settled(self, key: Key, case: Case, now: float) -> bool:
        """Are those of the incident still there, but have become part of the street?"""
        trajectories = [self._present[n] for n in case.incident.track_ids if n in self._present]
        return bool(trajectories) and all(
            _is_static(w, now) if key[1] == 0 else w.stood(now) > case.incident.rule.dwell_s + LONGEST_STAY_S
            for w in trajectories
        )

    def _move(self, key: Key, case: Case, transition: Transition, now: float, reason: str = "") -> list[Fact]:
        was = case.state
        case.state = after(was, transition)
        if transition in ("met", "matured"):
            case.met_at = now
        if case.state == "closed":
            del self._cases[key]
            return [] if was == "forming" else [Closed(replace(case.incident, end_reason=reason))]
        if transition == "matured":
            case.incident = replace(
                case.incident, incident_id=self._new_id(), opened_at=now, since=case.since
            )
            return [Opened(case.incident), Ongoing(case.incident)]
        return [Ongoing(case.incident)] if transition == "met" and case.state == "open" else []


def _since(rule: Rule, there: Sequence[Trajectory], now: float) -> float:
    """When the condition began to hold. Who is new to us may have been there before it was sure."""
    if rule.of_kind.from_standstill:
        return there[0].still_since
    place = rule.place.name
    if rule.of_kind.per_rule:
        return sorted(w.entered.get(place, now) if w.track.earlier else now for w in there)[rule.count - 1]
    return there[0].entered.get(place, now)


def _is_static(trajectory: Trajectory, now: float) -> bool:
    return trajectory.stood(now) > STATIC_S.get(trajectory.track.label, OTHER_STATIC_S)
