"""The street light without a loop: commands and steps in, effects out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.errors import CommandRefused
from pole_agent.lamp.controller import Output
from pole_agent.lamp.decide import Override
from pole_agent.lamp.effects import Announce, Effect, Keep, KeepLedger, Log, LogReasons, Record
from pole_agent.lamp.faults import Feedback
from pole_agent.lamp.rows import KEYS, LASTING, LEDGER, OVERRIDE
from pole_agent.lamp.street_light import LampState, StreetLight
from tests.lamp.moments import moment
from tests.lamp.test_controller import EVENING, configuration

NOTHING_KEPT: dict[str, str | None] = dict.fromkeys(KEYS)


def street_light(state: LampState | None = None, *, restored: bool = True) -> StreetLight:
    light = StreetLight(configuration(), state or LampState.begin(0.0), button_off_s=120.0)
    if restored and state is None:
        assert light.restore(NOTHING_KEPT, moment(EVENING, 0.0)) == []
    return light


def step(
    light: StreetLight, now: float, feedback: Feedback | None = None, **more: Any
) -> tuple[Output, list[Effect]]:
    at = moment(EVENING, now, **more)
    output = light.step(at, light.state.boosts.at(now), None, feedback)
    return output, [*light.news(output, at), *light.book(at)]


def kinds(effects: list[Effect]) -> list[str]:
    return [type(effect).__name__ for effect in effects]


# --- a step


def test_only_what_is_new_has_effects() -> None:
    """The first light is logged, told and written; then nothing, until something is new."""
    light = street_light()
    assert kinds(step(light, 0.0)[1]) == ["Log", "LogReasons", "Announce", "KeepLedger"]
    assert step(light, 1.0)[1] == []
    light.command({"level": 0.5}, "x", moment(EVENING, 2.0), local=False)
    assert kinds(step(light, 2.0)[1]) == ["Log", "LogReasons", "Announce"]
    assert step(light, 3.0)[1] == []
    light.command({"default_duration_s": 60}, "x", moment(EVENING, 4.0), local=False)
    assert step(light, 4.0)[1] == [Announce()]


def test_an_override_that_ends_leaves_the_store() -> None:
    """Once, when its time is over; the rest is what every change has."""
    light = street_light()
    light.command({"level": 0.5, "duration_s": 10}, "x", moment(EVENING, 0.0), local=False)
    assert step(light, 0.0)[0].ended is False
    assert Keep(OVERRIDE, None) not in step(light, 9.9)[1]
    output, effects = step(light, 10.0)
    assert output.ended is True
    assert effects[0] == Keep(OVERRIDE, None)
    assert kinds(effects[1:]) == ["Log", "LogReasons", "Announce"]
    for now in (11.0, 30.0, 31.0):
        output, effects = step(light, now)
        assert (output.ended, effects) == (False, [])


def test_a_fault_is_recorded_and_logged() -> None:
    """As a warning when it opens, for information when it closes."""
    light = street_light()
    dark, lit = Feedback(False), Feedback(True)
    found = [e for now in range(40) for e in step(light, float(now), dark)[1]]
    found += [e for now in range(40, 140) for e in step(light, float(now), lit)[1]]
    records = [e.event for e in found if isinstance(e, Record)]
    assert [(e.kind, e.severity.word, e.data["fault"]) for e in records] == [
        ("lamp.fault_opened", "warning", "lamp_failure"),
        ("lamp.fault_closed", "info", "lamp_failure"),
    ]
    logs = [e for e in found if isinstance(e, Log) and "fault" in e.text]
    assert logs == [
        Log("lamp fault lamp_failure opens", warning=True),
        Log("lamp fault lamp_failure closes", warning=False),
    ]


def began(effects: list[Effect]) -> list[bool]:
    return [json.loads(e.text)["began"] for e in effects if isinstance(e, LogReasons)]


def test_a_process_begins_once() -> None:
    """In the log of reasons: at its first step, whether a reload comes before or after."""
    light = street_light()
    again = street_light(light.hand_over(0.0))
    assert began(step(again, 0.0)[1]) == [True]
    assert began(step(street_light(again.hand_over(1.0)), 1.0)[1]) == [False]


def test_a_reload_tells_anew_and_counts_no_change() -> None:
    """Who listens may be another; the lamp is the same."""
    light = street_light()
    step(light, 0.0)
    again = street_light(light.hand_over(1.0))
    assert Announce() in step(again, 1.0)[1]
    assert again.state.changes == 0


@pytest.mark.parametrize("trusted", [True, False])
def test_why_the_clock_is_not_trusted_is_logged(trusted: bool) -> None:
    """Its reason; none where it is trusted."""
    light = street_light()
    effects = step(light, 0.0, trusted=trusted, reason="nobody was heard")[1]
    [reasons] = [json.loads(e.text) for e in effects if isinstance(e, LogReasons)]
    assert reasons["clock"] == (None if trusted else "nobody was heard")


# --- commands


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        ({"level": 0.5}, [OVERRIDE]),
        ({"resume": True}, [OVERRIDE]),
        ({"default_duration_s": 60}, [LASTING]),
        ({"burn_h": 5}, [LEDGER]),
        ({"sweep_s": 20}, []),
    ],
)
def test_what_a_command_has_written(payload: dict[str, Any], found: list[str]) -> None:
    """Each its own row; a sweep none."""
    effects = street_light().command(payload, "x", moment(EVENING, 0.0), local=True)
    keys = {Keep: lambda e: e.key, KeepLedger: lambda _: LEDGER}
    assert [keys[type(e)](e) for e in effects if type(e) in keys] == found  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("payload", [{"level": 2}, {"burn_h": 5}, {"x": 1}, {}])
def test_a_command_that_is_refused_changes_nothing(payload: dict[str, Any]) -> None:
    """Nor do hours before the disk was read."""
    light = street_light(restored=False)
    before = light.notice(moment(EVENING, 0.0)), light.account(0.0)
    with pytest.raises(CommandRefused):
        light.command(payload, "x", moment(EVENING, 0.0), local=True)
    assert (light.notice(moment(EVENING, 0.0)), light.account(0.0)) == before
    assert light.state.commanded is False


@given(st.floats(0, 1), st.integers(1, 43_200), st.floats(0, 1e6), st.booleans(), st.booleans())
def test_an_override_comes_back_for_what_is_left(
    level: float, lasts_s: int, after_s: float, reboot: bool, trusted: bool
) -> None:
    """In this boot on the monotonic clock, in another by the wall clock if that is right; else the program
    holds.
    """
    first, second = street_light(), street_light(restored=False)
    [kept] = first.command({"level": level, "duration_s": lasts_s}, "x", moment(EVENING, 50.0), local=False)
    assert isinstance(kept, Keep)
    boot, now = ("other", 7.0) if reboot else ("boot", 50.0 + after_s)
    at = moment(EVENING + 50.0 + after_s - now, now, boot=boot, trusted=trusted)
    assert second.restore(NOTHING_KEPT | {OVERRIDE: kept.text}, at) == []
    found, left = second.controller.override, lasts_s - after_s
    if left <= -1e-6 or (reboot and not trusted):
        assert found is None
    elif left > 1e-6:
        assert found is not None
        assert (found.level, found.by) == (level, "x")
        assert found.until - now == pytest.approx(max(1.0, left), abs=1e-5)


def test_what_was_commanded_is_newer_than_the_disk() -> None:
    """A resume too: what was kept before does not come back."""
    light = street_light(restored=False)
    [kept] = street_light().command({"level": 0.5}, "x", moment(EVENING, 0.0), local=False)
    assert isinstance(kept, Keep)
    light.command({"resume": True}, "x", moment(EVENING, 0.0), local=False)
    light.restore(NOTHING_KEPT | {OVERRIDE: kept.text}, moment(EVENING, 1.0))
    assert light.controller.override is None


@given(
    st.dictionaries(
        st.sampled_from(KEYS), st.one_of(st.none(), st.text(), st.sampled_from(["{}", "[]", "1", "null"]))
    )
)
def test_no_row_stops_the_others(rows: dict[str, str | None]) -> None:
    """Whatever the store holds, the light is restored, and each damaged row is one warning."""
    light = street_light(restored=False)
    troubles = light.restore(NOTHING_KEPT | rows, moment(EVENING, 0.0))
    assert light.state.restored
    assert all(isinstance(e, Log) and e.warning for e in troubles)
    assert len(troubles) <= sum(text is not None for text in rows.values())


def test_the_button_is_off_and_back() -> None:
    """Local and fixed, for its time; who pressed is in both events."""
    light = street_light()
    for expected in ("lamp.overridden", "lamp.resumed"):
        [kept] = light.press(moment(EVENING, 5.0))
        assert isinstance(kept, Keep)
        assert kept.event is not None
        assert (kept.event.kind, kept.event.data["by"]) == (expected, "button")
        off = Override(0.0, 125.0, True, None, "button", "button in the pole", True)
        assert light.controller.override == (off if expected == "lamp.overridden" else None)


# --- the ledger


def test_a_row_of_the_ledger_is_begun_and_ended() -> None:
    """Until the disk was read there is none; one that failed is due again; its nights are told once."""
    assert street_light(restored=False).begin_writing(moment(EVENING, 0.0)) is None
    light = street_light()
    ledger = light.controller.ledger.state
    ledger.finished = [{"night": "first"}]
    row = light.begin_writing(moment(EVENING, 1.0))
    assert row is not None
    assert json.loads(row.text)["finished"] == []
    assert ledger.changed is False
    light.not_written()
    assert (ledger.changed, len(ledger.finished)) == (True, 1)
    ledger.finished.append({"night": "second"})
    light.written(row)
    assert ledger.finished == [{"night": "second"}]
    assert [e.data for e in row.events] == [{"night": "first"}]
