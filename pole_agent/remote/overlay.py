"""Overlays: what one key of the configuration lays over a pole's own file, as TOML. Pure.

As with what is drawn on the page (settings/overlay.py), a list takes the place of the list below it, so an
overlay can be understood alone; masks are added, none is taken away. Groups come first, in the order of the
pole, then its own overlay.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pole_agent.errors import ConfigError, Problem
from pole_agent.languages import phrase
from pole_agent.settings.camera import CameraSettings

Document = dict[str, Any]
KNOWN: Mapping[str, tuple[str, ...]] = {
    "pole": ("name", "operator", "contact", "groups"),
    "lamp": ("program", "calendar"),
    "camera": ("name", "fps", "masks"),
}
LISTS = ("zone", "line", "rule")
DEFAULT_CAMERA = CameraSettings.model_fields["name"].default


def composed(base: Document, own: Document, group: Callable[[str], Document]) -> Document:
    """The base with the overlays of its groups and its own on it.

    `group` gives the overlay of a group, empty where there is none. The groups are those of the pole's own
    overlay, else of the base. Raises ConfigError with every problem.
    """
    groups = _groups(own) or _groups(base)
    found = copy.deepcopy(base)
    for overlay in (*(group(name) for name in groups), own):
        found = laid_over(found, overlay)
    return found


def laid_over(base: Document, overlay: Document) -> Document:
    """Raises ConfigError for an overlay that holds anything else than it may."""
    if problems := [*_strange(overlay), *_unknown_cameras(base, overlay)]:
        raise ConfigError(problems)
    found = copy.deepcopy(base)
    for key in LISTS:
        if key in overlay:
            found[key] = copy.deepcopy(overlay[key])
    for key in ("pole", "lamp"):
        if key in overlay:
            found[key] = {**found.get(key, {}), **copy.deepcopy(overlay[key])}
    cameras = {c.get("name", DEFAULT_CAMERA): c for c in found.get("camera", [])}
    for change in overlay.get("camera", []):
        camera = cameras[change.get("name", DEFAULT_CAMERA)]
        if "fps" in change:
            camera["fps"] = change["fps"]
        added = [mask for mask in change.get("masks", []) if mask not in camera.get("masks", [])]
        if added:
            camera["masks"] = [*camera.get("masks", []), *copy.deepcopy(added)]
    return found


def _groups(document: Document) -> list[str]:
    pole = document.get("pole")
    groups = pole.get("groups") if isinstance(pole, dict) else None
    return [g for g in groups if isinstance(g, str)] if isinstance(groups, list) else []


def _strange(overlay: Document) -> Iterator[Problem]:
    for key, value in overlay.items():
        if key in LISTS:
            if not _tables(value):
                yield Problem(key, phrase("overlay-list-expected"))
        elif key not in KNOWN:
            yield Problem(key, phrase("overlay-key-unknown", known=", ".join([*KNOWN, *LISTS])))
        elif key == "camera" and not _tables(value):
            yield Problem(key, phrase("overlay-list-expected"))
        elif key != "camera" and not isinstance(value, dict):
            yield Problem(key, phrase("overlay-table-expected"))
        else:
            yield from _strange_keys(key, value if isinstance(value, list) else [value])


def _strange_keys(key: str, tables: Iterable[Document]) -> Iterator[Problem]:
    for table in tables:
        for name in table:
            if name not in KNOWN[key]:
                known = ", ".join(KNOWN[key])
                yield Problem(f"{key}.{name}", phrase("overlay-key-unknown", known=known))
        if not isinstance(table.get("masks", []), list):
            yield Problem(f"{key}.masks", phrase("overlay-masks-expected"))


def _unknown_cameras(base: Document, overlay: Document) -> Iterator[Problem]:
    cameras = base.get("camera", [])
    known = [c.get("name", DEFAULT_CAMERA) for c in cameras if isinstance(c, dict)]
    for change in overlay.get("camera", []) if _tables(overlay.get("camera", [])) else []:
        name = change.get("name", DEFAULT_CAMERA)
        if name not in known:
            told = phrase("overlay-camera-unknown", known=", ".join(map(str, known)))
            yield Problem(f"camera.{name}", told)


def _tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)
