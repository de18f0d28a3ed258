"""The numbers of the tracker."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tuning:
    """The tracker's constants. One setting for all streets; scores are 0 to 1, times in seconds."""

    start_score: float = 0.4  # a detection from here may start a track
    weak_score: float = 0.25  # a detection from here may continue one
    memory_s: float = 6.0  # how long an object out of sight is remembered
    coast_s: float = 0.38  # how long it is still reported where it should be, …
    hidden_coast_s: float = 1.0  # … while somebody nearer covers it, …
    settled_coast_s: float = 5.0  # … or when it has been standing
    settled_s: float = 8.0  # standing for this long makes a parked car
    settled_memory_s: float = 60.0
    confirm_s: float = 0.2  # a second detection this much later makes a track …
    confirm_above: float = 0.42  # … if the best lies this share of the way from `start_score` to 1, …
    # … and up to this much later the smaller it is, for one that scores less and moves, …
    patient_s: float = 1.3
    large: float = 0.5  # of the picture's height, and it is seen well
    # … or this many whose mean lies this share above `start_score` for one that stands still, …
    still_hits: int = 19
    still_above: float = 0.23
    still_s: float = 30.0  # … or all this time; what stands and scores low is more often a post than a person
    look_weight: float = 0.75  # appearance against place, where both are known
    least_likeness: float = 0.6  # first round
    least_same_iou: float = 0.5  # in sight, and where it was expected, whatever it looks like
    least_weak: float = 0.75  # second round
    travelled_hits: int = 4  # or this many of something that has gone further than its own size
    margin: float = 0.05  # boxes are compared with this share of their size added at each side
    margin_per_s: float = 0.36  # and more for every second out of sight
    most_margin: float = 0.4
    hidden_share: float = 0.4  # of a box that is covered, when it counts as hidden
