"""A document against the settings: every problem at once, and what is left of it when they are taken out.

A value of the wrong kind must not hide what is wrong elsewhere: it is taken out, and the rest is looked at
again. Values are as strict as JSON: true is no number, and "8883" is none either.
"""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pole_agent.errors import Problem
from pole_agent.settings import Settings
from pole_agent.settings.problems import path_of, problem_of
from pole_agent.settings.references import references

ROUNDS = 6
Location = tuple[int | str, ...]
FOLLOWS = "default_factory_not_called"  # from another problem of the same table
# What a table needs, in a form that is nobody's mistake.
NEUTRAL: dict[str, Any] = {
    "id": "x",
    "site": "x",
    "latitude": 0.0,
    "longitude": 0.0,
    "name": "x",
    "source": "rtsp://x",
    "polygon": [[0, 0], [1, 0], [1, 1]],
    "from": [0, 0],
    "to": [1, 1],
    "level": 1.0,
    "host": "x",
    "public_key": "A" * 43 + "=",
}
NEUTRAL["pole"] = {key: NEUTRAL[key] for key in ("id", "site", "latitude", "longitude")}
NEUTRAL_ITEMS: dict[str, Any] = {
    "camera": {"source": "rtsp://x"},
    "zone": {"name": "x", "polygon": NEUTRAL["polygon"]},
    "line": {"name": "x", "from": [0, 0], "to": [1, 1]},
    "rule": {"name": "x", "kind": "presence"},
    "program": {"at": "sunset", "level": 1.0},
    "calendar": {"program": "default"},
    "control": {"kind": "max", "level": 1.0},
    "patrol": {"name": "x", "at": ["06:00"]},
    "officer": {"name": "x", "public_key": NEUTRAL["public_key"]},
}


@dataclass(frozen=True, slots=True)
class Examined:
    """`settings` are what is left without what is wrong; None when too much is.

    `spoilt` are the key paths that were taken out.
    """

    settings: Settings | None
    problems: list[Problem]
    spoilt: frozenset[str] = frozenset()


def examine(document: dict[str, Any]) -> Examined:
    """Look at all of it. Raises RecursionError for what is too deeply nested."""
    problems: list[Problem] = []
    rest, taken = copy.deepcopy(document), set[Location]()
    for _ in range(ROUNDS):
        try:
            settings = Settings.model_validate_json(json.dumps(_whole(rest), default=str), strict=True)
            break
        except ValidationError as failure:
            errors = failure.errors(include_url=False)
        if errors[0]["type"] == "json_invalid":
            raise RecursionError("too deeply nested")
        inner = {e["loc"][:depth] for e in errors for depth in range(len(e["loc"]))}
        errors = [
            e for e in errors if e["type"] != FOLLOWS and (e["type"] != "too_short" or e["loc"] not in inner)
        ]
        problems += [problem_of(e) for e in errors if not _is_our_doing(e, taken)]
        taken |= {_take_out(rest, e["loc"], needed=e["type"] != "extra_forbidden") for e in errors}
    else:
        settings = None
    problems += references(document)
    return Examined(settings, problems, frozenset(map(path_of, taken)))


def _whole(value: Any) -> Any:
    """18.0 is the number 18 in TOML as people write it, also where a whole number is asked for."""
    match value:
        case dict():
            return {key: _whole(inner) for key, inner in value.items()}
        case list():
            return [_whole(inner) for inner in value]
        case float() if value.is_integer():
            return int(value)
    return value


def _is_our_doing(error: ErrorDetails, taken: set[Location]) -> bool:
    """Does it come from what was taken out, or tell of it a second time?"""
    location = error["loc"]
    if any(location[: len(place)] == place for place in taken):
        return True
    beneath = {str(place[-1]) for place in taken if place[: len(location)] == location}
    return any(re.search(rf"\b{re.escape(key)}\b", error["msg"]) for key in beneath)


def _take_out(document: dict[str, Any], location: Location, *, needed: bool) -> Location:
    """Remove the value at `location`, or the key that holds it; what is `needed` gets a neutral value.

    Returns what was taken.
    """
    holder: Any = document
    found: tuple[Any, Location] = (document, location[:1])
    for depth, part in enumerate(location):
        if isinstance(holder, dict) and isinstance(part, str):
            if part.startswith("<"):
                break
            found = holder, location[: depth + 1]
        elif isinstance(holder, list) and isinstance(part, int) and str(location[depth - 1]) in NEUTRAL_ITEMS:
            found = holder, location[: depth + 1]
        else:
            break
        try:
            holder = holder[part]
        except (KeyError, IndexError):
            break
    table, place = found
    key: Any = place[-1]
    if isinstance(table, list):
        table[key] = copy.deepcopy(NEUTRAL_ITEMS[str(place[-2])])
        return place
    kind = str(next((p for p in reversed(place[:-1]) if isinstance(p, str)), ""))
    neutral = NEUTRAL_ITEMS.get(kind, {}).get(key, NEUTRAL.get(key))
    if needed and neutral is not None:
        table[key] = copy.deepcopy(neutral)
    else:
        table.pop(key, None)
    return place
