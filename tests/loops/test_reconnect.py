"""A camera whose connection breaks: what goes on in the street goes on, and time passes also while nobody
looks.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from pole_agent import compose
from pole_agent.clock import ManualClock
from pole_agent.errors import CameraError
from pole_agent.frame import Frame
from pole_agent.health.parts import Parts
from pole_agent.health.trust import TimeKeeper
from pole_agent.loops.watch import Watch
from pole_agent.settings.load import load
from pole_agent.vocabulary import BoostLamp, Box, Detection, RecordEvent, Response

FRAME_S = 0.2
CHANCE = np.random.default_rng(3)
STREET = CHANCE.integers(60, 140, (24, 32, 3), dtype=np.uint8).repeat(10, axis=0).repeat(10, axis=1)
World = Callable[[float], Sequence[tuple[str, Box]]]  # seconds since the start -> who is there

RULES = """
[[camera]]
source = "rtsp://127.0.0.1/x"
fps = 5
[[rule]]
name = "parked"
kind = "stopped"
classes = ["vehicle"]
dwell_s = 5
severity = "alarm"
[[rule]]
name = "somebody"
kind = "presence"
classes = ["vehicle", "person"]
lamp = { level = 1.0, hold_s = 5 }
announce = "open"
[[rule]]
name = "loiters"
kind = "loitering"
dwell_s = 30
severity = "warning"
[[line]]
name = "gate"
from = [0.5, 0.0]
to = [0.5, 1.0]
"""


class Camera:
    """Shows the world, 5 pictures a second with the noise of a sensor, in connections of `lasts_s`; `away` is
    when nobody answers.
    """

    def __init__(
        self, clock: ManualClock, world: World, lasts_s: float, away: tuple[float, float] = (0, 0)
    ) -> None:
        self.clock, self.world, self.lasts_s, self.away = clock, world, lasts_s, away
        self.begun = clock.monotonic()
        self.first_frames: list[float] = []  # of each connection

    @property
    def now(self) -> float:
        return self.clock.monotonic() - self.begun


class Connection:
    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._since, self._index = camera.now, 0

    def open(self) -> None:
        return

    async def next(self) -> Frame | None:
        camera = self._camera
        await camera.clock.sleep(FRAME_S)
        if camera.away[0] <= camera.now < camera.away[1] or camera.now - self._since > camera.lasts_s:
            raise CameraError("the stream broke off")
        if self._index == 0:
            camera.first_frames.append(camera.now)
        image = np.clip(STREET + CHANCE.normal(0, 2, STREET.shape), 0, 255).astype(np.uint8)
        for _, box in camera.world(camera.now):
            image[int(box.top * 240) : int(box.bottom * 240), int(box.left * 320) : int(box.right * 320)] = (
                250
            )
        self._index += 1
        return Frame(image, camera.clock.monotonic(), self._index)

    def close(self) -> None:
        return


class Eyes:
    """Finds whoever is there, its boxes trembling."""

    took_ms = 1.0

    def __init__(self, camera: Camera) -> None:
        self._camera = camera

    async def open(self) -> None:
        return

    async def detect(self, frame: Frame) -> Sequence[Detection]:
        found = []
        for label, box in self._camera.world(self._camera.now):
            x, y = CHANCE.normal(0, 0.01 * box.height, 2)
            found.append(Detection(Box(box.left + x, box.top + y, box.right + x, box.bottom + y), 0.9, label))
        return found

    def close(self) -> None:
        return


class Street:
    """Watches the world for some seconds; then the agent stops."""

    def __init__(
        self, configuration: Path, world: World, lasts_s: float, away: tuple[float, float] = (0, 0)
    ) -> None:
        self.clock = ManualClock()
        self.camera = Camera(self.clock, world, lasts_s, away)
        self.responses: list[tuple[float, Response]] = []
        settings, eyes = load(configuration).settings, Eyes(self.camera)
        keeper = TimeKeeper(self.clock, "system", "b")
        numbers = iter(range(1, 1000))
        make = compose.pipeline_factory(
            settings, "street", eyes, keeper, lambda: f"i{next(numbers)}", every_frame=True
        )
        parts = Parts(lambda _: None, self.clock.monotonic)
        self.watch = Watch(
            "street",
            5,
            lambda: Connection(self.camera),
            lambda: make(self.clock.monotonic()),
            eyes,
            self._act,
            parts,
            self.clock,
            random=lambda: 0.5,
        )

    def _act(self, responses: Sequence[Response]) -> None:
        self.responses += [(self.camera.now, r) for r in responses]

    async def play(self, seconds: float) -> Street:
        task = asyncio.ensure_future(self.watch.run())
        for _ in range(int(seconds / FRAME_S)):
            await self.clock.advance(FRAME_S)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return self

    def events(self, kind: str, rule: str = "") -> list[tuple[float, RecordEvent]]:
        """When it was told, and what."""
        told = [(at, r) for at, r in self.responses if isinstance(r, RecordEvent) and r.kind == kind]
        return [(at, r) for at, r in told if not rule or r.data["rule"] == rule]

    def entered(self) -> int:
        return sum(
            sum(z["entered"].values()) for _, e in self.events("traffic.summarized") for z in e.data["zones"]
        )

    def crossed(self) -> tuple[int, int]:
        lines = [n for _, e in self.events("traffic.summarized") for n in e.data["lines"]]
        return sum(sum(n["forward"].values()) for n in lines), sum(sum(n["backward"].values()) for n in lines)

    def boosts(self) -> int:
        """How often the lamp rose: a boost that comes while one is live only renews it."""
        rises, live_until = 0, float("-inf")
        for at, response in self.responses:
            if isinstance(response, BoostLamp) and response.level > 0:
                rises += self.camera.begun + at > live_until
                live_until = max(live_until, response.until)
        return rises


CAR = Box(0.2, 0.5, 0.5, 0.8)


async def test_parked_car_and_six_connections_are_one_alarm(bench: Callable[..., Path]) -> None:
    """A parked car and six connections are one alarm one incident one entry one boost."""
    street = await Street(bench(RULES), lambda _: [("car", CAR)], lasts_s=25).play(160)
    assert len(street.camera.first_frames) >= 6
    assert len(street.events("incident.opened", "parked")) == 1
    assert len(street.events("incident.opened", "somebody")) == 1
    assert [e.data["end_reason"] for _, e in street.events("incident.closed", "parked")] == ["interrupted"], (
        "the agent stopped"
    )
    assert street.entered() == 1
    assert street.boosts() == 1


async def test_a_car_that_was_part_of_the_street_is_no_news(bench: Callable[..., Path]) -> None:
    """A car that was part of the street is no news after ten minutes without the camera."""
    street = await Street(bench(RULES), lambda _: [("car", CAR)], lasts_s=1e9, away=(100, 700)).play(760)
    assert len(street.camera.first_frames) == 2
    assert len(street.events("incident.opened", "parked")) == 1
    assert len(street.events("incident.opened", "somebody")) == 1
    assert street.entered() == 1
    assert street.boosts() == 1


async def test_who_walks_while_the_line_breaks_is_the_same(bench: Callable[..., Path]) -> None:
    """Who walks while the connection breaks is the same one afterwards. He is at the line then."""

    def walker(at: float) -> list[tuple[str, Box]]:
        x = 0.1 + 0.05 * at
        return [("person", Box(x - 0.05, 0.3, x + 0.05, 0.8))] if x < 0.9 else []

    street = await Street(bench(RULES), walker, lasts_s=1e9, away=(7.3, 8.5)).play(30)
    assert len(street.camera.first_frames) == 2
    assert street.entered() == 1
    assert len(street.events("incident.opened", "somebody")) == 1
    assert street.crossed() == (0, 1)


async def test_an_incident_ends_when_it_was_seen_last(bench: Callable[..., Path]) -> None:
    """An incident ends when it was seen last and is told while the camera is away.

    He stands for 20 s, then the camera is away for 5 minutes.
    """
    street = await Street(
        bench(RULES), lambda _: [("person", Box(0.2, 0.3, 0.3, 0.8))], lasts_s=1e9, away=(20, 320)
    ).play(300)
    [(told_at, closed)] = street.events("incident.closed", "somebody")
    assert closed.data["end_reason"] == "interrupted"
    assert closed.at - street.camera.begun == pytest.approx(20, abs=0.5)
    assert told_at < 100, "not only when the camera is back"
    assert street.watch.pipeline is not None
    assert street.watch.pipeline.counts == {"frame": {}}


async def test_time_without_the_camera_is_no_dwelling(bench: Callable[..., Path]) -> None:
    """Time without the camera is no time that somebody stayed.

    30 s make a loiterer. He was seen for 20 s, then the camera was away for 20.
    """
    street = await Street(
        bench(RULES), lambda _: [("person", Box(0.2, 0.3, 0.3, 0.8))], lasts_s=1e9, away=(20, 40)
    ).play(70)
    [(opened_at, _)] = street.events("incident.opened", "loiters")
    first, again = street.camera.first_frames
    assert again >= 40
    assert opened_at == pytest.approx(again + 30 - (20 - first), abs=0.7)
    assert len(street.events("incident.opened", "somebody")) == 1


async def test_at_a_stop_everything_is_closed(bench: Callable[..., Path]) -> None:
    """Also while the camera is away."""
    for away in ((0.0, 0.0), (15.0, 99.0)):
        street = await Street(
            bench(RULES), lambda _: [("person", Box(0.2, 0.3, 0.3, 0.8))], lasts_s=1e9, away=away
        ).play(18)
        assert len(street.events("incident.closed", "somebody")) == 1
        assert street.entered() == 1
