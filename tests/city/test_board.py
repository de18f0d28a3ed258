"""The board over HTTP: who is let in, and what a hostile client gets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from city import people
from city.acts import ROUTES
from city.board import FILES, HEADERS, Board
from city.store import Database, connect

from tests.city.conftest import ID, SOURCE
from tests.city.test_duty import Scene
from tests.conftest import free_port

PASSWORD = "correct horse battery"
MADE = {role: people.made(role, PASSWORD) for role in people.RIGHTS}


class Client:
    """A browser: cookies, Origin, and the CSRF token of its session."""

    def __init__(self, port: int, http: aiohttp.ClientSession) -> None:
        self.url, self.http, self.csrf = f"http://127.0.0.1:{port}", http, ""

    async def post(self, path: str, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
        sent = {"Origin": self.url, "Content-Type": "application/json", "X-CSRF-Token": self.csrf} | headers
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.http.post(self.url + path, data=data, headers=sent) as answer:
            return answer.status, await answer.json()

    async def get(self, path: str, **headers: str) -> tuple[int, Any]:
        async with self.http.get(self.url + path, headers=headers) as answer:
            assert all(answer.headers[name] == value for name, value in HEADERS.items())
            return answer.status, await answer.read()

    async def login(self, name: str) -> None:
        status, _ = await self.post("/api/login", {"name": name, "password": PASSWORD})
        assert status == 200
        self.csrf = json.loads((await self.get("/api/me"))[1])["csrf"]


class Scenery(Scene):
    client: Client
    board: Board


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scenery]:
    db: Database = await connect(f"sqlite:{tmp_path / 'city.db'}")
    port = free_port()
    scene = Scenery(db, tmp_path, f'[board]\nport = {port}\nnames = ["board.example"]')
    for name, account in MADE.items():
        people.add(tmp_path, name, account)
    scene.board = Board(db, scene.view, scene.settings, scene.duty, scene.duty._orders)
    serving = asyncio.create_task(scene.board.run())
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        scene.client = Client(port, http)
        async with asyncio.timeout(10):
            while not serving.done():
                with contextlib.suppress(aiohttp.ClientConnectionError):
                    await scene.client.get("/api/me")
                    break
                await asyncio.sleep(0.01)
            else:
                await serving
        yield scene
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    await db.close()


async def case_of(scene: Scenery) -> str:
    await scene.alarm(1)
    (case,) = await scene.tick(1.0)
    return case.id


async def test_without_a_login_nothing_is_told(scene: Scenery) -> None:
    for (method, path), (_, right) in ROUTES.items():
        if right:
            ask = scene.client.get(path) if method == "GET" else scene.client.post(path, {})
            assert (await ask)[0] == 401, path
    assert json.loads((await scene.client.get("/api/me"))[1])["name"] == ""
    for path in FILES:
        assert (await scene.client.get(path))[0] == 200, path
    for path in ("/../city.db", "/accounts.json", "/static/app.js", "/api/nothing"):
        assert (await scene.client.get(path))[0] == 404


@pytest.mark.parametrize(
    ("role", "looks", "acts", "audits"),
    [("viewer", 200, 403, 403), ("officer", 200, 200, 403), ("admin", 200, 200, 200)],
)
async def test_each_role_does_what_is_its_own(
    scene: Scenery, role: str, looks: int, acts: int, audits: int
) -> None:
    case = await case_of(scene)
    await scene.client.login(role)
    async with scene.client.http.get(scene.client.url + "/api/live") as answer:
        assert answer.status == looks
        line = await answer.content.readline()
        shown = json.loads(line.removeprefix(b"data: "))
    assert [c["id"] for c in shown["cases"]] == [case]
    assert (await scene.client.post("/api/case", {"id": case, "act": "acknowledge"}))[0] == acts
    assert (await scene.client.get("/api/audit"))[0] == audits
    if acts == 200:
        assert scene.view.cases[case].acknowledged_by == role


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": ""}, {"X-CSRF-Token": "x"}, {"Content-Type": "text/plain"},
     {"Origin": "null"}],
)  # fmt: skip
async def test_what_another_page_sends_is_refused(scene: Scenery, headers: dict[str, str]) -> None:
    case = await case_of(scene)
    await scene.client.login("officer")
    status, answer = await scene.client.post("/api/case", {"id": case, "act": "acknowledge"}, **headers)
    assert (status, answer) == (403, {"error": "forged"})
    assert not scene.view.cases[case].acknowledged_by


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "a@127.0.0.1", "", "127.0.0.1:x"])
async def test_a_name_that_is_not_ours_is_refused(scene: Scenery, host: str) -> None:
    """Else a name that somebody points at this machine (DNS rebinding) would be our origin."""
    assert (await scene.client.get("/", Host=host))[0] in (400, 421)
    assert (await scene.client.get("/", Host="board.example"))[0] == 200


async def test_a_proxy_does_https(scene: Scenery) -> None:
    told = {"name": "officer", "password": PASSWORD}
    sent = {"Host": "board.example"}
    assert (await scene.client.post("/api/login", told, Origin="http://board.example", **sent))[0] == 403
    headers = {"Origin": "https://board.example", "Content-Type": "application/json", **sent}
    url = scene.client.url + "/api/login"
    async with scene.client.http.post(url, data=json.dumps(told), headers=headers) as answer:
        assert answer.status == 200
        cookie = answer.headers["Set-Cookie"]
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Strict"))


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"id": 1, "act": "done"}', b'{"id": "\\ud800", "act": "note"}', b"[" * 5000]
)
async def test_nonsense_is_refused(scene: Scenery, body: bytes) -> None:
    await scene.client.login("officer")
    assert (await scene.client.post("/api/case", body))[0] in (400, 404)
    assert (await scene.client.post("/api/drone", body))[0] == 400


async def test_a_body_that_is_too_large_is_refused(scene: Scenery) -> None:
    await scene.client.login("officer")
    assert (await scene.client.post("/api/case", b"{" + b" " * 20_000))[0] == 413


async def test_guesses_become_slow_and_are_told(scene: Scenery) -> None:
    guess = {"name": "admin", "password": "wrong"}
    answers = [await scene.client.post("/api/login", guess) for _ in range(people.FREE + 1)]
    assert [status for status, _ in answers] == [401] * people.FREE + [429]
    assert (await scene.client.post("/api/login", guess | {"name": "nobody"}))[0] == 401
    await scene.client.login("officer")  # another name from the same place
    assert (await scene.audit()).count("login failed") == people.FREE  # no row for a name that there is not


async def test_a_crowd_of_guesses_waits_in_no_long_line(scene: Scenery) -> None:
    guesses = [scene.client.post("/api/login", {"name": f"n{n}", "password": "x"}) for n in range(30)]
    answers = [status for status, _ in await asyncio.gather(*guesses)]
    assert set(answers) == {401, 429}
    await scene.client.login("officer")


async def test_a_session_ends_with_logout_and_account(scene: Scenery, tmp_path: Path) -> None:
    await scene.client.login("officer")
    assert (await scene.client.post("/api/logout", {}))[0] == 200
    assert (await scene.client.get("/api/live"))[0] == 401
    await scene.client.login("officer")
    people.add(tmp_path, "officer", people.made("viewer", PASSWORD + "2"))
    assert (await scene.client.get("/api/live"))[0] == 401


async def test_a_case_is_done_with_its_verdict(scene: Scenery) -> None:
    case = await case_of(scene)
    await scene.client.login("officer")
    for act, more in (("note", {"text": "called 112"}), ("done", {"verdict": "false"})):
        assert (await scene.client.post("/api/case", {"id": case, "act": act, **more}))[0] == 200
    assert (await scene.client.post("/api/case", {"id": case, "act": "acknowledge"})) == (
        409, {"error": "case-done"},
    )  # fmt: skip
    assert scene.view.cases[case].notes[0][2] == "called 112"
    rows = await scene.db.fetch("SELECT * FROM verdicts")
    assert [(r["source"], r["incident_id"], r["verdict"], r["who"]) for r in rows] == [
        (SOURCE, ID.format(1), "false", "officer")
    ]
    assert {"note", "done false"} <= set(await scene.audit())


async def test_a_broker_that_is_away_is_told(scene: Scenery) -> None:
    await scene.state(SOURCE, "status", {"state": "online"})
    await scene.tick(1.0)
    await scene.client.login("officer")
    asked = {"source": SOURCE, "request_id": ID.format(1), "decision": "deny"}
    assert await scene.client.post("/api/drone", asked) == (504, {"error": "no-answer"})
    for wrong in ({"source": "/other"}, {"decision": "launch"}):
        assert (await scene.client.post("/api/drone", asked | wrong))[0] == 400


def test_both_languages_say_everything() -> None:
    """The words of the board, what its pages use, and what the server answers."""
    static = FILES["/"].parent
    text = (static / "words.js").read_text()
    english, indonesian = text.split("\n  id: {")
    keys = [re.findall(r'"([a-zA-Z_-]+)": "', part) for part in (english, indonesian)]
    assert keys[0] == keys[1]
    assert len(keys[0]) == len(set(keys[0]))
    scripts = "".join(p.read_text() for p in static.glob("*.js") if p.name != "words.js")
    used = set(re.findall(r'\bt\("([\w-]+)"', scripts)) | set(
        re.findall(r'"((?:next|request)-\w+)"', scripts)
    )
    used |= set(re.findall(r't\(\w+ \? "([\w-]+)"', scripts))
    answered = set(
        re.findall(r'Refused\(\d+, "([\w-]+)"', "".join(f.read_text() for f in static.parent.glob("*.py")))
    )
    answered |= set(re.findall(r'DeskError\("([\w-]+)"', (static.parent / "desk.py").read_text()))
    signing = set(re.findall(r'\bt\("([\w-]+)"', FILES["/sign.js"].read_text()))
    assert used | answered | signing <= set(keys[0])
    for family, values in {
        "presence": ("online", "offline", "silent", "unknown"), "severity": ("info", "warning", "alarm"),
        "kind": ("incident", "outage", "request"), "verdict": ("true", "false"),
    }.items():  # fmt: skip
        assert {f"{family}-{value}" for value in values} <= set(keys[0])
    from city.folding import RANKS

    assert {f"state-{state}" for state in RANKS} <= set(keys[0])
