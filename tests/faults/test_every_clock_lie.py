"""Every lie that a clock or a time server can tell: no dark night, and no trust in what own evidence
contradicts.

A dark night is a lamp below its floor while the true sun is below -6 degrees. What a pole cannot know (a
clock that is ahead at boot by the word of somebody who is believed) is not asked of it here, except where a
photocell sees the sun.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal

import pytest

from pole_agent.health.clock_memory import Memory
from pole_agent.lamp.controller import Controller
from tests.faults import clock_lies as lies
from tests.faults.clock_lies import World
from tests.lamp.test_controller import SUMEDANG, controller

STEP_S = 60
HOUR_S, DAY_S, YEAR_S = 3600.0, 86_400.0, 365 * 86_400.0
EVENING, MIDNIGHT, NOON = (
    datetime.fromisoformat(f"2026-12-{t}:00+07:00").timestamp() for t in ("01T20:00", "02T00:30", "02T12:00")
)
TIMES = {"midnight": MIDNIGHT, "noon": NOON}
Lie = Callable[[World], None]


def plain() -> Controller:
    return controller()


def with_cell() -> Controller:
    return controller(photocell=True)


def _boots(error_s: float, service: lies.Service) -> Lie:
    """The power is cut; the clock comes back wrong, and this is all that its services say."""

    def tell(world: World) -> None:
        world.clock.error_s, world.service = error_s, service
        world.power_cut()

    return tell


def _is_set(error_s: float, service: lies.Service) -> Lie:
    """Somebody or something sets the clock while the agent runs."""

    def tell(world: World) -> None:
        world.clock.error_s, world.service = error_s, service

    return tell


def _is_set_between(error_s: float, service: lies.Service) -> Lie:
    """The clock is set while the agent is restarted."""

    def tell(world: World) -> None:
        world._keep()
        world.clock.error_s, world.service = error_s, service
        world._start()

    return tell


def _reads_1970(world: World) -> None:
    world.clock.error_s, world.service = -world.clock.now, lies.nobody
    world.power_cut()


AUTO: dict[str, Lie] = {
    "chrony by itself, 8 h behind": _boots(-8 * HOUR_S, lies.chrony_by_itself),
    "chrony by itself, 7 h ahead": _boots(7 * HOUR_S, lies.chrony_by_itself),
    "chrony by localhost": _boots(7 * HOUR_S, lies.chrony_by_localhost),
    "chrony by a router without a source": _boots(7 * HOUR_S, lies.chrony_by_a_router_without_a_source),
    "chrony without a source": _boots(12 * HOUR_S, lies.chrony_without_a_source),
    "a flag of an earlier boot": _boots(7 * HOUR_S, lies.flag_of_an_earlier_boot),
    "2 years ahead, nobody heard": _boots(2 * YEAR_S + 7 * HOUR_S, lies.nobody),
    "30 years ahead, with a source": _boots(30 * YEAR_S + 7 * HOUR_S, lies.chrony_that_was_led_astray),
    "2038": _boots(datetime.fromisoformat("2038-01-19T03:14:08+00:00").timestamp() - EVENING, lies.nobody),
    "1970": _reads_1970,
    "20 years behind, by a receiver whose weeks rolled over": _boots(
        -1024 * 7 * DAY_S, lies.chrony_that_was_led_astray
    ),
    "set 8 h ahead, chrony disagrees": _is_set(8 * HOUR_S, lies.chrony_by_a_source),
    "set 8 h back, chrony disagrees": _is_set(-8 * HOUR_S, lies.chrony_by_a_source),
    "set 8 h ahead, after the network went": _is_set(8 * HOUR_S, lies.flag_of_before_the_clock_was_set),
    "set 8 h ahead during a restart": _is_set_between(8 * HOUR_S, lies.flag_of_before_the_clock_was_set),
    "set 8 h back during a restart": _is_set_between(-8 * HOUR_S, lies.flag_of_before_the_clock_was_set),
}
SYSTEM: dict[str, Lie] = {
    "1970": _reads_1970,
    "8 h behind": _boots(-8 * HOUR_S, lies.nobody),
    "7 h behind: UTC was taken for local time": _boots(-7 * HOUR_S, lies.nobody),
    "an hour behind": _boots(-HOUR_S, lies.nobody),
    "30 years ahead": _boots(30 * YEAR_S + 7 * HOUR_S, lies.nobody),
    "set back by 8 h": _is_set(-8 * HOUR_S, lies.nobody),
    "set back by 8 h during a restart": _is_set_between(-8 * HOUR_S, lies.nobody),
    "set back by a year": _is_set(-YEAR_S - 7 * HOUR_S, lies.nobody),
}
SEEN: dict[str, Lie] = {  # by a photocell: what nobody else could know
    "7 h ahead: local time was taken for UTC": _boots(7 * HOUR_S, lies.chrony_that_was_led_astray),
    "12 h ahead": _boots(12 * HOUR_S, lies.chrony_that_was_led_astray),
    "4 h ahead": _boots(4 * HOUR_S, lies.chrony_that_was_led_astray),
    "an hour ahead": _boots(HOUR_S, lies.chrony_that_was_led_astray),
    "set 8 h ahead, with a source": _is_set(8 * HOUR_S, lies.chrony_that_was_led_astray),
    "7 h behind": _boots(-7 * HOUR_S, lies.chrony_that_was_led_astray),
}
ALL = (
    [("auto", name) for name in AUTO]
    + [("system", name) for name in SYSTEM]
    + [("cell", name) for name in SEEN]
)


def _world(kind: str, begun: float) -> World:
    trust: Literal["auto", "system"] = "system" if kind == "system" else "auto"
    service = lies.nobody if kind == "system" else lies.chrony_by_a_source
    return World(
        begun, SUMEDANG, with_cell if kind == "cell" else plain, trust, service, has_cell=kind == "cell"
    )


def _lie(kind: str, name: str) -> Lie:
    return {"auto": AUTO, "system": SYSTEM, "cell": SEEN}[kind][name]


@pytest.mark.parametrize("at", TIMES)
@pytest.mark.parametrize(("kind", "name"), ALL)
def test_no_lie_makes_a_dark_night(kind: str, name: str, at: str) -> None:
    """The lie at three times of the day; then two days, an outage that is longer than the clock is wrong, and
    another night.
    """
    world = _world(kind, TIMES[at] - 6 * HOUR_S)
    world.walk(6 * HOUR_S, STEP_S)
    assert world.keeper.trusted
    _lie(kind, name)(world)
    world.walk(300, 1)
    world.walk(2 * DAY_S, STEP_S)
    world.restart()
    world.walk(60, 1)
    world.power_cut(13 * HOUR_S)
    world.walk(60, 1)
    world.walk(HOUR_S, STEP_S)
    world.restart()
    world.walk(DAY_S, STEP_S)
    assert not world.dark, (
        f"{len(world.dark)} times, first {datetime.fromtimestamp(world.dark[0], SUMEDANG.zone)}"
    )
    if kind != "cell":
        assert not world.fooled_s, "and it was never trusted"


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("kind", "name"), ALL)
def test_a_year_of_every_lie_second_by_second(kind: str, name: str) -> None:
    """From the tenth midnight on the clock is wrong for a year, over restarts and power cuts."""
    world = _world(kind, MIDNIGHT - 10 * DAY_S)
    world.walk(10 * DAY_S, 1)
    _lie(kind, name)(world)
    for day in range(355):
        world.walk(DAY_S, 1)
        if day % 30 == 7:
            world.restart()
        if day % 50 == 11:
            world.power_cut((day % 7 + 1) * HOUR_S)
    assert not world.dark


def test_pole_that_is_told_truth_follows_its_program() -> None:
    """A pole that is told the truth follows its program."""
    for kind in ("auto", "system", "cell"):
        world = _world(kind, NOON)
        world.walk(3 * DAY_S, STEP_S)
        assert world.keeper.trusted
        assert not world.dark
        assert world.lit_by_day_s < 600, "nothing burns by day"


def test_jump_without_a_server_is_doubted_for_a_day() -> None:
    """A jump ahead without any time server is doubted for a day.

    What is behind that nobody can know: no server is asked, nothing is older. Right after a boot it is how
    the clock is set first.
    """
    world = _world("system", NOON)
    world.walk(2 * HOUR_S, STEP_S)
    world.clock.error_s = 8 * HOUR_S
    world.walk(DAY_S - 60, STEP_S)
    assert not world.keeper.trusted
    assert not world.dark
    world.walk(200, STEP_S)
    assert world.keeper.trusted


def test_certificate_that_began_later_than_clock_reads() -> None:
    """A certificate that began later than the clock reads."""
    world = World(EVENING, SUMEDANG, plain, "system", lies.nobody, certificate=EVENING - HOUR_S)
    assert world.keeper.trusted
    world.memory, world.stored, world.clock.error_s = Memory(), 0.0, -8 * HOUR_S
    world.power_cut()
    assert not world.keeper.trusted
    assert "certificate mqtt.cert_file" in world.keeper.reason
    world.walk(2 * DAY_S, STEP_S)
    assert not world.keeper.trusted
    assert not world.dark


# --- what the pole remembers may be wrong


def _with_a_false_future(trust: str) -> World:
    """It believed a clock that was a year ahead for an hour; then the power was cut, and the
    clock is right.
    """
    world = _world(trust, NOON)
    service, world.service = world.service, lies.chrony_that_was_led_astray
    world.clock.error_s = YEAR_S
    world.power_cut()
    world.walk(HOUR_S, STEP_S)
    assert world.keeper.trusted
    world.clock.error_s, world.service = 0.0, service
    world.power_cut()
    assert not world.keeper.trusted
    assert (
        "behind the last known time" in world.keeper.reason or "behind what is stored" in world.keeper.reason
    )
    return world


def test_a_day_of_a_time_server_releases_a_false_mark() -> None:
    """A day of a time server that agrees releases a mark in the future over restarts and power cuts."""
    world = _with_a_false_future("auto")
    world.walk(11 * HOUR_S, STEP_S)
    world.restart()
    world.walk(6 * HOUR_S, STEP_S)
    world.power_cut(5 * HOUR_S)
    world.walk(6 * HOUR_S, STEP_S)
    assert not world.keeper.trusted, "23 hours"
    world.walk(1.5 * HOUR_S, STEP_S)
    assert world.keeper.trusted
    world.power_cut(HOUR_S)
    assert world.keeper.trusted, "for good"
    world.lit_by_day_s = 0.0
    world.walk(2 * DAY_S, STEP_S)
    assert world.lit_by_day_s < 600, "and the lamp follows its program again"
    assert not world.dark


def test_hours_in_which_no_server_is_heard() -> None:
    """Hours in which no server is heard do not count."""
    world = _with_a_false_future("auto")
    world.walk(12 * HOUR_S, STEP_S)
    world.service = lies.nobody
    world.walk(30 * HOUR_S, STEP_S)
    world.service = lies.chrony_by_a_source
    world.walk(11 * HOUR_S, STEP_S)
    assert not world.keeper.trusted
    world.walk(2 * HOUR_S, STEP_S)
    assert world.keeper.trusted


def test_without_a_server_only_a_person_releases_it() -> None:
    world = _with_a_false_future("system")
    world.walk(3 * DAY_S, STEP_S)
    assert not world.keeper.trusted
    assert world.keeper.accept() == ""
    world.stored = world.clock.wall()
    assert world.keeper.trusted
    world.walk(DAY_S, STEP_S)
    world.power_cut()
    assert world.keeper.trusted, "for good"
    assert not world.dark


def test_an_impossible_clock_cannot_be_accepted() -> None:
    world = _world("system", NOON)
    _reads_1970(world)
    assert "set it first" in world.keeper.accept()
    assert not world.keeper.trusted


def test_an_accepted_clock_is_still_no_time_server() -> None:
    world = _world("auto", NOON)
    world.service = lies.nobody
    world.power_cut()
    assert world.keeper.accept() == ""
    assert not world.keeper.trusted
    assert "no time server was heard" in world.keeper.reason


def test_clock_that_comes_back_is_trusted_at_once() -> None:
    """A clock that comes back to where it was is trusted again at once."""
    world = _world("system", NOON)
    world.walk(2 * HOUR_S, STEP_S)
    world.clock.error_s = DAY_S
    world.walk(60, 1)
    assert not world.keeper.trusted
    world.clock.error_s = 0.0
    world.walk(20, 1)
    assert world.keeper.trusted


def test_the_first_setting_of_the_clock() -> None:
    """The first setting of the clock after a boot is no jump to doubt."""
    world = _world("auto", NOON)
    world.clock.error_s, world.service = -3 * DAY_S, lies.nobody
    world.power_cut()
    world.walk(300, 1)
    assert not world.keeper.trusted
    world.clock.error_s, world.service = 0.0, lies.chrony_by_a_source
    world.walk(20, 1)
    assert world.keeper.trusted
