"""A pole in a world where the time is known, and its clock is wrong: boots, power cuts, time servers that
lie, a photocell.

True time runs in seconds; the pole sees only what a real one would see: a wall clock, a monotonic one, the
words of chrony and of systemd-timesyncd, its own memory on the disk, and the light on a photocell.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from pole_agent.almanac import Place, elevation_deg
from pole_agent.health.clock_memory import Memory
from pole_agent.health.evidence import CERTIFICATE, STORED
from pole_agent.health.time_servers import Flag, read_chrony
from pole_agent.health.trust import CHECK_S, KEEP_S, TimeKeeper
from pole_agent.lamp.controller import Controller
from pole_agent.lamp.daylight import Daylight

BOOT_S = 20.0  # from power to agent
POLL_S = 1024.0
SKY_S = 20.0
FLOOR, TWILIGHT_DEG, DAYLIGHT_DEG = 0.2, -6.0, -4.0
Service = Callable[["World"], float | None]


class TrueClock:
    """Clock: the wall is wrong by `error_s`."""

    shifted = False

    def __init__(self, now: float) -> None:
        self.now, self.error_s, self.booted = now, 0.0, now - BOOT_S

    def monotonic(self) -> float:
        return self.now - self.booted

    def wall(self) -> float:
        return self.now + self.error_s

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing waits here")

    async def wait(self, event: asyncio.Event, timeout_s: float) -> bool:
        raise AssertionError("nothing waits here")


# --- what the time services of the machine say: the wall time at which a source was heard, or None


def nobody(world: World) -> float | None:
    return None


def chrony_by_a_source(world: World) -> float | None:
    """A true one on the net. It does not follow a clock that somebody has set away from it."""
    at = world.clock.wall() - world.clock.monotonic() % POLL_S
    return _chrony(world, f"C0000201,ntp.example,2,{at:.1f},{world.clock.error_s:.6f}")


def chrony_that_was_led_astray(world: World) -> float | None:
    """Its source tells the time that the clock has, whatever that is."""
    at = world.clock.wall() - world.clock.monotonic() % POLL_S
    return _chrony(world, f"C0000201,ntp.example,2,{at:.1f},0.000010")


def chrony_by_itself(world: World) -> float | None:
    return _chrony(world, f"7F7F0101,,10,{world.clock.wall() - 1:.1f},0.000000000")


def chrony_by_localhost(world: World) -> float | None:
    return _chrony(world, f"7F000001,localhost,11,{world.clock.wall() - 1:.1f},0.000000000")


def chrony_by_a_router_without_a_source(world: World) -> float | None:
    return _chrony(world, f"C0A80101,192.168.1.1,11,{world.clock.wall() - 1:.1f},0.000000000")


def chrony_without_a_source(world: World) -> float | None:
    return read_chrony(
        "00000000,,0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,1.0,0.0,Not synchronised", world.clock.wall()
    ).at


def _chrony(world: World, head: str) -> float | None:
    return read_chrony(f"{head},0.0,0.0,1.0,0.0,0.01,0.02,0.001,{POLL_S},Normal", world.clock.wall()).at


def flag_of_an_earlier_boot(world: World) -> float | None:
    touched = world.clock.wall() - world.clock.monotonic() - 3600
    return world.flag.read(touched, world.clock.wall(), world.clock.monotonic()).at


def flag_of_before_the_clock_was_set(world: World) -> float | None:
    """systemd-timesyncd set the clock soon after the first boot; then the network went, and somebody set the
    clock.
    """
    if world.boots > 1:
        return None
    return world.flag.read(world.clock.booted + BOOT_S / 2, world.clock.wall(), world.clock.monotonic()).at


@dataclass(slots=True)
class World:
    """One pole. `dark` are the true times at which it was too dark for the floor and the lamp was
    below it.
    """

    now: float
    place: Place
    make: Callable[[], Controller]
    trust: Literal["auto", "system"] = "auto"
    service: Service = chrony_by_a_source
    has_cell: bool = False
    certificate: float = 0.0  # it began then, truly
    memory: Memory = field(default_factory=Memory)
    stored: float = 0.0
    clock: TrueClock = field(init=False)
    boots: int = 1
    flag: Flag = field(default_factory=Flag)
    dark: list[float] = field(default_factory=list)
    lit_by_day_s: float = 0.0
    fooled_s: float = 0.0  # trusted, although it was wrong by more than it may be
    height: float = field(default=0.0, init=False)  # of the true sun
    keeper: TimeKeeper = field(init=False)
    controller: Controller = field(init=False)
    daylight: Daylight = field(init=False)
    rose_at: float = field(init=False)
    level: float = field(init=False)
    _checked_at: float = field(init=False)
    _kept_at: float = field(init=False)
    _settled: float | None = field(init=False)
    _lux: float | None = field(default=None, init=False)
    _lux_until: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.clock = TrueClock(self.now)
        self._start()

    def _start(self) -> None:
        self.keeper = TimeKeeper(
            self.clock, self.trust, f"boot {self.clock.booted}", self._heard, memory=self.memory
        )
        if self.certificate:
            self.keeper.remember(f"{CERTIFICATE}mqtt.cert_file", self.certificate)
        self.keeper.remember(STORED, self.stored)
        self.controller, self.daylight = self.make(), Daylight(self.place)
        self.rose_at = self.level = float("-inf")
        self._checked_at = self._kept_at = self.clock.monotonic()
        self._settled: float | None = None

    def _heard(self, after: float) -> bool:
        at = self.service(self)
        return at is not None and at > after

    def restart(self) -> None:
        """The agent alone."""
        self._keep()
        self._start()

    def power_cut(self, off_s: float = 60.0) -> None:
        """What was not kept is lost; nobody is there to light the lamp meanwhile."""
        self.clock.now += off_s
        self.clock.booted = self.clock.now - BOOT_S
        self.boots += 1
        self._start()

    def _keep(self) -> None:
        memory = self.keeper.memory()
        self.memory = replace(memory, known=memory.known or self.memory.known)

    def walk(self, seconds: float, step_s: int) -> None:
        """So long, looking every `step_s` seconds."""
        clock, keeper = self.clock, self.keeper
        for second in range(0, int(seconds), step_s):
            clock.now += step_s
            monotonic = clock.monotonic()
            if monotonic - self._checked_at >= CHECK_S:
                self._checked_at = monotonic
                self._look_after_itself(monotonic)
            trusted = keeper.trusted
            # Without trust and without a cell nothing is asked of the time: the same as a second ago.
            asks = trusted or self.has_cell or self._settled is None
            level = self._light(monotonic, trusted) if asks else self._settled
            assert level is not None
            if second % 60 < step_s or level != self.level:
                self.height = elevation_deg(clock.now, self.place)
            if level < FLOOR and self.height < TWILIGHT_DEG:
                self.dark.append(clock.now)
            if level > 0 and self.height > 0:
                self.lit_by_day_s += step_s
            if trusted and abs(clock.error_s) > 130:
                self.fooled_s += step_s
            self.level = level

    def _light(self, monotonic: float, trusted: bool) -> float:
        # The sky does not change from one second to the next
        if self.has_cell and self.clock.now >= self._lux_until:
            self._lux = 1000.0 if elevation_deg(self.clock.now, self.place) > DAYLIGHT_DEG else 0.0
            self._lux_until = self.clock.now + SKY_S
        lux = self._lux
        wall = self.clock.wall()
        output = self.controller.step(wall if trusted else None, monotonic, lux=lux)
        level = output.decision.level
        if level > self.level:
            self.rose_at = monotonic
        if self.has_cell:
            words = self.daylight.step(self.controller.cell_dark, wall, monotonic, level > 0, self.rose_at)
            self.keeper.sun_says(words, aside=self.daylight.state.aside)
        self._settled = None if trusted or output.fading else level
        return level

    def _look_after_itself(self, monotonic: float) -> None:
        released = self.keeper.released
        self.keeper.check()
        if self.keeper.released != released:
            self.stored = min(self.stored, self.clock.wall())
        if self.keeper.trusted:
            self.stored = max(self.stored, self.clock.wall())
        if monotonic - self._kept_at >= KEEP_S:
            self._kept_at = monotonic
            self._keep()
