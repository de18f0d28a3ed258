"""Random messages that the contract allows, drawn from its own schemas, with texts that nobody wishes for."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import jsonschema
from hypothesis import strategies as st

from tests.conftest import ROOT

SCHEMAS = json.loads((ROOT / "docs" / "contract" / "schemas.json").read_text())
DEFINITIONS: dict[str, Any] = SCHEMAS["$defs"]
TYPES = sorted(name.removeprefix("data.") for name in DEFINITIONS if name.startswith("data."))
HOSTILE = [
    "",
    " ",
    "]]><alert>&amp;&lt;",
    '"><script>alert(1)</script>',
    "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
    "a,b c<d>&e",
    "\x00\x01\x0b\x1f\x7f\x85",
    "\ud800 half a pair",
    "\ufffe\uffff",
    "\u202egnp.exe",
    "line\nline\r\nline\u2028line",
    "urn:ngsi-ld:Alert:1 /../%00%2f",
    "{kind} {0} %s $(reboot) `id`",
    "'; DROP TABLE events; --",
    "112 " * 300,
    "Jl. Prabu Geusan Ulun №1 — ꦗꦮ 🚨",
]
texts = st.one_of(st.text(max_size=12), st.sampled_from(HOSTILE), st.sampled_from(["street", "road", "112"]))
times = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)).map(
    lambda at: at.isoformat(timespec="milliseconds") + "Z"
)
anything = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts)
sources = st.one_of(st.sampled_from(["/smartpole/sumedang/DEMO-1", "/kab/smartpole/test/T-1"]), texts)


def validator(name: str) -> jsonschema.Draft202012Validator:
    """Of one definition of the contract."""
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": DEFINITIONS})


VALIDATORS = {name: validator(name) for name in DEFINITIONS}


def events() -> st.SearchStrategy[dict[str, Any]]:
    """Of every type of the contract, as often as any other."""
    return st.sampled_from(TYPES).flatmap(event)


@functools.cache
def event(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Of this type, for example ``incident.opened``."""
    return st.fixed_dictionaries(
        {
            **_required(DEFINITIONS["event"]),
            "source": sources,
            "type": st.just(f"smartpole.{kind}"),
            "data": drawn(f"data.{kind}"),
        },
        optional={"simulation": st.just(True), "added": anything},
    )


@functools.cache
def drawn(name: str) -> st.SearchStrategy[Any]:
    """What this definition of the contract allows."""
    return _of(DEFINITIONS[name])


def _required(schema: dict[str, Any]) -> dict[str, st.SearchStrategy[Any]]:
    return {name: _of(schema["properties"][name]) for name in schema["required"] if name != "data"}


def _of(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return drawn(schema["$ref"].rpartition("/")[2])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    choices = schema.get("anyOf", schema.get("oneOf"))
    if choices and "type" not in schema:
        return st.one_of([_of(choice) for choice in choices])
    kinds = schema.get("type")
    if kinds is None:
        return anything
    named = kinds if isinstance(kinds, list) else [kinds]
    return st.one_of([_TYPES[kind](schema) for kind in named])


def _object(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    properties, needed = schema.get("properties", {}), schema.get("required", [])
    rest = schema.get("additionalProperties", {})
    if not properties:
        return st.dictionaries(texts, _of(rest) if rest else anything, max_size=3)
    optional = {name: _of(sub) for name, sub in properties.items() if name not in needed}
    added = {"added": anything} if rest is not False else {}
    return st.fixed_dictionaries(
        {name: _of(properties[name]) for name in needed}, optional={**optional, **added}
    )


def _array(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    return st.lists(
        _of(schema.get("items", {})),
        min_size=schema.get("minItems", 0),
        max_size=min(schema.get("maxItems", 3), 3),
    )


def _string(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    if schema.get("format") == "date-time":
        return times
    if "pattern" in schema:
        return st.from_regex(schema["pattern"].replace("$", r"\Z").replace(r"\d", "[0-9]"))
    return texts.map(lambda text: text[: schema.get("maxLength", len(text))])


def _number(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    least, most = schema.get("minimum"), schema.get("maximum")
    return st.one_of(st.integers(least, most), st.floats(least, most, allow_nan=False, allow_infinity=False))


_TYPES: dict[str, Callable[[dict[str, Any]], st.SearchStrategy[Any]]] = {
    "object": _object,
    "array": _array,
    "string": _string,
    "number": _number,
    "integer": lambda schema: st.integers(schema.get("minimum"), schema.get("maximum")),
    "boolean": lambda _: st.booleans(),
    "null": lambda _: st.none(),
}
