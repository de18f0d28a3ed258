"""Incidents in the making and open: how a condition that is met, and one that is not any more, moves each
through the table of `machine`. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pole_agent.incidents.conditions import is_static, since
from pole_agent.incidents.facts import Closed, Ongoing, Opened
from pole_agent.incidents.following import Following
from pole_agent.incidents.machine import State, Transition, after
from pole_agent.incidents.rules import Incident, Rule, Zone
from pole_agent.incidents.trajectory import Trajectory, thinned
from pole_agent.rule_kinds import GRACE_S, LONGEST_STAY_S
from pole_agent.vocabulary import Point

Key = tuple[str, int]  # rule name, track id (0 for the kinds with one incident per rule)
Change = Opened | Ongoing | Closed


@dataclass(slots=True)
class Case:
    """An incident in the making or open."""

    incident: Incident
    state: State
    since: float  # when the condition began to hold
    met_at: float  # when it held last
    who: tuple[int, ...]  # for whom it held last
    points: list[Point] = field(default_factory=list)  # where the first of them has been until then


class Cases:
    """Of one camera. `new_id` gives identifiers for incidents that open."""

    def __init__(self, following: Following, new_id: Callable[[], str]) -> None:
        self._following, self._new_id = following, new_id
        self._cases: dict[Key, Case] = {}

    def __contains__(self, key: Key) -> bool:
        return key in self._cases

    def adopt(self, adopted: Mapping[int, int]) -> None:
        """Objects have new numbers (before -> now): their incidents go on."""
        for before, now in adopted.items():
            for rule, _ in [key for key in self._cases if key[1] == before]:
                self._cases[rule, now] = self._cases.pop((rule, before))

    def skip(self, gap_s: float) -> None:
        """Nobody looked for so long: that does not count as time that somebody stayed."""
        for case in self._cases.values():
            case.since += gap_s

    def met(
        self, key: Key, rule: Rule, there: Sequence[Trajectory], direction: str, now: float
    ) -> list[Change]:
        """The condition of a rule holds, for those who are `there`."""
        case = self._cases.get(key)
        seen = max(w.track.last_seen for w in there)
        first = there[0]
        if case is None:
            incident = Incident("", rule, now, seen, first.track.label, (), 0, (), direction)
            case = self._cases[key] = Case(incident, "forming", since(rule, there, now), now, ())
        old = case.incident
        ids = tuple(dict.fromkeys((*old.track_ids, *(w.track.track_id for w in there))))[:8]
        case.incident = replace(
            old,
            last_seen_at=max(old.last_seen_at, seen),
            track_ids=ids,
            peak=max(old.peak, len(there)),
            score=max(old.score, *(w.track.score for w in there)),
        )
        case.who, case.points = tuple(w.track.track_id for w in there), first.points
        if case.state == "forming" and now - case.since >= rule.dwell_s - 1e-6:
            first.alerted.add(rule.name)
            return self._move(key, case, "matured", now)
        return self._move(key, case, "met", now)

    def age(self, active: frozenset[str], now: float, reason: str) -> list[Change]:
        """Let go of what does not hold any more. `reason` is that of those who are not seen any more."""
        facts: list[Change] = []
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

    def stop(self, now: float, reason: str) -> list[Change]:
        """Close everything."""
        return [
            change
            for key, case in list(self._cases.items())
            for change in self._move(key, case, "ended", now, reason)
        ]

    def _hidden(self, case: Case) -> bool:
        """Is somebody of the incident out of sight, and would be known again?"""
        place = case.incident.rule.place
        return isinstance(place, Zone) and any(
            place.name in trajectory.entered for trajectory in self._following.hidden(case.who)
        )

    def _settled(self, key: Key, case: Case, now: float) -> bool:
        """Are those of the incident still there, but have become part of the street?"""
        present = self._following.present
        trajectories = [present[n] for n in case.incident.track_ids if n in present]
        return bool(trajectories) and all(
            is_static(w, now) if key[1] == 0 else w.stood(now) > case.incident.rule.dwell_s + LONGEST_STAY_S
            for w in trajectories
        )

    def _move(
        self, key: Key, case: Case, transition: Transition, now: float, reason: str = ""
    ) -> list[Change]:
        was = case.state
        case.state = after(was, transition)
        if transition in ("met", "matured"):
            case.met_at = now
        if case.state == "closed":
            del self._cases[key]
            ended = replace(case.incident, end_reason=reason, path=thinned(case.points))
            return [] if was == "forming" else [Closed(ended)]
        if transition == "matured":
            case.incident = replace(
                case.incident,
                incident_id=self._new_id(),
                opened_at=now,
                since=case.since,
                path=thinned(case.points),
            )
            return [Opened(case.incident), Ongoing(case.incident)]
        return [Ongoing(case.incident)] if transition == "met" and case.state == "open" else []
