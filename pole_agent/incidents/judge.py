"""Tracks -> facts: which incidents opened, go on, or closed. Pure; time and identifiers are arguments.

`following` knows who is there and what became of whom, `conditions` what a rule asks, `cases` what follows
for the incidents.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from pole_agent.incidents.cases import Cases
from pole_agent.incidents.conditions import is_static, meets
from pole_agent.incidents.facts import Closed, Noticed, Ongoing, Opened, Summarized
from pole_agent.incidents.following import Following
from pole_agent.incidents.rules import Line, Rule, Zone
from pole_agent.incidents.trajectory import Trajectory
from pole_agent.vocabulary import Track

Fact = Noticed | Opened | Ongoing | Closed | Summarized


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
        *,
        counts: bool = True,
    ) -> None:
        """`counts`: who is in the zones is counted; else only the rules are judged."""
        self._camera, self._rules = camera, rules
        self._zones = (list(zones) or [Zone("frame")]) if counts else []
        watched = {r.place.name: r.place for r in rules if isinstance(r.place, Zone)}
        watched |= {z.name: z for z in self._zones}
        self._following = Following(self._zones, list(watched.values()), lines, now)
        self._cases = Cases(self._following, new_id)
        self._active: frozenset[str] = frozenset()

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Objects in sight now: zone -> class -> count."""
        return {zone.name: self._following.counts(zone) for zone in self._zones}

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
        self._active = active
        self._following.step(tracks, remembered, aspect, now)
        self._cases.adopt(self._following.adopted)
        facts = self._judge(tentative, now)
        facts += self._cases.age(active, now, "interrupted" if blind else "gone")
        traffic = self._following.traffic
        traffic.inside(self.counts, now)
        if traffic.due(now):
            facts += self._summary(now)
        return facts

    def skip(self, since: float, now: float) -> None:
        """Nobody looked from `since` to `now`.

        That does not count as time that somebody stayed or stood, for nobody knows.
        """
        self._following.skip(since, now)
        self._cases.skip(now - since)

    def stop(self, reason: str, now: float) -> list[Fact]:
        """Close everything: the clip or the agent ends. The summary so far is given too."""
        self._following.stop()
        return [*self._judge((), now), *self._cases.stop(now, reason), *self._summary(now)]

    def _summary(self, now: float) -> list[Fact]:
        data = self._following.traffic.summary(self._camera, now)
        return [Summarized(data)] if data else []

    def _judge(self, tentative: Sequence[Track], now: float) -> list[Fact]:
        return [
            fact
            for rule in self._rules
            if rule.name in self._active
            for fact in self._apply(rule, tentative, now)
        ]

    def _apply(self, rule: Rule, tentative: Sequence[Track], now: float) -> Iterable[Fact]:
        """What the rule says of those who are here; of those whose time is over, only that they crossed its
        line.
        """
        following, at_line = self._following, rule.of_kind.on_line
        candidates = (*following.present.values(), *(following.over.values() if at_line else ()))
        fitting = [w for w in candidates if rule.fits(w.track)]
        there = [w for w in fitting if self._meets(rule, w, now)]
        if rule.of_kind.per_rule:
            if len(there) >= rule.count:
                return self._cases.met((rule.name, 0), rule, there, "", now)
            return [Noticed(rule)] if self._noticed(rule, fitting, tentative, now) else []
        facts: list[Fact] = []
        for trajectory in there:
            number = trajectory.track.track_id
            way = following.crossings[number][rule.place.name] if at_line else 0
            direction = {1: "forward", -1: "backward", 0: ""}[way]
            facts += self._cases.met((rule.name, number), rule, [trajectory], direction, now)
        return facts

    def _meets(self, rule: Rule, trajectory: Trajectory, now: float) -> bool:
        number = trajectory.track.track_id
        has_case = (rule.name, number) in self._cases
        return meets(rule, trajectory, self._following.crossings[number], now, has_case=has_case)

    def _noticed(
        self, rule: Rule, fitting: Sequence[Trajectory], tentative: Sequence[Track], now: float
    ) -> bool:
        """Is somebody in the zone, or coming, who does not count yet?"""
        if not rule.of_kind.early or not isinstance(rule.place, Zone):
            return False
        coming = [w.foot for w in fitting if not is_static(w, now)]
        coming += [g.box.foot for g in tentative if rule.fits(g) and not self._following.stood_before(g)]
        return any(map(rule.place.holds, coming))
