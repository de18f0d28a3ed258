"""From the stamps of pictures to the time when they were taken. Pure: arrival and stamps are arguments.

A clip has stamps in its container; its frame rate is only a word in the header. A live stream has those of
the camera (RTP, V4L2), which run on a clock of their own; HTTP has none, and then the arrival is all there
is. Stamps may be missing, equal, or jump: what cannot be true is replaced by what is likely, and counted.
"""

from __future__ import annotations

import math
from collections import deque

FAR_S = 3600.0  # a step of a clip that is longer is a broken stamp, not a pause of the recording
# So far behind its arrival a live picture can be; a larger step is a new beginning of the camera's clock
LATE_S = 10.0
# Over which the fastest way from the camera is sought, once and again: 100 ppm of drift are 6 ms
WINDOW_S = 30.0
PACE = 0.1  # by so much the camera's clock may run faster or slower than ours; with more it is none
MAX_RATE = 100.0  # pictures a second of any camera: more of them with one stamp have stamps that do not count
USABLE = 0.6  # of the latest stamps must rise, or they are too coarse to be used
LATEST = 50
TOGETHER = 0.3  # of the usual step: pictures that come closer to each other came together
EARLY = 0.25  # of the wanted step: a picture that is early by less is on time
MIN_S = 0.001  # between two pictures: time always rises
MAX_STAMP_S = 1e10  # three hundred years


class Thin:
    """Which of the pictures are wanted, for `fps` a second at their own times."""

    def __init__(self, fps: float) -> None:
        self._step = 1 / fps
        self._due = float("-inf")
        self._before = self._due

    def wanted(self, at: float) -> bool:
        """Is the picture of that moment to be looked at? In order of time."""
        if at < self._due - EARLY * self._step:
            return False
        self._before = self._due
        self._due = (self._due if at - self._due < self._step else at) + self._step
        return True

    def spoiled(self) -> None:
        """The last one cannot be used: the next is wanted instead."""
        self._due = self._before


class ClipTime:
    """Seconds since the first picture of a clip, from the stamps in the file.

    `rate`: frames a second, as its header says.
    """

    def __init__(self, rate: float) -> None:
        self._step = 1 / rate
        self._cell = self._step  # the stamps that OpenCV gives are whole multiples of it
        self._stamp: float | None = None
        self._base = self._last = 0.0  # the time of `_stamp`, of the last picture
        self._in_cell, self._inside_s = 1, self._step
        self._begun = False
        self.frames = 0
        self.odd = 0  # pictures whose stamp was missing, jumped back, or far ahead

    def at(self, stamp: float | None) -> float:
        """The time of the next picture, whose stamp is `stamp` (seconds), or None where the file has none.

        Rises with each call.
        """
        self.frames += 1
        usable = stamp is not None and abs(stamp) < MAX_STAMP_S
        if not self._begun:
            self._begun, self._stamp, self.odd = True, stamp if usable else None, int(not usable)
            return 0.0
        if stamp is None or not usable:
            self.odd += 1
            self._last = self._base = self._last + self._step
            self._stamp = None if self._stamp is None else self._stamp + self._step
            return self._last
        ahead = None if self._stamp is None else stamp - self._stamp
        if ahead is not None and abs(ahead) < MIN_S / 2:
            if self._in_cell >= max(2.0, self._cell * MAX_RATE):
                self.odd += 1
                self._last += self._step
                return self._last
            # More pictures than the header's rate has places for: they share the place, as those before
            # shared theirs.
            self._in_cell += 1
            self._last = max(
                self._last + MIN_S, min(self._last + self._inside_s, self._base + 0.95 * self._cell)
            )
            return self._last
        if ahead is None or not 0 < ahead <= FAR_S:
            self.odd += 1
            ahead = self._last + self._step - self._base
        else:
            self._inside_s = min(ahead, self._cell) / self._in_cell
        self._last = max(self._base + ahead, self._last + MIN_S)
        self._base, self._stamp, self._in_cell = self._last, stamp, 1
        return self._last


class LiveTime:
    """When a live picture was taken, on the monotonic clock: from the camera's stamps where it has some, else
    from its arrival.

    The camera's clock is laid on ours where pictures came fastest, so that one that was held up on the way
    keeps its own time. The result is never later than the arrival, and rises with each picture.
    """

    def __init__(self) -> None:
        self._stamp: float | None = None
        self._arrival: float | None = None
        self._at = float("-inf")
        self._rises: deque[bool] = deque(maxlen=LATEST)
        self._window_from = 0.0
        self._fastest = self._fastest_before = math.inf  # arrival less stamp
        self._clock = True  # the stamps are those of a clock
        self._lags = 0  # how often pictures fell behind little by little, as with a clock that is too slow
        self._step = 0.0  # between pictures, as they come
        self._usual = 0.0  # between pictures, as they were taken
        self._together_at = 0.0
        self._count = self._count_before = 1
        self._span = 0.0

    @property
    def word(self) -> str:
        """What the time is made from: "capture", the camera's stamps, or "arrival"."""
        return "capture" if self._stamp is not None and self._usable() else "arrival"

    def at(self, stamp: float | None, arrival: float) -> float | None:
        """The time of the next picture (monotonic seconds), or None: it is the one before, once more."""
        stamp = stamp if stamp is not None and abs(stamp) < MAX_STAMP_S else None
        spread = self._spread(arrival)
        if stamp is not None and self._stamp is not None and self._arrival is not None:
            step = stamp - self._stamp
            self._rises.append(step > 0)
            again = step == 0 and self._usable()
            if abs(step - (arrival - self._arrival)) > LATE_S or step < 0:
                self._begin(arrival)
            if again:
                return None  # a picture that came in two pieces is decoded twice
        elif stamp is not None:
            self._begin(arrival)
        self._stamp, self._arrival = stamp, arrival
        taken = self._taken(stamp, arrival) if stamp is not None and self._usable() else spread
        self._at = max(taken, self._at + MIN_S)
        return self._at

    def _usable(self) -> bool:
        return self._clock and (
            len(self._rises) < LATEST // 5 or sum(self._rises) >= USABLE * len(self._rises)
        )

    def _begin(self, arrival: float) -> None:
        self._window_from = arrival
        self._fastest = self._fastest_before = math.inf

    def _taken(self, stamp: float, arrival: float) -> float:
        if arrival - self._window_from > WINDOW_S:
            if math.isfinite(self._fastest_before):
                self._clock = self._clock and abs(self._fastest - self._fastest_before) < PACE * WINDOW_S
            self._window_from, self._fastest_before, self._fastest = arrival, self._fastest, math.inf
        self._fastest = min(self._fastest, arrival - stamp)
        taken = min(arrival, stamp + min(self._fastest, self._fastest_before))
        if arrival - taken > LATE_S:
            self._begin(arrival)
            self._fastest, taken = arrival - stamp, arrival
            self._lags += 1
            self._clock = self._clock and self._lags < 2
        return taken

    def _spread(self, arrival: float) -> float:
        """Pictures that come together were taken one after the other since those that came before."""
        if self._arrival is None:
            self._together_at = arrival
            return arrival
        gap = arrival - self._arrival
        self._step = gap if not self._step else self._step + 0.05 * (gap - self._step)
        if gap <= TOGETHER * self._step:
            self._count += 1
        else:
            self._span, self._together_at = arrival - self._together_at, arrival
            each = self._span / self._count
            near = 0.5 * self._usual < each < 2 * self._usual
            self._usual = self._usual + 0.3 * (each - self._usual) if near else each
            self._count_before, self._count = self._count, 1
        if self._count_before == 1 or self._span > LATE_S:
            return self._together_at
        return min(self._together_at, self._together_at - self._span + self._usual * self._count)
