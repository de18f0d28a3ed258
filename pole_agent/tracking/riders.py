"""A rider and the motorcycle or bicycle below are one two_wheeler, not also a person.

Most road users of Indonesia ride. Who sits on a two-wheeler is told from who walks past a parked one by history: a two-wheeler that
was standing before the person came has no rider.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pole_agent.vocabulary import GROUPS, Point, Track

PARKED_S = 3.0  # a two-wheeler that has stood for this long before somebody comes is parked
MOVE_HEIGHTS = 0.3
LOOSE_S = 1.0  # a rider whose two-wheeler is not found by the detector still rides for this long
# The person's box against the two-wheeler's: the middle between its ends (and this much beyond), the feet between its
# saddle and the road, the head above it, and about as tall.
BESIDE = 0.15
FEET_FROM, FEET_TO = 0.25, 1.1
HEAD_ABOVE = 0.25
LEAST_HEIGHT, MOST_HEIGHT = 0.5, 3.0


@dataclass(slots=True)
class Mount:
    """A two-wheeler: where it stood last, since when, and its latest track."""

    track: Track
    place: Point
    since: float


class Riders:
    """Remembers who rides what, for one camera."""

    def __init__(self) -> None:
        self._mounts: dict[int, Mount] = {}
        self._riding: dict[int, tuple[int, float]] = {}  # person -> two-wheeler, last time they fitted

    def join(self, tracks: Sequence[Track], now: float) -> list[Track]:
        """The tracks of a frame without the riders: they are part of what they ride, also while the detector misses that."""
        here = {t.track_id for t in tracks}
        for track in tracks:
            if track.label in GROUPS["two_wheeler"]:
                self._follow(track, now)
        self._mounts = {n: m for n, m in self._mounts.items() if n in here or now - m.track.last_seen <= LOOSE_S}
        self._riding = {p: (w, at) for p, (w, at) in self._riding.items() if now - at <= LOOSE_S}
        joined: list[Track] = []
        carried: list[Track] = []
        for track in tracks:
            ridden = self._ridden(track, now) if track.label == "person" else None
            if ridden is None:
                joined.append(track)
            elif ridden not in here:
                mount = self._mounts[ridden]
                carried.append(replace(mount.track, box=track.box, last_seen=track.last_seen, seen_now=track.seen_now))
        return joined + list({t.track_id: t for t in carried}.values())

    def _follow(self, track: Track, now: float) -> None:
        mount, foot = self._mounts.get(track.track_id), track.box.foot
        if mount is None:
            self._mounts[track.track_id] = Mount(track, foot, now)
            return
        mount.track = track
        reach = MOVE_HEIGHTS * track.box.height
        if abs(foot[0] - mount.place[0]) > reach or abs(foot[1] - mount.place[1]) > reach:
            mount.place, mount.since = foot, now

    def _ridden(self, person: Track, now: float) -> int | None:
        """What this person rides, if anything."""
        number, at = self._riding.get(person.track_id, (0, float("-inf")))
        own = self._mounts.get(number)
        if own is not None and own.track.last_seen == now and sits_on(person, own.track):
            self._riding[person.track_id] = number, now
            return number
        for other, mount in self._mounts.items():
            stood_before = person.first_seen - mount.since > PARKED_S or now - mount.since > PARKED_S
            if mount.track.last_seen == now and not stood_before and sits_on(person, mount.track):
                self._riding[person.track_id] = other, now
                return other
        return number if own is not None and now - at <= LOOSE_S else None


def sits_on(person: Track, ridden: Track) -> bool:
    """Do the two boxes look like a rider and what is ridden?"""
    p, w = person.box, ridden.box
    middle = (p.left + p.right) / 2
    return (
        w.left - BESIDE * w.width <= middle <= w.right + BESIDE * w.width
        and w.top + FEET_FROM * w.height <= p.bottom <= w.top + FEET_TO * w.height
        and p.top < w.top + HEAD_ABOVE * w.height
        and LEAST_HEIGHT * w.height <= p.height <= MOST_HEIGHT * w.height
    )
