"""Areas on the ground from GeoJSON (RFC 7946: longitude first), for geofence and exclusions."""

from __future__ import annotations

import json
from typing import Any

from pole_agent.vocabulary import Point

MAX_POINTS = 10_000


def polygons(text: str) -> list[tuple[Point, ...]]:
    """The outer rings of all (Multi)Polygons in a GeoJSON text, as (latitude, longitude). Raises ValueError."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is not JSON: {error}") from error
    rings = [_ring(r) for geometry in _geometries(document) for r in _outer(geometry)]
    if not rings:
        raise ValueError("holds no Polygon")
    if sum(map(len, rings)) > MAX_POINTS:
        raise ValueError(f"has more than {MAX_POINTS} points")
    return rings


def _geometries(document: Any) -> list[Any]:
    match document:
        case {"type": "FeatureCollection", "features": list(features)}:
            return [f["geometry"] for f in features if isinstance(f, dict) and f.get("geometry")]
        case {"type": "Feature", "geometry": dict(geometry)}:
            return [geometry]
        case {"type": "Polygon" | "MultiPolygon"}:
            return [document]
    raise ValueError("is not GeoJSON (a FeatureCollection, a Feature or a Polygon)")


def _outer(geometry: Any) -> list[Any]:
    match geometry:
        case {"type": "Polygon", "coordinates": [outer, *_]}:
            return [outer]
        case {"type": "MultiPolygon", "coordinates": list(parts)}:
            return [p[0] for p in parts if isinstance(p, list) and p]
    return []


def _ring(points: Any) -> tuple[Point, ...]:
    ring: list[Point] = []
    for point in points if isinstance(points, list) else []:
        match point:
            case [int() | float() as longitude, int() | float() as latitude, *_] if abs(longitude) <= 180 and abs(latitude) <= 90:
                ring.append((float(latitude), float(longitude)))
            case _:
                raise ValueError(f"has a point that is no [longitude, latitude]: {str(point)[:40]}")
    if len(ring) < 3:
        raise ValueError("has a ring of fewer than three points")
    return tuple(ring)
