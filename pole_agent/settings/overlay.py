"""What was drawn on the page: zones, lines, rules and further masks, in a file of the state directory.

The service may not write pole.toml, and need not: the overlay holds nothing else, so it cannot change the
lamp, a secret or a camera. Its zones, lines and rules take the place of those of pole.toml; masks are added,
none is ever taken away.

A saved overlay is on trial until it is confirmed. Until then the former one lies beside it, and a start, a
power cut or a failure brings it back.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pole_agent.errors import ConfigError, Problem
from pole_agent.languages import phrase
from pole_agent.replacing import replace_file
from pole_agent.settings.camera import CameraSettings
from pole_agent.settings.reading import text_file

FILE, BEFORE = "overlay.json", "overlay.before.json"
TABLES = ("zone", "line", "rule")
MASKS = "masks"
MAX_BYTES = 1 << 17
MOST = 64  # of each table, as in pole.toml, and of the masks of a camera
MODE = 0o600


@dataclass(frozen=True, slots=True)
class Overlay:
    """The document, and the text that it came from; both are empty where nothing was drawn."""

    document: Mapping[str, Any]
    text: str = ""


NONE = Overlay({})


def read(folder: Path) -> Overlay:
    """The overlay of a state directory. Raises ConfigError for one that is none."""
    file = folder / FILE
    try:
        text = text_file(file, MAX_BYTES)
    except FileNotFoundError:
        return NONE
    except OSError as error:
        reason = phrase("file-unreadable-because", file=file, error=error.strerror)
        raise ConfigError([Problem(FILE, reason)]) from error
    except ValueError as error:
        raise ConfigError([Problem(FILE, str(error))]) from error
    return parse(text) if text else NONE  # empty: everything that was drawn was taken away


def parse(text: str) -> Overlay:
    """Raises ConfigError for what is no JSON, or holds anything but zones, lines, rules and masks."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError([Problem(FILE, phrase("overlay-no-json", error=error))]) from error
    if not isinstance(document, dict):
        raise ConfigError([Problem(FILE, phrase("not-a-json-object"))])
    problems = [
        Problem(key, phrase("overlay-key-unknown", known=", ".join([*TABLES, MASKS])))
        for key in document
        if key not in (*TABLES, MASKS)
    ]
    problems += [
        Problem(key, phrase("overlay-list-expected"))
        for key in TABLES
        if key in document and not _is_list_of_tables(document[key])
    ]
    masks = document.get(MASKS, {})
    if not isinstance(masks, dict) or not all(isinstance(m, list) for m in masks.values()):
        problems.append(Problem(MASKS, phrase("overlay-masks-expected")))
    problems += _too_long(document)
    if problems:
        raise ConfigError(problems)
    return Overlay(document, text)


def _too_long(document: Mapping[str, Any]) -> list[Problem]:
    """Told before anything in them is looked at: names are compared with each other, which takes its time."""
    masks = document.get(MASKS, {})
    lists = {key: document[key] for key in TABLES if key in document}
    lists |= {f"{MASKS}.{name}": added for name, added in masks.items()} if isinstance(masks, dict) else {}
    return [
        Problem(key, phrase("list-too-long", most=MOST, count=len(value)))
        for key, value in lists.items()
        if isinstance(value, list) and len(value) > MOST
    ]


def laid_over(document: Mapping[str, Any], overlay: Overlay) -> dict[str, Any]:
    """The document of pole.toml with the overlay on it. Raises ConfigError for masks of an unknown camera."""
    whole = copy.deepcopy(dict(document))
    whole |= {key: copy.deepcopy(overlay.document[key]) for key in TABLES if key in overlay.document}
    unnamed = CameraSettings.model_fields["name"].default
    cameras = {c.get("name", unnamed): c for c in whole.get("camera", []) if isinstance(c, dict)}
    for name, masks in overlay.document.get(MASKS, {}).items():
        if name not in cameras:
            known = ", ".join(map(str, cameras))
            raise ConfigError([Problem(f"{MASKS}.{name}", phrase("overlay-camera-unknown", known=known))])
        cameras[name]["masks"] = [*cameras[name].get("masks", []), *masks]
    return whole


def save(folder: Path, text: str) -> None:
    """Put it in place of the present one, which is kept beside it: from now on it is on trial.

    An empty text is none. Blocks on the disk. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not on_trial(folder):
        file = folder / FILE
        replace_file(folder / BEFORE, file.read_bytes() if file.exists() else b"", MODE)
    replace_file(folder / FILE, text.encode(), MODE)


def on_trial(folder: Path) -> bool:
    return (folder / BEFORE).exists()


def confirm(folder: Path) -> None:
    """The overlay has proved itself. Raises OSError."""
    (folder / BEFORE).unlink(missing_ok=True)
    if (file := folder / FILE).exists() and not file.stat().st_size:
        file.unlink()


def take_back(folder: Path) -> bool:
    """Bring back the one before, where the present one is on trial.

    Returns whether it was. Raises OSError.
    """
    if not on_trial(folder):
        return False
    (folder / BEFORE).replace(folder / FILE)
    confirm(folder)
    return True


def _is_list_of_tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)
