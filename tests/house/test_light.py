"""The lamp in the whole house, on a manual clock: sensors, button, nights, hostile commands, and everything else broken."""

from __future__ import annotations

import asyncio
import json
import math
import random
import shutil
import threading
from collections.abc import Callable, Container, Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pole_agent import compose
from pole_agent.clock import ManualClock
from pole_agent.lamp.mock import mock_factory
from pole_agent.settings.load import Loaded, load
from pole_agent.uplink.events import Incoming
from pole_agent.uplink.memory import MemoryBroker
from pole_agent.vision.scripted import ScriptedDetector
from tests.house.running import running

EVENING = datetime.fromisoformat("2026-11-24T20:00:00+07:00").timestamp()
NOON = datetime.fromisoformat("2026-11-24T13:00:00+07:00").timestamp()
BASE = "smartpole/test/T-1"
PROGRAM = 'program = [{ at = "sunset", level = 0.6 }, { at = "sunrise", level = 0.0 }]\n'
DAYS = ("light", "upload")  # the jobs that a day of the lamp needs
MQTT = '[mqtt]\nhost = "127.0.0.1"\ntls = false\n'


class Pole:
    """A pole without a camera."""

    def __init__(
        self, config: Path, wall: float, heard: Callable[[float], bool] = lambda after: True, jobs: Container[str] | None = None
    ) -> None:
        """`jobs`: only these run; days pass sooner."""
        self.clock, self.broker, self.factory = ManualClock(wall=wall), MemoryBroker(), mock_factory()
        settings = load(config).settings
        self.luminaire = compose.open_lamp(settings, self.clock, self.factory)
        self.house = compose.build(
            Loaded(settings, ""), self.luminaire, self.clock, broker=self.broker, detector=ScriptedDetector({}),
            random=lambda: 0.5, socket=config.parent / "control.sock", time_server_heard=heard,
        )  # fmt: skip
        if jobs is not None:
            self.house.agent.jobs = [job for job in self.house.agent.jobs if job.name in jobs]
        self.lit: list[float] = []

    @property
    def light(self) -> float:
        return round(1 - float(self.factory.pin("GPIO18").state), 2)

    def edges(self) -> list[float]:
        return [round(1 - float(s.state), 2) for s in self.factory.pin("GPIO18").states]

    def heard(self, path: str) -> list[dict[str, Any]]:
        return [json.loads(m.payload) for m in self.broker.published if m.topic == f"{BASE}/{path}"]

    def events(self, kind: str) -> list[dict[str, Any]]:
        found = [json.loads(m.payload) for m in self.broker.published if m.topic.startswith(f"{BASE}/events/")]
        return [e for e in found if e["type"] == f"smartpole.{kind}"]

    def send(self, payload: Any, path: str = "lamp/set", **more: Any) -> None:
        self.broker.send(Incoming(path, payload if isinstance(payload, bytes) else json.dumps(payload).encode(), **more))

    async def until(self, condition: Callable[[], object], within_s: float = 60.0) -> None:
        end = self.clock.monotonic() + within_s
        while not condition():
            assert self.clock.monotonic() < end, "it did not come in time"
            await self.clock.advance(0.1)
            await self.house.store.flush()  # routine events wait for their batch in real time

    async def pass_time(self, seconds: float, step_s: float = 1.0) -> None:
        for _ in range(int(seconds / step_s)):
            await self.clock.advance(step_s)
            await asyncio.sleep(0)


Story = Callable[[Pole], Coroutine[Any, Any, None]]


def play(pole: Callable[[], Pole], story: Story) -> None:
    async def whole() -> int:
        made = pole()
        async with running(made.house, made.clock) as agent:
            await made.until(lambda: made.heard("lamp/state"))
            await story(made)
        return await agent

    assert asyncio.run(whole()) == 0


Bench = Callable[..., Path]


# --- overrides


def test_an_officer_cannot_darken_the_street_but_a_person_at_the_pole_can_for_a_while(bench: Bench) -> None:
    async def story(p: Pole) -> None:
        p.send({"state": "OFF", "by": "officer", "reason": "film"})
        await p.until(lambda: p.light == 0.2)
        state = p.heard("lamp/state")[-1]
        assert (state["state"], state["reason"], state["override"]["by"], state["override"]["reason"]) == (
            "ON",
            "override",
            "officer",
            "film",
        )
        answer = await p.house.listen.handle("lamp/set", b'{"state": "OFF", "duration_s": 300}', local_by="local:root")
        assert answer is not None
        assert answer["ok"]
        await p.until(lambda: p.light == 0.0)
        await p.pass_time(301)
        await p.until(lambda: p.light == 0.6)  # by itself
        asked = [(e["data"]["by"], e["data"]["level"], e["data"]["local"]) for e in p.events("lamp.overridden")]
        assert asked == [("officer", 0.0, False), ("local:root", 0.0, True)]

    play(lambda: Pole(bench(PROGRAM + MQTT), EVENING), story)


def test_nobody_becomes_local_by_saying_so(bench: Bench) -> None:
    async def story(p: Pole) -> None:
        p.send({"state": "OFF", "by": "local:root"})
        await p.until(lambda: p.light == 0.2)
        p.send({"state": "OFF", "local": True})
        p.send({"sweep_s": 20})
        await p.until(lambda: sum(not r["ok"] for r in p.heard("reply")) == 2)
        await p.pass_time(30)
        assert p.light == 0.2

    play(lambda: Pole(bench(PROGRAM + MQTT), EVENING), story)


def test_the_button_switches_off_for_a_while_and_back(bench: Bench) -> None:
    async def story(p: Pole) -> None:
        pin = p.factory.pin("GPIO22")
        pin.drive_low()
        await p.until(lambda: p.light == 0.0)
        pin.drive_high()
        pin.drive_low()
        await p.until(lambda: p.light == 0.6)
        pin.drive_high()
        pin.drive_low()
        await p.until(lambda: p.light == 0.0)
        await p.pass_time(121)
        await p.until(lambda: p.light == 0.6)  # nobody came back to press it

    play(lambda: Pole(bench(PROGRAM + "button = { pin = 22, off_s = 120 }\n" + MQTT), EVENING), story)


def test_the_usual_duration_can_be_set_as_home_assistant_does(bench: Bench) -> None:
    async def story(p: Pole) -> None:
        p.send(b'{"default_duration_s": 90.0 }')
        await p.until(lambda: p.heard("lamp/state")[-1]["default_duration_s"] == 90)
        p.send({"state": "ON", "brightness": 255})
        await p.until(lambda: p.light == 1.0)
        await p.pass_time(85)
        assert p.light == 1.0
        await p.until(lambda: p.light == 0.6, within_s=10)

    play(lambda: Pole(bench(PROGRAM + MQTT), EVENING), story)


def test_home_assistant_finds_the_lamp_and_its_entities(bench: Bench) -> None:
    async def story(p: Pole) -> None:
        await p.until(lambda: any(m.topic.startswith("homeassistant/") for m in p.broker.published))
        (message,) = [m for m in p.broker.published if m.topic == "homeassistant/device/smartpole-test-T-1/config"]
        assert message.retain
        document = json.loads(message.payload)
        parts = document["components"]
        lamp = {key: part for key, part in parts.items() if key.startswith("lamp")}
        assert {c["platform"] for c in lamp.values()} == {"light", "sensor", "button", "number"}
        topics = {c[key] for c in lamp.values() for key in ("state_topic", "command_topic") if key in c}
        assert topics == {f"{BASE}/lamp/state", f"{BASE}/lamp/set"}
        assert not any("incident" in key for key in parts), "a pole without a camera has none"
        assert document["availability"][0]["topic"] == f"{BASE}/status"
        # What Home Assistant's button sends is a command that is understood.
        p.send({"level": 0.9})
        await p.until(lambda: p.light == 0.9)
        p.send(parts["lamp-resume"]["payload_press"].encode())
        await p.until(lambda: p.light == 0.6)
        state = p.heard("lamp/state")[-1]
        assert {"state", "brightness", "reason", "until", "default_duration_s"} <= state.keys(), "what its templates read"

    play(lambda: Pole(bench(PROGRAM + MQTT + "homeassistant = true\n"), EVENING), story)


# --- sensors


def test_a_lamp_that_gives_no_light_is_a_fault_that_opens_and_closes(bench: Bench) -> None:
    async def story(p: Pole) -> None:
        await p.until(lambda: p.events("lamp.fault_opened"), within_s=60)
        (fault,) = p.events("lamp.fault_opened")
        assert (fault["data"]["fault"], fault["data"]["lit"], fault["severity"]) == ("lamp_failure", False, "warning")
        assert p.heard("lamp/state")[-1]["faults"] == ["lamp_failure"]
        p.factory.pin("GPIO25").drive_high()
        await p.until(lambda: p.events("lamp.fault_closed"), within_s=120)
        assert p.heard("lamp/state")[-1]["faults"] == []
        parts = p.house.parts.report()["lamp"]
        assert parts["faults"] == {
            "lamp_failure": False, "dimming_failure": None, "unexpectedly_on": False, "cycling": False, "day_burner": False,
            "photocell_stuck": None,
        }  # fmt: skip

    play(lambda: Pole(bench(PROGRAM + "feedback = { pin = 25 }\n" + MQTT), EVENING), story)


def test_a_dark_afternoon_lights_the_lamp_by_the_photocell(bench: Bench) -> None:
    async def story(p: Pole) -> None:
        assert p.light == 0.0
        await p.pass_time(5)
        p.factory.pin("GPIO24").drive_high()  # dark
        await p.until(lambda: p.light == 0.6, within_s=60)

    settings = PROGRAM + "photocell = { pin = 24 }\n" + MQTT
    half_past_five = datetime.fromisoformat("2026-11-24T17:30:00+07:00").timestamp()
    play(lambda: Pole(bench(settings), half_past_five), story)


def test_a_sensor_that_cannot_be_claimed_keeps_nobody_in_the_dark(bench: Bench) -> None:
    """The photocell's pin does not exist on this machine's chip; the lamp shines, and health says so."""
    settings = PROGRAM + 'feedback = { file = "/nonexistent/power1_input" }\n' + MQTT

    async def story(p: Pole) -> None:
        await p.pass_time(30)
        assert p.light == 0.6
        assert p.house.parts.report()["lamp"]["faults"]["lamp_failure"] is None, "unknown, not well"

    play(lambda: Pole(bench(settings), EVENING), story)


def test_the_relay_cuts_the_driver_by_day_and_gives_it_back_at_once_in_the_dark(bench: Bench) -> None:
    async def story(p: Pole) -> None:
        coil = p.factory.pin("GPIO23")
        assert not coil.state, "closed: the driver has power"
        await p.until(lambda: coil.state, within_s=70)
        p.clock.set_wall(EVENING)
        await p.until(lambda: p.light == 0.6 and not coil.state, within_s=5)

    play(lambda: Pole(bench(PROGRAM + "relay = { pin = 23, min_off_s = 60 }\n" + MQTT), NOON), story)


# --- the ledger


def test_each_noon_the_night_is_summed_up_once_and_the_hours_go_on_after_a_power_cut(bench: Bench) -> None:
    config = bench(PROGRAM + MQTT)

    async def first(p: Pole) -> None:
        await p.pass_time(17 * 3600, 20.0)
        await p.until(lambda: p.events("lamp.summarized"))
        (night,) = p.events("lamp.summarized")
        data = night["data"]
        assert data["night"] == "2026-11-24"
        assert data["burn_h"] == pytest.approx(9.35, abs=0.05), "from eight in the evening until sunrise"
        assert data["level_h"] == {"0.6": data["burn_h"]}
        assert data["energy_wh_estimated"] == pytest.approx(data["burn_h"] * 36, rel=0.01)
        assert data["energy_wh_flat"] == 720

    async def second(p: Pole) -> None:
        await p.until(lambda: p.house.light._restored)
        account = p.house.light.account()
        assert account["burn_s"] / 3600 == pytest.approx(9.35, abs=0.05)
        assert account["boots"] == 1, "the same boot"
        await p.pass_time(22.5 * 3600, 20.0)
        await p.until(lambda: p.events("lamp.summarized"))
        assert [e["data"]["night"] for e in p.events("lamp.summarized")] == ["2026-11-25"]
        assert p.events("lamp.summarized")[0]["data"]["total"]["burn_h"] == pytest.approx(9.35 + 11.5, abs=0.3)

    play(lambda: Pole(config, EVENING, jobs=DAYS), first)
    play(lambda: Pole(config, EVENING + 17.5 * 3600, jobs=DAYS), second)


def test_a_power_cut_costs_a_quarter_of_an_hour_of_the_ledger_and_the_card_is_spared(bench: Bench, tmp_path: Path) -> None:
    """The power cut: what is on the disk at that moment, taken to another house."""
    config = bench(PROGRAM + MQTT)
    after = tmp_path / "after"

    async def first(p: Pole) -> None:
        kept = set()
        for _ in range(2 * 60):
            await p.pass_time(60, 10.0)
            kept.add(await p.house.store.read(lambda db: db.get("lamp.ledger")))
        assert len(kept) <= 2 * 4 + 2, "four times an hour"
        shutil.copytree(tmp_path / "state", after)

    async def second(p: Pole) -> None:
        await p.until(lambda: p.house.light._restored)
        assert 2.0 - 0.25 - 0.02 <= p.house.light.account()["burn_s"] / 3600 <= 2.0

    play(lambda: Pole(config, EVENING), first)
    config.write_text(config.read_text().replace(str(tmp_path / "state"), str(after)))
    play(lambda: Pole(config, EVENING + 2.2 * 3600), second)


def test_where_the_feeder_is_cut_by_day_the_summary_comes_with_the_next_power(bench: Bench) -> None:
    config = bench(PROGRAM + MQTT)
    config.write_text(config.read_text().replace('site = "test"', 'site = "test"\nsupply = "night"'))

    async def night(p: Pole) -> None:
        await p.until(lambda: p.heard("info"))
        assert p.heard("info")[-1]["supply"] == "night"
        await p.pass_time(3600, 10.0)
        assert not p.events("lamp.summarized")

    async def next_evening(p: Pole) -> None:
        assert p.light == 0.2, "powered before sunset: at least the floor"
        await p.until(lambda: p.events("lamp.summarized"))
        (event,) = p.events("lamp.summarized")
        assert event["data"]["night"] == "2026-11-24"
        assert event["data"]["burn_h"] == pytest.approx(1.0, abs=0.05)

    play(lambda: Pole(config, EVENING), night)
    play(lambda: Pole(config, EVENING + 21.5 * 3600), next_evening)


def test_a_small_step_back_over_noon_sums_up_once(bench: Bench) -> None:
    async def story(p: Pole) -> None:
        await p.pass_time(16 * 3600, 20.0)
        await p.until(lambda: p.events("lamp.summarized"))
        p.clock.set_wall(p.clock.wall() - 3600)
        await p.pass_time(2 * 3600, 20.0)
        await p.house.store.flush()
        await p.pass_time(5)
        assert [e["data"]["night"] for e in p.events("lamp.summarized")] == ["2026-11-24"]

    play(lambda: Pole(bench(PROGRAM + MQTT), EVENING, jobs=DAYS), story)


def test_without_a_clock_a_day_is_summed_up_without_its_date(bench: Bench) -> None:
    config = bench(PROGRAM + MQTT)
    config.write_text(config.read_text().replace('trust = "system"', 'trust = "auto"'))

    async def story(p: Pole) -> None:
        await p.pass_time(49 * 3600, 30.0)
        await p.until(lambda: len(p.events("lamp.summarized")) == 2)
        assert [(e["data"]["night"], round(e["data"]["observed_h"])) for e in p.events("lamp.summarized")] == [(None, 24), (None, 24)]

    play(lambda: Pole(config, 1000.0, lambda after: False, DAYS), story)


def test_a_resume_is_not_undone_by_a_disk_that_answers_late(bench: Bench) -> None:
    """After a restart somebody resumes the program while the disk still hangs: the override of before must not come back."""
    config = bench(PROGRAM + MQTT)

    async def first(p: Pole) -> None:
        p.send({"level": 0.9, "duration_s": 7200})
        await p.until(lambda: p.light == 0.9)

    async def second() -> int:
        p, gate = Pole(config, EVENING), threading.Event()
        hanging = asyncio.ensure_future(p.house.store.read(lambda db: gate.wait(20)))
        await asyncio.sleep(0)  # the first thing in the queue of the store's thread
        asking = asyncio.ensure_future(p.house.light.restore())
        await asyncio.sleep(0)  # and what the disk remembers is asked for behind it
        async with running(p.house, p.clock) as agent:
            await p.clock.advance(0.1)
            await p.house.light.command({"resume": True}, "officer")
            gate.set()
            await asyncio.gather(hanging, asking)
            await p.until(lambda: p.house.light._restored)
            assert p.house.light.controller.override is None
            assert p.light == 0.6
        return await agent

    play(lambda: Pole(config, EVENING), first)
    assert asyncio.run(second()) == 0


def test_a_reload_that_takes_the_relay_anew_drives_it_as_it_must_be(bench: Bench) -> None:
    """The relay's pin was let go and claimed again: closed. By day, with the lamp off, it has to be opened again."""
    config = bench(PROGRAM + "relay = { pin = 23, min_off_s = 60 }\n" + MQTT)

    async def story(p: Pole) -> None:
        coil = p.factory.pin("GPIO23")
        await p.until(lambda: coil.state, within_s=70)
        settings = load(config).settings
        p.luminaire.detach()
        assert not coil.state
        compose.attach(p.luminaire, settings)
        house = compose.build(Loaded(settings, ""), p.luminaire, p.clock, detector=ScriptedDetector({}), before=p.house)
        house.light.step(p.clock.monotonic())
        assert coil.state

    play(lambda: Pole(config, NOON), story)


def test_a_reload_keeps_what_is_known_of_the_clock_unless_its_settings_change(bench: Bench) -> None:
    config = bench(PROGRAM + MQTT)

    async def story(p: Pole) -> None:
        settings = load(config).settings
        chip = settings.model_copy(update={"clock": settings.clock.model_copy(update={"rtc": True})})
        for after, same in ((settings, True), (chip, False)):
            p.luminaire.detach()
            compose.attach(p.luminaire, after)
            house = compose.build(Loaded(after, ""), p.luminaire, p.clock, detector=ScriptedDetector({}), before=p.house)
            assert (house.keeper is p.house.keeper) is same

    play(lambda: Pole(config, NOON), story)


# --- what the store gives back after a restart, whatever it is

OVERRIDE = {"level": 0.5, "until": 1600.0, "fixed": False, "transition_s": None, "by": "x", "reason": "", "local": False}
OVERRIDE |= {"boot_id": "", "wall_until": EVENING + 600}


@pytest.mark.parametrize(
    ("key", "text"),
    [
        *[
            ("override", json.dumps(OVERRIDE | wrong))
            for wrong in (
                {"level": None}, {"level": "a"}, {"level": math.nan}, {"level": 5}, {"level": -3}, {"until": 1e300}, {"until": math.nan},
                {"wall_until": 10**400}, {"transition_s": "x"}, {"transition_s": math.nan}, {"by": math.nan}, {"reason": "\ud800"},
                {"fixed": "yes"}, {"local": "yes"}, {"wall_until": math.inf},
            )
        ],
        ("override", "[" * 100_000),
        ("override", "null"),
        ("lamp.default_duration_s", "1" + "0" * 400),
        ("lamp.default_duration_s", "NaN"),
        ("lamp.ledger", '{"burn_s": Infinity}'),
        ("lamp.ledger", "[" * 100_000),
    ],
)  # fmt: skip
def test_nonsense_in_the_store_is_ignored(bench: Bench, key: str, text: str) -> None:
    config = bench(PROGRAM + MQTT)

    async def plant(p: Pole) -> None:
        await p.house.store.write(lambda db: db.set(key, text))

    async def story(p: Pole) -> None:
        await p.until(lambda: p.house.light._restored)
        await p.pass_time(30)
        assert p.light >= 0.2
        override = p.house.light.controller.override
        assert override is None or 0 <= override.level <= 1
        p.send({"level": 0.9})
        await p.until(lambda: p.light == 0.9)

    play(lambda: Pole(config, EVENING), plant)
    play(lambda: Pole(config, EVENING), story)


@pytest.mark.parametrize("missing", ["local", "by", "reason", "fixed", "transition_s", "until", "boot_id"])
def test_an_override_that_another_version_wrote_goes_on(bench: Bench, missing: str) -> None:
    """What is missing has its default; the lamp does not change at an upgrade."""
    config = bench(PROGRAM + MQTT)
    kept = {key: value for key, value in OVERRIDE.items() if key != missing} | {"a later key": 1}

    async def plant(p: Pole) -> None:
        await p.house.store.write(lambda db: db.set("override", json.dumps(kept)))

    async def story(p: Pole) -> None:
        await p.until(lambda: p.house.light._restored)
        override = p.house.light.controller.override
        assert override is not None
        assert override.level == 0.5

    play(lambda: Pole(config, EVENING), plant)
    play(lambda: Pole(config, EVENING), story)


# --- everything else is broken


def test_with_everything_else_broken_the_lamp_keeps_to_its_program(bench: Bench, tmp_path: Path) -> None:
    """No disk, no socket, no camera, no detector, a broker that raises what nobody expects."""
    config = bench(PROGRAM + '[[camera]]\nname = "street"\nsource = "rtsp://127.0.0.1:9/x"\n' + MQTT)
    (tmp_path / "state").write_text("a file where the folder should be")

    class Broken:
        """Every attribute is a failure."""

        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(f"{name} is broken")

    async def whole() -> None:
        clock, factory = ManualClock(wall=EVENING), mock_factory()
        settings = load(config).settings

        def no_source() -> Any:
            raise RuntimeError("no camera driver")

        house = compose.build(
            Loaded(settings, ""), compose.open_lamp(settings, clock, factory), clock, broker=Broken(), detector=Broken(),
            sources=[no_source], random=lambda: 0.5, socket=tmp_path / "state" / "no" / "control.sock",
        )  # fmt: skip
        async with running(house, clock) as agent:
            for _ in range(3 * 3600 // 10):
                await clock.advance(10.0)
                await asyncio.sleep(0)
            assert not agent.done(), "nothing of that ends the agent"
            pin = factory.pin("GPIO18")
            assert [round(1 - float(s.state), 2) for s in pin.states] == [1.0, 0.6], "claimed, lit, and nothing since"
            ill = {name for name, part in house.parts.report().items() if part["state"] == "degraded"}
            assert {"watch street", "upload", "local", "store"} <= ill
            assert await house.light.command({"level": 0.9}, "somebody") == {}
            await clock.advance(5.0)
            assert round(1 - float(pin.state), 2) == 0.9, "and it still obeys"
        assert await agent == 0

    asyncio.run(whole())


def test_every_other_job_crashes_again_and_again_and_the_pin_does_not_move(bench: Bench) -> None:
    """The job table is data: whatever each job does is replaced by a crash. The lamp's own job is the only one that is left."""
    config = bench(PROGRAM + MQTT)

    async def whole() -> None:
        clock, factory = ManualClock(wall=EVENING), mock_factory()
        settings = load(config).settings
        house = compose.build(
            Loaded(settings, ""), compose.open_lamp(settings, clock, factory), clock, broker=MemoryBroker(), detector=ScriptedDetector({}),
            random=lambda: 0.5, socket=config.parent / "control.sock",
        )  # fmt: skip
        crashes: dict[str, int] = {}

        def crash(name: str) -> Callable[[], Coroutine[Any, Any, None]]:
            async def run() -> None:
                await clock.sleep(1.0)
                crashes[name] = crashes.get(name, 0) + 1
                raise RuntimeError(f"{name} crashed")

            return run

        others = [job for job in house.agent.jobs if job.name != "light"]
        for job in others:
            job.run = crash(job.name)
        async with running(house, clock) as agent:
            for _ in range(3600 // 5):
                await clock.advance(5.0)
            assert not agent.done()
            assert set(crashes) == {job.name for job in others} >= {"dispatch", "listen", "beat", "local", "upload"}
            assert min(crashes.values()) > 10
            assert [round(1 - float(s.state), 2) for s in factory.pin("GPIO18").states] == [1.0, 0.6], "claimed, lit, and nothing since"
        assert await agent == 0

    asyncio.run(whole())


# --- the clock (field failure 11)


@pytest.mark.parametrize("wrong", [0.0, EVENING + 2 * 365 * 86_400, EVENING - 8 * 3600, EVENING + 16 * 3600, 4e9])
def test_a_clock_that_jumps_at_night_does_not_darken_the_street(bench: Bench, wrong: float) -> None:
    """By the wrong time it may be day; the clock that jumped is not believed until a time server was heard after the jump."""
    config = bench(PROGRAM + MQTT)
    config.write_text(config.read_text().replace('trust = "system"', 'trust = "auto"'))
    heard_at = [EVENING]

    async def story(p: Pole) -> None:
        await p.until(lambda: p.light == 0.6, within_s=30)
        start = len(p.edges())
        p.clock.set_wall(wrong)
        await p.pass_time(3600, 5.0)
        assert min(p.edges()[start - 1 :]) >= 0.6
        assert p.light == 1.0
        p.clock.set_wall(EVENING + 3700)
        await p.pass_time(2000, 5.0)
        assert p.light == 1.0, "steady again, but nobody has said that it is right"
        heard_at[0] = p.clock.wall()
        await p.until(lambda: p.light == 0.6, within_s=30)
        assert min(p.edges()[start - 1 :]) >= 0.6

    pole: list[Pole] = []

    def heard(after: float) -> bool:
        return after < heard_at[0] <= (pole[0].clock.wall() if pole else EVENING) + 20

    def make() -> Pole:
        pole.append(Pole(config, EVENING, heard))
        return pole[0]

    play(make, story)


def test_a_restart_with_a_clock_that_is_right_shows_no_failsafe_light(bench: Bench) -> None:
    """Seen as a flash at each restart: the first look of the new process did not know yet that the clock was right."""
    config = bench(PROGRAM + MQTT)
    config.write_text(config.read_text().replace('trust = "system"', 'trust = "auto"'))

    async def story(p: Pole) -> None:
        await p.pass_time(30)
        assert {e["reason"] for e in p.heard("lamp/state")} == {"program"}

    play(lambda: Pole(config, EVENING), story)


@pytest.mark.parametrize("boot", [0.0, 1_000_000.0, EVENING + 2 * 365 * 86_400])
def test_a_boot_with_a_wrong_clock_is_failsafe_light_until_a_time_server_was_heard(bench: Bench, boot: float) -> None:
    config = bench(PROGRAM + MQTT)
    config.write_text(config.read_text().replace('trust = "system"', 'trust = "auto"'))
    heard = [False]

    async def story(p: Pole) -> None:
        await p.pass_time(600)
        assert set(p.edges()) == {1.0}
        assert p.heard("lamp/state")[-1]["reason"] == "failsafe"
        p.send({"level": 0.5, "duration_s": 60})
        await p.until(lambda: p.light == 0.5)  # overrides work without a clock
        await p.until(lambda: p.light == 1.0, within_s=70)
        p.clock.set_wall(EVENING)
        heard[0] = True
        await p.until(lambda: p.light == 0.6, within_s=30)

    play(lambda: Pole(config, boot, lambda after: heard[0]), story)


# --- hostile commands


def test_half_a_character_stops_neither_store_nor_listener(bench: Bench) -> None:
    """A lone surrogate is JSON, but no text that a disk or a broker can take. It killed the thread of the store."""

    async def story(p: Pole) -> None:
        for payload in (b'{"level":0.5,"reason":"\\ud800"}', b'{"level":0.5,"by":"\\ud800"}', b'{"level":0.5,"command_id":"\\udfff"}'):
            p.send(payload)
        await p.until(lambda: len(p.events("command.refused")) == 3)
        p.send({"level": 0.9, "command_id": "after"})
        await p.until(lambda: p.light == 0.9)
        await p.until(lambda: p.events("lamp.overridden"))

    play(lambda: Pole(bench(PROGRAM + MQTT), EVENING), story)


def test_a_sensor_that_reads_nan_is_unknown_and_stops_nothing(bench: Bench, tmp_path: Path) -> None:
    power = tmp_path / "power1_input"
    power.write_text("nan")

    async def story(p: Pole) -> None:
        await p.pass_time(60)
        assert p.house.parts.report()["lamp"]["faults"]["lamp_failure"] is None
        p.send({"level": 0.9})
        await p.until(lambda: p.events("lamp.overridden"))

    play(lambda: Pole(bench(PROGRAM + f'feedback = {{ file = "{power}", scale = 1.0 }}\n' + MQTT), EVENING), story)


def test_ten_thousand_random_and_hostile_commands_leave_the_street_lit(bench: Bench) -> None:
    """None darkens it below the floor, none stays for ever, each valid one is answered, and every bad one is counted."""
    dice = random.Random(4)
    numbers: list[Any] = [
        0,
        1,
        -1,
        0.5,
        1e308,
        -1e308,
        10**30,
        math.nan,
        math.inf,
        -math.inf,
        True,
        None,
        "0.5",
        [],
        {},
        [[1]],
        43200,
        43201,
        1e-9,
    ]
    keys = [
        "state",
        "brightness",
        "level",
        "transition",
        "duration_s",
        "mode",
        "reason",
        "resume",
        "default_duration_s",
        "sweep_s",
        "burn_h",
        "x",
    ]
    words: list[Any] = ["ON", "OFF", "on", "fixed", "adaptive", "", "x" * 300, "\u0000", "🌑", *numbers]

    def hostile() -> tuple[bytes, bool, bool]:
        kind = dice.random()
        if kind < 0.1:
            return dice.randbytes(dice.randrange(60)), False, False
        if kind < 0.15:
            return b"[" * dice.choice([20, 5000]), False, False
        if kind < 0.6:
            payload = {dice.choice(keys): dice.choice(words) for _ in range(dice.randrange(1, 4))}
            if dice.random() < 0.2:
                payload["expires_at"] = dice.choice(["2020-01-01T00:00:00Z", "2026-11-24T23:59:00+07:00", "never", 5])
            return json.dumps(payload).encode(), dice.random() < 0.1, False
        valid = {
            "level": dice.choice([0, 0.0, 0.05, 0.5, 1]),
            "mode": dice.choice(["fixed", "adaptive"]),
            "duration_s": dice.choice([1, 60, 43200]),
        }
        retained = dice.random() < 0.1
        return json.dumps(valid | {"command_id": str(dice.randrange(3000)), "by": "local:root"}).encode(), retained, not retained

    async def story(p: Pole) -> None:
        await p.pass_time(3)
        handled = good = 0
        for number in range(10_000):
            payload, retained, valid = hostile()
            reply = await p.house.listen.handle("lamp/set", payload, retained=retained)
            handled += 1
            good += reply is not None and reply["ok"]
            assert not valid or (reply is not None and reply["ok"]), "each valid one is answered, whatever floods beside it"
            if number % 10 == 0:
                await p.clock.advance(0.5)
            assert p.light >= 0.2
        assert good > 2000
        assert min(p.edges()[1:]) >= 0.2
        override = p.house.light.controller.override
        assert override is None or override.until <= p.clock.monotonic() + 12 * 3600
        await p.pass_time(12 * 3600, 5.0)
        assert p.house.light.controller.override is None, "nothing stays for ever"
        await p.house.store.flush()
        await p.until(lambda: sum(e["data"].get("count", 1) for e in p.events("command.refused")) == handled - good)

    play(lambda: Pole(bench(PROGRAM + MQTT), EVENING), story)
