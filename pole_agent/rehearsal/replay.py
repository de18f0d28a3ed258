"""Rows of a reel through the judge of one rule: the same judge as on the pole, with what it was given."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from pole_agent.incidents.facts import Noticed, Ongoing, Opened
from pole_agent.incidents.judge import Fact, Judge
from pole_agent.incidents.limit import Limit
from pole_agent.incidents.respond import Responder
from pole_agent.incidents.rules import Line, Rule
from pole_agent.rehearsal.reel import Array, Reel
from pole_agent.rule_kinds import GRACE_S
from pole_agent.trajectories.looks import RowKind
from pole_agent.vocabulary import CLASSES, BoostLamp, Box, Severity, Sighting, Track

LABELS = (*CLASSES, "")
EARLIER, GONE, TENTATIVE, SEEN = (
    int(kind) for kind in (RowKind.EARLIER, RowKind.GONE, RowKind.TENTATIVE, RowKind.SEEN)
)
SETTLE_S = GRACE_S + 0.05  # after the last look at somebody, an incident that nobody holds ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An incident that would have opened. `at`: wall time; `muted`: beyond the alarms that the rule may give
    an hour, so it is only counted.
    """

    at: float
    label: str
    direction: str
    muted: bool = False
    drone: bool = False


@dataclass(slots=True)
class Outcome:
    """What a rule would have done. `boosts`: from, to (wall time) and level."""

    alarms: list[Alarm] = field(default_factory=list)
    boosts: list[tuple[float, float, float]] = field(default_factory=list)

    def join(self, later: Outcome) -> None:
        self.alarms += later.alarms
        self.boosts += later.boosts

    def limit(self, rule: Rule, since: float) -> None:
        """Say which alarms are beyond the limit of the rule, and forget those before `since`.

        A busy rule is always at its limit: which of its alarms are told depends on all of those before.
        """
        limit, limited = Limit(), []
        for alarm in self.alarms:
            told = rule.severity is not Severity.ALARM or limit.admits(rule.max_alarms_per_h, alarm.at)
            if alarm.at >= since:
                limited.append(replace(alarm, muted=not told, drone=told and rule.drone))
        self.alarms = limited


class Given(NamedTuple):
    """What the judge is given at one look."""

    at: float
    wall: float
    trusted: bool
    aspect: float
    blind: bool
    gap_s: float
    begins: bool
    tracks: Sequence[Track]
    tentative: Sequence[Track]
    gone: Sequence[int]


def given(reel: Reel, kept: Array) -> Iterator[Given]:
    """The looks at which one of the kept rows stands, or a judge begins, or nobody had looked before."""
    chosen = np.flatnonzero(kept)
    chosen = chosen[np.argsort(reel.look[chosen], kind="stable")]
    wanted = np.zeros(len(reel.at), bool)
    wanted[reel.look[chosen]] = True
    wanted |= reel.begins | (reel.gap > 0)
    looks = np.flatnonzero(wanted)
    ends = np.searchsorted(reel.look[chosen], looks, side="right").tolist()
    table = _rows(reel, chosen)
    numbers = zip(
        reel.at[looks].tolist(),
        reel.wall[looks].tolist(),
        reel.trusted[looks].tolist(),
        reel.aspect[looks].tolist(),
        reel.blind[looks].tolist(),
        reel.gap[looks].tolist(),
        reel.begins[looks].tolist(),
        ends,
        strict=True,
    )
    start = 0
    for at, wall, trusted, aspect, blind, gap_s, begins, end in numbers:
        tracks, tentative, gone = _tracks(table[start:end], at) if end > start else ((), (), ())
        start = end
        yield Given(at, wall, trusted, aspect, blind, gap_s, begins, tracks, tentative, gone)


Values = tuple[int, int, int, float, float, float, float, float, float]


def _rows(reel: Reel, chosen: Array) -> list[Values]:
    half = reel.width[chosen] / 2
    x, bottom = reel.x[chosen], reel.y[chosen]
    columns = (
        reel.kind[chosen],
        reel.number[chosen],
        reel.label[chosen],
        x - half,
        bottom - reel.height[chosen],
        x + half,
        bottom,
        reel.score[chosen],
        reel.age[chosen],
    )
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _tracks(rows: Sequence[Values], at: float) -> tuple[list[Track], list[Track], list[int]]:
    tracks: list[Track] = []
    tentative: list[Track] = []
    gone: list[int] = []
    earlier: dict[int, list[Sighting]] = {}
    for kind, number, label, left, top, right, bottom, score, age in rows:
        if kind & GONE:
            gone.append(number)
            continue
        box = Box(left, top, right, bottom)
        if kind & EARLIER:
            earlier.setdefault(number, []).append(Sighting(at - age, box))
            continue
        before = tuple(earlier.get(number, ()))
        track = Track(number, LABELS[label], box, score, at, at - age, bool(kind & SEEN), before)
        (tentative if kind & TENTATIVE else tracks).append(track)
    return tracks, tentative, gone


class Replay:
    """One rule over the reels of a camera, in their order.

    `active`: is the rule on at this wall time? `place` is that of the pole. Outcomes before `since` (wall
    time) are left out: the judge only warms up.
    """

    def __init__(
        self,
        camera: str,
        rule: Rule,
        active: Callable[[float], bool],
        since: float = float("-inf"),
    ) -> None:
        self._camera, self._rule, self._active, self._since = camera, rule, active, since
        self._lines = [rule.place] if isinstance(rule.place, Line) else []
        self._names = itertools.count()
        self._responder = Responder(camera)
        self._judge: Judge | None = None
        self._known: set[int] = set()
        self._last: Given | None = None
        self._there: Given | None = None  # the last look at somebody, until that has settled
        self.outcome = Outcome()

    def play(self, looks: Iterator[Given]) -> None:
        for look in looks:
            if self._judge is None or look.begins:
                self.stop()
                self._judge = self._new_judge(look.at)
            elif self._there is not None and look.at - self._there.at > SETTLE_S:
                self._settle(self._there)
                self._there = None
            if look.gap_s:
                self._judge.skip(look.at - look.gap_s, look.at)
            self._known.update(track.track_id for track in look.tracks)
            self._known.difference_update(look.gone)
            self._step(look, look.at, look.wall)
            self._last = look
            if look.tracks or not self._rule.of_kind.per_rule:
                self._there = look

    def stop(self) -> None:
        """The judge is at its end."""
        if self._judge is not None and self._last is not None:
            self._settle(self._last)
            self._take(self._judge.stop("interrupted", self._last.at), self._last.at, self._last.wall)
        self._judge = self._last = self._there = None
        self._known.clear()

    def _new_judge(self, now: float) -> Judge:
        names = self._names
        return Judge(self._camera, [self._rule], (), self._lines, lambda: str(next(names)), now, counts=False)

    def _settle(self, last: Given) -> None:
        """Time passed, and nobody who matters was there.

        Of a rule that looks at all together, each look at somebody is kept, so what nobody holds ends: at one
        look it is let go, at the next it is over. Of the others, somebody may be there without a row.
        """
        empty = Given(last.at, last.wall, last.trusted, last.aspect, last.blind, 0.0, False, (), (), ())
        for _ in range(2 if self._rule.of_kind.per_rule else 1):
            self._step(empty, last.at + SETTLE_S, last.wall + SETTLE_S)

    def _step(self, look: Given, now: float, wall: float) -> None:
        assert self._judge is not None
        on = not look.trusted or self._active(wall)
        active = frozenset({self._rule.name}) if on else frozenset()
        facts = self._judge.step(
            look.tracks, active, now, look.tentative, self._known, look.aspect, blind=look.blind
        )
        if facts:
            self._take(facts, now, wall)

    def _take(self, facts: Sequence[Fact], now: float, wall: float) -> None:
        for fact in facts:
            if isinstance(fact, Opened) and wall >= self._since:
                incident = fact.incident
                alarm = Alarm(at=wall, label=incident.label, direction=incident.direction)
                self.outcome.alarms.append(alarm)
        if self._rule.lamp_level:
            raising = [fact for fact in facts if isinstance(fact, (Ongoing, Noticed))]
            for response in self._responder.respond(raising, now):
                if isinstance(response, BoostLamp) and wall >= self._since:
                    self._boost(wall, wall + response.until - now, response.level)

    def _boost(self, start: float, end: float, level: float) -> None:
        boosts = self.outcome.boosts
        if boosts and start <= boosts[-1][1]:
            start, end = boosts[-1][0], max(end, boosts[-1][1])
            boosts.pop()
        boosts.append((start, end, level))
