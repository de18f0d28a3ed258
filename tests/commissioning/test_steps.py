"""Facts and answers -> a verdict: the judges of the steps, one by one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.commissioning import identity, light, machine, sight
from pole_agent.commissioning.answers import LIGHT, YES_NO, Question
from pole_agent.commissioning.steps import KINDS, steps_of
from pole_agent.commissioning.verdict import Verdict, fail, warn, worst
from pole_agent.languages import phrase
from pole_agent.settings import Settings
from pole_agent.settings.load import parse

BARE = '[pole]\nid = "P-1"\nsite = "s"\nlatitude = 0\nlongitude = 0\n'
TEXT = phrase("ask-phone")


def settings(more: str = "") -> Settings:
    return parse(BARE + more)


def test_a_pole_has_the_steps_of_its_parts() -> None:
    bare = [step.name for step in steps_of(settings())]
    assert bare[:2] == ["configuration", "identity"]
    assert not any(name.startswith(("camera", "walk", "drone", "feedback", "sign")) for name in bare)
    cameras = '[[camera]]\nname = "a"\nsource = "/a"\n[[camera]]\nname = "b"\nsource = "/b"\n'
    zone = '[[zone]]\nname = "road"\ncamera = "b"\npolygon = [[0,0],[1,0],[1,1]]\n'
    whole = [step.name for step in steps_of(settings(cameras + zone + "[lamp.feedback]\npin = 22\n"))]
    assert {"walk:a/frame", "walk:b/road", "masks:a", "camera:b", "feedback", "sign"} <= set(whole)
    assert len(whole) == len(set(whole))
    assert all(name.partition(":")[0] in KINDS for name in whole)


@pytest.mark.parametrize(
    ("asked", "sees", "state"),
    [(a, s, "ok" if a == s else "fail") for a in LIGHT for s in LIGHT],
)
def test_the_light_that_was_asked_for_is_seen(asked: str, sees: str, state: str) -> None:
    facts = {"asked": asked, "wanted": 0.3, "level": 0.3, "parts": {}}
    assert light.lamp(facts, {"sees": sees}).state == state


def test_a_lamp_that_something_else_holds() -> None:
    """What is seen says nothing of the wiring then."""
    facts = {"asked": "dark", "wanted": 0.0, "level": 1.0, "parts": {}}
    told = light.lamp(facts, {"sees": "full"})
    assert told.state == "fail"
    assert "priority" in told.words


@given(
    st.integers(0, 86_399),
    st.integers(-43_000, 43_000),
    st.floats(0, 3000),
)
def test_a_clock_is_held_against_a_phone(day_s: int, off_s: int, answered_s: float) -> None:
    """The phone shows whole minutes, and the answer may come late. Around midnight too."""
    true = (day_s + answered_s - off_s) % 86_400
    phone = f"{int(true // 3600):02d}:{int(true % 3600 // 60):02d}"
    facts = {"trusted": True, "reason": None, "day_s": day_s, "answered_s": answered_s, "zone": "UTC"}
    told = identity.clock(facts | {"local": "now"}, {"phone": phone})
    if abs(off_s) <= 120:
        assert told.state == "ok"
    elif abs(off_s) > 120 + 60:
        assert told.state == "fail"


def test_a_clock_that_is_right_and_not_trusted() -> None:
    facts = {"trusted": False, "reason": "no time server", "day_s": 0, "zone": "UTC", "local": "now"}
    assert identity.clock(facts, {"phone": "00:00"}) == Verdict("fail", "no time server")


WELL: dict[str, Any] = {
    "broker": "b:1883",
    "acknowledged": 3,
    "waited_s": 1.0,
    "parts": {"uplink": {"state": "ok"}, "commands": {"state": "ok"}},
}


@pytest.mark.parametrize(
    ("change", "state", "words"),
    [
        ({}, "ok", "3 events"),
        ({"broker": None}, "warn", "no broker"),
        ({"parts": {"uplink": {"state": "ok"}}}, "fail", "did not come back"),
        ({"acknowledged": 0}, "fail", "no event was acknowledged"),
        ({"parts": {"uplink": {"state": "degraded", "reason": "refused"}}}, "fail", "refused"),
        ({"findings": [{"check": "broker", "state": "warn", "words": "no TLS"}]}, "warn", "no TLS"),
    ],
)
def test_the_city_hears_the_pole(change: dict[str, Any], state: str, words: str) -> None:
    told = identity.uplink(WELL | change, {})
    assert told.state == state
    assert words in told.words


@pytest.mark.parametrize(
    ("full", "dark", "state"),
    [
        (True, False, "ok"),
        (False, True, "fail"),
        (True, True, "fail"),
        (None, False, "fail"),
        (True, None, "fail"),
    ],
)
def test_the_feedback_follows(full: bool | None, dark: bool | None, state: str) -> None:
    assert light.feedback({"lit_at_full": full, "lit_at_dark": dark}, {}).state == state


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, "ok"),
        ({"before": 1}, "warn"),
        ({"seen": None}, "fail"),
        ({"masked": 0.5}, "fail"),
        ({"masked": 0.49}, "ok"),
    ],
)
def test_who_walks_is_followed(change: dict[str, Any], state: str) -> None:
    facts = {"zone": "a/road", "masked": 0.0, "seen": "person", "before": 0, "after_s": 1.0, "waited_s": 90.0}
    assert sight.walk(facts | change, {}).state == state


@pytest.mark.parametrize(
    ("fps", "different", "brightness", "state"),
    [
        (5.0, 8, 90.0, "ok"),
        (3.9, 8, 90.0, "warn"),
        (2.4, 8, 90.0, "fail"),
        (5.0, 1, 90.0, "fail"),
        (5.0, 8, 3.0, "warn"),
    ],
)
def test_pictures_come_and_change(fps: float, different: int, brightness: float, state: str) -> None:
    facts: dict[str, Any] = {
        "camera": "a",
        "error": None,
        "frames": 20,
        "different": different,
        "fps": fps,
        "wanted_fps": 5,
        "brightness": brightness,
        "width": 320,
        "height": 240,
        "parts": {},
    }
    assert sight.camera(facts, {"right": "yes"}).state == state
    assert sight.camera(facts, {"right": "no"}).state == "fail"


def test_a_mask_that_lets_the_street_through() -> None:
    facts = {"error": None, "leaking": 12, "same_shape": True, "masks": 1, "masked": 0.1}
    told = sight.masks(facts, {"covered": "yes"})
    assert told.state == "fail"
    assert "12 pixels" in told.words


def test_a_drone_that_nobody_can_stop() -> None:
    facts: dict[str, Any] = {
        "fence": True,
        "approval": "required",
        "officers": ["a"],
        "stopped": False,
        "parts": {},
    }
    assert machine.drone(facts, {"stop": "yes"}).state == "ok"
    assert machine.drone(facts, {"stop": "no"}).state == "fail"
    assert machine.drone(facts | {"officers": []}, {"stop": "yes"}).state == "warn"
    assert machine.drone(facts | {"fence": False}, {"stop": "yes"}).state == "fail"


def test_the_gravest_counts_and_all_are_told() -> None:
    assert worst([], "fine") == Verdict("ok", "fine")
    told = worst(
        [warn("a remark here"), Verdict("ok", "x"), fail("a fault here"), warn("another one here")], ""
    )
    assert told == Verdict("fail", "a remark here; a fault here; another one here")


@pytest.mark.parametrize(
    ("choices", "typed", "read"),
    [
        (YES_NO, " Y ", "yes"),
        (YES_NO, "tidak", "no"),
        (YES_NO, "2", "no"),
        (YES_NO, "3", None),
        (YES_NO, "", None),
        (LIGHT, "2", "dim"),
        (LIGHT, "gelap", "dark"),
        (LIGHT, "yes", None),
        ((), "7.05", "07:05"),
        ((), "23:59", "23:59"),
        ((), "24:00", None),
    ],
)
def test_answers_are_read(choices: tuple[str, ...], typed: str, read: str | None) -> None:
    assert Question("key", TEXT, choices).read(typed) == read


@pytest.mark.parametrize(
    ("change", "replacement", "state"),
    [
        ({}, None, "ok"),
        ({"formers": ["a"]}, "yes", "ok"),
        ({"formers": ["a"]}, "no", "fail"),
        ({"signed_off_on": "here"}, None, "ok"),
        ({"signed_off_on": "there"}, "yes", "warn"),
        ({"signed_off_on": "there"}, "no", "fail"),
        ({"signed_off_on": "there", "board": ""}, None, "ok"),
        ({"parts": {"identity": {"state": "degraded", "reason": "a twin is there"}}}, None, "fail"),
    ],
)
def test_nobody_else_has_its_name(change: dict[str, Any], replacement: str | None, state: str) -> None:
    """A card that moved is a replacement or a copy: the person says which, and is asked only then."""
    usual = {"pole": "p/s/1", "name": "one", "latitude": 0.0, "longitude": 0.0, "storeid": "s"}
    facts = {**usual, "board": "here", "signed_off_on": None, "formers": [], "parts": {}, **change}
    asked = [question.key for question in KINDS["identity"].questions(facts)]
    assert asked == (["plate", "replacement"] if replacement else ["plate"])
    more = {"replacement": replacement} if replacement else {}
    assert identity.identity(facts, {"plate": "yes", **more}).state == state
    assert identity.identity(facts, {"plate": "no", **more}).state == "fail"
