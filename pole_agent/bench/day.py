"""What a busy day costs: bytes written to the disk and bytes sent. Used by bench; needs Mosquitto.

The whole agent lives through 24 hours on a clock that runs as fast as the machine can: its camera loop sees
a drawn street, everything behind it is real. The kernel counts what is written, the broker what it receives.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pole_agent import compose
from pole_agent.clock import Clock, ManualClock
from pole_agent.frame import Frame, Image
from pole_agent.settings import Settings
from pole_agent.settings.load import Loaded
from pole_agent.simulator.broker import mosquitto_on_loopback
from pole_agent.vision.region import WHOLE, within
from pole_agent.vocabulary import Box, Detection

OBJECTS = 10_000  # a day: a road of a neighbourhood with eight hundred an hour when it is busiest
SPEED = 360.0  # a day in four minutes, at best
STEP_S = 1.0
FPS = 1.0
DAY_S = 86_400.0
START_WALL = 1_798_736_400.0  # 2027-01-01 00:00 in Jakarta
# Share of the day's objects by hour, as counted on city streets: two peaks, few at night.
HOURS = (1, 1, 1, 1, 2, 4, 7, 8, 7, 5, 5, 5, 5, 5, 5, 6, 8, 8, 6, 4, 3, 2, 1, 1)
STAYING = 40  # people who stand about for a minute and a half: alarms
HEIGHT, WIDTH = 120, 160
LABELS = ("person", "motorcycle", "motorcycle", "car")
CONFIG: dict[str, Any] = {
    "pole": {
        "id": "bench",
        "site": "bench",
        "latitude": -6.8586,
        "longitude": 107.9164,
        "timezone": "Asia/Jakarta",
    },
    "clock": {"trust": "system"},
    "lamp": {"backend": "mock"},
    "camera": [{"name": "street", "source": "/dev/null", "fps": FPS}],
    "zone": [{"name": "road", "polygon": [[0, 0.2], [1, 0.2], [1, 1], [0, 1]]}],
    "line": [{"name": "gate", "from": [0.5, 0], "to": [0.5, 1]}],
    "rule": [
        # Every object that passes makes an event: more than a city would ask for.
        {
            "name": "passing",
            "kind": "crossing",
            "line": "gate",
            "classes": ["person", "two_wheeler", "vehicle"],
        },
        {
            "name": "night",
            "kind": "presence",
            "zone": "road",
            "active": "sunset..sunrise",
            "lamp": {"level": 1.0, "hold_s": 30},
        },
        {"name": "staying", "kind": "loitering", "zone": "road", "dwell_s": 30, "severity": "alarm"},
    ],
}


@dataclass(frozen=True, slots=True)
class Day:
    """What it was and what it cost.

    `stored`: the last sequence number; `sent`: bytes that the broker received, MQTT and above.
    """

    objects: int
    stored: int
    written_mb: float
    sent: int
    lasted_h: float


@dataclass(frozen=True, slots=True)
class Walker:
    """One object: from `begin` (seconds of the day) it goes from one side to the other, and may stand in the
    middle for a while.
    """

    begin: float
    label: str
    seconds: float
    lane: float
    forward: bool
    stands_s: float = 0.0

    @property
    def colour(self) -> tuple[int, int, int]:
        """Nobody wears what another does: each channel bright or dark, a little different for each."""
        shade = int(self.begin * 100)
        return tuple((30, 230)[shade >> n & 1] - shade // (7 * 3**n) % 25 for n in range(3))

    def box(self, now: float) -> Box | None:
        gone = now - self.begin
        if gone > self.seconds / 2:
            gone = max(self.seconds / 2, gone - self.stands_s)
        share = gone / self.seconds
        if not 0 <= share < 1:
            return None
        x = share if self.forward else 1 - share
        wide, high = (0.08, 0.3) if self.label == "person" else (0.16, 0.2)
        return Box(x - wide / 2, self.lane - high, x + wide / 2, self.lane)


def walkers(seed: int, objects: int, hours: float) -> list[Walker]:
    """So many objects a day, in order of time, of the first `hours`."""
    chance = random.Random(seed)
    begins = sorted((chance.choices(range(24), HOURS)[0] + chance.random()) * 3600 for _ in range(objects))
    standing = set(chance.sample(range(objects), STAYING * objects // OBJECTS))
    made = []
    for number, begin in enumerate(begins):
        if begin >= hours * 3600:
            break
        label = "person" if number in standing else chance.choice(LABELS)
        seconds = chance.uniform(18, 30) if label == "person" else chance.uniform(8, 14)
        stands_s = 90.0 if number in standing else 0.0
        made.append(
            Walker(begin, label, seconds, chance.uniform(0.45, 0.95), chance.random() < 0.5, stands_s)
        )
    return made


def scene() -> Image:
    """Houses, windows, a kerb and a road: something that a camera can know again."""
    image = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    image[: HEIGHT // 4] = 150
    for left in range(4, WIDTH, 26):
        image[10 : HEIGHT // 3, left : left + 20] = 60 + left // 2
        for window in range(left + 3, left + 18, 6):
            image[16:22, window : window + 3] = image[28:34, window : window + 3] = 200
    image[HEIGHT // 3 : HEIGHT // 3 + 3] = 180
    image[-6::3, ::8] = 130
    return image


class Street:
    """FrameSource: the drawn street."""

    def __init__(self, clock: Clock, people: Sequence[Walker]) -> None:
        self._clock, self._people = clock, people
        self._begun = self._due = clock.monotonic()
        self._next, self._index = 0, -1
        self._scene = scene()
        self.there: list[tuple[Walker, Box]] = []  # at the latest frame

    def open(self) -> None:
        return

    async def next(self) -> Frame | None:
        self._due = max(self._due + 1 / FPS, self._clock.monotonic() - 1 / FPS)
        await self._clock.sleep(max(0.0, self._due - self._clock.monotonic()))
        now = self._clock.monotonic()
        self._index += 1
        self._move(now - self._begun)
        image = self._scene.copy()
        image[self._index % HEIGHT, 0] ^= 1  # no two pictures of a camera are the same
        for walker, box in self.there:
            rows = slice(max(0, int(box.top * HEIGHT)), int(box.bottom * HEIGHT))
            image[rows, max(0, int(box.left * WIDTH)) : max(0, int(box.right * WIDTH))] = walker.colour
        return Frame(image, now, self._index)

    def _move(self, second: float) -> None:
        walking = [walker for walker, _ in self.there]
        while self._next < len(self._people) and self._people[self._next].begin <= second:
            walking.append(self._people[self._next])
            self._next += 1
        self.there = [(walker, box) for walker in walking if (box := walker.box(second)) is not None]

    def close(self) -> None:
        return


class Eye:
    """Detector: knows who is in what it is shown of the drawn street."""

    took_ms = 0.0

    def __init__(self, street: Street) -> None:
        self._street = street

    async def open(self) -> None:
        return

    async def detect(self, frame: Frame) -> Sequence[Detection]:
        shown = frame.part or WHOLE
        there = [(walker, within(box, shown)) for walker, box in self._street.there]
        return [Detection(box, 0.8, walker.label) for walker, box in there if box is not None]

    def close(self) -> None:
        return


async def live(folder: Path, port: int, hours: float, speed: float) -> Day:
    """Live through so many hours of the day."""
    from pole_agent.settings.pole import StorageSettings

    batch_s = StorageSettings.model_fields["batch_s"].default
    document = CONFIG | {
        "mqtt": {"host": "127.0.0.1", "port": port, "tls": False},
        "storage": {"state_dir": str(folder), "batch_s": batch_s / speed},
    }
    settings = Settings.model_validate(document)
    clock = ManualClock(wall=START_WALL)
    people = walkers(1, OBJECTS, hours)
    street = Street(clock, people)
    luminaire = compose.open_lamp(settings, clock)
    runtime = compose.build(
        Loaded(settings, ""),
        luminaire,
        clock,
        detector=Eye(street),
        sources=[lambda: street],
        socket=folder / "control.sock",
    )
    begun, before = clock.monotonic(), written_bytes()
    running = asyncio.ensure_future(runtime.agent.run())
    while clock.monotonic() < begun + hours * 3600:
        if running.done():
            raise RuntimeError("the agent ended before its day")
        # On a slow machine the day takes longer; nothing of it is left out
        pause = asyncio.ensure_future(asyncio.sleep(STEP_S / speed))
        await clock.advance(STEP_S)
        await pause
    stats = await runtime.store.read(lambda db: db.stats())
    sent = await received(port)
    runtime.agent.stop()
    await running
    luminaire.close()
    return Day(len(people), stats["last_sequence"], (written_bytes() - before) / 1e6, sent, hours)


def written_bytes() -> int:
    """What this process caused to be written to the disk, as the kernel counts it."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


async def received(port: int) -> int:
    """What the broker received since its start, by its own count."""
    import aiomqtt

    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("$SYS/broker/bytes/received")
        async with asyncio.timeout(15):
            await anext(aiter(client.messages))  # kept from before; the next one is of now
            async for message in client.messages:
                return int(message.payload)
    raise RuntimeError("the broker does not count")


def day(program: str, hours: float = 24.0, speed: float = SPEED) -> Day:
    """In a process of its own, so that only the agent's bytes count."""
    command = [sys.executable, "-m", __name__, program, str(hours), str(speed)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Day(**json.loads(done.stdout.splitlines()[-1]))


def main(program: str, hours: str, speed: str) -> None:
    # /tmp may be memory, where nothing is written.
    with tempfile.TemporaryDirectory(
        prefix="pole-agent-bench-", dir=os.environ.get("TMPDIR", "/var/tmp")
    ) as scratch:
        folder = Path(scratch) / "state"
        folder.mkdir()
        with (
            mosquitto_on_loopback(program, Path(scratch), None) as port,
            contextlib.suppress(BrokenPipeError),
        ):
            print(json.dumps(asdict(asyncio.run(live(folder, port, float(hours), float(speed))))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:4])
