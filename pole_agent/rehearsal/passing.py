"""Rows of a reel past one line: who crossed it, when and which way, as the traffic counts do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pole_agent.incidents.following import Following
from pole_agent.incidents.rules import Line
from pole_agent.rehearsal.replay import Given


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """`at`: wall time."""

    at: float
    label: str
    forward: bool


class Passing:
    """Over the reels of a camera, in their order. Crossings before `since` (wall time) are left out."""

    def __init__(self, line: Line, since: float = float("-inf")) -> None:
        self._line, self._since = line, since
        self._following: Following | None = None
        self._known: set[int] = set()
        self.passed: list[Passed] = []

    def play(self, looks: Iterator[Given]) -> None:
        for look in looks:
            if self._following is None or look.begins:
                self._following = Following([], [], [self._line], look.at)
                self._known.clear()
            elif look.gap_s:
                self._following.skip(look.at - look.gap_s, look.at)
            following = self._following
            self._known.update(track.track_id for track in look.tracks)
            self._known.difference_update(look.gone)
            following.step(look.tracks, self._known, look.aspect, look.at)
            following.traffic.summary("", look.at)  # what it has counted so far is told here, one by one
            for number, ways in following.crossings.items():
                if (way := ways.get(self._line.name, 0)) and look.wall >= self._since:
                    trajectory = following.present.get(number) or following.over[number]
                    self.passed.append(Passed(at=look.wall, label=trajectory.track.label, forward=way > 0))
