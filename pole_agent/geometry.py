"""Points, polygons and lines in the plane.

Pure Python: a microsecond or two a point, no array library needed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from pole_agent.vocabulary import Point

EARTH_RADIUS_M = 6_371_008.8  # IUGG mean radius


# What is so near to an edge lies on it: rounding must not decide, and no edge of a picture is drawn as finely
EDGE = 1e-9


def inside(point: Point, polygon: Sequence[Point]) -> bool:
    """True when the point lies in the polygon (even-odd rule) or on its edge."""
    return _turns(point, polygon)[0] % 2 == 1 or on_edge(point, polygon)


def wound(point: Point, polygon: Sequence[Point]) -> bool:
    """True when the ring goes around the point at all (non-zero winding number), or the point lies on it.

    So it has no hole where it crosses or repeats itself.
    """
    return _turns(point, polygon)[1] != 0 or on_edge(point, polygon)


def _turns(point: Point, polygon: Sequence[Point]) -> tuple[int, int]:
    """How many edges a ray to the right crosses, and how many more of them downwards than upwards."""
    x, y = point
    count = turns = 0
    x1, y1 = polygon[-1]
    for x2, y2 in polygon:
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            count += 1
            turns += 1 if y2 > y1 else -1
        x1, y1 = x2, y2
    return count, turns


def on_edge(point: Point, polygon: Sequence[Point]) -> bool:
    """True for every corner and every point between two neighbours."""
    x, y = point
    x1, y1 = polygon[-1]
    for x2, y2 in polygon:
        # Comparisons first: most edges are nowhere near.
        if (
            (x1 if x1 < x2 else x2) - EDGE <= x <= (x1 if x1 > x2 else x2) + EDGE
            and (y1 if y1 < y2 else y2) - EDGE <= y <= (y1 if y1 > y2 else y2) + EDGE
            and to_segment(point, (x1, y1), (x2, y2)) <= EDGE
        ):
            return True
        x1, y1 = x2, y2
    return False


def to_segment(point: Point, start: Point, end: Point) -> float:
    """Distance to the nearest point between `start` and `end`, both included."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    x, y = point[0] - start[0], point[1] - start[1]
    length = dx * dx + dy * dy
    along = 0.0 if length == 0 else max(0.0, min(1.0, (x * dx + y * dy) / length))
    return math.hypot(x - along * dx, y - along * dy)


def to_ring(point: Point, polygon: Sequence[Point]) -> float:
    """Distance to the nearest point of a polygon's edge, from either side."""
    return min(to_segment(point, polygon[n - 1], corner) for n, corner in enumerate(polygon))


def side(point: Point, start: Point, end: Point) -> float:
    """Positive to the right hand of one who looks from `start` to `end` in a picture (y grows downwards),
    negative to the left.
    """
    return (end[0] - start[0]) * (point[1] - start[1]) - (end[1] - start[1]) * (point[0] - start[0])


def beyond(point: Point, start: Point, end: Point) -> float:
    """Distance from the endless line through `start` and `end`: positive to its right hand, as `side`."""
    length = math.hypot(end[0] - start[0], end[1] - start[1])
    return side(point, start, end) / length if length else 0.0


def crosses(before: Point, after: Point, start: Point, end: Point) -> int:
    """+1 when the step from `before` to `after` crosses the line segment to its right, -1 to its left, 0 when
    it does not.

    The ends belong to the segment. Of steps that follow each other, one that ends on the line and the next
    share one crossing.
    """
    a, b = side(before, start, end), side(after, start, end)
    if (a <= 0) == (b <= 0):
        return 0
    # The step crosses the endless line; where it does must lie between the ends of the segment.
    share = a / (a - b)
    at = before[0] + share * (after[0] - before[0]), before[1] + share * (after[1] - before[1])
    if to_segment(at, start, end) > EDGE:
        return 0
    return 1 if b > 0 else -1


def scaled(points: Sequence[Point], aspect: float) -> tuple[Point, ...]:
    """Fractions of a picture as lengths in picture heights, so that distances are true:

    `aspect` is width over height.
    """
    return tuple((x * aspect, y) for x, y in points)


def area(polygon: Sequence[Point]) -> float:
    """Area of what the ring goes around at all (non-zero winding number), also where it crosses or repeats
    itself.

    Between two heights at which edges begin, end or cross, the edges lie in one order: there the area is that
    of trapezoids.
    """
    edges = [(a, b) for a, b in zip([polygon[-1], *polygon], polygon, strict=False) if a[1] != b[1]]
    heights = {y for _, y in polygon}
    for (a, b), (c, d) in itertools.combinations(edges, 2):
        across = (b[0] - a[0]) * (d[1] - c[1]) - (b[1] - a[1]) * (d[0] - c[0])
        if across:
            along = ((c[0] - a[0]) * (d[1] - c[1]) - (c[1] - a[1]) * (d[0] - c[0])) / across
            if 0 < along < 1:
                heights.add(a[1] + along * (b[1] - a[1]))
    total = 0.0
    for top, bottom in itertools.pairwise(sorted(heights)):
        y, turns = (top + bottom) / 2, 0
        spans = sorted(
            (a[0] + (y - a[1]) * (b[0] - a[0]) / (b[1] - a[1]), 1 if b[1] > a[1] else -1)
            for a, b in edges
            if (a[1] > y) != (b[1] > y)
        )
        for (left, way), (right, _) in itertools.pairwise(spans):
            turns += way
            total += (right - left) * (bottom - top) if turns else 0.0
    return total


def distance_m(a: Point, b: Point) -> float:
    """Great-circle distance in metres between two (latitude, longitude) points in degrees (haversine)."""
    lat1, lon1, lat2, lon2 = map(math.radians, (*a, *b))
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(h))


def towards(start: Point, bearing_deg: float, metres: float) -> Point:
    """The (latitude, longitude) `metres` away, clockwise from true north.

    A plane around the pole: right within a metre up to 10 km.
    """
    bearing, latitude = math.radians(bearing_deg), math.radians(start[0])
    north, east = metres * math.cos(bearing), metres * math.sin(bearing)
    shrunk = max(1e-6, math.cos(latitude))
    north_of, east_of = (
        start[0] + math.degrees(north / EARTH_RADIUS_M),
        start[1] + math.degrees(east / EARTH_RADIUS_M / shrunk),
    )
    return max(-90.0, min(90.0, north_of)), east_of if abs(east_of) <= 180 else (east_of + 180) % 360 - 180


def near(polygon: Sequence[Point], longitude: float) -> list[Point]:
    """A ring of (latitude, longitude) that goes the short way round at 180 degrees, its longitudes counted
    from around `longitude`.

    So they may lie beyond 180, and a plane knows no date line.
    """
    points = []
    for latitude, east in polygon:
        longitude = east + 360 * round((longitude - east) / 360)
        points.append((latitude, longitude))
    return points


def to_edge_m(point: Point, polygon: Sequence[Point]) -> float:
    """Metres from a (latitude, longitude) to the nearest edge of a polygon.

    A plane around the point, good for some ten kilometres.
    """
    shrunk = math.cos(math.radians(point[0]))
    metres_a_degree = math.radians(1) * EARTH_RADIUS_M

    def local(corner: Point) -> Point:
        return (corner[1] - point[1]) * shrunk * metres_a_degree, (corner[0] - point[0]) * metres_a_degree

    return to_ring((0.0, 0.0), [local(corner) for corner in polygon])
