"""A saved change is kept when the pole comes up well with it, else the former one comes back by itself."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from pole_agent.clock import settle
from pole_agent.page import accounts as book
from pole_agent.page.trial import TRIAL_S, Trial
from pole_agent.settings import overlay
from tests.conftest import CLIP, free_port
from tests.page.served import MADE, Browser, serving

FORMER, NEW = '{"line": []}', '{"zone": []}'


@pytest.mark.parametrize(
    ("before", "now", "kept"),
    [
        ({}, {}, True),
        ({}, {"uplink": "no network", "store": "full", "lamp": "a fault"}, True),
        ({}, {"camera:street": "no picture"}, False),
        ({}, {"watch street": "failed: IndexError"}, False),
        ({}, {"detector": "out of memory"}, False),
        ({}, {"configuration": "the overlay of the page is not used: zone"}, False),
        ({"camera:street": "no picture"}, {"camera:street": "no picture"}, True),
        ({"camera:street": "no picture"}, {"camera:street": "no picture", "camera:yard": "frozen"}, False),
    ],
)
async def test_verdict(tmp_path: Path, before: dict[str, str], now: dict[str, str], kept: bool) -> None:
    """What a zone, rule or mask can harm counts against the change, unless it was so before."""
    async with serving(tmp_path) as served:
        (tmp_path / overlay.FILE).write_text(FORMER)
        overlay.save(tmp_path, NEW)
        told: list[str] = []
        desk = dataclasses.replace(served.house.workshop, troubles=lambda: now, tell=told.append)
        house = dataclasses.replace(served.house, workshop=desk)
        trial = asyncio.create_task(Trial(house, served.clock, before).run())
        while not served.clock.sleepers:
            await asyncio.sleep(0.001)
        await served.clock.advance(TRIAL_S - 0.1)
        await settle()
        assert not trial.done() and overlay.on_trial(tmp_path)
        await served.clock.advance(0.1)
        await trial
        assert (tmp_path / overlay.FILE).read_text() == (NEW if kept else FORMER)
        assert not overlay.on_trial(tmp_path)
        ((kind, data),) = served.audited
        assert (kind, data["state"]) == ("configuration.changed", "kept" if kept else "taken_back")
        assert served.reloads == (not kept)
        assert kept or any(part in told[0] for part in now)


async def test_disk_refuses(tmp_path: Path) -> None:
    """A verdict that the disk does not take is told: the change stays on trial, and the next start takes it
    back.
    """
    async with serving(tmp_path) as served:
        overlay.save(tmp_path, NEW)
        (tmp_path / overlay.BEFORE).unlink()
        (tmp_path / overlay.BEFORE).mkdir()
        told: list[str] = []
        desk = dataclasses.replace(served.house.workshop, tell=told.append)
        house = dataclasses.replace(served.house, workshop=desk)
        trial = asyncio.create_task(Trial(house, served.clock, {}).run())
        while not served.clock.sleepers:
            await asyncio.sleep(0.001)
        await served.clock.advance(TRIAL_S)
        await trial
        assert served.audited == [] and str(tmp_path / overlay.BEFORE) in told[0]


async def test_nothing_to_try(tmp_path: Path) -> None:
    """Without a change there is no trial."""
    async with serving(tmp_path) as served:
        await Trial(served.house, served.clock, {}).run()
        assert served.audited == [] and served.reloads == 0


async def test_save(tmp_path: Path) -> None:
    """Checked, written, tried; who started from another version, or has a fault in it, changes nothing."""
    async with serving(tmp_path) as served, Browser(served) as browser:
        await browser.login("technician")
        _, setup = await browser.get("/api/setup")
        good: dict[str, Any] = {"overlay": {"zone": []}, "version": setup["version"]}
        status, answer = await browser.post("/api/setup/save", good | {"version": "another"})
        assert status == 409 and "somebody else has saved" in answer["error"]
        status, answer = await browser.post("/api/setup/save", good | {"overlay": {"rule": []}})
        assert (status, answer) == (422, {"problems": [{"path": "rule[0].zone", "problem": "unknown zone"}]})
        large = good | {"overlay": {"zone": [{"name": "x" * overlay.MAX_BYTES}]}}
        assert (await browser.post("/api/setup/save", large))[0] == 422
        odd_ones: tuple[Any, ...] = (["x"], "x", 7, {"lamp": {}})
        for odd in odd_ones:
            assert (await browser.post("/api/setup/save", good | {"overlay": odd}))[0] == 422, odd
        assert served.reloads == 0 and not overlay.on_trial(tmp_path)
        assert (await browser.post("/api/setup/save", good))[0] == 200
        assert json.loads((tmp_path / overlay.FILE).read_text()) == {"zone": []}
        assert overlay.on_trial(tmp_path) and served.reloads == 1
        assert {data["by"] for _, data in served.audited} == {"the technician"}


async def test_saves_at_once(tmp_path: Path) -> None:
    """Of two who save from the same version, one is told so: also before the reload has come."""
    async with serving(tmp_path) as served, Browser(served) as browser:
        await browser.login("technician")
        _, setup = await browser.get("/api/setup")
        sent = [{"overlay": {"zone": [], "line": [{}] * n}, "version": setup["version"]} for n in range(5)]
        found = await asyncio.gather(*(browser.post("/api/setup/save", each) for each in sent))
        assert sorted(status for status, _ in found) == [200, 409, 409, 409, 409]
        (kept,) = (each for each, (status, _) in zip(sent, found, strict=True) if status == 200)
        assert json.loads((tmp_path / overlay.FILE).read_text()) == kept["overlay"]
        assert served.reloads == 1 and len(served.audited) == 1


async def test_cut_short(tmp_path: Path) -> None:
    """What a change on trial has broken counts against the next one too, when a reload cuts the trial short:
    saved twice, a broken change would be kept.
    """
    async with serving(tmp_path) as served:
        now = {"uplink": "no network"}
        desk = dataclasses.replace(served.house.workshop, troubles=lambda: now)
        house = dataclasses.replace(served.house, workshop=desk)
        first = Trial(house, served.clock, {})
        assert first.former() == now, "nothing is on trial"
        overlay.save(tmp_path, NEW)
        task = asyncio.create_task(first.run())
        while not served.clock.sleepers:
            await asyncio.sleep(0.001)
        now |= {"camera:street": "no picture"}
        task.cancel()
        await asyncio.wait({task})
        second = asyncio.create_task(Trial(house, served.clock, first.former()).run())
        while not served.clock.sleepers:
            await asyncio.sleep(0.001)
        await served.clock.advance(TRIAL_S)
        await second
        assert not (tmp_path / overlay.FILE).exists() and served.reloads == 1


CONFIG = """
[pole]
id = "T-1"
site = "test"
latitude = -6.8586
longitude = 107.9164
[storage]
state_dir = "state"
[[camera]]
name = "street"
source = "{clip}"
fps = 5
loop = true
[lamp]
backend = "mock"
[page]
enabled = true
port = {port}
"""


class Pole:
    """`pole-agent run`, with its page."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state, self.clip = folder, folder / "state", folder / "clip.mp4"
        self.page = type("At", (), {"port": free_port()})()
        self.origin = f"http://127.0.0.1:{self.page.port}"
        self.clip.write_bytes(CLIP.read_bytes())
        (folder / "pole.toml").write_text(CONFIG.format(clip=self.clip, port=self.page.port))
        book.write(self.state, {f"the {role}": account for role, account in MADE.items()})
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "pole_agent", "run", "--config", str(self.folder / "pole.toml")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stderr=log, stdout=log)

    def end(self, number: int = signal.SIGTERM) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(20)


@contextlib.asynccontextmanager
async def pole_of(folder: Path) -> AsyncIterator[tuple[Pole, Browser]]:
    pole = Pole(folder)
    pole.start()
    try:
        async with Browser(pole) as browser:  # type: ignore[arg-type]
            await until(browser, "/api/me", lambda me: True)
            assert await browser.login("technician") == 200
            yield pole, browser
    finally:
        with contextlib.suppress(ProcessLookupError):
            pole.end(signal.SIGKILL)


async def until(browser: Browser, path: str, holds: Any, within_s: float = 60.0) -> Any:
    """The answer, once it holds."""
    found: Any = None
    try:
        async with asyncio.timeout(within_s):
            while True:
                with contextlib.suppress(OSError):
                    status, found = await browser.get(path)
                    if status == 200 and holds(found):
                        return found
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"{path}: {str(found)[:2000]}") from None


ZONE = {"zone": [{"name": "yard", "polygon": [[0, 0], [1, 0], [1, 1], [0, 1]]}]}


async def seeing(browser: Browser) -> Any:
    return await until(browser, "/api/ask/health", lambda h: "camera:street" in h["parts"])


async def save(browser: Browser) -> None:
    _, setup = await browser.get("/api/setup")
    assert (await browser.post("/api/setup/save", {"overlay": ZONE, "version": setup["version"]}))[0] == 200
    await until(browser, "/api/me", lambda me: list(me["pole"]["cameras"]["street"]["zones"]) != [])


async def test_killed(tmp_path: Path) -> None:
    """An agent that is killed while a change is on trial starts again with the former one, and says so. Who
    was logged in before a reload still is after it.
    """
    async with pole_of(tmp_path) as (pole, browser):
        await save(browser)
        assert (await browser.get("/api/me"))[1]["name"] == "the technician", "the reload kept the session"
        assert overlay.on_trial(pole.state)
        pole.end(signal.SIGKILL)
        pole.start()
        await until(browser, "/api/me", lambda me: me["name"] == "")
        assert os.listdir(pole.state).count(overlay.FILE) == 0 and not overlay.on_trial(pole.state)
        await browser.login("technician")
        me = (await browser.get("/api/me"))[1]
        assert me["pole"]["cameras"]["street"]["zones"] == []
        health = await until(browser, "/api/ask/health", lambda h: "reason" in h["parts"]["configuration"])
        assert health["parts"]["configuration"]["reason"] == (
            "a change made on the page was taken back: the agent stopped before the change was confirmed"
        )


async def test_camera_fails(tmp_path: Path) -> None:
    """A camera that does not come up with the change brings the former one back; the lamp was never off."""
    async with pole_of(tmp_path) as (pole, browser):
        await seeing(browser)
        pole.clip.unlink()
        await save(browser)
        await until(browser, "/api/me", lambda me: me["pole"]["cameras"]["street"]["zones"] == [])
        assert not overlay.on_trial(pole.state) and not (pole.state / overlay.FILE).exists()
        changed = (await browser.get("/api/ask/past.commands"))[1]
        states = [e["data"]["state"] for e in changed if e["kind"] == "configuration.changed"]
        assert states == ["taken_back", "trial"]
