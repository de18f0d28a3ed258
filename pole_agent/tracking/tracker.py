"""Detections of one frame -> tracks over time. Online, deterministic, no clock: time is an argument.

Association runs in four rounds, surest first: good detections to tracks; weak detections to what is left of
those in sight (an object half hidden scores low); then both to what is not sure yet, where less is enough if
neither could be of anybody else; what is left of the good ones begins anew. A pair is taken when the box is
more likely of this object than of anything else: by where it should be, its size and its look together, each
as far as it is known.

Whether something is there is evidence that adds up, the log of the odds: what scores well and moves is sure
after two looks, what scores low or stands after many, for a post is mistaken for a person again and again.
What is looked for and not found loses it.

An object out of sight is remembered for a while, and found again by place and appearance. Behind somebody
nearer it is still reported where it should be. One that has been standing (a parked car, somebody on a bench)
is remembered for longer.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence

from pole_agent.tracking.association import Pair, match
from pole_agent.tracking.identity import IN_SIGHT_S, STANDING_S, Identity
from pole_agent.tracking.looks import LIMIT, Discriminant
from pole_agent.tracking.tuning import Tuning
from pole_agent.vocabulary import Box, Detection, Sides, Track, group_of

MAX_DETECTIONS = 200  # more boxes than that in one frame is a broken detector, not a street


class Tracker:
    """Follows the objects of one camera. Not shared between threads. `next_id` numbers the tracks."""

    def __init__(self, tuning: Tuning | None = None, next_id: Callable[[], int] | None = None) -> None:
        self._tuning = tuning or Tuning()
        self._known: list[Identity] = []
        self._fresh: list[Identity] = []
        self._looks = Discriminant()
        self._turn = 0
        self._looked_at = 0.0
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
            for identity in known:
                if not view.shows(identity.sides):
                    identity.stand_still(now, self._coast(identity))
            known = [i for i in known if view.shows(i.sides)]
        everybody = [*known, *self._fresh]
        for identity in everybody:
            identity.predict(now)

        sure, others = set(range(len(known))), set(range(len(known), len(everybody)))
        good = {n for n, d in enumerate(seen) if d.score >= tuning.start_score}
        weak = set(range(len(seen))) - good
        pairs = self._pairs(everybody, seen)
        chosen = match((p for p in pairs if p[2] in good), 0.0, sure, good)
        in_sight = {r for r in sure if now - known[r].last_seen <= IN_SIGHT_S}
        chosen += match((p for p in pairs if p[2] in weak), 0.0, in_sight, weak)
        left = good | weak
        chosen += match((p for p in pairs if p[2] in left), tuning.sure, others, left)
        chosen += match(_alone(pairs), tuning.sure_alone, others, left)
        self._learn(everybody, seen, pairs, chosen, now)
        for row, column in chosen:
            everybody[row].see(seen[column], now)
            if now - everybody[row].still_since > tuning.settled_s:
                everybody[row].motion.halt()
        self._fresh = self._judge(everybody, now, view)
        self._fresh += [Identity(seen[column], now, tuning) for column in sorted(left & good)]
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
        return [i.track(i.last_seen) for i in self._fresh if i.evidence >= self._tuning.sure]

    def places(self, now: float) -> tuple[list[Box], list[Box]]:
        """Where those in sight are: the ones who are going, and the people who have been standing
        for a second. A vehicle that stands is a part of the street: what changes there is somebody else.
        """
        going: list[Box] = []
        standing: list[Box] = []
        for identity in self._known:
            if now - identity.last_seen > IN_SIGHT_S:
                continue
            if identity.last_seen - identity.still_since < STANDING_S:
                going.append(identity.box)
            elif identity.group == "person":
                standing.append(identity.box)
        return going, standing

    def settled(self, now: float) -> bool:
        """Nobody is here but those who have been standing for long, and they were all found at
        the last look.
        """
        return all(
            i.settled and now - i.last_seen <= IN_SIGHT_S
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

    def _pairs(self, everybody: Sequence[Identity], seen: Sequence[Detection]) -> list[Pair]:
        """Whatever is more likely one object than two."""
        others = [
            (
                (d.box.left + d.box.right) / 2,
                (d.box.top + d.box.bottom) / 2,
                c,
                d.box,
                group_of(d.label),
                d.look,
            )
            for c, d in enumerate(seen)
        ]
        others.sort(key=lambda other: other[0])
        middles = [other[0] for other in others]
        says = self._looks.says
        found: list[Pair] = []
        for row, identity in enumerate(everybody):
            motion, (across, down) = identity.motion, identity.reach()
            x, y = motion.x, motion.y
            group, look, first = identity.group, identity.look, bisect_left(middles, x - across)
            for _, their_y, column, box, their_group, their_look in others[
                first : bisect_left(middles, x + across, first)
            ]:
                if abs(their_y - y) > down or group != their_group:
                    continue
                likeness = identity.likeness(box)
                if likeness > -LIMIT and look is not None and their_look is not None:
                    likeness += says(float(look.dot(their_look)) / 2)
                if likeness > 0:
                    found.append((likeness, row, column))
        return found

    def _learn(
        self,
        everybody: Sequence[Identity],
        seen: Sequence[Detection],
        pairs: Sequence[Pair],
        chosen: Sequence[tuple[int, int]],
        now: float,
    ) -> None:
        """What likeness is worth here: of one pair in turn, if it had no rival, and of its box with another
        track. One of each a frame is enough, and costs the same on a full street.
        """
        known = [(r, c) for r, c in chosen if everybody[r].track_id]
        if not known:
            return
        self._turn = (self._turn + 1) % len(known)
        row, column = known[self._turn]
        identity, look, other = everybody[row], seen[column].look, everybody[known[self._turn - 1][0]]
        if look is None or identity.look is None:
            return
        alone = sum(r == row or c == column for _, r, c in pairs) == 1
        if alone and now - identity.last_seen <= IN_SIGHT_S:
            self._looks.learn(float(identity.look.dot(look)) / 2, same=True)
        if other is not identity and other.group == identity.group and other.look is not None:
            self._looks.learn(float(other.look.dot(look)) / 2, same=False)

    def _judge(self, everybody: Sequence[Identity], now: float, view: Box | None) -> list[Identity]:
        """Who is there: what was looked for and not found loses evidence, what has enough becomes a track;
        what has some is returned.
        """
        in_sight = [i.sides for i in everybody if i.track_id and i.last_seen == now]
        step, self._looked_at = now - self._looked_at, now
        tentative: list[Identity] = []
        for identity in everybody:
            if identity.last_seen < now:
                looked_for = view is None or view.shows(identity.sides)
                # One that is not sure may have been a part of what hides it now
                if looked_for and not (identity.track_id and self._is_hidden(identity, in_sight)):
                    identity.miss(step)
                if not identity.track_id and identity.evidence > 0:
                    tentative.append(identity)
            elif not identity.track_id:
                if identity.evidence >= self._tuning.sure and not (identity.leapt or identity.hasty):
                    identity.confirm(self._next_id(), now)
                    self._known.append(identity)
                else:
                    tentative.append(identity)
                    if identity.leapt:
                        tentative.append(identity.landed())
        return tentative

    def _coast(self, identity: Identity) -> float:
        return self._tuning.settled_coast_s if identity.settled else self._tuning.coast_s

    def _report(self, now: float) -> list[Track]:
        tuning = self._tuning
        in_sight: list[Sides] = []
        lost: list[Identity] = []
        kept: list[Identity] = []
        for identity in self._known:
            away = now - identity.last_seen
            memory = tuning.settled_memory_s if identity.settled else tuning.memory_s
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
            if now - i.last_seen > (self._coast(i) if i.settled else self._hidden(i, in_sight))
        }
        return [i.track(now) for i in kept if i.evidence > 0 and id(i) not in away_too_long]

    def _hidden(self, identity: Identity, in_sight: Sequence[Sides]) -> float:
        """How long it may be out of sight: longer while it is hidden."""
        return self._tuning.hidden_coast_s if self._is_hidden(identity, in_sight) else self._tuning.coast_s

    def _is_hidden(self, identity: Identity, in_sight: Sequence[Sides]) -> bool:
        """Somebody who stands nearer covers it."""
        left, top, right, bottom = identity.sides
        least = self._tuning.hidden_share * (right - left) * (bottom - top)
        for their_left, their_top, their_right, their_bottom in in_sight:
            if their_bottom > bottom:
                width = min(right, their_right) - max(left, their_left)
                height = min(bottom, their_bottom) - max(top, their_top)
                if width > 0 and height > 0 and width * height >= least:
                    return True
        return False


def _alone(pairs: Sequence[Pair]) -> list[Pair]:
    """Those of whose two neither could be of anybody else."""
    rows, columns = Counter(p[1] for p in pairs), Counter(p[2] for p in pairs)
    return [p for p in pairs if rows[p[1]] == columns[p[2]] == 1]
