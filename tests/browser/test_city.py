"""The city's board in a real browser: an alarm at night, a signed flight, the map, and the proof."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from axe_playwright_python.sync_playwright import Axe
from city import people
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from playwright.sync_api import Locator, Page, expect

from pole_agent.drone import ed25519
from pole_agent.drone.approval import Office, facts_of
from tests.browser.conftest import Look, Watched
from tests.city.conftest import ID, event
from tests.conftest import ROOT, eventually, free_port, mosquitto_program

pytestmark = [pytest.mark.browser, pytest.mark.mosquitto]
PASSWORD = "correct horse battery"
PRIVATE = ed25519.new_key()
HOSTILE = '<img src=x onerror=alert(1)>"&'
TOML = """
database = "sqlite:{folder}/city.db"
[mqtt]
port = {mqtt}
[board]
port = {port}
[desk]
escalate_s = [2, 4]
command = ["{python}", "-c", "import sys; open(sys.argv[1], 'a').write(sys.stdin.read())", "{folder}/called"]
recorder = "https://nvr.example/?p={{pole}}&c={{camera}}&t={{time}}"
[[desk.contact]]
label = "112"
who = "Budi, +62 261"
"""


def now(later_s: float = 0.0) -> str:
    return f"{datetime.now(UTC) + timedelta(seconds=later_s):%Y-%m-%dT%H:%M:%S}.000Z"


class Pole:
    """A pole as the contract has it, with one officer who may approve."""

    def __init__(self, port: int, name: str, step: int = 0) -> None:
        self.base, self.heard, self.number, self.lost = f"smartpole/test/{name}", [], 0, set[int]()  # type: ignore[var-annotated]
        self.request: dict[str, Any] = {}
        self.office = Office(self.base, {"rini": ed25519.public_key_of(PRIVATE)}, ed25519.verify)
        self.client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self.client.on_message = self._on_message
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        for path in ("drone/approval", "incident/feedback", "outbox/resend"):
            self.client.subscribe(f"{self.base}/{path}", qos=1)
        place = {"latitude": -6.8586 + step / 2000, "longitude": 107.9164 + step / 1000}
        self.say("info", {"name": f"{name} {HOSTILE}", "location": place})
        self.say("lamp/state", {"level": 0.8, "reason": "program"})
        self.say(
            "health", {"at": now(), "clock": {"trusted": True}, "parts": {"camera:a": {"state": "degraded"}}}
        )
        self.status()

    def status(self) -> None:
        self.say("status", {"state": "online", "storeid": "s1", "sequence": self.number})

    def say(self, path: str, document: dict[str, Any]) -> None:
        self.client.publish(f"{self.base}/{path}", json.dumps(document), qos=1, retain=True).wait_for_publish(
            10
        )

    def event(self, kind: str, severity: str = "info", /, **data: Any) -> None:
        self.number += 1
        self.send(self.number, kind, severity, data)

    def send(self, number: int, kind: str, severity: str, data: dict[str, Any]) -> None:
        name = ID.format(number + 1000 * int(self.base[-1]))
        found = event(
            number, kind, "s1", **data, source=f"/{self.base}", severity=severity, time=now(), id=name
        )
        topic = f"{self.base}/events/{kind.replace('.', '/')}"
        self.client.publish(topic, json.dumps(found), qos=1).wait_for_publish(10)

    def alarm(self, incident: int) -> None:
        data = {"incident_id": ID.format(incident), "rule": HOSTILE, "kind": "loitering", "class": "person"}
        where = {"camera": "street & co", "zone": "road", "track_ids": [1], "notify": ["112"]}
        self.event("incident.opened", "alarm", **data, **where)

    def ask(self, request: int) -> None:
        sample = json.loads((ROOT / "docs/samples/drone-request.json").read_text())
        self.request = sample | {
            "request_id": ID.format(request), "pole": self.base, "state": "pending_approval", "by": "pole",
            "created_at": now(), "expires_at": now(600),
        }  # fmt: skip
        self.client.publish(f"{self.base}/drone/request", json.dumps(self.request), qos=1)

    def _on_message(self, client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        payload = json.loads(message.payload)
        self.heard.append(payload)
        answer: dict[str, Any] = {"ok": True, "error": None}
        if message.topic.endswith("outbox/resend"):
            for number in range(payload["from"], payload["to"] + 1):
                data = json.dumps(event(number, "lamp.resumed", "s1", source=f"/{self.base}", replayed=True))
                client.publish(f"{self.base}/events/lamp/resumed", data, qos=1)
        if message.topic.endswith("drone/approval"):
            try:
                facts = facts_of(self.request)
                self.office.check(payload.get("signature"), payload["by"], facts, frozenset(), time.time())
                self.request |= {"state": "approved", "by": payload["by"]}
                answer["state"] = "approved"
                client.publish(f"{self.base}/drone/request", json.dumps(self.request), qos=1)
            except Exception as error:  # noqa: BLE001 - what the pole would answer
                answer = {"ok": False, "error": str(error)}
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.CorrelationData = getattr(message.properties, "CorrelationData", b"")
        topic = getattr(message.properties, "ResponseTopic", "reply/nobody")
        client.publish(topic, json.dumps(answer), qos=1, properties=properties)

    def end(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


class City:
    def __init__(self, folder: Path) -> None:
        if mosquitto_program() is None:
            pytest.skip("needs Mosquitto: sudo apt install mosquitto")
        self.folder, self.mqtt, port = folder, free_port(), free_port()
        self.url = f"http://127.0.0.1:{port}/"
        (folder / "city.toml").write_text(
            TOML.format(folder=folder, mqtt=self.mqtt, port=port, python=sys.executable)
        )
        people.add(folder, "rini", people.made("officer", PASSWORD))
        environment = os.environ | {"PYTHONPATH": str(ROOT / "docs" / "examples")}
        command = [sys.executable, "-m", "city", "run", "--folder", str(folder)]
        with (folder / "out").open("wb") as out:
            self._process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
        eventually(lambda: self._answers() or self._process.poll() is not None, 60)
        assert self._process.poll() is None, (folder / "out").read_text()

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}api/me", timeout=2):
            return True
        return False

    def writer(self) -> int:
        """The process of the writer."""
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
                if b"writer" in words and str(self.folder).encode() in words:
                    return int(entry.name)
        raise AssertionError("no writer")

    def end(self) -> None:
        self._process.send_signal(signal.SIGINT)
        assert self._process.wait(30) == 0
        assert not self._answers()


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    found = City(tmp_path)
    yield found
    found.end()


@pytest.fixture
def pole(city: City) -> Iterator[Pole]:
    found = Pole(city.mqtt, "P-1")
    yield found
    found.end()


def entered(watched: Watched, language: str = "en") -> Page:
    page = watched.page
    page.goto(watched.url)
    login = {"en": ("Name", "Password", "Log in"), "id": ("Nama", "Kata sandi", "Masuk")}[language]
    page.get_by_label(login[0]).fill("rini")
    page.get_by_label(login[1]).fill(PASSWORD)
    page.get_by_role("button", name=login[2]).click()
    page.locator("main .card").first.wait_for()
    return page


def test_alarm(look: Look, city: City, pole: Pole) -> None:
    """It sounds, calls a second person and the command; somebody takes it, and the pole hears the verdict.
    Nothing that the pole wrote is more than text.
    """
    watched = look(city.url)
    page = entered(watched)
    page.get_by_role("button", name="Sound on").click()
    expect(page.locator("#sound")).to_have_attribute("data-sounding", "false")
    pole.alarm(1)
    row = page.locator('[data-case="incident"]')
    row.get_by_text(HOSTILE).wait_for()
    expect(page.locator("#sound")).to_have_attribute("data-sounding", "true")
    pole.alarm(2)
    row.get_by_text("2 times").wait_for()
    row.get_by_text("Second person called").wait_for()
    row.get_by_text("Second person and command called").wait_for()
    eventually((city.folder / "called").exists)
    called = json.loads((city.folder / "called").read_text())
    assert (called["case"]["facts"]["rule"], called["contacts"]) == (HOSTILE, {"112": "Budi, +62 261"})
    row.get_by_text("Budi, +62 261").wait_for()
    link = row.get_by_role("link", name="Recorder at that second").get_attribute("href")
    assert link is not None and re.fullmatch(
        r"https://nvr\.example/\?p=P-1&c=street%20%26%20co&t=\d{4}-\d\d-\d\dT\d\d%3A\d\d%3A\d\d\.000Z", link
    )
    row.get_by_role("button", name="Acknowledge").click()
    row.get_by_text("rini looks after it").wait_for()
    expect(page.locator("#sound")).to_have_attribute("data-sounding", "false")
    row.get_by_label("Note for the next shift").fill("patrol sent")
    row.get_by_role("button", name="Add note").click()
    row.get_by_text("rini: patrol sent").wait_for()
    row.get_by_role("button", name="Done: false alarm").click()
    row.wait_for(state="detached")
    page.get_by_text("Nothing waits.").wait_for()
    page.get_by_text("done by rini").wait_for()
    eventually(lambda: len([h for h in list(pole.heard) if h.get("verdict") == "false"]) == 2)
    assert watched.complaints == [] and watched.foreign == []


def approved(row: Locator) -> str:
    """What the desk says of it. As it tells a person to, we try again where the pole gives no answer."""
    said = row.locator("p[role=status]")
    for _ in range(3):
        row.get_by_role("button", name="Approve the flight").click()
        expect(said).not_to_be_empty()
        if "gives no answer" not in said.inner_text():
            break
    return said.inner_text()


def test_signed_flight(look: Look, city: City, pole: Pole, tmp_path: Path) -> None:
    """Gates in eight lines; without a key the pole refuses, with it the approval is signed."""
    (tmp_path / "key").write_text(PRIVATE + "\n")
    watched = look(city.url)
    page = entered(watched)
    pole.ask(5)
    row = page.locator('[data-case="request"]')
    row.get_by_text("all 13 open").wait_for()
    expect(row.locator("dl.lines dt")).to_have_count(8)
    assert approved(row).startswith("The pole says: this pole accepts signed approvals only")
    row.get_by_label("Key of the officer").set_input_files(tmp_path / "key")
    row.get_by_text("The key is ready").wait_for()
    row.get_by_role("button", name="Approve the flight").click()
    row.wait_for(state="detached")
    page.get_by_text(re.compile("approved")).first.wait_for()
    assert pole.request["state"] == "approved"
    assert watched.complaints == [] and watched.foreign == []


@pytest.mark.parametrize("language", ["en", "id"])
def test_city_views(look: Look, city: City, pole: Pole, language: str) -> None:
    """Map, light, incidents, proof; axe finds nothing serious; nothing is asked elsewhere."""
    others = [Pole(city.mqtt, f"P-{n}", n) for n in (2, 3)]
    pole.alarm(1)
    pole.number += 2  # two events that never came
    pole.event(
        "lamp.summarized", night="2026-11-24", burn_h=9.353, energy_wh_estimated=361.2, energy_wh_flat=720.0
    )
    pole.client.publish(f"{pole.base}/events/a/b", b"{", qos=1)
    nonsense: dict[str, Any] = {
        "request_id": ID.format(9),
        "state": "pending_approval",
        "rule": 5,
        "target": {"latitude": "x"},
    }
    nonsense["gates"] = [None, {"name": {}}]
    pole.client.publish(f"{pole.base}/drone/request", json.dumps(nonsense), qos=1)
    for path, said in {"info": {"name": {"a": 1}, "location": []}, "health": {"parts": [1], "outbox": 5},
                       "lamp/state": {"level": {}}, "status": {"state": "online"}}.items():  # fmt: skip
        pole.client.publish(f"smartpole/test/P-9/{path}", json.dumps(said), qos=1, retain=True)
    watched = look(city.url, language)
    page = entered(watched, language)
    page.locator('[data-case="incident"]').wait_for()
    page.locator('[data-case="request"]').wait_for()
    shown = {"map": "svg.city .pole.online", "poles": "td >> text=0.36 kWh", "incidents": "td >> text=road",
             "proof": "td >> text=2–3"}  # fmt: skip
    for view in ("desk", *shown):
        page.locator(f'nav a[href="#{view}"]').click()
        page.locator(shown.get(view, "main .card")).first.wait_for(timeout=90_000)
        found = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
        assert not found, [(view, v["id"], v["nodes"][0]["html"], v["help"]) for v in found]
    page.get_by_text("no JSON").wait_for()
    page.locator('nav a[href="#map"]').click()
    expect(page.locator("svg.city .pole")).to_have_count(3)
    expect(page.locator("svg.city .pole.alarm")).to_have_count(1)
    page.locator("svg.city .pole .dot").first.click()
    page.get_by_text(HOSTILE).last.wait_for()
    assert page.locator('nav a[href="#audit"]').count() == 0  # an officer does not see it
    assert page.locator("img").count() == 0
    page.locator("header select").select_option("id" if language == "en" else "en")
    page.get_by_role("link", name="Meja piket" if language == "en" else "Desk").wait_for()
    for other in others:
        other.end()
    assert watched.complaints == [] and watched.foreign == []


@pytest.mark.slow
def test_dead_writer(look: Look, city: City) -> None:
    """It is noticed within 60 s, with the sound of an alarm; and that it hears again."""
    page = entered(look(city.url))
    page.get_by_role("button", name="Sound on").click()
    writer = city.writer()
    os.kill(writer, signal.SIGSTOP)
    page.get_by_text("The writer does not hear the poles").wait_for(timeout=60_000)
    expect(page.locator("#sound")).to_have_attribute("data-sounding", "true")
    os.kill(writer, signal.SIGCONT)
    page.get_by_text("The writer does not hear the poles").wait_for(state="detached")
