"""What pydantic finds, in words for somebody who has never seen Python: the key path, what is expected and
what is there.
"""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic_core import ErrorDetails

from pole_agent.errors import Problem
from pole_agent.settings import Settings
from pole_agent.settings.section import nearest

MAX_GIVEN = 60
KEY_ITSELF = "[key]"  # pydantic's word for: not the value is wrong, but its key
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
WORDS = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text in quotes",
    "path_type": "a path in quotes",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}
PATTERNS = {r"^[A-Za-z0-9_-]{1,64}$": "use letters, digits, _ and - only, 1 to 64 of them"}


def problem_of(error: ErrorDetails) -> Problem:
    """One finding of pydantic, in words."""
    return Problem(path_of(error["loc"]), _text(error))


def path_of(location: tuple[int | str, ...]) -> str:
    """The key path: rule[0].zone."""
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif not part.startswith("<") and part != KEY_ITSELF:
            key = part if BARE_KEY.fullmatch(part) else json.dumps(part, ensure_ascii=False)
            path += f".{key}" if path else key
    return path


def _text(error: ErrorDetails) -> str:
    kind, location, context = error["type"], error["loc"], error.get("ctx", {})
    last = location[-1] if location else ""
    if kind == "extra_forbidden":
        known = _known_keys(location[:-1])
        return f"unknown key{nearest(str(last), known) or '; known here: ' + ', '.join(known)}"
    if kind == "missing":
        return "is missing: a point has two numbers" if isinstance(last, int) else "is required"
    if kind == "value_error":
        return error["msg"].removeprefix("Value error, ")
    if kind == "string_pattern_mismatch":
        return PATTERNS.get(context["pattern"], "holds a character that is not allowed here")
    given = f"given: {_given(error['input'])}"
    if kind in ("too_short", "too_long") and "actual_length" in context:
        return _length(kind, str(location), context)
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", context["expected"])
        words = ", ".join(f'"{w}"' for w in allowed)
        return (
            f"input should be {'one of ' if allowed[1:] else ''}{words};"
            f" {given}{nearest(str(error['input']), allowed)}"
        )
    if kind in WORDS:
        return f"input should be {WORDS[kind]}; {given}"
    return f"{error['msg'][0].lower()}{error['msg'][1:]}; {given}"


def _length(kind: str, location: str, context: dict[str, Any]) -> str:
    is_polygon = any(key in location for key in ("polygon", "masks", "geofence"))
    actual, most = context["actual_length"], context.get("max_length")
    if kind == "too_short" and is_polygon:
        return f"a polygon has at least {context['min_length']} points; this has {actual}"
    if most == 2:
        return f"a point has two numbers; this has {actual}"
    limit = f"at least {context['min_length']}" if kind == "too_short" else f"at most {most}"
    return f"a list of {limit}; this has {actual}"


def _given(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) < MAX_GIVEN else text[: MAX_GIVEN - 3] + "…"


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    model: Any = Settings
    for part in location:
        if isinstance(part, int):
            continue
        for name, info in model.model_fields.items():
            if part in (name, info.alias):
                model = _model_in(info.annotation) or model
    return [info.alias or name for name, info in model.model_fields.items()]


def _model_in(annotation: Any) -> Any:
    if hasattr(annotation, "model_fields"):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if found := _model_in(inner):
            return found
    return None
