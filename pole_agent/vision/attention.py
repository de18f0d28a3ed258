"""Where the detector looks next: at all of the picture, at the part that moves, or closely at one who is far
away.

A detector finds nobody who is a twentieth of what it is shown, and most of those who are a quarter of it.
So while all that moves is small, the places where it does are looked at by turns: whoever has waited for
longest comes first, with a square around that shows him large, and with others where they fit into it.
Whoever is known and far away has his turn too, also when he stands still. It costs no look more; all of the
picture has its own turn every two seconds.

By day a detector sees further, and takes parts of what is near for something of their own. There, and where
something near moves, or too much at once, nobody has turns: the region of what moves is looked at, or all
of the picture, which is looked at once a second.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from pole_agent.frame import Size
from pole_agent.vision.motion import Change
from pole_agent.vision.region import PART, WIDE, choose, parts, square
from pole_agent.vocabulary import Box

ALL_S = 1.0  # all of the picture at least so often, …
ALL_FAR_S = 2.0  # … while nobody is there but those who are far away
ROUNDING_S = 1e-6
# Of the longer side of what a look at all of it shows: who is less high is 24 pixels of 320, and not found
FAR = 0.075
MANY = 6  # things apart from each other: more are rain, or a street that is looked at as a whole
CLOSE = 4.0  # times his height: a detector finds best what is a quarter of what it is shown
LEAST = 160  # pixels: in a smaller square there is nothing more to be seen, however large it is shown
TOGETHER = 320  # pixels: in a square up to here nothing is made smaller for the detector
ROOM = 1.6  # times what moves: somebody's feet may stand still
AROUND = 0.25  # of its size around a box: what moves there may be a hand or a foot


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look: at `view`, None for all of the picture, at `at` (monotonic seconds)."""

    view: Box | None
    at: float
    close: bool = False  # at one who is far away, or what may be
    unseen: Sequence[Box] = ()  # what moves and is too far away to be found


class Attention:
    """Of one camera. Remembers the latest looks, no picture."""

    def __init__(self) -> None:
        self._looks: deque[Look] = deque(maxlen=2 * MANY)  # each thing has had its turn since
        self._all_at = float("-inf")
        self._turn = 0
        self.parts = 0  # of a panorama, which are looked at in turn

    def start_over(self) -> None:
        """Look at all of it next."""
        self._looks.clear()
        self._all_at = float("-inf")

    def next(
        self,
        now: float,
        size: Size,
        change: Change | None = None,
        going: Sequence[Box] = (),
        standing: Sequence[Box] = (),
        *,
        night: bool = True,
    ) -> Look:
        """Where to look now in a picture of `size`.

        `change`: what moves; None when the look has another reason. `going`, `standing`: who is known.
        `night`: the picture is dark or without colour; by day nobody has turns.
        """
        moving = [] if change is None else change.places()
        known = [*going, *(box for box in standing if any(_beside(box, thing) for thing in moving))]
        things = [*moving, *known, *far(standing, size)] if moving else far([*going, *standing], size)
        only_far = night and bool(things) and len(far(things, size)) == len(things)
        look = Look(view=None, at=now, unseen=moving if only_far else ())
        alone = only_far and len(far(standing, size)) == len(standing)
        if not self._due(now, alone, bool(moving) or not only_far):
            # What only moves may be a part of somebody near, in the dark: every other look is less close.
            if only_far and (len(things) > len(moving) or not self._looks or not self._looks[-1].close):
                look = Look(view=by_turns(things, size, self._looks), at=now, close=True)
            elif change is not None:
                look = Look(view=choose(change.around(), going, *size), at=now, unseen=look.unseen)
        self._looks.append(look)
        return look if look.view else self._all(look, size)

    def _due(self, now: float, alone: bool, moves: bool) -> bool:
        """Is it the turn of all of the picture?

        Where nothing moves, looks are seconds apart: then every other one.
        """
        overdue = now - self._all_at >= (ALL_FAR_S if alone else ALL_S) - ROUNDING_S
        return overdue and (moves or not self._looks or self._looks[-1].view is not None)

    def _all(self, look: Look, size: Size) -> Look:
        """All of the picture; of a panorama, the next part."""
        self._all_at = look.at
        of_panorama = parts(*size)
        self.parts = len(of_panorama)
        if not of_panorama:
            return look
        self._turn += 1
        return Look(view=of_panorama[(self._turn - 1) % self.parts], at=look.at, unseen=look.unseen)


def far(things: Sequence[Box], size: Size) -> list[Box]:
    """Those that a look at all of the picture does not find; none where there is too much of it."""
    long, short = max(size), min(size)
    most = FAR * (long if long < WIDE * short else PART * short) / size[1]
    return [thing for thing in things if thing.height < most] if len(things) <= MANY else []


def by_turns(things: Sequence[Box], size: Size, looks: Sequence[Look]) -> Box | None:
    """A square around the one that has been in no close look for the longest, and others that fit in.

    None when the picture is too small for that.
    """
    latest = [
        max((k.at for k in looks if k.view and k.view.shows(t.sides)), default=float("-inf")) for t in things
    ]
    first, *others = (things[n] for n in sorted(range(len(things)), key=lambda n: latest[n]))
    chosen = [first]
    for thing in others:
        if _side(_around([*chosen, thing]), first.height, size) <= TOGETHER:
            chosen.append(thing)
    around = _around(chosen)
    return square(around, _side(around, first.height, size), *size)


def _side(around: Box, height: float, size: Size) -> float:
    return max(LEAST, ROOM * around.width * size[0], ROOM * around.height * size[1], CLOSE * height * size[1])


def _around(things: Sequence[Box]) -> Box:
    return Box(
        min(thing.left for thing in things),
        min(thing.top for thing in things),
        max(thing.right for thing in things),
        max(thing.bottom for thing in things),
    )


def _beside(box: Box, thing: Box) -> bool:
    """May the thing be a part of the box?"""
    x, y = AROUND * box.width, AROUND * box.height
    return (
        thing.left < box.right + x
        and box.left - x < thing.right
        and thing.top < box.bottom + y
        and box.top - y < thing.bottom
    )
