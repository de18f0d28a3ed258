"""Names that are used twice, or used and never given.

They are looked at in the document as it was written, so that a value of the wrong kind beside them hides
nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from pole_agent.errors import Problem
from pole_agent.languages import phrase
from pole_agent.settings.camera import CameraSettings
from pole_agent.settings.lamp import DEFAULT
from pole_agent.settings.section import nearest

Table = dict[str, Any]


def references(document: Table) -> list[Problem]:
    """Every problem of names between the tables of a document, which may hold anything."""
    return [*_twice(document), *_cameras_of_places(document), *_programs(document), *_rules(document)]


def _tables(document: Table, key: str) -> list[Table]:
    """The tables of a list; what is none counts as an empty one, so that the numbers stay."""
    found = document.get(key)
    return [t if isinstance(t, dict) else {} for t in found] if isinstance(found, list) else []


def _names(tables: list[Table], default: str | None = None) -> list[str]:
    return [name for t in tables if isinstance(name := t.get("name", default), str)]


def _cameras(document: Table) -> set[str]:
    return set(_names(_tables(document, "camera"), CameraSettings.model_fields["name"].default))


KINDS = {
    "camera": phrase("camera"),
    "line": phrase("line"),
    "program": phrase("program"),
    "zone": phrase("zone"),
}


def _twice(document: Table) -> Iterator[Problem]:
    for key in ("camera", "zone", "line", "rule"):
        default = CameraSettings.model_fields["name"].default if key == "camera" else None
        for name, count in Counter(_names(_tables(document, key), default)).items():
            if count > 1:
                yield Problem(key, phrase("name-twice", name=name, count=count))


def _cameras_of_places(document: Table) -> Iterator[Problem]:
    cameras = _cameras(document)
    for key in ("zone", "line"):
        for index, place in enumerate(_tables(document, key)):
            path, camera = f"{key}[{index}].camera", place.get("camera")
            if camera is None and len(cameras) != 1:
                yield Problem(path, phrase("camera-ambiguous", count=len(cameras), cameras=listed(cameras)))
            yield from _unknown(path, "camera", camera, cameras)


def _programs(document: Table) -> Iterator[Problem]:
    lamp = document.get("lamp")
    if not isinstance(lamp, dict):
        return
    programs = set(_names(_tables(lamp, "program"), DEFAULT))
    if "program" in lamp and programs and DEFAULT not in programs:
        yield Problem(
            "lamp.program",
            phrase("default-program-missing", program=DEFAULT),
        )
    for index, entry in enumerate(_tables(lamp, "calendar")):
        yield from _unknown(
            f"lamp.calendar[{index}].program", "program", entry.get("program"), programs or {DEFAULT}
        )


def _rules(document: Table) -> Iterator[Problem]:
    cameras = _cameras(document)
    drone = document.get("drone")
    enabled = drone.get("enabled", False) if isinstance(drone, dict) else False
    for index, rule in enumerate(_tables(document, "rule")):
        path, camera = f"rule[{index}]", rule.get("camera")
        for key in ("zone", "line"):
            yield from _unknown(f"{path}.{key}", key, rule.get(key), _names(_tables(document, key)))
        if camera is None and not cameras:
            yield Problem(path, phrase("rule-without-camera"))
        elif camera is None and rule.get("zone") is None and rule.get("line") is None and len(cameras) > 1:
            yield Problem(
                f"{path}.camera", phrase("camera-ambiguous", count=len(cameras), cameras=listed(cameras))
            )
        yield from _unknown(f"{path}.camera", "camera", camera, cameras)
        if rule.get("drone") is True and enabled is False:
            yield Problem(f"{path}.drone", phrase("rule-drone-disabled"))


def _unknown(path: str, kind: str, name: Any, known: Collection[str]) -> Iterator[Problem]:
    if isinstance(name, str) and name and name not in known:
        problem = phrase("name-unknown", kind=KINDS[kind], name=name, known=listed(known))
        yield Problem(path, nearest(problem, name, known))


def listed(names: Collection[str]) -> str:
    return ", ".join(f'"{n}"' for n in sorted(set(names))) or phrase("none")
