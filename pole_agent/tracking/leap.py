"""What moves further than its own size between two looks: told by speed, size and appearance, for its boxes
do not overlap.

At five looks a second a motorcycle is more than its own length further, at two a walker more than his width.
One such step may join two things that have nothing to do with each other; the next one, which must go on
where the first leads to, tells.
"""

from __future__ import annotations

from pole_agent.tracking.identity import Identity
from pole_agent.vocabulary import Detection

MIN_SIZE = 0.6  # of the smaller to the larger, in width and in height
MIN_LEAP = 1e-6
MIN_LOOK = 0.8  # of appearance, 0 to 1
ROOM = 0.5  # of its size that a step may end beside where the last ones lead to, …
TURN = 0.25  # … and this share of the way


def likeness(identity: Identity, detection: Detection, now: float) -> float:
    """0 to 1: could it be the same object, one plausible step further?

    `identity` is predicted to `now`. 0 for no.
    """
    box, old = detection.box, identity.seen_box
    across, down = identity.top_speed
    room_x, room_y = (
        across * old.width * (now - identity.last_seen),
        down * old.height * (now - identity.last_seen),
    )
    step_x, step_y = box.left + box.right - old.left - old.right, box.top + box.bottom - old.top - old.bottom
    if abs(step_x) / 2 > room_x or abs(step_y) / 2 > room_y or not agrees(identity, detection):
        return 0.0
    if identity.hits > 1:  # it has a direction
        left, top, right, bottom = identity.sides
        way_x, way_y = (
            abs(left + right - old.left - old.right) / 2,
            abs(top + bottom - old.top - old.bottom) / 2,
        )
        room_x, room_y = ROOM * old.width + TURN * way_x, ROOM * old.height + TURN * way_y
        step_x, step_y = box.left + box.right - left - right, box.top + box.bottom - top - bottom
    far = max(abs(step_x) / 2 / room_x, abs(step_y) / 2 / room_y)
    return max(MIN_LEAP, 1 - far) if far <= 1 else 0.0


def agrees(identity: Identity, detection: Detection) -> bool:
    """Are they of one size, and do they look alike, as far as that is known?"""
    box, old = detection.box, identity.seen_box
    wide, high = box.width / old.width, box.height / old.height
    if not (MIN_SIZE <= wide <= 1 / MIN_SIZE and MIN_SIZE <= high <= 1 / MIN_SIZE):
        return False
    return (
        identity.look is None
        or detection.look is None
        or float(identity.look.dot(detection.look)) / 2 >= MIN_LOOK
    )
