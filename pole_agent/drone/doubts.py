"""What an area on the ground would do to every request of a pole: the fence of another district, latitude and
longitude swapped. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pole_agent.drone.areas import Area
from pole_agent.drone.target import POSITION_M, Target
from pole_agent.vocabulary import Point

BLOCKED = "every request from this pole will be blocked by that gate"


def doubts(
    fence: Area | None, exclusions: tuple[Area, ...], pole: Point, targets: Mapping[str, Target]
) -> Iterator[str]:
    """In words. `targets`: what would be asked for, by who asks (a rule or a patrol)."""
    if fence is not None:
        yield from _of_fence(fence, pole, targets)
    if any(area.touches(pole, POSITION_M) for area in exclusions):
        yield f"drone.exclusions: the pole stands in one, or at its edge; {BLOCKED}"
        return
    for name, target in targets.items():
        if any(area.touches(target.point, target.radius_m) for area in exclusions):
            yield (
                f"drone.exclusions: the {target.radius_m:.0f} m around the target of {name} touch one; its"
                " requests will be blocked"
            )


def _of_fence(fence: Area, pole: Point, targets: Mapping[str, Target]) -> Iterator[str]:
    if fence.contains(pole, POSITION_M):
        for name, target in targets.items():
            if not fence.contains(target.point, target.radius_m):
                around = f"the {target.radius_m:.0f} m around the target of {name}"
                yield f"drone.geofence: {around} reach beyond it; its requests will be blocked"
        return
    if fence.is_flat():
        yield f"drone.geofence: all its points lie on one line, so it has no area; {BLOCKED}"
    elif fence.swapped().contains(pole, 0.0):
        yield (
            "drone.geofence: the pole lies in it when latitude and longitude are swapped; as it is written,"
            f" {BLOCKED}"
        )
    elif fence.contains(pole, 0.0):
        yield f"drone.geofence: the pole stands within {POSITION_M:.0f} m of its edge; {BLOCKED}"
    else:
        yield (
            f"drone.geofence: the pole lies outside, {fence.to_edge_m(pole) / 1000:.1f} km from its edge;"
            f" {BLOCKED}"
        )
