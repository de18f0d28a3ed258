"""Faults that are planted at a pole, each caught by the path; and a pole without faults passes."""

from __future__ import annotations

import contextlib
import json
import resource
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pole_agent.errors import PublishRefused
from pole_agent.settings.load import Loaded, load
from pole_agent.store.succession import SIGNED_OFF
from pole_agent.uplink.events import Incoming, Message
from pole_agent.uplink.memory import MemoryBroker
from pole_agent.vocabulary import Box
from tests.commissioning.site import CONFIG, YARD, Passing, Technician, Truth, Walkers, clip
from tests.world import BASE, EVENING, World, Worlds


class DeafBroker(MemoryBroker):
    """Acknowledges all, and sends nothing back."""

    def take(self, message: Message) -> None:
        session, self._session = self._session, None
        try:
            super().take(message)
        finally:
            self._session = session


class NoEvents(MemoryBroker):
    """Its rights let the pole write states, and no events."""

    def take(self, message: Message) -> None:
        if "/events/" in message.topic:
            raise PublishRefused(0x87, "not authorized")
        super().take(message)


@dataclass
class Plan:
    """A pole as it is planted. `changes`: of the configuration, before -> after."""

    changes: dict[str, str] = field(default_factory=dict)
    truth: Truth = field(default_factory=Truth)
    walkers: Walkers = field(default_factory=Walkers)
    broker: MemoryBroker = field(default_factory=MemoryBroker)
    clip: dict[str, Any] = field(default_factory=dict)
    trust: str = "system"
    wall: float = EVENING
    begun: Callable[[World, Path], Any] = lambda world, folder: None
    file_text: str = ""  # what stands in the file beyond what runs


def another_pole() -> MemoryBroker:
    """Its status is what the broker has kept."""
    broker = MemoryBroker()
    status = {"state": "offline", "reason": "stopped", "birth": 7, "boot_id": "another", "storeid": "ab" * 8}
    payload = json.dumps(status | {"sequence": 900, "version": "0.1.0"}).encode()
    broker.retained[f"{BASE}/status"] = Message(f"{BASE}/status", payload, retain=True)
    return broker


async def twin_speaks(world: World, folder: Path) -> None:
    await world.until(lambda: world.heard("status"))
    status = {"state": "online", "reason": "connected", "birth": 3, "boot_id": "twin", "storeid": "cd" * 8}
    session = world.broker._session
    assert session is not None
    session.inbox.put_nowait(Incoming("status", json.dumps(status).encode()))
    await world.pass_time(2, 0.1)


async def signed_off_elsewhere(world: World, folder: Path) -> None:
    await world.runtime.store.write(lambda db: db.set(SIGNED_OFF, json.dumps({"board": "another board"})))


@contextlib.contextmanager
def dead_disk(world: World, folder: Path) -> Iterator[None]:
    """No file takes a byte more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def under_voltage(world: World, folder: Path) -> None:
    file = folder / "root/sys/devices/platform/soc/soc:firmware/get_throttled"
    file.parent.mkdir(parents=True)
    file.write_text("1\n")


ELSEWHERE = Box(0.05, 0.2, 0.1, 0.4)
NIGHTLESS = 'part_night = true\nprogram = [{ at = "06:30", level = 0.5 }, { at = "17:00", level = 0.0 }]'
USUAL = 'program = [{ at = "sunset", level = 0.6 }, { at = "sunrise", level = 0.0 }]'
ZONE = "polygon = [[0.2, 0.5], [0.9, 0.5], [0.9, 1], [0.2, 1]]"
MASK = "masks = [[[0, 0], [0.25, 0], [0.25, 0.25], [0, 0.25]]]"
OFFICER = CONFIG[CONFIG.index("[[drone.officer]]") :]
FAULTS: dict[str, tuple[str, Callable[[], Plan]]] = {
    "inverted pin": ("lamp:full", lambda: Plan({'backend = "gpio"': 'backend = "gpio"\nactive_low = false'})),
    "driver does not dim": ("lamp:dim", lambda: Plan(truth=Truth(wiring=lambda pin: float(pin < 0.99)))),
    "broken wire to the driver": ("lamp:dark", lambda: Plan(truth=Truth(wiring=lambda pin: 1.0))),
    "dark without the board": ("fail_lit", lambda: Plan(truth=Truth(unplugged=False))),
    "nobody cut the supply": ("fail_lit", lambda: Plan(truth=Truth(unplugged=None))),
    "inverted feedback": ("feedback", lambda: Plan(truth=Truth(feedback=lambda lit: not lit))),
    "no light in the program": ("night", lambda: Plan({USUAL: NIGHTLESS})),
    "wrong camera": ("camera:street", lambda: Plan(clip={"view": YARD})),
    "frozen picture": ("camera:street", lambda: Plan(clip={"frozen": True})),
    "camera without a picture": ("camera:street", lambda: Plan({'source = "': 'source = "/nowhere'})),
    "no mask over a home": ("masks:street", lambda: Plan({MASK: ""})),
    "masks of another picture": ("masks:street", lambda: Plan({"fps = 10": 'fps = 10\npicture = "640x360"'})),
    "zone elsewhere": ("walk:street/road", lambda: Plan(walkers=Walkers(place=ELSEWHERE))),
    "zone under a mask": (
        "walk:street/road",
        lambda: Plan({MASK: "masks = [[[0, 0], [1, 0], [1, 0.9], [0, 0.9]]]"}),
    ),
    "clock behind": ("clock", lambda: Plan(truth=Truth(wall_off_s=-7200.0), wall=EVENING - 7200)),
    "wrong time zone": (
        "clock",
        lambda: Plan({}, truth=Truth(zone_off_h=2)),
    ),
    "no time server": ("clock", lambda: Plan(trust="auto")),
    "copied card": ("identity", lambda: Plan(begun=signed_off_elsewhere)),
    "name of another pole": ("identity", lambda: Plan(broker=another_pole())),
    "two poles of one name": ("identity", lambda: Plan(begun=twin_speaks)),
    "plate of another pole": ("identity", lambda: Plan(truth=Truth(plate=False))),
    "deaf broker": ("uplink", lambda: Plan(broker=DeafBroker())),
    "broker takes no events": ("uplink", lambda: Plan(broker=NoEvents())),
    "dead disk": ("disk", lambda: Plan(begun=dead_disk)),
    "weak supply": ("board", lambda: Plan(begun=under_voltage)),
    "configuration not reloaded": ("configuration", lambda: Plan(file_text="# changed\n")),
    "flights that nobody approves": (
        "drone",
        lambda: Plan({"night_permit = true": 'night_permit = true\napproval = "automatic"', OFFICER: ""}),
    ),
    "no sign": ("sign", lambda: Plan(truth=Truth(sign=False))),
}


@contextlib.asynccontextmanager
async def planted(
    plan: Plan, world: Worlds, bench: Callable[..., Path], folder: Path
) -> AsyncIterator[Technician]:
    text = CONFIG.format(clip=clip(folder / "clip.avi", **plan.clip))
    for before, after in plan.changes.items():
        assert before in text
        text = text.replace(before, after)
    config = bench(text)
    config.write_text(config.read_text().replace('backend = "mock"\n', "", 1))
    made: World = world(
        config,
        plan.wall,
        trust=plan.trust,
        time_server=False,
        broker=plan.broker,
        detector=plan.walkers,
        sources=[lambda: Passing(made.clock, plan.walkers)],
        waits=False,
    )
    made.broker = plan.broker
    loaded = Loaded(load(config).settings, plan.file_text)
    async with made as w:
        await w.pass_time(2, 0.1)
        begun = plan.begun(w, folder)
        if isinstance(begun, contextlib.AbstractContextManager):
            with begun:
                yield Technician(w, loaded, folder, plan.truth, plan.walkers)
            return
        if begun is not None:
            await begun
        yield Technician(w, loaded, folder, plan.truth, plan.walkers)


async def test_a_pole_without_faults_passes(
    world: Worlds, bench: Callable[..., Path], tmp_path: Path
) -> None:
    async with planted(Plan(), world, bench, tmp_path) as technician:
        states = await technician.path()
        words = {n: r["words"] for n, r in technician.guide.record.results.items() if r["state"] != "ok"}
        assert set(states.values()) <= {"ok", "warn"}, words
        assert len(states) == 17


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_is_caught(
    fault: str, world: Worlds, bench: Callable[..., Path], tmp_path: Path
) -> None:
    """By the step that is there for it."""
    step, plan = FAULTS[fault]
    async with planted(plan(), world, bench, tmp_path) as technician:
        states = await technician.path(only=["lamp" if step.startswith("lamp") else step.split(":")[0]])
        assert states[step] == "fail", technician.guide.record.results[step]


async def test_a_device_that_the_agent_holds(
    world: Worlds, bench: Callable[..., Path], tmp_path: Path
) -> None:
    """Nobody else can open it: what the agent tells of it counts, with a remark."""
    plan = Plan({f'source = "{tmp_path}/clip.avi"': 'source = "/dev/video-of-nobody"'})
    async with planted(plan, world, bench, tmp_path) as technician:
        technician.truth.seen_on_page = True
        early = await technician.path(only=["camera"])
        assert early == {"camera:street": "fail"}, "the agent has not counted its pictures yet"
        await technician.world.pass_time(25, 0.1)
        states = await technician.path(only=["camera", "masks"])
        assert states == {"camera:street": "warn", "masks:street": "warn"}
