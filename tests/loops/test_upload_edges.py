"""The uplink between two connections: what is counted, beaten, forgotten and gone on with."""

from __future__ import annotations

from pathlib import Path

import pytest

from pole_agent.loops.upload.own import Own
from pole_agent.store.database import BIRTHS
from tests.loops.dispatching import SwitchedStore
from tests.loops.test_upload import BASE, Pole, running
from tests.loops.test_upload_memory import OLD, live, named, there

# --- the own words


@pytest.mark.parametrize(("reads", "birth"), [(True, 6), (False, 4)])
async def test_the_will_names_the_birth_to_come(reads: bool, birth: int, tmp_path: Path) -> None:
    """One more than the store has counted; where it does not answer, one more than the last that we know of. Nothing is written."""
    pole, broken = Pole(tmp_path), set[str]()
    store = SwitchedStore(broken, tmp_path, 16, pole.keeper.stamp, lambda: "e")
    store.start()
    await store.write(lambda db: db.set(BIRTHS, "5"))
    own = Own(store, pole.parts, pole.keeper, pole.clock, BASE, "0")
    own.births = 3
    if not reads:
        broken.add("read")
    assert await own.prepare("b") == (birth, False)
    broken.clear()
    assert await store.read(lambda db: int(db.number(BIRTHS))) == 5
    await store.stop(5)


# --- the name of before


async def test_a_former_name_is_cleared_after_a_break(tmp_path: Path) -> None:
    """The line breaks at the look, and the process ends: the next one still knows which name is to be cleared."""
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
    for number, (boot, later_s) in enumerate((("boot-1", 0.0), ("boot-1", 0.001), ("tour-1", 0.0), ("boot-1", 12.345))):
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
        suffixes.append(pole.upload._suffix)
    assert suffixes == ["-twin-boot1000", "-twin-boot1001", "-twin-tour1000", "-twin-boot3345"]
