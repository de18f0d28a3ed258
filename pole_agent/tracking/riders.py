"""A rider and the motorcycle or bicycle below are one two_wheeler, not also a person.

Most road users of Indonesia ride. Who sits on a two-wheeler is told from who walks past a parked one by
history: a two-wheeler that was standing before the person came has no rider. Where none is found, speed
tells: nobody runs like that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import hypot

from pole_agent.tracking.tuning import RUNNER
from pole_agent.vocabulary import GROUPS, Box, Point, Sides, Track

PARKED_S = 3.0  # a two-wheeler that has stood for this long before somebody comes is parked
MOVE_HEIGHTS = 0.3
LOOSE_S = 1.0  # a rider who does not fit the two-wheeler any more has got off after this long, …
UNSEEN_S = 3.0  # … and one whose two-wheeler is not found by the detector, after this long
TRUST = 2.0  # times as long as the two have fitted, at most
KEPT_S = 60.0  # numbers that are out of sight
PAST = 8  # looks at a person that are remembered
MIN_TOGETHER = 2  # of them before a two-wheeler was sure, at which it was below that person already
# The person's box against the two-wheeler's: the middle between its ends (and this much beyond), the feet
# between its saddle and the road, the head above it, and about as tall.
BESIDE = 0.15
FEET_FROM, FEET_TO = 0.25, 1.1
HEAD_ABOVE = 0.25
MIN_HEIGHT, MAX_HEIGHT = 0.5, 3.0


@dataclass(slots=True)
class Mount:
    """A two-wheeler: where it stood last, since when, and its latest track."""

    track: Track
    place: Point
    since: float


@dataclass(frozen=True, slots=True)
class Ride:
    """Who rides what: the two-wheeler's number, where its box lay in sizes of the rider's box when the two
    fitted last, and when.
    """

    number: int
    since: float
    at: float
    seat: Sides

    def lasts(self, longest_s: float) -> float:
        """For how long it is believed without being seen: no passer-by is a rider for seconds."""
        return min(longest_s, TRUST * (self.at - self.since))


class Riders:
    """Remembers who rides what, for one camera.

    A ride is one object, under the number by which it was reported first.
    """

    def __init__(self) -> None:
        self._mounts: dict[int, Mount] = {}
        self._rides: dict[int, Ride] = {}  # by person
        # A two-wheeler's number -> the one that its ride was reported by before
        self._names: dict[int, int] = {}
        self._reported: dict[int, float] = {}  # number -> last time
        self._past: dict[int, list[Track]] = {}  # by person
        self._raced: dict[int, float] = {}  # person -> when faster than anybody runs

    def join(self, tracks: Sequence[Track], now: float, aspect: float = 16 / 9) -> list[Track]:
        """The tracks of a frame without the riders: they are part of what they ride, also while the detector
        misses that. `aspect`: the picture's width over its height, as of most pictures.
        """
        for track in tracks:
            if track.label in GROUPS["two_wheeler"]:
                self._follow(track, now)
        self._mounts = {n: m for n, m in self._mounts.items() if now - m.track.last_seen <= UNSEEN_S}
        people = [t for t in tracks if t.label == "person"]
        rides = {t.track_id: r for t in people if (r := self._ride(t, now))}
        self._past = {t.track_id: [*self._past.get(t.track_id, ()), t][-PAST:] for t in people}
        self._rides = {p: r for p, r in self._rides.items() if now - r.at <= UNSEEN_S} | rides
        self._raced = {p: at for p, at in self._raced.items() if now - at <= UNSEEN_S} | {
            t.track_id: now for t in people if t.seen_now and _races(t, aspect)
        }
        joined = {
            t.track_id: replace(t, label="motorcycle") if t.track_id in self._raced else t
            for t in tracks
            if t.track_id not in rides
        }
        for person in tracks:
            ride = rides.get(person.track_id)
            if ride and person.seen_now and not (ride.number in joined and joined[ride.number].seen_now):
                mount, box = self._mounts[ride.number].track, _seated(ride.seat, person.box)
                joined[ride.number] = replace(
                    mount, box=box, last_seen=person.last_seen, seen_now=True, earlier=()
                )
        return self._named(joined, now)

    def known_as(self, numbers: Iterable[int]) -> frozenset[int]:
        """These numbers of the tracker, as they are reported."""
        return frozenset(self._names.get(number, number) for number in numbers)

    def _named(self, joined: Mapping[int, Track], now: float) -> list[Track]:
        """The tracks under the numbers by which they are known.

        Who has got off takes his own number with him.
        """
        told = []
        for number, track in joined.items():
            if (name := self._names.get(number, number)) != number and name in joined:
                del self._names[number]
                name = number
            told.append(track if name == number else replace(track, track_id=name, earlier=()))
            self._reported[name] = now
        self._reported = {n: at for n, at in self._reported.items() if now - at <= KEPT_S}
        self._names = {number: name for number, name in self._names.items() if name in self._reported}
        return told

    def _follow(self, track: Track, now: float) -> None:
        mount, foot = self._mounts.get(track.track_id), track.box.foot
        if mount is None:
            self._mounts[track.track_id] = Mount(track, foot, now)
            return
        mount.track = track
        reach = MOVE_HEIGHTS * track.box.height
        if abs(foot[0] - mount.place[0]) > reach or abs(foot[1] - mount.place[1]) > reach:
            mount.place, mount.since = foot, now

    def _ride(self, person: Track, now: float) -> Ride | None:
        """What this person rides, if anything."""
        ride = self._rides.get(person.track_id)
        own = self._mounts.get(ride.number) if ride else None
        if ride and own and own.track.last_seen == now and sits_on(person, own.track):
            return replace(ride, at=now, seat=_seat(own.track.box, person.box))
        held = (
            ride
            if ride
            and own
            and now - ride.at <= ride.lasts(LOOSE_S if own.track.last_seen == now else UNSEEN_S)
            else None
        )
        for number, mount in self._mounts.items():
            stood_before = person.first_seen - mount.since > PARKED_S or now - mount.since > PARKED_S
            if mount.track.last_seen == now and not stood_before and sits_on(person, mount.track):
                before = (
                    self._names.get(held.number, held.number)
                    if held
                    else person.track_id
                    if self._together(person, mount)
                    else number
                )
                if before in self._reported and number not in self._reported:
                    self._names.setdefault(number, before)
                return Ride(number, held.since if held else now, now, _seat(mount.track.box, person.box))
        return held

    def _together(self, person: Track, mount: Mount) -> bool:
        """Were they where they are now to each other, before the two-wheeler was sure to be there?"""
        past = {t.last_seen: t for t in self._past.get(person.track_id, ())}
        fits = [
            sits_on(past[s.at], replace(mount.track, box=s.box)) for s in mount.track.earlier if s.at in past
        ]
        return len(fits) >= MIN_TOGETHER and all(fits)


def _races(person: Track, aspect: float) -> bool:
    across, down = person.velocity
    return hypot(across * aspect, down) > RUNNER * person.box.height


def _seat(ridden: Box, person: Box) -> Sides:
    """Where the box of what is ridden lies, in sizes of the rider's box from its upper left corner."""
    w, h = person.width, person.height
    return (
        (ridden.left - person.left) / w,
        (ridden.top - person.top) / h,
        (ridden.right - person.left) / w,
        (ridden.bottom - person.top) / h,
    )


def _seated(seat: Sides, person: Box) -> Box:
    """The inverse of `_seat`: where it must be when the rider is here."""
    left, top, right, bottom = seat
    w, h = person.width, person.height
    return Box(person.left + left * w, person.top + top * h, person.left + right * w, person.top + bottom * h)


def sits_on(person: Track, ridden: Track) -> bool:
    """Do the two boxes look like a rider and what is ridden?"""
    p, w = person.box, ridden.box
    middle = (p.left + p.right) / 2
    return (
        w.left - BESIDE * w.width <= middle <= w.right + BESIDE * w.width
        and w.top + FEET_FROM * w.height <= p.bottom <= w.top + FEET_TO * w.height
        and p.top < w.top + HEAD_ABOVE * w.height
        and MIN_HEIGHT * w.height <= p.height <= MAX_HEIGHT * w.height
    )
