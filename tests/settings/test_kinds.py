"""A value of another kind is named, whatever key it stands at: no default in its place, no words of the
machinery.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from pole_agent.errors import ConfigError
from pole_agent.languages import in_language
from pole_agent.settings.examine import NEUTRAL, NEUTRAL_ITEMS
from pole_agent.settings.load import parse, schema

SCHEMA = schema()
VALUES: tuple[Any, ...] = (
    True,
    1,
    -1,
    1e9,
    1.5,
    "8883",
    "",
    "~/x",
    [],
    [1],
    [True],
    [[True, "x"]],
    [[0.5]],
    [[[0.1, 0.1, 0.1]] * 3],
    {},
    {"a": 1},
    float("nan"),
)
MACHINERY = re.compile(
    r"(?i:tuple|constrained|function|\bdict|nonetype|datetime|valid"
    r" (integer|number|boolean|string)|instance|mapping|\bint\b|float|\bbool\b"
    r"|pydantic|<|union|literal|lambda|\bnan\b|parse|path object)|True|False|None"
)


def tables(
    reference: dict[str, Any] = SCHEMA, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Every table of pole.toml with its path; a list of tables ends in []."""
    yield path, reference
    for key, value in reference["properties"].items():
        for choice in (value, *value.get("anyOf", ())):
            many = choice.get("type") == "array"
            name = (choice.get("items", {}) if many else choice).get("$ref")
            if name:
                yield from tables(SCHEMA["$defs"][name.rpartition("/")[2]], (*path, key + "[]" * many))


KEYS = [(path, key, value) for path, table in tables() for key, value in table["properties"].items()]


def document(path: tuple[str, ...], key: str, value: object) -> dict[str, Any]:
    """A document that is right but for `value` at `key` in the table `path`."""
    whole: dict[str, Any] = {"pole": dict(NEUTRAL["pole"]), "camera": [dict(NEUTRAL_ITEMS["camera"])]}
    table = whole
    for part in path:
        name = part.removesuffix("[]")
        needed = (
            NEUTRAL_ITEMS.get(name, {})
            if part.endswith("[]")
            else {"host": "x"}
            if name == "mqtt"
            else {"pin": 4}
        )
        inner = dict(
            table.get(name, {})
            if name == "pole"
            else needed
            if name in (*NEUTRAL_ITEMS, "mqtt", "relay", "button", "photocell")
            else {}
        )
        if name == "feedback":
            inner = {"pin": 5}
        table[name] = [inner] if part.endswith("[]") else inner
        table = inner
    table[key] = value
    return whole


def toml(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
        case float() if value != value:
            return "nan"
    return json.dumps(value)


def problems(text: dict[str, Any]) -> list[str]:
    try:
        parse("\n".join(f"{k} = {toml(v)}" for k, v in text.items()))
    except ConfigError as error:
        return [str(p) for p in error.problems]
    return []


def key_path(path: tuple[str, ...], key: str) -> str:
    return ".".join([*(p.replace("[]", "[0]") for p in path), key])


@pytest.mark.parametrize(("path", "key", "expected"), KEYS, ids=[key_path(p, k) for p, k, _ in KEYS])
def test_value_of_another_kind_is_named_with_key(
    path: tuple[str, ...], key: str, expected: dict[str, Any]
) -> None:
    """A value of another kind is named with its key in plain words."""
    validator = jsonschema.Draft202012Validator({**expected, "$defs": SCHEMA["$defs"]})
    where = key_path(path, key)
    named = 0
    for value in VALUES:
        told = problems(document(path, key, value))
        if not validator.is_valid(value):
            assert any(t.startswith(where) for t in told), f"{where} = {value!r}: {told}"
            named += 1
        for text in told:
            words = text.partition(": ")[2].partition("got ")[0]
            assert not MACHINERY.search(words), text
            assert in_language(text, "id") != text, f"not in Indonesian: {text}"
    assert named, "some value is of another kind"


MORE = [
    ("pin = true", "lamp", "lamp.pin: expected a whole number; got true"),
    ("fade_s = true", "lamp", "lamp.fade_s: expected a number; got true"),
    ('port = "8883"\nhost = "x"', "mqtt", 'mqtt.port: expected a whole number; got "8883"'),
    ('tls = "false"\nhost = "x"', "mqtt", 'mqtt.tls: expected true or false; got "false"'),
    (
        'backend = "gpoi"',
        "lamp",
        'lamp.backend: expected one of "gpio", "pwm", "mock"; got "gpoi"; did you mean gpio?',
    ),
    (
        "keep_days = { trafic = 3 }",
        "storage",
        "storage.keep_days.trafic: unknown type of event; did you mean traffic?",
    ),
    (
        'state_dir = "~/pole"',
        "storage",
        'storage.state_dir: "~/pole": ~ is not expanded here; write the full path',
    ),
    ('state_dir = "~"', "storage", 'storage.state_dir: "~": ~ is not expanded here'),
    ('state_dir = "$HOME/pole"', "storage", 'storage.state_dir: "$HOME/pole": $HOME is not expanded here'),
    (
        'exclusions = "~pole/x.geojson"',
        "drone",
        'drone.exclusions: "~pole/x.geojson": ~ is not expanded here',
    ),
    (
        "geofence = [[-6.8, 107.9, 30], [-6.8, 107.8], [-6.9, 107.8]]",
        "drone",
        "drone.geofence[0]: expected a point with two numbers, got 3",
    ),
    (
        "geofence = [[-6.8], [-6.8, 107.8], [-6.9, 107.8]]",
        "drone",
        "drone.geofence[0][1]: is missing: a point has two numbers",
    ),
    (
        "geofence = [[-6.8, 190.0], [-6.8, 107.8], [-6.9, 107.8]]",
        "drone",
        "drone.geofence[0][1]: expected less than or equal to 180",
    ),
]


@pytest.mark.parametrize(("line", "section", "expected"), MORE, ids=[m[0].partition("\n")[0] for m in MORE])
def test_what_people_write(line: str, section: str, expected: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse('[pole]\nid = "A"\nsite = "b"\nlatitude = 0.0\nlongitude = 0.0\n' + f"[{section}]\n{line}\n")
    assert [str(p)[: len(expected)] for p in error.value.problems] == [expected]


def test_a_whole_number_may_be_written_with_a_point() -> None:
    """18.0 was taken before kinds were strict, and a pole must not lose its configuration at an upgrade."""
    text = "[pole]\nid='a'\nsite='b'\nlatitude=-7.0\nlongitude=107\n"
    text += "[lamp]\nbackend='mock'\npin=18.0\n[mqtt]\nhost='broker'\nport=8883.0\n"
    settings = parse(text)
    assert (settings.lamp.pin, settings.pole.latitude) == (18, -7.0)
    with pytest.raises(ConfigError):
        parse(text.replace("18.0", "18.5"))
