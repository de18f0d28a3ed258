"""The lamp in the whole runtime, on a manual clock: sensors, button, nights, hostile commands, and everything
else broken.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import shutil
import threading
from collections.abc import Callable, Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pole_agent import compose
from pole_agent.settings.load import Loaded, load
from pole_agent.vision.scripted import ScriptedDetector
from tests.world import BASE, DAY, EVENING, MQTT, NOON, PROGRAM, Worlds

Bench = Callable[..., Path]


# --- overrides


async def test_an_officer_cannot_darken_the_street(world: Worlds) -> None:
    """An officer cannot darken the street but a person at the pole can for a while."""
    async with world(PROGRAM, EVENING) as w:
        w.send("lamp/set", {"state": "OFF", "by": "officer", "reason": "film"})
        await w.until(lambda: w.light == 0.2)
        state = w.heard("lamp/state")[-1]
        assert (state["state"], state["reason"], state["override"]["by"], state["override"]["reason"]) == (
            "ON",
            "override",
            "officer",
            "film",
        )
        answer = await w.runtime.listen.handle(
            "lamp/set", b'{"state": "OFF", "duration_s": 300}', local_by="local:root"
        )
        assert answer is not None
        assert answer["ok"]
        await w.until(lambda: w.light == 0.0)
        await w.pass_time(301)
        await w.until(lambda: w.light == 0.6)  # by itself
        asked = [
            (e["data"]["by"], e["data"]["level"], e["data"]["local"]) for e in w.events("lamp.overridden")
        ]
        assert asked == [("officer", 0.0, False), ("local:root", 0.0, True)]


async def test_nobody_becomes_local_by_saying_so(world: Worlds) -> None:
    async with world(PROGRAM, EVENING) as w:
        w.send("lamp/set", {"state": "OFF", "by": "local:root"})
        await w.until(lambda: w.light == 0.2)
        w.send("lamp/set", {"state": "OFF", "local": True})
        w.send("lamp/set", {"sweep_s": 20})
        await w.until(lambda: sum(not r["ok"] for r in w.heard("reply")) == 2)
        await w.pass_time(30)
        assert w.light == 0.2


async def test_the_button_switches_off_for_a_while_and_back(world: Worlds) -> None:
    async with world(PROGRAM + "button = { pin = 22, off_s = 120 }\n", EVENING) as w:
        pin = w.factory.pin("GPIO22")
        pin.drive_low()
        await w.until(lambda: w.light == 0.0)
        pin.drive_high()
        pin.drive_low()
        await w.until(lambda: w.light == 0.6)
        pin.drive_high()
        pin.drive_low()
        await w.until(lambda: w.light == 0.0)
        await w.pass_time(121)
        await w.until(lambda: w.light == 0.6)  # nobody came back to press it


async def test_the_usual_duration_can_be_set(world: Worlds) -> None:
    """The usual duration can be set as home assistant does."""
    async with world(PROGRAM, EVENING) as w:
        w.send("lamp/set", b'{"default_duration_s": 90.0 }')
        await w.until(lambda: w.heard("lamp/state")[-1]["default_duration_s"] == 90)
        w.send("lamp/set", {"state": "ON", "brightness": 255})
        await w.until(lambda: w.light == 1.0)
        await w.pass_time(85)
        assert w.light == 1.0
        await w.until(lambda: w.light == 0.6, within_s=10)


async def test_home_assistant_finds_lamp_and_its_entities(world: Worlds) -> None:
    """Home assistant finds the lamp and its entities."""
    async with world(PROGRAM + MQTT + "homeassistant = true\n", EVENING) as w:
        await w.until(lambda: any(m.topic.startswith("homeassistant/") for m in w.broker.published))
        (message,) = [
            m for m in w.broker.published if m.topic == "homeassistant/device/smartpole-test-T-1/config"
        ]
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
        w.send("lamp/set", {"level": 0.9})
        await w.until(lambda: w.light == 0.9)
        w.send("lamp/set", parts["lamp-resume"]["payload_press"].encode())
        await w.until(lambda: w.light == 0.6)
        state = w.heard("lamp/state")[-1]
        assert {"state", "brightness", "reason", "until", "default_duration_s"} <= state.keys(), (
            "what its templates read"
        )


# --- sensors


async def test_a_lamp_that_gives_no_light_is_a_fault(world: Worlds) -> None:
    """A lamp that gives no light is a fault that opens and closes."""
    async with world(PROGRAM + "feedback = { pin = 25 }\n", EVENING) as w:
        await w.until(lambda: w.events("lamp.fault_opened"), within_s=60)
        (fault,) = w.events("lamp.fault_opened")
        assert (fault["data"]["fault"], fault["data"]["lit"], fault["severity"]) == (
            "lamp_failure",
            False,
            "warning",
        )
        assert w.heard("lamp/state")[-1]["faults"] == ["lamp_failure"]
        w.factory.pin("GPIO25").drive_high()
        await w.until(lambda: w.events("lamp.fault_closed"), within_s=120)
        assert w.heard("lamp/state")[-1]["faults"] == []
        parts = w.runtime.parts.report()["lamp"]
        assert parts["faults"] == {
            "lamp_failure": False,
            "dimming_failure": None,
            "unexpectedly_on": False,
            "cycling": False,
            "day_burner": False,
            "photocell_stuck": None,
        }


async def test_dark_afternoon_lights_lamp_by_photocell(world: Worlds) -> None:
    """A dark afternoon lights the lamp by the photocell."""
    settings = PROGRAM + "photocell = { pin = 24 }\n" + MQTT
    half_past_five = datetime.fromisoformat("2026-11-24T17:30:00+07:00").timestamp()
    async with world(settings, half_past_five) as w:
        assert w.light == 0.0
        await w.pass_time(5)
        w.factory.pin("GPIO24").drive_high()  # dark
        await w.until(lambda: w.light == 0.6, within_s=60)


async def test_unclaimed_sensor_keeps_nobody_in_the_dark(world: Worlds) -> None:
    """A sensor that cannot be claimed keeps nobody in the dark.

    The photocell's pin does not exist on this machine's chip; the lamp shines, and health says so.
    """
    settings = PROGRAM + 'feedback = { file = "/nonexistent/power1_input" }\n' + MQTT

    async with world(settings, EVENING) as w:
        await w.pass_time(30)
        assert w.light == 0.6
        assert w.runtime.parts.report()["lamp"]["faults"]["lamp_failure"] is None, "unknown, not well"


async def test_the_relay_cuts_the_driver_by_day(world: Worlds) -> None:
    """The relay cuts the driver by day and gives it back at once in the dark."""
    async with world(PROGRAM + "relay = { pin = 23, min_off_s = 60 }\n", NOON) as w:
        coil = w.factory.pin("GPIO23")
        assert not coil.state, "closed: the driver has power"
        await w.until(lambda: coil.state, within_s=70)
        w.clock.set_wall(EVENING)
        await w.until(lambda: w.light == 0.6 and not coil.state, within_s=5)


# --- the ledger

MORNING = datetime.fromisoformat("2026-11-25T04:00:00+07:00").timestamp()


async def test_each_noon_the_night_is_summed_up(bench: Bench, world: Worlds) -> None:
    """Each noon the night is summed up once and the hours go on after a power cut."""
    config = bench(PROGRAM + MQTT)

    async with world(config, MORNING, jobs=DAY) as w:
        await w.pass_time(9 * 3600, 120.0)
        await w.until(lambda: w.events("lamp.summarized"))
        (night,) = w.events("lamp.summarized")
        data = night["data"]
        assert data["night"] == "2026-11-24"
        assert data["burn_h"] == pytest.approx(1.35, abs=0.05), "from four in the morning until sunrise"
        assert data["level_h"] == {"0.6": data["burn_h"]}
        assert data["energy_wh_estimated"] == pytest.approx(data["burn_h"] * 36, rel=0.01)
        assert data["energy_wh_flat"] == 720
    async with world(config, MORNING + 23 * 3600, jobs=DAY) as w:
        await w.until(lambda: w.runtime.light.lamp.state.restored)
        account = w.runtime.light.account()
        assert account["burn_s"] / 3600 == pytest.approx(1.35, abs=0.05)
        assert account["boots"] == 1, "the same boot"
        await w.pass_time(10 * 3600, 120.0)
        await w.until(lambda: w.events("lamp.summarized"))
        assert [e["data"]["night"] for e in w.events("lamp.summarized")] == ["2026-11-25"]
        assert w.events("lamp.summarized")[0]["data"]["total"]["burn_h"] == pytest.approx(
            1.35 + 2.35, abs=0.1
        )


async def test_power_cut_costs_a_quarter_of_an_hour(bench: Bench, world: Worlds, tmp_path: Path) -> None:
    """A power cut costs a quarter of an hour of the ledger and the card is spared.

    The power cut: what is on the disk at that moment, taken to another runtime.
    """
    config = bench(PROGRAM + MQTT)
    after = tmp_path / "after"

    async with world(config, EVENING) as w:
        kept = set()
        for _ in range(2 * 60):
            await w.pass_time(60, 10.0)
            kept.add(await w.runtime.store.read(lambda db: db.get("lamp.ledger")))
        assert len(kept) <= 2 * 4 + 2, "four times an hour"
        shutil.copytree(tmp_path / "state", after)
    config.write_text(config.read_text().replace(str(tmp_path / "state"), str(after)))
    async with world(config, EVENING + 2.2 * 3600) as w:
        await w.until(lambda: w.runtime.light.lamp.state.restored)
        assert 2.0 - 0.25 - 0.02 <= w.runtime.light.account()["burn_s"] / 3600 <= 2.0


async def test_where_feeder_is_cut_by_day_summary_comes(bench: Bench, world: Worlds) -> None:
    """Where the feeder is cut by day the summary comes with the next power."""
    config = bench(PROGRAM + MQTT)
    config.write_text(config.read_text().replace('site = "test"', 'site = "test"\nsupply = "night"'))

    async with world(config, EVENING) as w:
        await w.until(lambda: w.heard("info"))
        assert w.heard("info")[-1]["supply"] == "night"
        await w.pass_time(3600, 10.0)
        assert not w.events("lamp.summarized")
    async with world(config, EVENING + 21.5 * 3600) as w:
        assert w.light == 0.2, "powered before sunset: at least the floor"
        await w.until(lambda: w.events("lamp.summarized"))
        (event,) = w.events("lamp.summarized")
        assert event["data"]["night"] == "2026-11-24"
        assert event["data"]["burn_h"] == pytest.approx(1.0, abs=0.05)


async def test_a_small_step_back_over_noon_sums_up_once(world: Worlds) -> None:
    async with world(PROGRAM, MORNING, jobs=DAY) as w:
        await w.pass_time(8 * 3600, 20.0)
        await w.until(lambda: w.events("lamp.summarized"))
        w.clock.set_wall(w.clock.wall() - 3600)
        await w.pass_time(2 * 3600, 20.0)
        await w.runtime.store.flush()
        await w.pass_time(5)
        assert [e["data"]["night"] for e in w.events("lamp.summarized")] == ["2026-11-24"]


@pytest.mark.parametrize("days", [1, pytest.param(3, marks=pytest.mark.slow)])
async def test_a_day_without_a_clock_is_summed_up_undated(world: Worlds, days: int) -> None:
    """Without a clock a day is summed up without its date."""

    async with world(PROGRAM, 1000.0, time_server=False, jobs=DAY, trust="auto") as w:
        await w.pass_time(days * 24 * 3600 + 600, 120.0)
        await w.until(lambda: len(w.events("lamp.summarized")) == days)
        assert [
            (e["data"]["night"], round(e["data"]["observed_h"])) for e in w.events("lamp.summarized")
        ] == [(None, 24)] * days


async def test_a_resume_is_not_undone_by_a_disk(bench: Bench, world: Worlds) -> None:
    """A resume is not undone by a disk that answers late.

    After a restart somebody resumes the program while the disk still hangs: the override of before must not
    come back.
    """
    config = bench(PROGRAM + MQTT)

    async with world(config, EVENING) as w:
        w.send("lamp/set", {"level": 0.9, "duration_s": 7200})
        await w.until(lambda: w.light == 0.9)

    w, gate = world(config, EVENING, waits=False), threading.Event()
    hanging = asyncio.ensure_future(w.runtime.store.read(lambda db: gate.wait(20)))
    await asyncio.sleep(0)  # the first thing in the queue of the store's thread
    asking = asyncio.ensure_future(w.runtime.light.restore())
    await asyncio.sleep(0)  # and what the disk remembers is asked for behind it
    async with w:
        await w.clock.advance(0.1)
        await w.runtime.light.command({"resume": True}, "officer")
        gate.set()
        await asyncio.gather(hanging, asking)
        await w.until(lambda: w.runtime.light.lamp.state.restored)
        assert w.runtime.light.controller.override is None
        assert w.light == 0.6


async def test_a_reload_that_takes_the_relay_anew_drives(bench: Bench, world: Worlds) -> None:
    """A reload that takes the relay anew drives it as it must be.

    The relay's pin was let go and claimed again: closed. By day, with the lamp off, it has to be opened
    again.
    """
    config = bench(PROGRAM + "relay = { pin = 23, min_off_s = 60 }\n" + MQTT)

    async with world(config, NOON) as w:
        coil = w.factory.pin("GPIO23")
        await w.until(lambda: coil.state, within_s=70)
        settings = load(config).settings
        w.luminaire.detach()
        assert not coil.state
        compose.attach(w.luminaire, settings)
        runtime = compose.build(
            Loaded(settings, ""), w.luminaire, w.clock, detector=ScriptedDetector({}), before=w.runtime
        )
        runtime.light.step(w.clock.monotonic())
        assert coil.state


async def test_a_reload_keeps_what_is_known_of_the_clock(bench: Bench, world: Worlds) -> None:
    """A reload keeps what is known of the clock unless its settings change."""
    config = bench(PROGRAM + MQTT)

    async with world(config, NOON) as w:
        settings = load(config).settings
        chip = settings.model_copy(update={"clock": settings.clock.model_copy(update={"rtc": True})})
        for after, same in ((settings, True), (chip, False)):
            w.luminaire.detach()
            compose.attach(w.luminaire, after)
            runtime = compose.build(
                Loaded(after, ""), w.luminaire, w.clock, detector=ScriptedDetector({}), before=w.runtime
            )
            assert (runtime.keeper is w.runtime.keeper) is same


# --- what the store gives back after a restart, whatever it is

OVERRIDE = {
    "level": 0.5,
    "until": 1600.0,
    "fixed": False,
    "transition_s": None,
    "by": "x",
    "reason": "",
    "local": False,
}
OVERRIDE |= {"boot_id": "", "wall_until": EVENING + 600}


@pytest.mark.parametrize(
    ("key", "text"),
    [
        *[
            ("override", json.dumps(OVERRIDE | wrong))
            for wrong in (
                {"level": None},
                {"level": "a"},
                {"level": math.nan},
                {"level": 5},
                {"level": -3},
                {"until": 1e300},
                {"until": math.nan},
                {"wall_until": 10**400},
                {"transition_s": "x"},
                {"transition_s": math.nan},
                {"by": math.nan},
                {"reason": "\ud800"},
                {"fixed": "yes"},
                {"local": "yes"},
                {"wall_until": math.inf},
            )
        ],
        ("override", "[" * 100_000),
        ("override", "null"),
        ("lamp.default_duration_s", "1" + "0" * 400),
        ("lamp.default_duration_s", "NaN"),
        ("lamp.ledger", '{"burn_s": Infinity}'),
        ("lamp.ledger", "[" * 100_000),
    ],
)
async def test_nonsense_in_the_store_is_ignored(bench: Bench, world: Worlds, key: str, text: str) -> None:
    config = bench(PROGRAM + MQTT)

    async with world(config, EVENING) as w:
        await w.runtime.store.write(lambda db: db.set(key, text))
    async with world(config, EVENING) as w:
        await w.until(lambda: w.runtime.light.lamp.state.restored)
        await w.pass_time(30)
        assert w.light >= 0.2
        override = w.runtime.light.controller.override
        assert override is None or 0 <= override.level <= 1
        w.send("lamp/set", {"level": 0.9})
        await w.until(lambda: w.light == 0.9)


@pytest.mark.parametrize("missing", ["local", "by", "reason", "fixed", "transition_s", "until", "boot_id"])
async def test_override_that_another_version_wrote_goes_on(bench: Bench, world: Worlds, missing: str) -> None:
    """An override that another version wrote goes on.

    What is missing has its default; the lamp does not change at an upgrade.
    """
    config = bench(PROGRAM + MQTT)
    kept = {key: value for key, value in OVERRIDE.items() if key != missing} | {"a later key": 1}

    async with world(config, EVENING) as w:
        await w.runtime.store.write(lambda db: db.set("override", json.dumps(kept)))
    async with world(config, EVENING) as w:
        await w.until(lambda: w.runtime.light.lamp.state.restored)
        override = w.runtime.light.controller.override
        assert override is not None
        assert override.level == 0.5


# --- everything else is broken


async def test_lamp_keeps_to_its_program_in_a_broken_house(world: Worlds, tmp_path: Path) -> None:
    """With everything else broken the lamp keeps to its program.

    No disk, no socket, no camera, no detector, a broker that raises what nobody expects.
    """
    (tmp_path / "state").write_text("a file where the folder should be")

    class Broken:
        """Every attribute is a failure."""

        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(f"{name} is broken")

    def no_source() -> Any:
        raise RuntimeError("no camera driver")

    async with world(
        PROGRAM + '[[camera]]\nname = "street"\nsource = "rtsp://127.0.0.1:9/x"\n',
        EVENING,
        waits=False,
        broker=Broken(),
        detector=Broken(),
        sources=[no_source],
        socket=tmp_path / "state" / "no" / "control.sock",
    ) as w:
        for _ in range(3 * 3600 // 10):
            await w.clock.advance(10.0)
            await asyncio.sleep(0)
        assert not w.agent.done(), "nothing of that ends the agent"
        assert w.edges() == [1.0, 0.6], "claimed, lit, and nothing since"
        ill = {name for name, part in w.runtime.parts.report().items() if part["state"] == "degraded"}
        assert {"watch street", "upload", "local", "store"} <= ill
        assert await w.runtime.light.command({"level": 0.9}, "somebody") == {}
        await w.clock.advance(5.0)
        assert w.light == 0.9, "and it still obeys"


async def test_every_other_job_crashes_again_and_again(world: Worlds) -> None:
    """Every other job crashes again and again and the pin does not move.

    The job table is data: whatever each job does is replaced by a crash. The lamp's own job is the only one
    that is left.
    """
    w = world(PROGRAM, EVENING, waits=False)
    crashes: dict[str, int] = {}

    def crash(name: str) -> Callable[[], Coroutine[Any, Any, None]]:
        async def run() -> None:
            await w.clock.sleep(1.0)
            crashes[name] = crashes.get(name, 0) + 1
            raise RuntimeError(f"{name} crashed")

        return run

    others = [job for job in w.runtime.agent.jobs if job.name != "light"]
    for job in others:
        job.run = crash(job.name)
    async with w:
        for _ in range(3600 // 5):
            await w.clock.advance(5.0)
        assert not w.agent.done()
        assert (
            set(crashes) == {job.name for job in others} >= {"dispatch", "listen", "beat", "local", "upload"}
        )
        assert min(crashes.values()) > 10
        assert w.edges() == [1.0, 0.6], "claimed, lit, and nothing since"


# --- the clock (field failure 11)


@pytest.mark.parametrize(
    "wrong", [0.0, EVENING + 2 * 365 * 86_400, EVENING - 8 * 3600, EVENING + 16 * 3600, 4e9]
)
async def test_clock_that_jumps_at_night_darkens_nothing(world: Worlds, wrong: float) -> None:
    """A clock that jumps at night does not darken the street.

    By the wrong time it may be day; the clock that jumped is not believed until a time server was heard after
    the jump.
    """
    heard_at = [EVENING]

    w = world(PROGRAM, EVENING, trust="auto", jobs=(*DAY, "report"))
    w.time_server = lambda after: after < heard_at[0] <= w.clock.wall() + 20
    async with w:
        await w.until(lambda: w.light == 0.6, within_s=30)
        start = len(w.edges())
        w.clock.set_wall(wrong)
        await w.pass_time(3600, 5.0)
        assert min(w.edges()[start - 1 :]) >= 0.6
        assert w.light == 1.0
        w.clock.set_wall(EVENING + 3700)
        await w.pass_time(2000, 5.0)
        assert w.light == 1.0, "steady again, but nobody has said that it is right"
        heard_at[0] = w.clock.wall()
        await w.until(lambda: w.light == 0.6, within_s=30)
        assert min(w.edges()[start - 1 :]) >= 0.6


async def test_restart_with_a_right_clock_shows_no_failsafe(world: Worlds) -> None:
    """A restart with a clock that is right shows no failsafe light.

    Seen as a flash at each restart: the first look of the new process did not know yet that the clock was
    right.
    """
    async with world(PROGRAM, EVENING, trust="auto") as w:
        await w.pass_time(30)
        assert {e["reason"] for e in w.heard("lamp/state")} == {"program"}


@pytest.mark.parametrize("boot", [0.0, 1_000_000.0, EVENING + 2 * 365 * 86_400])
async def test_a_boot_with_a_wrong_clock_is_failsafe_light(world: Worlds, boot: float) -> None:
    """A boot with a wrong clock is failsafe light until a time server was heard."""
    async with world(PROGRAM, boot, time_server=False, trust="auto") as w:
        await w.pass_time(600)
        assert set(w.edges()) == {1.0}
        assert w.heard("lamp/state")[-1]["reason"] == "failsafe"
        w.send("lamp/set", {"level": 0.5, "duration_s": 60})
        await w.until(lambda: w.light == 0.5)  # overrides work without a clock
        await w.until(lambda: w.light == 1.0, within_s=70)
        w.clock.set_wall(EVENING)
        w.time_server = True
        await w.until(lambda: w.light == 0.6, within_s=30)


# --- hostile commands


async def test_half_a_character_stops_nothing(world: Worlds) -> None:
    """Half a character stops neither store nor listener.

    A lone surrogate is JSON, but no text that a disk or a broker can take. It killed the thread of the store.
    """
    async with world(PROGRAM, EVENING) as w:
        for payload in (
            b'{"level":0.5,"reason":"\\ud800"}',
            b'{"level":0.5,"by":"\\ud800"}',
            b'{"level":0.5,"command_id":"\\udfff"}',
        ):
            w.send("lamp/set", payload)
        await w.until(lambda: len(w.events("command.refused")) == 3)
        w.send("lamp/set", {"level": 0.9, "command_id": "after"})
        await w.until(lambda: w.light == 0.9)
        await w.until(lambda: w.events("lamp.overridden"))


async def test_a_sensor_that_reads_nan_is_unknown(world: Worlds, tmp_path: Path) -> None:
    """A sensor that reads nan is unknown and stops nothing."""
    power = tmp_path / "power1_input"
    power.write_text("nan")

    async with world(PROGRAM + f'feedback = {{ file = "{power}", scale = 1.0 }}\n', EVENING) as w:
        await w.pass_time(60)
        assert w.runtime.parts.report()["lamp"]["faults"]["lamp_failure"] is None
        w.send("lamp/set", {"level": 0.9})
        await w.until(lambda: w.events("lamp.overridden"))


NUMBERS: list[Any] = [
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
KEYS = [
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
WORDS: list[Any] = ["ON", "OFF", "on", "fixed", "adaptive", "", "x" * 300, "\u0000", "🌑", *NUMBERS]


@pytest.mark.parametrize("count", [1000, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.essence])])
async def test_random_and_hostile_commands(world: Worlds, count: int) -> None:
    """Ten thousand random and hostile commands leave the street lit.

    None darkens it below the floor, none stays for ever, each valid one is answered, and every bad one is
    counted.
    """
    dice = random.Random(4)

    def hostile() -> tuple[bytes, bool, bool]:
        kind = dice.random()
        if kind < 0.1:
            return dice.randbytes(dice.randrange(60)), False, False
        if kind < 0.15:
            return b"[" * dice.choice([20, 5000]), False, False
        if kind < 0.6:
            payload = {dice.choice(KEYS): dice.choice(WORDS) for _ in range(dice.randrange(1, 4))}
            if dice.random() < 0.2:
                payload["expires_at"] = dice.choice(
                    ["2020-01-01T00:00:00Z", "2026-11-24T23:59:00+07:00", "never", 5]
                )
            return json.dumps(payload).encode(), dice.random() < 0.1, False
        valid = {
            "level": dice.choice([0, 0.0, 0.05, 0.5, 1]),
            "mode": dice.choice(["fixed", "adaptive"]),
            "duration_s": dice.choice([1, 60, 3600]),
        }
        retained = dice.random() < 0.1
        return (
            json.dumps(valid | {"command_id": str(dice.randrange(3000)), "by": "local:root"}).encode(),
            retained,
            not retained,
        )

    async with world(PROGRAM, EVENING, jobs=(*DAY, "listen")) as w:
        await w.pass_time(3)
        handled = good = 0
        for number in range(count):
            payload, retained, valid = hostile()
            reply = await w.runtime.listen.handle("lamp/set", payload, retained=retained)
            handled += 1
            good += reply is not None and reply["ok"]
            assert not valid or (reply is not None and reply["ok"]), (
                "each valid one is answered, whatever floods beside it"
            )
            if number % 10 == 0:
                await w.clock.advance(0.5)
            assert w.light >= 0.2
        assert good > count / 5
        assert min(w.edges()[1:]) >= 0.2
        override = w.runtime.light.controller.override
        assert override is not None, "one is left, so that its end is seen"
        assert override.until <= w.clock.monotonic() + 12 * 3600
        await w.pass_time(override.until - w.clock.monotonic() + 10, 5.0)
        assert w.runtime.light.controller.override is None, "nothing stays for ever"
        await w.runtime.store.flush()
        await w.until(
            lambda: sum(e["data"].get("count", 1) for e in w.events("command.refused")) == handled - good
        )
