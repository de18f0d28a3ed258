"""What pydantic finds, in words for somebody who has never seen Python: the key path, what is expected and
what is there.
"""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic_core import ErrorDetails

from pole_agent.errors import Problem
from pole_agent.languages import Phrase, phrase
from pole_agent.settings import Settings
from pole_agent.settings.section import Section, nearest

MAX_GIVEN = 60
KEY_ITSELF = "[key]"  # pydantic's word for: not the value is wrong, but its key
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
WORDS = {
    "int_type": phrase("kind-whole-number"),
    "int_parsing": phrase("kind-whole-number"),
    "int_parsing_size": phrase("kind-whole-number"),
    "int_from_float": phrase("kind-whole-number"),
    "float_type": phrase("kind-number"),
    "float_parsing": phrase("kind-number"),
    "finite_number": phrase("kind-finite-number"),
    "bool_type": phrase("kind-true-or-false"),
    "bool_parsing": phrase("kind-true-or-false"),
    "string_type": phrase("kind-text"),
    "path_type": phrase("kind-path"),
    "tuple_type": phrase("kind-list"),
    "list_type": phrase("kind-list"),
    "dict_type": phrase("kind-table"),
    "model_type": phrase("kind-table"),
    "model_attributes_type": phrase("kind-table"),
}
PATTERNS = {
    r"^[A-Za-z0-9_-]{1,64}$": phrase("identifier-invalid"),
    r"^[A-Za-z0-9-][A-Za-z0-9_-]{0,63}$": phrase("identifier-invalid-or-underscore"),
}


def problem_of(error: ErrorDetails, model: type[Section] = Settings) -> Problem:
    """One finding of pydantic about a `model`, in words."""
    return Problem(path_of(error["loc"]), _text(error, model))


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


def _text(error: ErrorDetails, whole: type[Section]) -> str:
    kind, location, context = error["type"], error["loc"], error.get("ctx", {})
    last = location[-1] if location else ""
    if kind == "extra_forbidden":
        known = _known_keys(location[:-1], whole)
        listed = phrase("unknown-key-known", known=", ".join(known))
        return nearest(phrase("unknown-key"), str(last), known, listed)
    if kind == "missing":
        return phrase("point-number-missing") if isinstance(last, int) else phrase("is-required")
    if kind == "value_error":
        found: Exception = context["error"]
        return str(found)
    if kind == "string_pattern_mismatch":
        return PATTERNS.get(context["pattern"], phrase("character-not-allowed"))
    if kind in ("too_short", "too_long") and "actual_length" in context:
        return _length(kind, str(location), context)
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", context["expected"])
        choices = ", ".join(f'"{w}"' for w in allowed)
        expected = phrase("one-of", choices=choices) if allowed[1:] else choices
        return nearest(_expected(expected, error), str(error["input"]), allowed)
    if kind in WORDS:
        return _expected(WORDS[kind], error)
    text = error["msg"].removeprefix("Input should be ")
    return _expected(f"{text[0].lower()}{text[1:]}", error)


def _expected(what: str, error: ErrorDetails) -> Phrase:
    return phrase("expected-given", expected=what, given=_given(error["input"]))


def _length(kind: str, location: str, context: dict[str, Any]) -> str:
    is_polygon = any(key in location for key in ("polygon", "masks", "geofence"))
    actual, most = context["actual_length"], context.get("max_length")
    if kind == "too_short" and is_polygon:
        return phrase("polygon-too-short", least=context["min_length"], count=actual)
    if most == 2:
        return phrase("point-needs-two-numbers", count=actual)
    if kind == "too_short":
        return phrase("list-too-short", least=context["min_length"], count=actual)
    return phrase("list-too-long", most=most, count=actual)


def _given(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) < MAX_GIVEN else text[: MAX_GIVEN - 3] + "…"


def _known_keys(location: tuple[int | str, ...], whole: type[Section]) -> list[str]:
    model: Any = whole
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
