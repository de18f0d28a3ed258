"""What the judge remembers of one track: its path, where it has been standing, which zones it is in and which
lines it crossed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pole_agent.incidents.passage import Passage, reach
from pole_agent.incidents.rules import Line, Zone
from pole_agent.vocabulary import Point, Track, group_of, overlap

PATH_POINTS = 8
KEPT_POINTS = 32  # thinned to half when full: any length of life fits
SETTLED_S = 8.0  # what stands for this long may be found again where it was, …
SAME_PLACE = 0.5  # … with this intersection over union
STILL_HEIGHTS = 0.5  # within half its own height an object has stopped, …
MOVED_HEIGHTS = 1.0  # … and a whole one is no box that is cut off for a moment


class Trajectory:
    """One per track, from first sight to its end."""

    def __init__(self, track: Track, lines: Iterable[Line] = ()) -> None:
        self.track = track
        self.foot = track.box.foot
        self.entered: dict[str, float] = {}  # zone name -> since when inside
        self.visited: set[str] = set()  # zones it was ever inside
        self.through: set[str] = set()  # zones it came through before it was sure, at its first report
        self.still_since = track.last_seen
        self.alerted: set[str] = set()  # rules that were told of it since it stands here
        self._still_at, self._still_height = self.foot, track.box.height
        self._left_at: float | None = None  # when it left that place, if it has not come back
        self._coming: dict[str, float] = {}  # zone name -> since when perhaps inside
        self._within: dict[str, float] = {}  # zone name -> when last seen inside
        self._passages = {line.name: Passage(line, self.foot) for line in lines}
        self._blind_s = 0.0  # nobody looked for so long since it was seen last
        self._points = [self.foot]
        self._stride = 1
        self._skipped = 0

    def step(self, track: Track, now: float, aspect: float) -> None:
        """Take the track's place at `now`. `aspect`: the picture's width over its height."""
        self._resume()
        self.foot, self.track = track.box.foot, track
        self._stand(now, aspect)
        self._skipped += 1
        if self._skipped >= self._stride:
            self._skipped = 0
            self._points.append(self.foot)
            if len(self._points) > KEPT_POINTS:
                self._points = self._points[::2]
                self._stride *= 2

    def _stand(self, now: float, aspect: float) -> None:
        """Is it where it stood? One that has settled there has moved when it is a whole height away, or half
        of one for long.

        The box of a parked car ends higher while somebody trajectories by in front of it.
        """
        height = max(self.track.box.height, self._still_height)
        away = max(
            abs(self.foot[0] - self._still_at[0]) * aspect, abs(self.foot[1] - self._still_at[1])
        ) / reach(height, 1.0)
        if away <= STILL_HEIGHTS:
            self._left_at = None
            return
        left_at = self._left_at = now if self._left_at is None else self._left_at
        if left_at - self.still_since >= SETTLED_S and away <= MOVED_HEIGHTS and now - left_at < SETTLED_S:
            return
        self._still_at, self._still_height, self.still_since, self._left_at = (
            self.foot,
            self.track.box.height,
            left_at,
            None,
        )
        self.alerted.clear()

    def stood(self, now: float) -> float:
        """Seconds that it has been standing in one place."""
        return now - self.still_since

    def skip(self, gap_s: float) -> None:
        """Nobody looked for so long. If it is found again, that time does not count."""
        self._blind_s += gap_s

    def _resume(self) -> None:
        if not self._blind_s:
            return
        self.still_since += self._blind_s
        if self._left_at is not None:
            self._left_at += self._blind_s
        for times in (self.entered, self._coming, self._within):
            times.update({name: at + self._blind_s for name, at in times.items()})
        for passage in self._passages.values():
            passage.skip(self._blind_s)
        self._blind_s = 0.0

    @property
    def settled(self) -> bool:
        """It was standing when it was seen last."""
        return self.stood(self.track.last_seen) >= SETTLED_S

    def is_place_of(self, track: Track) -> bool:
        """Could this track be the same thing, in the same place?"""
        return (
            group_of(track.label) == group_of(self.track.label)
            and overlap(track.box, self.track.box) >= SAME_PLACE
        )

    def inherit(self, before: Trajectory) -> None:
        """It is what stood here before, found again under a new number."""
        self.still_since = before.still_since + before._blind_s
        self.alerted, self.visited = set(before.alerted), set(before.visited)

    def stay(self, zone: Zone, now: float, aspect: float) -> float | None:
        """Seconds inside the zone, None when outside.

        It is outside once it is clearly so; then the zone's times decide.
        """
        name = zone.name
        if zone.holds(self.foot):
            self._within[name] = now
            since = self._coming.setdefault(name, now)
            if name not in self.entered and now - since >= zone.enter_s - 1e-6:
                self.entered[name] = since
        elif name in self._coming:
            if zone.distance(self.foot, aspect) <= reach(self.track.box.height):
                self._within[name] = now
            elif name not in self.entered:
                del self._coming[name]
            elif now - self._within[name] > zone.leave_s + 1e-6:
                del self.entered[name], self._coming[name]
        return now - self.entered[name] if name in self.entered else None

    def crossings(self, now: float, aspect: float) -> dict[str, int]:
        """The lines crossed at this step: +1 forward, -1 backward.

        Where it is only guessed to be, nothing is crossed.
        """
        if not self.track.seen_now:
            return {}
        height = self.track.box.height
        ways = {
            name: passage.step(self.foot, height, aspect, now) for name, passage in self._passages.items()
        }
        return {name: way for name, way in ways.items() if way}

    def last_crossings(self) -> dict[str, int]:
        """The lines that it had crossed when it was seen last, and that wanted one more look."""
        ways = {name: passage.end() for name, passage in self._passages.items()}
        return {name: way for name, way in ways.items() if way}

    @property
    def points(self) -> list[Point]:
        """Where it was, from first to last."""
        return [*self._points, self.foot] if self._points[-1] != self.foot else self._points[:]

    def path(self) -> tuple[Point, ...]:
        """What is told of them."""
        return thinned(self.points)


def thinned(points: Sequence[Point]) -> tuple[Point, ...]:
    """Up to 8 of the points from first to last, rounded to a thousandth of the picture."""
    count = min(PATH_POINTS, len(points))
    chosen = [points[round(i * (len(points) - 1) / max(1, count - 1))] for i in range(count)]
    return tuple((round(x, 3), round(y, 3)) for x, y in chosen)


class StaticObjects:
    """What stood somewhere when it was last seen.

    It may be found again under a new number, and is then no news.
    """

    KEPT_S = 3600.0
    MAX_LEFT = 100

    def __init__(self) -> None:
        self._left: list[Trajectory] = []

    def leave(self, trajectory: Trajectory) -> None:
        seen = trajectory.track.last_seen
        self._left = [w for w in self._left if seen - w.track.last_seen < self.KEPT_S][-self.MAX_LEFT :]
        self._left.append(trajectory)

    def skip(self, gap_s: float) -> None:
        for trajectory in self._left:
            trajectory.skip(gap_s)

    def at(self, track: Track) -> list[Trajectory]:
        """What stood where this track is."""
        return [trajectory for trajectory in self._left if trajectory.is_place_of(track)]

    def claim(self, trajectory: Trajectory) -> None:
        """Give a new trajectory what is known of the thing that stood in its place, if there is one."""
        for before in self.at(trajectory.track)[:1]:
            trajectory.inherit(before)
            self._left.remove(before)
