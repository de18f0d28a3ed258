"""A page on loopback, with three accounts and a house that notes what it is asked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp

from pole_agent.clock import ManualClock
from pole_agent.errors import ConfigError, Problem
from pole_agent.page import accounts as book
from pole_agent.page import files
from pole_agent.page.commissioning import Commissioning
from pole_agent.page.doors import Doors
from pole_agent.page.house import House, Look, Workshop
from pole_agent.page.server import Limits, Page
from pole_agent.page.setup import Setup
from pole_agent.page.views import Views
from pole_agent.settings.load import Loaded, parse
from pole_agent.settings.overlay import Overlay
from pole_agent.settings.page import PageSettings
from tests.conftest import free_port

# As long as a busy machine may take, no longer: the tests wait for them
LIMITS = Limits(connections=80, body_s=1.0, idle_s=3.0, write_s=1.0, linger_s=0.5)
PASSWORD = "correct horse battery"
ROLES = ("viewer", "technician", "officer")
MADE = {role: book.made(role, PASSWORD) for role in ROLES}  # once: a hash takes its time
CONFIG = """
[pole]
id = "T-1"
site = "test"
latitude = -6.8586
longitude = 107.9164
[[camera]]
name = "street"
source = "rtsp://10.0.0.9/live"
username = "admin"
password_file = "/etc/pole-agent/credentials/street"
"""


class Served:
    """`commands` and `audited` are what came through; `live` is what is now."""

    def __init__(self, folder: Path, settings: PageSettings, pictures: Look | None, limits: Limits) -> None:
        self.clock = ManualClock()
        self.commands: list[tuple[str, bytes, str]] = []
        self.audited: list[tuple[str, Mapping[str, Any]]] = []
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.reloads = 0
        self.floods = False  # too many refusals: the agent answers no more
        self.live: dict[str, Any] = {"at": "now"}
        self.folder = folder
        loaded = Loaded(parse(CONFIG), CONFIG)
        workshop = Workshop(
            state_dir=folder, loaded=loaded, plain=loaded, try_on=self._try_on, reload=self._reload,
            rehearsal=None, commission=None, troubles=dict, tell=lambda reason: None,
        )  # fmt: skip
        self.house = House(
            pole={"name": "T-1", "cameras": {"street": {}}, "secret-free": True}, live=lambda: self.live,
            ask=self._ask, command=self._command, audit=lambda kind, data: self.audited.append((kind, data)),
            is_dark=lambda: True, pictures=pictures, workshop=workshop,
        )  # fmt: skip
        doors = Doors(self.clock)
        views, setup = Views(self.house, self.clock, limits.write_s), Setup(self.house)
        routes = [*files.routes(), *doors.routes(), *views.routes(), *setup.routes()]
        routes += Commissioning(self.house).routes()
        self.page = doors.page = Page(settings, folder, self.clock, routes, limits=limits)

    @property
    def origin(self) -> str:
        return self.page.address.rstrip("/")

    async def _ask(self, question: str, arguments: Mapping[str, Any]) -> Any:
        self.asked.append((question, arguments))
        return {"question": question}

    async def _command(self, path: str, payload: bytes, by: str) -> dict[str, Any] | None:
        self.commands.append((path, payload, by))
        return None if self.floods else {"ok": True, "error": None}

    def _reload(self) -> None:
        self.reloads += 1

    def _try_on(self, overlay: Overlay) -> Loaded:
        if "rule" in overlay.document:
            raise ConfigError([Problem("rule[0].zone", "unknown zone")])
        loaded = self.house.workshop.loaded
        return Loaded(loaded.settings, loaded.text, overlay=overlay)


@contextlib.asynccontextmanager
async def serving(
    folder: Path, pictures: Look | None = None, limits: Limits = LIMITS, **settings: Any
) -> AsyncIterator[Served]:
    book.write(folder, {f"the {role}": account for role, account in MADE.items()})
    served = Served(folder, PageSettings(enabled=True, port=free_port(), **settings), pictures, limits)
    task = asyncio.create_task(served.page.run())
    try:
        async with asyncio.timeout(10):
            ready = asyncio.create_task(served.page.serves.wait())
            await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
        yield served
    finally:
        task.cancel()
        await asyncio.wait({task})


async def raw(served: Served, request: bytes, within_s: float = 10.0) -> bytes:
    """What is answered to these bytes, until the page closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.page.port)
    try:
        writer.write(request)
        async with asyncio.timeout(within_s):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


class Browser:
    """One who has the page open: cookies, and the token of the session."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self.csrf = ""

    async def __aenter__(self) -> Browser:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def get(self, path: str, **headers: str) -> tuple[int, Any]:
        async with self._session.get(self._served.origin + path, headers=headers) as response:
            return response.status, await _content(response)

    async def post(
        self, path: str, document: Any, headers: Mapping[str, str | None] | None = None
    ) -> tuple[int, Any]:
        usual = {"Origin": self._served.origin, "X-CSRF-Token": self.csrf}
        sent = {k: v for k, v in {**usual, **(headers or {})}.items() if v is not None}
        async with self._session.post(self._served.origin + path, json=document, headers=sent) as response:
            return response.status, await _content(response)

    async def login(self, role: str, password: str = PASSWORD) -> int:
        status, _ = await self.post("/api/login", {"name": f"the {role}", "password": password})
        if status == 200:
            self.csrf = (await self.get("/api/me"))[1]["csrf"]
        return status


async def _content(response: aiohttp.ClientResponse) -> Any:
    if response.content_type == "application/json":
        return await response.json()
    return b"" if response.content_type == "text/event-stream" else await response.read()
