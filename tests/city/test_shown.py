"""Whatever a pole says, a browser gets texts, finite numbers and flags under known names."""

from __future__ import annotations

import json
import math
from typing import Any

from city import shown
from hypothesis import given
from hypothesis import strategies as st

from tests.city.test_reading import JSON
from tests.conftest import ROOT

SAMPLES = ROOT / "docs" / "samples"
REQUEST = json.loads((SAMPLES / "drone-request.json").read_text())
WORDS = {
    "info": json.loads((SAMPLES / "info.json").read_text()),
    "health": json.loads((SAMPLES / "health.json").read_text()),
    "lamp/state": json.loads((SAMPLES / "lamp-state.json").read_text()),
}
NIGHT = json.loads((SAMPLES / "events-lamp-summarized.json").read_text())["data"]


def is_plain(value: Any, text: type | tuple[type, ...] = str) -> bool:
    return (
        value is None or isinstance(value, text) or (isinstance(value, int | float) and math.isfinite(value))
    )


def changed(document: dict[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    """The document with something else in this place."""
    key, *rest = path
    inner = document.get(key)
    return document | {key: changed(inner, rest, value) if rest and isinstance(inner, dict) else value}


def test_a_whole_request_loses_nothing_that_is_signed() -> None:
    found = shown.request("/" + REQUEST["pole"], REQUEST["state"], REQUEST)
    for name in ("pole", "request_id", "origin", "rule", "expires_at", "target", "severity", "count"):
        assert found[name] == REQUEST[name], name
    assert [(g["name"], g["ok"]) for g in found["gates"]] == [(g["name"], g["ok"]) for g in REQUEST["gates"]]


@given(st.sampled_from([[key] for key in REQUEST] + [["target", key] for key in REQUEST["target"]]), JSON)
def test_a_damaged_request_is_still_plain(path: list[str], value: Any) -> None:
    found = shown.request("/a/b/c", "blocked", changed(REQUEST, path, value))
    assert all(is_plain(v) for k, v in found.items() if k not in ("target", "gates"))
    assert found["target"] is None or all(is_plain(v) for v in found["target"].values())
    assert all(is_plain(v) for gate in found["gates"] for v in gate.values())
    assert found["severity"] in ("info", "warning", "alarm")
    assert len(json.dumps(found, allow_nan=False)) < 40_000


@given(st.lists(JSON, max_size=40))
def test_damaged_gates_are_still_plain(gates: list[Any]) -> None:
    found = shown.request("/a/b/c", "blocked", REQUEST | {"gates": gates})
    assert len(found["gates"]) == min(len(gates), shown.MOST_ITEMS)
    assert all(is_plain(v) for gate in found["gates"] for v in gate.values())


@given(
    st.sampled_from(
        [("info", ["name"]), ("info", ["location"]), ("info", ["location", "latitude"]),
         ("health", ["parts"]), ("health", ["outbox"]), ("health", ["outbox", "waiting"]),
         ("lamp/state", ["level"])]
    ),
    JSON | st.sampled_from([1e308, -1e308, 10**40, {"a": 1e308, "b": 1e308}]),
    st.dictionaries(st.sampled_from(sorted(NIGHT)), JSON),
)  # fmt: skip
def test_a_damaged_pole_is_still_plain(
    where: tuple[str, list[str]], value: Any, night: dict[str, Any]
) -> None:
    topic, path = where
    found = shown.pole("/a/b/c", WORDS | {topic: changed(WORDS[topic], path, value)}, NIGHT | night)
    assert all(is_plain(v) for k, v in found.items() if k != "degraded")
    assert all(isinstance(name, str) for name in found["degraded"])
    assert found["name"]
    json.dumps(found, allow_nan=False)


def test_a_whole_pole() -> None:
    found = shown.pole("/smartpole/sumedang/DEMO-1", WORDS, NIGHT)
    assert (found["name"], found["latitude"], found["level"]) == ("Demo pole", -6.8586, 0.9)
    assert (found["burn_h"], found["energy_wh"], round(found["saved_wh"], 1)) == (9.353, 361.2, 358.8)
    assert (found["degraded"], found["waiting"]) == ([], 0)
