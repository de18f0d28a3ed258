"""Faults in time: how long until they open and close, interrupted, unsettled, and with every
input unknown.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from pole_agent.lamp.faults import NAMES, Change, Faults, Feedback

W = 60.0
DARK, LIT = Feedback(False), Feedback(True)
FULL, LOW, HALF = Feedback(True, W), Feedback(True, 30.0), Feedback(True, 45.0)


class Watch:
    """A lamp of 60 W that is looked at once a second."""

    def __init__(self, before: Watch | None = None) -> None:
        """`before`: what it has seen goes on after a reload."""
        self.faults: Faults = Faults(W, None if before is None else before.faults.state)
        self.now = 0.0
        self.seen: list[tuple[float, str, bool]] = []
        self.changes: list[Change] = []

    def look(
        self,
        seconds: int,
        duty: float,
        feedback: Feedback | None,
        dark: bool | None = True,
        stuck: bool | None = None,
    ) -> Watch:
        for _ in range(seconds):
            for change in self.faults.step(duty, dark, feedback, stuck, self.now):
                self.changes.append(change)
                self.seen.append((self.now, change.fault, change.open))
            self.now += 1.0
        return self

    def state(self, name: str) -> bool | None:
        return self.faults.states()[name]


# --- how long


@pytest.mark.parametrize(
    ("name", "duty", "feedback", "dark", "stuck", "at"),
    [
        # ten seconds for the driver to settle, then as long as each fault has to last
        ("lamp_failure", 1.0, DARK, True, None, 20.0),
        ("unexpectedly_on", 0.0, LIT, True, None, 20.0),
        ("dimming_failure", 0.5, FULL, True, None, 70.0),
        ("day_burner", 1.0, LIT, False, None, 900.0),
        ("photocell_stuck", 1.0, None, True, True, 0.0),
    ],
)
def test_a_fault_opens_at_its_moment_and_once(
    name: str, duty: float, feedback: Feedback | None, dark: bool, stuck: bool | None, at: float
) -> None:
    """Not a second before its time, and not again while it lasts."""
    watch = Watch().look(int(at), duty, feedback, dark, stuck)
    assert watch.seen == []
    watch.look(2000, duty, feedback, dark, stuck)
    assert watch.seen == [(at, name, True)]
    assert watch.state(name) is True


@pytest.mark.parametrize(
    ("name", "duty", "feedback"),
    [("lamp_failure", 1.0, DARK), ("lamp_failure", 0.5, DARK), ("unexpectedly_on", 0.0, LIT)],
)
def test_a_process_begins_unsettled(name: str, duty: float, feedback: Feedback) -> None:
    """Whatever it drives first, the driver has its ten seconds; also on a machine that was booted
    long ago.
    """
    watch = Watch()
    watch.now = 5000.0
    watch.look(100, duty, feedback)
    assert watch.seen == [(5020.0, name, True)]


@pytest.mark.parametrize(
    ("name", "duty", "ill", "well", "dark", "at"),
    [
        ("lamp_failure", 1.0, DARK, LIT, True, 20.0),
        ("dimming_failure", 0.5, FULL, LOW, True, 70.0),
        ("unexpectedly_on", 0.0, LIT, DARK, True, 20.0),
        ("day_burner", 1.0, LIT, DARK, False, 900.0),
    ],
)
def test_an_interruption_starts_the_time_anew(
    name: str, duty: float, ill: Feedback, well: Feedback, dark: bool, at: float
) -> None:
    """Seen for nearly long enough, well for a second, seen again: the whole time passes once more."""
    watch = Watch().look(int(at), duty, ill, dark).look(1, duty, well, dark)
    again = watch.now
    watch.look(2000, duty, ill, dark)
    waits = at - (0.0 if name == "day_burner" else 10.0)  # settled it is already
    assert [seen for seen in watch.seen if seen[1] == name] == [(again + waits, name, True)]


@pytest.mark.parametrize(
    ("name", "duty", "ill", "well", "dark"),
    [
        ("lamp_failure", 1.0, DARK, LIT, True),
        ("dimming_failure", 0.5, FULL, LOW, True),
        ("unexpectedly_on", 0.0, LIT, DARK, True),
        ("day_burner", 0.5, LIT, LIT, False),
        ("photocell_stuck", 0.5, LIT, LIT, True),
    ],
)
def test_a_fault_closes_after_a_minute_without_it(
    name: str, duty: float, ill: Feedback, well: Feedback, dark: bool
) -> None:
    """Gone for less than a minute it stays open and is not told again; its length is from opening
    to closing.
    """
    stuck = name == "photocell_stuck" or None
    well_dark = True if name == "day_burner" else dark
    watch = Watch().look(1000, duty, ill, dark, stuck)
    ((opened, _, _),) = watch.seen
    watch.look(60, duty, well, well_dark, stuck and False).look(5, duty, ill, dark, stuck)
    assert len(watch.seen) == 1, "a minute is not over"
    gone = watch.now
    watch.look(200, duty, well, well_dark, stuck and False)
    assert watch.seen[1:] == [(gone + 60.0, name, False)]
    assert watch.changes[1].data["lasted_s"] == gone + 60.0 - opened
    assert watch.state(name) is False


def test_what_is_told_of_a_fault() -> None:
    """Opening and closing say what is driven and what was seen."""
    watch = Watch().look(100, 0.5, Feedback(True, 59.96))
    assert watch.changes == [Change("dimming_failure", True, {"duty": 0.5, "lit": True, "watts": 60.0})]
    watch = Watch().look(100, 0.5, Feedback(True, 59.84))
    assert [c.data["watts"] for c in watch.changes] == [59.8]
    watch = Watch().look(30, 0.12345, DARK).look(70, 0.12345, LIT)
    assert [dict(c.data) for c in watch.changes] == [
        {"duty": 0.123, "lit": False},
        {"duty": 0.123, "lit": True, "lasted_s": 70.0},
    ]
    assert [dict(c.data) for c in Watch().look(1, 0.5, None, stuck=True).changes] == [{"duty": 0.5}]


# --- how much


@pytest.mark.parametrize(
    ("duty", "watts", "fails"),
    [
        (0.5, 45.0, False),
        (0.5, 45.1, True),
        (0.5, 15.0, False),
        (0.5, 14.9, True),
        (1.0, 45.0, False),
        (1.0, 44.9, True),
        (1.0, 75.0, False),
        (1.0, 75.1, True),
        (0.1, 21.0, False),
        (0.1, 21.1, True),
    ],
)
def test_dimming_fails_by_a_quarter_of_the_rated_power(duty: float, watts: float, fails: bool) -> None:
    """A quarter of 60 W too much or too little is borne, more is not."""
    watch = Watch().look(200, duty, Feedback(True, watts))
    assert watch.state("dimming_failure") is fails
    assert watch.state("lamp_failure") is False


@pytest.mark.parametrize(
    ("duty", "feedback", "dark", "expected"),
    [
        (1.0, FULL, True, {}),
        (1.0, DARK, True, {"lamp_failure"}),
        (0.01, DARK, True, {"lamp_failure"}),
        (0.0, DARK, True, set()),
        (0.0, LIT, True, {"unexpectedly_on"}),
        (0.0, FULL, True, {"unexpectedly_on"}),
        (0.0, LIT, False, {"unexpectedly_on", "day_burner"}),
        (1.0, FULL, False, {"day_burner"}),
        (1.0, DARK, False, {"lamp_failure"}),
        (0.5, FULL, True, {"dimming_failure"}),
        (0.0, Feedback(False, 0.0), True, set()),
    ],
)
def test_which_fault_it_is(duty: float, feedback: Feedback, dark: bool, expected: set[str]) -> None:
    """What is driven against what comes back, by day and by night."""
    watch = Watch().look(1500, duty, feedback, dark)
    assert {name for name in NAMES if watch.state(name)} == set(expected)


# --- not settled


@pytest.mark.parametrize(("duty", "feedback"), [(1.0, DARK), (0.0, LIT), (0.5, FULL)])
def test_lamp_that_is_switched_every_ten_seconds(duty: float, feedback: Feedback) -> None:
    """A lamp that is switched every ten seconds has no fault.

    A driver that has not settled is not judged: what it shows may be of the level before.
    """
    watch = Watch()
    for k in range(100):
        watch.look(10, duty + k % 2 * 0.001, feedback)
    assert watch.seen == []
    assert watch.state("lamp_failure") is None, "and nothing is known of it"


def test_after_ten_seconds_a_lamp_is_judged() -> None:
    """Before, nothing is known of failure and of light by itself; then it is."""
    watch = Watch().look(10, 0.5, LOW)
    assert [watch.state(name) for name in ("lamp_failure", "unexpectedly_on", "dimming_failure")] == [
        None,
        None,
        None,
    ]
    watch.look(1, 0.5, LOW)
    assert [watch.state(name) for name in ("lamp_failure", "unexpectedly_on", "dimming_failure")] == [
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("name", "duty", "feedback"), [("lamp_failure", 1.0, DARK), ("dimming_failure", 0.5, FULL)]
)
def test_open_fault_stays_open_while_lamp_settles(name: str, duty: float, feedback: Feedback) -> None:
    """An open fault stays open while the lamp settles.

    A fade of the program, however long, closes nothing and forgets nothing.
    """
    watch = Watch().look(100, duty, feedback)
    for k in range(300):
        watch.look(1, duty - k / 1000, feedback)
    assert [(fault, open) for _, fault, open in watch.seen] == [(name, True)]
    assert watch.state(name) is True


def test_how_long_it_lasted_is_told_to_a_tenth() -> None:
    """For a fault that is over, and for one of which nothing is known any more."""
    for after in (LIT, None):
        faults = Faults(W)
        for k in range(30):
            faults.step(1.0, True, DARK, None, k * 1.0)
        changes = [change for k in range(80) for change in faults.step(1.0, True, after, None, 30.0625 + k)]
        assert [change.data["lasted_s"] for change in changes] == [70.1]


# --- cycling


def flicker(watch: Watch, times: int, every_s: int, duty: float = 1.0) -> Watch:
    for _ in range(times):
        watch.look(3, duty, DARK).look(every_s - 3, duty, LIT)
    return watch


@pytest.mark.parametrize(
    ("times", "every_s", "cycles"),
    [(4, 100, False), (5, 100, True), (5, 225, True), (5, 226, False), (20, 226, False)],
)
def test_five_times_in_a_quarter_of_an_hour_is_cycling(times: int, every_s: int, cycles: bool) -> None:
    """The fifth return within 900 s is told at once; four, or five in a longer time, are not."""
    watch = flicker(Watch().look(20, 1.0, LIT), times, every_s)
    told = [seen for seen in watch.seen if seen[1] == "cycling"]
    assert bool(told) is cycles
    if cycles:
        assert told[0] == (20.0 + 4 * every_s + 3, "cycling", True)


def test_cycling_is_over_when_its_quarter_of_hour_is() -> None:
    """Cycling is over when its quarter of an hour is.

    When too few returns are left in the window, and a minute more.
    """
    watch = flicker(Watch().look(20, 1.0, LIT), 5, 100).look(2000, 1.0, LIT)
    assert [open for _, name, open in watch.seen if name == "cycling"] == [True, False]
    assert watch.seen[-1][0] == 20.0 + 3 + 900 + 1 + 60


@pytest.mark.parametrize("duty", [0.0, 0.5])
def test_only_what_is_driven_all_the_time_cycles(duty: float) -> None:
    """A lamp that is off by wish, or was just switched, comes back for that reason."""
    watch = Watch()
    for k in range(20):
        watch.look(15 if duty == 0 else 5, duty + (k % 2 * 0.01 if duty else 0), DARK).look(
            5, duty + (k % 2 * 0.01 if duty else 0), LIT
        )
    assert watch.state("cycling") is False


def test_the_first_light_is_no_return() -> None:
    """It counts from dark to lit; a sensor that speaks for the first time has seen nothing before."""
    watch = Watch().look(20, 1.0, None)
    for _ in range(5):
        watch.look(50, 1.0, LIT)
    assert watch.state("cycling") is False


# --- unknown


def test_every_input_unknown_alone_and_together() -> None:
    """A fault is False only where everything that it is told from is there; what is missing leaves it
    unknown, never well.
    """
    needs = {
        "lamp_failure": {"feedback"},
        "unexpectedly_on": {"feedback"},
        "cycling": {"feedback"},
        "day_burner": {"feedback", "dark"},
        "dimming_failure": {"feedback", "watts"},
        "photocell_stuck": {"stuck"},
    }
    for there in itertools.product((False, True), repeat=4):
        known = {
            name
            for name, is_there in zip(("feedback", "watts", "dark", "stuck"), there, strict=True)
            if is_there
        }
        feedback = Feedback(True, 30.0 if "watts" in known else None) if "feedback" in known else None
        watch = Watch().look(
            2000, 0.5, feedback, True if "dark" in known else None, False if "stuck" in known else None
        )
        assert watch.seen == []
        expected = {name: False if needs[name] <= known else None for name in NAMES}
        assert watch.faults.states() == expected, known


@pytest.mark.parametrize(
    ("name", "ill", "deaf"),
    [
        ("lamp_failure", (1.0, DARK, True, None), (1.0, None, True, None)),
        ("unexpectedly_on", (0.0, LIT, True, None), (0.0, None, True, None)),
        ("dimming_failure", (0.5, FULL, True, None), (0.5, None, True, None)),
        ("dimming_failure", (0.5, FULL, True, None), (0.5, LIT, True, None)),
        ("day_burner", (1.0, LIT, False, None), (1.0, None, False, None)),
        ("day_burner", (1.0, LIT, False, None), (1.0, LIT, None, None)),
        ("photocell_stuck", (1.0, LIT, True, True), (1.0, LIT, True, None)),
        ("photocell_stuck", (1.0, None, True, True), (1.0, None, True, None)),
    ],
)
def test_what_nobody_tells_any_more_is_unknown(name: str, ill: Any, deaf: Any) -> None:
    """What nobody tells any more is unknown after a minute.

    An open fault is closed as unknown; a shorter silence is none; while another sensor speaks as well.
    """
    watch = Watch().look(1000, *ill)
    assert watch.seen[-1][1:] == (name, True)
    opened = watch.seen[-1][0]
    watch.look(60, *deaf).look(1, *ill).look(60, *deaf)
    assert len(watch.seen) == 1, "two silences of less than a minute"
    assert watch.state(name) is True
    watch.look(100, *deaf)
    assert watch.seen[1:] == [(1000.0 + 121, name, False)]
    assert dict(watch.changes[1].data) == {"unknown": True, "lasted_s": 1121.0 - opened}
    assert watch.state(name) is None


def test_silence_in_between_starts_the_time_anew() -> None:
    """A moment without a reading is a moment in which the fault was not seen."""
    watch = Watch().look(899, 1.0, LIT, False).look(1, 1.0, LIT, None).look(899, 1.0, LIT, False)
    assert watch.seen == []
    watch.look(3, 1.0, LIT, False)
    assert watch.seen == [(1800.0, "day_burner", True)]


@pytest.mark.parametrize("off", [Feedback(False, 0.0), DARK])
def test_lamp_that_is_off_says_nothing_of_its_dimming(off: Feedback) -> None:
    """A lamp that is off says nothing of its dimming.

    By day a dimming failure stays what it was: open, and not unknown.
    """
    watch = Watch().look(100, 0.5, FULL).look(3600, 0.0, off, False)
    assert watch.seen == [(70.0, "dimming_failure", True)]
    assert watch.state("dimming_failure") is True


def test_a_reload_goes_on_with_what_was_seen() -> None:
    """Every time that runs goes on: settled, the patience of a fault, its clearing, its silence,
    the returns.
    """
    before, patient = Watch().look(500, 1.0, LIT, False), Watch().look(500, 1.0, LIT, False)
    after = Watch(before)
    after.now = 500.0
    after.look(500, 1.0, LIT, False)
    assert after.seen == patient.look(500, 1.0, LIT, False).seen == [(900.0, "day_burner", True)]

    before = flicker(Watch().look(20, 1.0, LIT), 4, 100)
    after = Watch(before)
    after.now = before.now
    after.look(3, 1.0, DARK).look(5, 1.0, LIT)
    assert after.seen == [(before.now + 3, "cycling", True)]

    for deaf, at in ((LIT, 160.0), (None, 160.0)):
        before = Watch().look(100, 1.0, DARK).look(30, 1.0, deaf)
        after = Watch(before)
        after.now = 130.0
        assert after.state("lamp_failure") is True
        after.look(60, 1.0, deaf)
        assert after.seen == [(at, "lamp_failure", False)]
