"""The numbers of the tracker."""

from __future__ import annotations

from dataclasses import dataclass

# Own heights a second: with 1.7 m 5.1 m/s. Nobody runs like that in a street (a marathon in two and a half
# hours is 4.7 m/s), most motorcycles go faster: whoever does rides, whatever the detector takes him for.
RUNNER = 3.0


@dataclass(frozen=True, slots=True)
class Tuning:
    """The tracker's constants. One setting for all streets; scores are 0 to 1, times in seconds."""

    start_score: float = 0.4  # a detection from here may start a track
    weak_score: float = 0.25  # a detection from here may continue one
    # What a box is off by, as the detector draws it (standard deviation, measured on labelled streets)
    across: float = 0.12  # of its width
    down: float = 0.05  # of its height
    width: float = 0.2  # log of two widths of one object
    height: float = 0.1
    # How it moves
    jerk: float = 0.5  # how fast it changes its velocity: heights a second, in a second
    # Whether it is there: log of the odds
    worth: float = 12.0  # of a score, above or below `neutral`
    neutral: float = 0.9  # of `start_score`: says neither
    blink_s: float = 0.3  # looks that follow faster repeat each other's mistakes, …
    post_s: float = 10.0  # … and so do looks at what does not move
    miss: float = 1.2  # a look that does not find it, where nothing covers it
    sure: float = 3.0  # 20 to 1: it becomes a track, if it is seen again, …
    sure_alone: float = 1.5  # … for which this is enough where neither could be of anybody else
    # How long it is remembered
    memory_s: float = 6.0
    coast_s: float = 0.38  # how long it is still reported where it should be, …
    hidden_coast_s: float = 1.0  # … while somebody nearer covers it, …
    settled_coast_s: float = 5.0  # … or when it has been standing
    settled_s: float = 8.0  # standing for this long makes a parked car
    settled_memory_s: float = 60.0
    hidden_share: float = 0.4  # of a box that is covered, when it counts as hidden
