"""What an area on the ground would do to every request of a pole: the fence of another district, latitude and
longitude swapped. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pole_agent.drone.areas import Area
from pole_agent.drone.target import POSITION_M, Target
from pole_agent.languages import phrase
from pole_agent.vocabulary import Point

BLOCKED = phrase("every-request-blocked")


def doubts(
    fence: Area | None, exclusions: tuple[Area, ...], pole: Point, targets: Mapping[str, Target]
) -> Iterator[str]:
    """In words. `targets`: what would be asked for, by who asks (a rule or a patrol)."""
    if fence is not None:
        yield from _of_fence(fence, pole, targets)
    if any(area.touches(pole, POSITION_M) for area in exclusions):
        yield phrase("pole-in-exclusion", consequence=BLOCKED)
        return
    for name, target in targets.items():
        if any(area.touches(target.point, target.radius_m) for area in exclusions):
            yield (phrase("target-in-exclusion", metres=f"{target.radius_m:.0f}", target=name))


def _of_fence(fence: Area, pole: Point, targets: Mapping[str, Target]) -> Iterator[str]:
    if fence.contains(pole, POSITION_M):
        for name, target in targets.items():
            if not fence.contains(target.point, target.radius_m):
                around = phrase("metres-around-target", metres=f"{target.radius_m:.0f}", target=name)
                yield phrase("target-beyond-fence", around=around)
        return
    if fence.is_flat():
        yield phrase("fence-without-area", consequence=BLOCKED)
    elif fence.swapped().contains(pole, 0.0):
        yield (phrase("fence-swapped", consequence=BLOCKED))
    elif fence.contains(pole, 0.0):
        yield phrase("pole-at-fence-edge", metres=f"{POSITION_M:.0f}", consequence=BLOCKED)
    else:
        yield (
            phrase(
                "pole-outside-fence", kilometres=f"{fence.to_edge_m(pole) / 1000:.1f}", consequence=BLOCKED
            )
        )
