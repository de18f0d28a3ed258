"""What the judge remembers of one track: its path, where it has been standing, which zones it is in and which lines it crossed."""

from __future__ import annotations

from pole_agent.geometry import crosses
from pole_agent.incidents.rules import Line, Zone
from pole_agent.vocabulary import Box, Point, Track, overlap

PATH_POINTS = 8
KEPT_POINTS = 32  # thinned to half when full: any length of life fits
STILL_HEIGHTS = 0.5  # within half its own height an object has stopped
RECROSS_S = 2.0  # a foot that trembles on a line crosses it once


class Walk:
    """One per track, from first sight to its end."""

    def __init__(self, track: Track) -> None:
        self.track = track
        self.foot = track.box.foot
        self.entered: dict[str, float] = {}  # zone name -> since when inside
        self.visited: set[str] = set()  # zones it was ever inside
        self.through: set[str] = set()  # zones it came through before it was sure, at its first report
        self.still_since = track.last_seen
        self.alerted: set[str] = set()  # rules that were told of it since it stands here
        self._still_at = self.foot
        self._before = self.foot
        self._coming: dict[str, float] = {}  # zone name -> since when perhaps inside
        self._within: dict[str, float] = {}  # zone name -> when last seen inside
        self._crossed: dict[tuple[str, int], float] = {}
        self._points = [self.foot]
        self._stride = 1
        self._skipped = 0

    def step(self, track: Track, now: float) -> None:
        """Take the track's place at `now`."""
        self._before, self.foot, self.track = self.foot, track.box.foot, track
        reach = STILL_HEIGHTS * max(track.box.height, 0.02)
        if abs(self.foot[0] - self._still_at[0]) > reach or abs(self.foot[1] - self._still_at[1]) > reach:
            self._still_at, self.still_since = self.foot, now
            self.alerted.clear()
        self._skipped += 1
        if self._skipped >= self._stride:
            self._skipped = 0
            self._points.append(self.foot)
            if len(self._points) > KEPT_POINTS:
                self._points = self._points[::2]
                self._stride *= 2

    def stood(self, now: float) -> float:
        """Seconds that it has been standing in one place."""
        return now - self.still_since

    def inherit(self, still_since: float, alerted: set[str]) -> None:
        """It is what stood here before, found again under a new number."""
        self.still_since, self.alerted = still_since, set(alerted)

    def stay(self, zone: Zone, now: float) -> float | None:
        """Seconds inside the zone, None when outside. At its edge the zone's times of entry and exit decide."""
        name = zone.name
        if zone.holds(self.foot):
            self._within[name] = now
            if name not in self.entered:
                since = self._coming.setdefault(name, now)
                if now - since < zone.enter_s - 1e-6:
                    return None
                self.entered[name] = since
        else:
            self._coming.pop(name, None)
            if name in self.entered and now - self._within[name] > zone.leave_s + 1e-6:
                del self.entered[name]
        return now - self.entered[name] if name in self.entered else None

    def crossing(self, line: Line, now: float) -> int:
        """+1 forward, -1 backward, 0 no crossing at this step."""
        way = crosses(self._before, self.foot, line.start, line.end)
        if not way:
            return 0
        last = self._crossed.get((line.name, way))
        self._crossed[line.name, way] = now
        return way if last is None or now - last > RECROSS_S else 0

    def path(self) -> tuple[Point, ...]:
        """Up to 8 points from first to last, rounded to a thousandth of the picture."""
        points = [*self._points, self.foot] if self._points[-1] != self.foot else self._points
        count = min(PATH_POINTS, len(points))
        chosen = [points[round(i * (len(points) - 1) / max(1, count - 1))] for i in range(count)]
        return tuple((round(x, 3), round(y, 3)) for x, y in chosen)


class Furniture:
    """What stood somewhere when it was last seen. It may be found again under a new number, and is then no news."""

    KEPT_S = 3600.0
    SAME_PLACE = 0.5  # of intersection over union
    MOST = 100

    def __init__(self) -> None:
        self._left: list[tuple[Box, str, float, float, set[str]]] = []

    def leave(self, walk: Walk, group: str, now: float) -> None:
        self._left = [entry for entry in self._left if now - entry[2] < self.KEPT_S][-self.MOST :]
        self._left.append((walk.track.box, group, now, walk.still_since, walk.alerted))

    def claim(self, walk: Walk, group: str) -> None:
        """Give a new walk what is known of the thing that stood in its place, if there is one."""
        for entry in self._left:
            box, its_group, _, still_since, alerted = entry
            if its_group == group and overlap(box, walk.track.box) >= self.SAME_PLACE:
                walk.inherit(still_since, alerted)
                self._left.remove(entry)
                return
