"""The uplink between two connections: what is counted, beaten, forgotten and gone on with."""

from __future__ import annotations

from pathlib import Path

import pytest

from pole_agent.clock import settle
from pole_agent.context import Context
from pole_agent.loops.upload.own import Own
from pole_agent.store.succession import BIRTHS
from pole_agent.uplink.events import Message
from tests.loops.dispatching import SwitchedStore
from tests.loops.test_upload import BASE, PAUSES_S, STATUS, Pole, running
from tests.loops.test_upload_memory import OLD, live, named, there

# --- the own words


@pytest.mark.parametrize(("reads", "birth"), [(True, 6), (False, 4)])
async def test_the_will_names_the_birth_to_come(reads: bool, birth: int, tmp_path: Path) -> None:
    """One more than the store has counted; where it does not answer, one more than the last that we know of.
    Nothing is written.
    """
    pole, broken = Pole(tmp_path), set[str]()
    store = SwitchedStore(broken, tmp_path, 16, pole.keeper.stamp, lambda: "e", 5.0)
    store.start()
    await store.write(lambda db: db.set(BIRTHS, "5"))
    own = Own(
        Context(
            base=BASE, clock=pole.clock, keeper=pole.keeper, store=store, board=pole.board, parts=pole.parts
        ),
        "0",
    )
    own.births = 3
    if not reads:
        broken.add("read")
    assert await own.prepare("b") == (birth, False)
    broken.clear()
    assert await store.read(lambda db: int(db.number(BIRTHS))) == 5
    await store.stop(5)


# --- the name of before


async def test_a_former_name_is_cleared_after_a_break(tmp_path: Path) -> None:
    """The line breaks at the look, and the process ends: the next one still knows which name is to be
    cleared.
    """
    first = named(tmp_path, OLD, boot="boot-1")
    await live(first)
    second = named(tmp_path, BASE, first.city)
    second.city.breaks_at_a_look = True
    async with running(second):
        await second.until(lambda: len(second.city.attempts) >= 2 or second.asleep)
        await second.between()
    third = named(tmp_path, BASE, first.city, "boot-3")
    await live(third)
    assert there(third.city, OLD) == set()


# --- a twin


async def test_the_name_beside_a_twin_is_of_this_moment(tmp_path: Path) -> None:
    """Four letters of the boot and the milliseconds: two that were thrown out come back under two names."""
    suffixes = []
    for number, (boot, later_s) in enumerate(
        (("boot-1", 0.0), ("boot-1", 0.001), ("tour-1", 0.0), ("boot-1", 12.345))
    ):
        pole = Pole(tmp_path / str(number), boot, draw=0.0)
        await pole.clock.advance(later_s)
        pole.city.throws_out = True
        async with running(pole):
            for attempt in (1, 2):
                await pole.online(attempt)
                pole.city.drop()
                await pole.between()
                if attempt == 1:
                    await pole.clock.advance(1.0)
        suffixes.append(pole.upload._own.twin.suffix)
    assert suffixes == ["-twin-boot1000", "-twin-boot1001", "-twin-tour1000", "-twin-boot3345"]


# --- between two connections


async def test_a_farewell_between_two_connections(tmp_path: Path) -> None:
    """Nobody is there to hear it: the line that is gone is not spoken to."""
    pole = Pole(tmp_path)
    async with running(pole):
        await pole.online()
        gone = pole.city.line
        assert gone is not None
        pole.city.drop()
        await pole.between()
        before = list(gone.open)
        await pole.upload.shutdown([Message(f"{BASE}/active", b"{}")])
        assert gone.open == before
        assert len(pole.city.on("status")) == 1


async def test_the_uplink_beats_at_each_attempt(tmp_path: Path) -> None:
    """A pole without a broker is alive."""
    pole, beats = Pole(tmp_path), list[float]()
    pole.upload._beat = lambda: beats.append(pole.clock.monotonic())
    pole.city.down = True
    async with running(pole):
        for n in range(1, 5):
            await pole.until(lambda n=n: len(pole.city.attempts) == n and pole.asleep)  # type: ignore[misc]
            await pole.clock.advance(PAUSES_S[n - 1])
        await pole.until(lambda: len(pole.city.attempts) == 5)
    assert beats == [at for at, _, _ in pole.city.attempts]


async def test_a_lost_line_is_a_warning_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """At the loss; the attempts that fail after it are told as information."""
    pole = Pole(tmp_path)
    async with running(pole):
        await pole.online()
        pole.city.down = True
        pole.city.drop()
        await pole.between()
        for attempts in (2, 3):
            await pole.clock.advance(10.0)
            await pole.until(lambda n=attempts: len(pole.city.attempts) == n and pole.asleep)  # type: ignore[misc]
    assert sum("uplink: lost" in record.message for record in caplog.records) == 1


@pytest.mark.parametrize(("until_s", "said"), [(0.1, 0), (0.0, 1)])
async def test_a_status_whose_topic_waits_is_not_said(until_s: float, said: int, tmp_path: Path) -> None:
    """Until its pause is over; then the connection says it first of all."""
    pole = Pole(tmp_path)
    pole.upload._quarantine.refused(STATUS, None, "gone", 0.0, hung=True)
    pole.upload._quarantine.topics[STATUS].until = pole.clock.monotonic() + until_s
    async with running(pole):
        await pole.until(lambda: pole.city.line is not None)
        await settle()
        assert len(pole.city.on("status")) == said


async def test_all_is_well_a_minute_after_the_last_trouble(tmp_path: Path) -> None:
    """Not a second sooner, of events only once some were delivered, and each part for itself."""
    pole = Pole(tmp_path)
    upload, q = pole.upload, pole.upload._quarantine
    event, state = f"{BASE}/events/incident/opened", f"{BASE}/info"
    for topic in (event, state):
        q.refused(topic, None, "no", pole.clock.monotonic())
    upload._tell_what_waits()
    assert (pole.reason("events"), pole.reason("states")) == ("events/incident/opened: no", "info: no")
    q.accepted(state)
    await pole.clock.advance(59.9)
    upload._tell_what_waits()
    assert (pole.parts.is_degraded("events"), pole.parts.is_degraded("states")) == (True, True)
    await pole.clock.advance(0.1)
    upload._tell_what_waits()
    assert (pole.parts.is_degraded("events"), pole.parts.is_degraded("states")) == (True, False)
    q.accepted(event)
    await pole.clock.advance(60.0)
    upload._tell_what_waits()
    assert pole.parts.is_degraded("events"), "nothing was delivered yet"
    upload._sent["incident.opened"] = [1, 1]
    upload._tell_what_waits()
    assert not pole.parts.is_degraded("events")
