"""The ledger, number by number: what counts as a change and a switching on, what is summed, kept, restored
and told.
"""

from __future__ import annotations

from typing import Any

import pytest

from pole_agent.lamp.ledger import Ledger

HOUR_S = 3600.0
Note = tuple[float, float, str, bool, float]  # level, duty, reason, presence, now


def noted(*notes: Note, rated_w: float = 60.0, now: float = 0.0) -> Ledger:
    ledger = Ledger(rated_w)
    for note in notes:
        ledger.note(*note)
    return ledger


STORY: tuple[Note, ...] = (
    (0.8, 0.75, "program", False, 100.0),  # nothing is known of the first hundred seconds
    (0.8, 0.75, "program", True, 100.0 + HOUR_S),
    (1.0, 1.0, "presence", True, 100.0 + 1.5 * HOUR_S),
    (0.0, 0.5, "program", False, 100.0 + 2 * HOUR_S),  # fades out
    (0.0, 0.0, "program", False, 100.0 + 2.1 * HOUR_S),
    (0.46, 0.5, "override", False, 100.0 + 4 * HOUR_S),
)
END = 100.0 + 5 * HOUR_S


def test_a_flat_bill_is_told_to_a_tenth() -> None:
    """Twelve hours at rated power, where that is no whole number of watts."""
    ledger = noted(*STORY, rated_w=40.29)
    ledger.turn("2026-11-24", "from", "to", END)
    assert ledger.state.finished[0]["energy_wh_flat"] == 483.5


def test_a_night_number_by_number() -> None:
    """Every sum of a night and of all nights, as they are told."""
    ledger = noted(*STORY)
    ledger.turn("2026-11-24", "from", "to", END)
    assert ledger.state.finished == [
        {
            "night": "2026-11-24",
            "from": "from",
            "to": "to",
            "observed_h": 5.0,
            "burn_h": 3.1,
            "switch_ons": 1,
            "changes": 4,
            "energy_wh_estimated": 130.5,
            "energy_wh_flat": 720.0,
            "reason_h": {"override": 1.0, "presence": 0.5, "program": 3.5},
            "level_h": {"0.5": 1.0, "0.8": 1.5, "1.0": 0.6},
            "presence_h": {"0.8": 0.5, "1.0": 0.5},
            "total": {"burn_h": 3.1, "switch_ons": 1, "boots": 0, "energy_kwh_estimated": 0.131},
        }
    ]
    ledger.turn("2026-11-25", "to", "later", END + HOUR_S)
    second = ledger.state.finished[1]
    assert (second["observed_h"], second["burn_h"], second["switch_ons"], second["changes"]) == (
        1.0,
        1.0,
        0,
        0,
    ), "it begins with nothing"
    assert second["total"] == {"burn_h": 4.1, "switch_ons": 1, "boots": 0, "energy_kwh_estimated": 0.161}, (
        "and the totals go on"
    )


def test_what_is_kept_number_by_number() -> None:
    """The document of a night that runs: rounded, with everything that a restart needs."""
    ledger = noted(*STORY)
    ledger.power_came()
    assert ledger.document(END + 0.04) == {
        "burn_s": 11_160.0,
        "energy_wh": 130.5,
        "switch_ons": 2,
        "boots": 1,
        "finished": [],
        "night": {
            "sums": [18_000.0, 11_160.0, 130.5, 2, 4],
            "reasons": {"override": 3600.0, "presence": 1800.0, "program": 12_600.0},
            "levels": {"0.5": 3600.0, "0.8": 5400.0, "1.0": 2160.0},
            "present": {"0.8": 1800.0, "1.0": 1800.0},
        },
    }


def test_restore_adds_every_number() -> None:
    """What was kept and what was counted since, in the totals, in the night, and in the nights that nobody
    was told of.
    """
    kept = {
        "burn_s": 1000.0,
        "energy_wh": 20.0,
        "switch_ons": 3,
        "boots": 4,
        "finished": [{"night": "old"}],
        "night": {
            "sums": [7200.0, 3600.0, 30.0, 2, 5],
            "reasons": {"program": 7200.0},
            "levels": {"0.5": 1800.0, "0.7": 1800.0},
            "present": {"0.7": 60.0},
        },
    }
    ledger = noted(
        (0.7, 1.0, "program", True, 0.0),
        (0.0, 0.0, "program", False, HOUR_S),
        (0.7, 1.0, "program", False, 2 * HOUR_S),
    )
    ledger.state.finished = [{"night": "new"}]
    ledger.restore(kept)
    assert ledger.document(2 * HOUR_S) == {
        "burn_s": 4600.0,
        "energy_wh": 80.0,
        "switch_ons": 4,
        "boots": 4,
        "finished": [{"night": "old"}, {"night": "new"}],
        "night": {
            "sums": [14_400.0, 7200.0, 90.0, 3, 7],
            "reasons": {"program": 14_400.0},
            "levels": {"0.5": 1800.0, "0.7": 5400.0},
            "present": {"0.7": 3660.0},
        },
    }


@pytest.mark.parametrize(
    ("night", "sums"),
    [
        ({}, [0.0, 0.0, 0.0, 0, 0]),
        ({"sums": [5.0]}, [5.0, 0.0, 0.0, 0, 0]),
        ({"sums": [1.0, 2.0, 3.0, 4, 5, 6]}, [1.0, 2.0, 3.0, 4, 5]),
        ({"sums": [1.0, 2.0, 3.0, 4]}, [1.0, 2.0, 3.0, 4, 0]),
    ],
)
def test_what_another_version_did_not_count_is_nothing(night: dict[str, Any], sums: list[float]) -> None:
    """Fewer sums, or more, than today."""
    ledger = Ledger(60.0)
    ledger.restore({"night": night})
    found = ledger.document(0.0)
    assert found["night"] == {"sums": sums, "reasons": {}, "levels": {}, "present": {}}
    assert (found["burn_s"], found["energy_wh"], found["switch_ons"], found["boots"]) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("amount", "good"),
    [
        (0, True),
        (999_999_999_999.0, True),
        (1e12, False),
        (-0.1, False),
        (True, False),
        ("1", False),
        (None, False),
        (1, True),
    ],
)
@pytest.mark.parametrize("key", ["burn_s", "energy_wh", "switch_ons", "boots"])
def test_which_amounts_can_be_true(key: str, amount: Any, good: bool) -> None:
    """Nothing below nothing, nothing that no lamp lives to see, nothing that is no number."""
    ledger = Ledger(60.0)
    if good:
        ledger.restore({key: amount})
        assert ledger.document(0.0)[key] == amount
    else:
        with pytest.raises(ValueError, match="invalid amount"):
            ledger.restore({key: amount})


@pytest.mark.parametrize(
    ("last", "counts"),
    [
        ((0.8, 0.8, "program", False), (0, 0)),  # the same again
        ((0.7, 0.7, "program", False), (1, 0)),
        ((0.8, 0.8, "override", False), (1, 0)),
        ((0.8, 0.8, "program", True), (0, 0)),
        # A step of a fade is no change
        ((0.8, 0.1, "program", False), (0, 0)),
        ((0.0, 0.5, "program", False), (0, 0)),
        ((0.0, 0.5, "override", False), (1, 0)),
        ((0.0, 0.0, "program", False), (1, 0)),
    ],
)
def test_what_is_a_change(last: tuple[float, float, str, bool], counts: tuple[int, int]) -> None:
    """Another level or another reason; not presence, not the way to it."""
    ledger = noted((0.8, 0.8, "program", False, 0.0), (*last, 0.0))
    sums = ledger.document(0.0)["night"]["sums"]
    assert (sums[4], sums[3]) == counts
    assert ledger.state.changed is (counts != (0, 0))


@pytest.mark.parametrize(
    ("notes", "switch_ons"),
    [
        ([(0.8, 0.8, "program", False)], 0),  # it was on, or the wiring lit it: the boot is counted elsewhere
        ([(0.0, 0.0, "program", False), (0.8, 0.8, "program", False)], 1),
        ([(0.0, 0.0, "program", False), (0.8, 0.8, "program", False), (0.8, 0.1, "program", False)], 1),
        ([(0.0, 0.0, "program", False), (0.8, 0.0, "program", False)], 0),  # the relay is still open
        (
            [
                (0.0, 0.0, "program", False),
                (0.8, 0.8, "program", False),
                (0.0, 0.0, "program", False),
                (0.1, 0.001, "program", False),
            ],
            2,
        ),
    ],
)
def test_what_is_a_switching_on(notes: list[tuple[float, float, str, bool]], switch_ons: int) -> None:
    """From no power to some, in the totals and in the night."""
    ledger = noted(*((*note, 0.0) for note in notes))
    assert (ledger.state.switch_ons, ledger.document(0.0)["night"]["sums"][3]) == (switch_ons, switch_ons)


def test_a_process_that_begins_in_a_fade_to_nothing() -> None:
    """What it had before nobody knows: it is off, and burns."""
    ledger = noted((0.0, 0.5, "program", False, 0.0))
    ledger.turn(None, None, None, HOUR_S)
    assert (ledger.state.finished[0]["level_h"], ledger.state.finished[0]["burn_h"]) == ({"0.0": 1.0}, 1.0)


def test_what_is_to_be_written() -> None:
    """A lamp that burns, a night that turns, a boot, hours that a person sets; not a lamp that is off."""
    ledger = Ledger(60.0)
    assert not ledger.state.changed
    ledger.note(0.0, 0.0, "program", False, 0.0)
    ledger.charge(500.0)
    ledger.note(0.0, 0.0, "program", False, 600.0)
    assert not ledger.state.changed
    ledger.note(0.0, 0.5, "program", False, 600.0)
    assert ledger.state.changed, "it comes on"
    ledger.state.changed = False
    ledger.charge(600.0)
    assert not ledger.state.changed, "no time has passed"
    ledger.charge(600.1)
    assert ledger.state.changed
    ledger.note(0.0, 0.0, "program", False, 700.0)
    steps: list[tuple[str, tuple[Any, ...]]] = [
        ("power_came", ()),
        ("set_hours", (5.0, 700.0)),
        ("turn", (None, None, None, 800.0)),
    ]
    for step, given in steps:
        ledger.state.changed = False
        getattr(ledger, step)(*given)
        assert ledger.state.changed, step


def test_a_boot_switches_the_lamp_on() -> None:
    """With the power the wiring lights it: one boot and one switching on, in the totals and in the night."""
    ledger = Ledger(60.0)
    ledger.power_came()
    ledger.power_came()
    kept = ledger.document(0.0)
    assert (kept["boots"], kept["switch_ons"], kept["night"]["sums"]) == (2, 2, [0.0, 0.0, 0.0, 2, 0])


def test_a_person_sets_the_hours() -> None:
    """From then on it counts from there; energy and the night keep what they had."""
    ledger = noted((0.5, 0.5, "program", False, 0.0))
    ledger.set_hours(1000.0, HOUR_S)
    assert ledger.burn_h == 1000.0
    ledger.charge(3 * HOUR_S)
    assert ledger.burn_h == 1002.0
    kept = ledger.document(3 * HOUR_S)
    assert (kept["energy_wh"], kept["night"]["sums"][:2]) == (90.0, [3 * HOUR_S, 3 * HOUR_S])


@pytest.mark.parametrize(("seconds", "nights"), [(0.0, 0), (0.1, 1)])
def test_a_night_in_which_nothing_was_seen_is_none(seconds: float, nights: int) -> None:
    """Nobody is told of it; one of a moment is told."""
    ledger = noted((0.0, 0.0, "program", False, 50.0))
    ledger.power_came()
    ledger.turn("2026-11-24", "from", "to", 50.0 + seconds)
    assert len(ledger.state.finished) == nights
    assert ledger.document(100.0)["night"]["sums"][3] == 0, "and another begins"


def test_a_clock_that_goes_back_takes_nothing_away() -> None:
    """Time that did not pass is none."""
    ledger = noted((0.5, 0.5, "program", False, 1000.0))
    ledger.charge(900.0)
    assert (ledger.state.burn_s, ledger.state.energy_wh) == (0.0, 0.0)
    ledger.charge(1000.0)
    assert ledger.state.burn_s == 100.0


def test_totals_are_rounded_for_people() -> None:
    """Hours to a hundredth, kilowatt hours to a watt hour, levels to a tenth."""
    ledger = noted((0.449, 0.333, "program", False, 0.0))
    ledger.turn(None, None, None, 12_345.6)
    (night,) = ledger.state.finished
    assert (night["observed_h"], night["burn_h"], night["energy_wh_estimated"], night["level_h"]) == (
        3.429,
        3.429,
        68.5,
        {"0.4": 3.429},
    )
    assert night["total"] == {"burn_h": 3.43, "switch_ons": 0, "boots": 0, "energy_kwh_estimated": 0.069}
    ledger.charge(12_345.67)
    kept = ledger.document(12_345.67)
    assert (kept["burn_s"], kept["energy_wh"]) == (12_345.7, 68.518)
    assert kept["night"]["sums"][:3] == [0.1, 0.1, 0.0]
