"""Areas on the ground from GeoJSON (RFC 7946: longitude first), for geofence and exclusions."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from pole_agent.geometry import inside, near, side, to_edge_m, wound
from pole_agent.languages import phrase
from pole_agent.vocabulary import Point

MAX_POINTS = 10_000
TOUCH_M = 0.001  # so near to an edge is on it: rounding must not decide
FLAT = 1e-6  # degrees: a tenth of a metre


@dataclass(frozen=True, slots=True)
class Area:
    """A polygon as (latitude, longitude) in degrees, and the holes in it."""

    outer: tuple[Point, ...]
    holes: tuple[tuple[Point, ...], ...] = ()

    def contains(self, centre: Point, radius_m: float) -> bool:
        """Does the whole circle lie inside, and beside every hole?

        One that only touches an edge does not: what is unsure is blocked.
        """
        if not inside(centre, near(self.outer, centre[1])) or any(
            wound(centre, near(hole, centre[1])) for hole in self.holes
        ):
            return False
        return self.to_edge_m(centre) > radius_m + TOUCH_M

    def touches(self, centre: Point, radius_m: float) -> bool:
        """Does any of the circle lie in it or touch it?

        A hole counts as part of it: where not to fly, more is safer.
        """
        # Also as a plane would read it: an edge from -180 to 180 may go around the world.
        rings = (near(self.outer, centre[1]), self.outer)
        return any(wound(centre, ring) or to_edge_m(centre, ring) <= radius_m + TOUCH_M for ring in rings)

    def to_edge_m(self, centre: Point) -> float:
        """Metres to the nearest edge, from either side."""
        return min(to_edge_m(centre, near(ring, centre[1])) for ring in (self.outer, *self.holes))

    def is_flat(self) -> bool:
        """Do all points lie on one line, so that it has no area?"""
        start, *others = near(self.outer, self.outer[0][1])
        far = max(others, key=lambda point: math.dist(start, point))
        return all(
            abs(side(point, start, far)) <= FLAT * max(FLAT, math.dist(start, far)) for point in others
        )

    def swapped(self) -> Area:
        """The same with latitude and longitude taken for each other: a mistake that is easily made."""
        return Area(
            tuple((b, a) for a, b in self.outer), tuple(tuple((b, a) for a, b in hole) for hole in self.holes)
        )


def areas(text: str) -> list[Area]:
    """All (Multi)Polygons in a GeoJSON text.

    Raises ValueError, also for anything else in it: nothing is left out silently.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(phrase("json-invalid", error=error)) from error
    found = []
    for rings in (r for geometry in _geometries(document) for r in _polygons(geometry)):
        outer, *holes = map(_ring, rings)
        found.append(Area(outer, tuple(holes)))
    if not found:
        raise ValueError(phrase("geojson-without-polygon"))
    if sum(len(ring) for area in found for ring in (area.outer, *area.holes)) > MAX_POINTS:
        raise ValueError(phrase("polygon-too-long", most=MAX_POINTS))
    return found


def _geometries(document: Any) -> list[Any]:
    match document:
        case {"type": "FeatureCollection", "features": list(features)}:
            return [g for f in features for g in _geometries(f)]
        case {"type": "Feature", "geometry": geometry}:
            return _geometries(geometry)
        case {"type": "GeometryCollection", "geometries": list(geometries)}:
            return [g for geometry in geometries for g in _geometries(geometry)]
        case {"type": "Polygon" | "MultiPolygon"}:
            return [document]
        case {"type": str(kind)}:
            raise ValueError(phrase("geometry-not-an-area", kind=kind[:40]))
    raise ValueError(phrase("geojson-invalid"))


def _polygons(geometry: Any) -> list[list[Any]]:
    match geometry:
        case {"type": "Polygon", "coordinates": [_, *_] as rings}:
            return [rings]
        case {"type": "MultiPolygon", "coordinates": [_, *_] as parts} if all(
            isinstance(p, list) and p for p in parts
        ):
            return list(parts)
    raise ValueError(phrase("polygon-without-coordinates"))


def _ring(points: Any) -> tuple[Point, ...]:
    ring: list[Point] = []
    for point in points if isinstance(points, list) else []:
        match point:
            case [int() | float() as longitude, int() | float() as latitude, *_] if _on_earth(
                longitude, latitude
            ):
                ring.append((float(latitude), float(longitude)))
            case _:
                raise ValueError(phrase("geojson-point-invalid", point=str(point)[:40]))
    if len(ring) < 3:
        raise ValueError(phrase("ring-too-short"))
    return tuple(ring)


def _on_earth(longitude: float, latitude: float) -> bool:
    return (
        not isinstance(longitude, bool)
        and not isinstance(latitude, bool)
        and abs(longitude) <= 180
        and abs(latitude) <= 90
    )
