"""Detections of one frame -> tracks over time. Online, deterministic, no clock: time is an argument.

Association runs in four rounds, surest first: good detections to known objects by place and appearance
together; to those in sight by place alone, since light changes how they look; weak detections to what is left
of those in sight (an object half hidden scores low); then good detections to new objects. Motion is constant
velocity, damped, on the box centre.

An object out of sight is remembered for a while, and found again by place and appearance. Behind somebody
nearer it is still reported where it should be. One that has been standing (a parked car, somebody on a bench)
is remembered for longer.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Callable, Sequence

from pole_agent.tracking.association import Pair, grown, match
from pole_agent.tracking.identity import MIN_OVERLAP, STANDING_S, Identity
from pole_agent.tracking.leap import MIN_LEAP, agrees
from pole_agent.tracking.leap import likeness as leap
from pole_agent.tracking.tuning import Tuning
from pole_agent.vocabulary import Box, Detection, Sides, Track, group_of, iou

MAX_DETECTIONS = 200  # more boxes than that in one frame is a broken detector, not a street
IN_SIGHT_S = 1.0
ROUNDING_S = 1e-6


class Tracker:
    """Follows the objects of one camera. Not shared between threads. `next_id` numbers the tracks."""

    def __init__(self, tuning: Tuning | None = None, next_id: Callable[[], int] | None = None) -> None:
        self._tuning = tuning or Tuning()
        self._known: list[Identity] = []
        self._fresh: list[Identity] = []
        self._next_id = next_id or itertools.count(1).__next__

    def update(self, detections: Sequence[Detection], now: float, view: Box | None = None) -> list[Track]:
        """Take the detections of the frame at `now` (monotonic seconds, never backwards); return the tracks
        to report.

        With a `view` only that part of the picture was looked at: who is not wholly inside stays as he was.

        Boxes that are not finite, empty or outside the picture are ignored, as are scores that are not
        numbers.
        """
        tuning, known = self._tuning, self._known
        seen = [d for d in detections if tuning.weak_score <= d.score <= 1 and d.box.sane()]
        if len(seen) > MAX_DETECTIONS:
            seen = sorted(seen, key=lambda d: -d.score)[:MAX_DETECTIONS]
        if view is not None:
            outside = [i for i in known if not _holds(view, i.sides)]
            for identity in outside:
                identity.stand_still(now, self._coast(identity))
            known = [i for i in known if _holds(view, i.sides)]
        for identity in (*known, *self._fresh):
            identity.predict(now)

        rows, free = set(range(len(known))), set(range(len(seen)))
        good = {n for n, d in enumerate(seen) if d.score >= tuning.start_score}
        weak = free - good
        places = [d.box.sides for d in seen]
        pairs = self._pairs(known, seen, places, now)
        chosen = match((p for p in pairs if p[2] in good), tuning.least_likeness, rows, good)
        rows = {r for r in rows if now - known[r].last_seen <= IN_SIGHT_S}
        # Light and shadow change how somebody looks; in the very same place it is still the same one.
        same = [(iou(known[r].sides, places[c]), r, c) for _, r, c in pairs if r in rows and c in good]
        chosen += match(same, tuning.least_same_iou, rows, good)
        chosen += match((p for p in pairs if p[2] in weak), tuning.least_weak, rows, weak)
        for row, column in chosen:
            known[row].see(seen[column], now)
            if now - known[row].still_since > tuning.settled_s:
                known[row].halt()
        self._start_tracks(seen, places, good, weak, now)
        return self._report(now)

    @property
    def remembered(self) -> frozenset[int]:
        """The tracks that are not over: in sight, or to be known again when they are found."""
        return frozenset(i.track_id for i in self._known)

    @property
    def has_candidates(self) -> bool:
        """There is something that may become a track, if it is seen again."""
        return bool(self._fresh)

    @property
    def tentative(self) -> list[Track]:
        """What was seen well at this frame and is no track yet.

        Enough to raise a lamp, not to tell anybody.
        """
        return [i.track(i.last_seen) for i in self._fresh if self._is_clear(i)]

    def places(self, now: float) -> tuple[list[Box], list[Box]]:
        """Where those in sight are: the ones who are going, and the ones who have been standing
        for a second.
        """
        going: list[Box] = []
        standing: list[Box] = []
        for identity in self._known:
            if now - identity.last_seen <= IN_SIGHT_S:
                (standing if identity.last_seen - identity.still_since >= STANDING_S else going).append(
                    identity.box
                )
        return going, standing

    def settled(self, now: float) -> bool:
        """Nobody is here but those who have been standing for long, and they were all found at
        the last look.
        """
        return all(
            self._settled(i) and now - i.last_seen <= IN_SIGHT_S
            for i in self._known
            if now - i.last_seen <= self._coast(i)
        )

    def advance(self, now: float) -> list[Track]:
        """Time passed and nothing moved: everything in sight is where it was. Whoever is hidden goes on."""
        self._fresh = []
        for identity in self._known:
            identity.stand_still(now, self._coast(identity))
        return self._report(now)

    def wait(self, now: float) -> None:
        """Time passed and nobody looked: whoever has been out of sight for too long is forgotten."""
        self._fresh = []
        for identity in self._known:
            identity.predict(now)
        self._report(now)

    def _pairs(
        self, known: Sequence[Identity], seen: Sequence[Detection], places: Sequence[Sides], now: float
    ) -> list[Pair]:
        """Whatever overlaps, by place and appearance."""
        tuning = self._tuning
        weight = tuning.look_weight
        others = [
            (*grown(sides, tuning.margin), c, group_of(seen[c].label), seen[c].look)
            for c, sides in enumerate(places)
        ]
        others.sort(key=lambda other: other[0])
        lefts = [other[0] for other in others]
        widest = max((other[2] - other[0] for other in others), default=0.0)
        found: list[Pair] = []
        for row, identity in enumerate(known):
            away = now - identity.last_seen
            mine = grown(identity.sides, min(tuning.most_margin, tuning.margin + tuning.margin_per_s * away))
            left, top, right, bottom = mine
            group, look = identity.group, identity.look
            for their_left, their_top, their_right, their_bottom, column, their_group, their_look in others[
                bisect_left(lefts, left - widest) : bisect_left(lefts, right)
            ]:
                if left >= their_right or their_top >= bottom or top >= their_bottom or group != their_group:
                    continue
                likeness = iou(mine, (their_left, their_top, their_right, their_bottom))
                if look is not None and their_look is not None:
                    likeness = (1 - weight) * likeness + weight * float(look.dot(their_look)) / 2
                found.append((likeness, row, column))
        return found

    def _start_tracks(
        self, seen: Sequence[Detection], places: Sequence[Sides], good: set[int], weak: set[int], now: float
    ) -> None:
        """What is left of the detections: those that were new a frame ago, seen again; then new ones, which
        must be good.
        """
        fresh = self._fresh
        rows, left = set(range(len(fresh))), good | weak
        possible = [(r, c) for r, i in enumerate(fresh) for c in left if i.group == group_of(seen[c].label)]
        pairs = [(iou(fresh[r].sides, places[c]), r, c) for r, c in possible]
        again = match((p for p in pairs if p[2] in good), MIN_OVERLAP, rows, left)
        again += match(
            (p for p in pairs if fresh[p[1]].moved or self._is_clear(fresh[p[1]])), MIN_OVERLAP, rows, left
        )
        # A leap that leads nowhere was none: what it landed on is still there, alone.
        landed = [
            (iou(fresh[r].seen_box.sides, places[c]), r, c)
            for r, c in possible
            if fresh[r].leaps == 1 and r in rows and c in left
        ]
        for row, _ in (back := match(landed, MIN_OVERLAP, rows, left)):
            fresh[row] = fresh[row].landed()
        again += back
        far = [
            (leap(fresh[r], seen[c], now), r, c)
            for r, c in possible
            if r in rows and c in left and (c in good or fresh[r].leaps)
        ]
        again += match(far, MIN_LEAP, rows, left)
        self._fresh = []
        for row, column in again:
            identity = fresh[row]
            alike = agrees(identity, seen[column])
            identity.see(seen[column], now)
            # Two boxes make a track only when they are alike: what flickers falls into one place by chance.
            if (alike or identity.hits > 2) and self._is_sure(identity, now):
                identity.confirm(self._next_id(), now)
                self._known.append(identity)
            else:
                self._fresh.append(identity)
        self._fresh += [Identity(seen[column], now) for column in sorted(left & good)]

    def _is_clear(self, identity: Identity) -> bool:
        """It was once seen so well that a second look, however dim, is enough."""
        return identity.best >= self._tuning.start_score + self._tuning.confirm_above * (
            1 - self._tuning.start_score
        )

    def _is_sure(self, identity: Identity, now: float) -> bool:
        """A few good detections make a track when one is very good; a dim or distant object must be seen for
        longer.
        """
        tuning = self._tuning
        start, room, age = tuning.start_score, 1 - tuning.start_score, now - identity.first_seen + ROUNDING_S
        if identity.leaps == 1:
            return False
        if self._is_clear(identity) or (identity.travelled and identity.hits >= tuning.travelled_hits):
            return age >= tuning.confirm_s
        if identity.moved:
            _, top, _, bottom = identity.sides
            small = max(0.0, 1 - (bottom - top) / tuning.large)
            return age >= tuning.confirm_s + small * (tuning.patient_s - tuning.confirm_s)
        if identity.mean_score >= start + tuning.still_above * room:
            return identity.hits >= tuning.still_hits
        return age >= tuning.still_s

    def _settled(self, identity: Identity) -> bool:
        return identity.last_seen - identity.still_since >= self._tuning.settled_s

    def _coast(self, identity: Identity) -> float:
        return self._tuning.settled_coast_s if self._settled(identity) else self._tuning.coast_s

    def _report(self, now: float) -> list[Track]:
        tuning = self._tuning
        in_sight: list[Sides] = []
        lost: list[Identity] = []
        kept: list[Identity] = []
        for identity in self._known:
            away = now - identity.last_seen
            memory = tuning.settled_memory_s if self._settled(identity) else tuning.memory_s
            if away > memory or (away > 0 and identity.left_picture):
                continue
            kept.append(identity)
            if away == 0:
                in_sight.append(identity.sides)
            elif away > tuning.coast_s:
                lost.append(identity)
        self._known = kept
        away_too_long = {
            id(i)
            for i in lost
            if now - i.last_seen > (self._coast(i) if self._settled(i) else self._hidden(i, in_sight))
        }
        return [i.track(now) for i in kept if id(i) not in away_too_long]

    def _hidden(self, identity: Identity, in_sight: Sequence[Sides]) -> float:
        """How long it may be out of sight: longer while somebody who stands nearer covers it."""
        left, top, right, bottom = identity.sides
        area = (right - left) * (bottom - top)
        for their_left, their_top, their_right, their_bottom in in_sight:
            if their_bottom > bottom:
                width = min(right, their_right) - max(left, their_left)
                height = min(bottom, their_bottom) - max(top, their_top)
                if width > 0 and height > 0 and width * height >= self._tuning.hidden_share * area:
                    return self._tuning.hidden_coast_s
        return self._tuning.coast_s


def _holds(view: Box, sides: Sides) -> bool:
    return (
        view.left <= sides[0] and view.top <= sides[1] and sides[2] <= view.right and sides[3] <= view.bottom
    )
