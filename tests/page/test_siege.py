"""Who takes all connections, all questions or all logins takes them from themselves only."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from pole_agent.errors import ConfigError, Problem
from pole_agent.page.connections import MOST_BEGINNING, surplus
from pole_agent.page.routes import find
from pole_agent.page.setup import MOST_TOLD, Setup
from pole_agent.page.views import Views
from pole_agent.settings.load import Loaded
from pole_agent.settings.overlay import Overlay
from tests.page.served import LIMITS, Browser, Served, serving

HEAD = "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookies}\r\n\r\n"


@pytest.mark.parametrize(
    ("names", "goes"),
    [
        (["", ""], 0),
        (["dewi", "", ""], 1),
        (["dewi", "dewi", ""], 0),
        (["", "dewi", "dewi", "ayu", "dewi"], 1),
        (["dewi", "", "dewi", ""], 1),
        (["dewi", "ayu"], 0),
    ],
)
def test_surplus(names: list[str], goes: int) -> None:
    """The oldest connection of who has the most goes; a stranger's before that of an account."""
    assert surplus(names) == goes


@contextlib.asynccontextmanager
async def held(served: Served, sent: str, count: int) -> AsyncIterator[list[asyncio.StreamReader]]:
    """So many connections on which this was sent, and from which nothing is read."""
    opened = [await asyncio.open_connection("127.0.0.1", served.page.port) for _ in range(count)]
    try:
        for _, writer in opened:
            writer.write(sent.encode())
        yield [reader for reader, _ in opened]
    finally:
        for _, writer in opened:
            writer.transport.abort()


async def streams(browser: Browser) -> str:
    cookies = "; ".join(f"{c.key}={c.value}" for c in browser._session.cookie_jar)
    return HEAD.format(path="/api/live", cookies=cookies)


@pytest.mark.parametrize("sent", ["", "GET / HTTP/1.1\r\nX: ", HEAD.format(path="/", cookies="") * 400])
async def test_newcomer(tmp_path: Path, sent: str) -> None:
    """Strangers hold all connections, with nothing, with half a request, or with answers that they do not
    take: who comes then can still log in and look, at once.
    """
    async with (
        serving(tmp_path) as served,
        held(served, sent, LIMITS.connections),
        Browser(served) as browser,
    ):
        assert await browser.login("technician") == 200
        assert (await browser.get("/api/ask/lamp"))[0] == 200
        assert served.page.connections <= LIMITS.connections // 2 + 1


async def test_share_of_an_account(tmp_path: Path) -> None:
    """A viewer who opens all connections keeps nobody out, and closes nobody's stream but their own."""
    async with serving(tmp_path) as served, Browser(served) as viewer, Browser(served) as technician:
        await technician.login("technician")
        await viewer.login("viewer")
        async with (
            technician._session.get(served.origin + "/api/live") as stream,
            held(served, await streams(viewer), LIMITS.connections),
            Browser(served) as officer,
        ):
            assert await officer.login("officer") == 200
            served.live = {"at": "the end"}
            await served.clock.advance(1)
            async with asyncio.timeout(10):
                while b"the end" not in await stream.content.readline():
                    pass


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
async def test_handshakes(tmp_path: Path) -> None:
    """Who opens connections and begins no TLS holds few of them, and keeps nobody out."""
    certificate, key = tmp_path / "page.pem", tmp_path / "page.key"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    make += ["-keyout", str(key), "-out", str(certificate), "-subj", "/CN=localhost"]
    subprocess.run(make, check=True, capture_output=True, timeout=60)
    limits = dataclasses.replace(LIMITS, body_s=30.0)
    async with serving(tmp_path, limits=limits, cert_file=certificate, key_file=key) as served:
        count = 4 * MOST_BEGINNING
        async with held(served, "", count) as readers, aiohttp.ClientSession() as session:
            async with session.get(served.origin + "/api/me", ssl=False) as response:
                assert response.status == 200
            gone = [asyncio.create_task(reader.read()) for reader in readers[: count - MOST_BEGINNING]]
            async with asyncio.timeout(10):
                assert await asyncio.gather(*gone) == [b""] * len(gone)


async def test_questions(tmp_path: Path) -> None:
    """An account asks one thing at a time, however many are sent at once; another account does not wait."""
    asked: list[str] = []
    answered = asyncio.Event()

    async def ask(question: str, _: Mapping[str, Any]) -> Any:
        asked.append(question)
        if question == "past.night":
            await answered.wait()
        return question

    async with serving(tmp_path) as served, Browser(served) as viewer, Browser(served) as technician:
        views = Views(dataclasses.replace(served.house, ask=ask), served.clock)
        served.page.routes |= find(views.routes())
        await viewer.login("viewer")
        await technician.login("technician")
        many = [asyncio.create_task(viewer.get("/api/ask/past.night")) for _ in range(10)]
        while not asked:
            await asyncio.sleep(0.001)
        for _ in range(10):  # as many turns as their requests took to come
            assert (await technician.get("/api/ask/lamp"))[0] == 200
        assert asked.count("past.night") == 1
        answered.set()
        assert [status for status, _ in await asyncio.gather(*many)] == [200] * 10


async def test_many_problems(tmp_path: Path) -> None:
    """Of very many problems the first are told; to find their words in another language holds up nobody."""

    def try_on(_: Overlay) -> Loaded:
        raise ConfigError([Problem(f"rule[{n}]", "x; y: z a " * 150) for n in range(5000)])

    async with serving(tmp_path) as served, Browser(served) as browser:
        desk = dataclasses.replace(served.house.workshop, try_on=try_on)
        served.page.routes |= find(Setup(dataclasses.replace(served.house, workshop=desk)).routes())
        await browser.login("technician")
        sent: dict[str, Any] = {"overlay": {"zone": []}}
        asked = asyncio.create_task(browser.post("/api/setup/check", sent, {"X-Language": "id"}))
        loop, late = asyncio.get_running_loop(), 0.0
        while not asked.done():
            began = loop.time()
            await asyncio.sleep(0.001)
            late = max(late, loop.time() - began)
        status, answer = await asked
        assert status == 200 and len(answer["problems"]) == MOST_TOLD
        assert late < 0.5, "the loop has waited"
