"""The routes of what people look at: who am I, what is now, the picture, questions and commands."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from pole_agent.clock import Clock
from pole_agent.errors import PoleAgentError
from pole_agent.languages import in_language, phrase
from pole_agent.page.house import House
from pole_agent.page.rights import LOOK, right_for
from pole_agent.page.routes import OPEN, Route
from pole_agent.page.server import Limits, body_of, reply
from pole_agent.page.stream import TICK_S, Stream
from pole_agent.page.visitor import Visitor

# What may be asked, and the arguments that count: everything else of a question stays here
QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "lamp": (), "pole": (), "drone": (), "health": (), "clock": (), "outbox.stats": (), "doctor": (),
    "past.incidents": ("days",), "past.traffic": ("days",), "past.commands": (), "past.night": (),
    "why.lamp": ("wall",), "why.incident": ("id",), "why.light": (),
}  # fmt: skip
SAID = ("reason", "error", "problem", "note", "words", "fix", "title", "config_degraded")  # read by people
PICTURE_S = 0.4  # a request waits so long for a newer one
ANSWER_S = 10.0
LOOK_AGAIN_S = 300.0  # after so long without looking, looking is told again
ARGUMENT = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
NUMBER = re.compile(r"[0-9]{1,18}")


class Views:
    """Handlers. A look at the picture is told as an event: who, and at which camera."""

    def __init__(self, house: House, clock: Clock, write_s: float = Limits().write_s) -> None:
        self._house, self._clock, self._write_s = house, clock, write_s
        self._stream = Stream(house.live, clock.monotonic)
        self._looked: dict[tuple[str, str], float] = {}
        self._asking: dict[str, asyncio.Lock] = {}  # by account

    def routes(self) -> list[Route]:
        return [
            Route(method="GET", path="/api/me", right=OPEN, handler=self.me),
            Route(method="GET", path="/api/live", right=LOOK, handler=self.live),
            Route(method="GET", path="/api/picture/{camera}", right=LOOK, handler=self.picture),
            Route(method="GET", path="/api/ask/{question}", right=LOOK, handler=self.ask),
            Route(method="POST", path="/api/command", right=LOOK, handler=self.command),
        ]

    async def me(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Who is this, and what may they do? Without a login nothing of the pole is told but its name."""
        house = self._house
        told: dict[str, Any] = {
            "name": visitor.name, "role": visitor.role, "rights": sorted(visitor.rights),
            "csrf": visitor.csrf, "dark": house.is_dark(), "pole": {"name": house.pole["name"]},
        }  # fmt: skip
        if visitor.name:
            told["pole"] = dict(house.pole)
            told["picture"] = house.pictures is not None and visitor.near
        return reply(told)

    async def live(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Server-sent events, until the client leaves, takes nothing, or its session ends."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        last = b""
        try:
            while visitor.still():
                if (text := self._stream.text()) != last:
                    last = text
                    async with asyncio.timeout(self._write_s):
                        await response.write(text)
                await asyncio.sleep(TICK_S)
        except (TimeoutError, ConnectionError):
            if request.transport is not None:
                request.transport.abort()  # what it has not taken would wait for ever
        return response

    async def picture(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """A masked picture newer than ?after=; 204 when none comes. Only at the pole."""
        pictures, camera = self._house.pictures, request.match_info["camera"]
        if pictures is None or not visitor.near:
            raise web.HTTPForbidden(reason=phrase("page-no-picture"))
        seen = NUMBER.fullmatch(request.query.get("after", ""))
        try:
            self._tell_of_look(visitor, camera)
            found = await pictures.newest(camera, int(seen[0]) if seen else 0, PICTURE_S)
        except KeyError:
            raise web.HTTPNotFound(reason=phrase("page-not-here")) from None
        if found is None:
            return web.Response(status=204)
        number, jpeg = found
        return web.Response(body=jpeg, content_type="image/jpeg", headers={"X-Number": str(number)})

    def _tell_of_look(self, visitor: Visitor, camera: str) -> None:
        if camera not in self._house.pole["cameras"]:
            raise KeyError(camera)
        now, key = self._clock.monotonic(), (visitor.name, camera)
        last = self._looked.get(key, float("-inf"))
        self._looked = {k: at for k, at in self._looked.items() if now - at < LOOK_AGAIN_S} | {key: now}
        if now - last >= LOOK_AGAIN_S:
            self._house.audit("page.viewed", {"by": visitor.name, "role": visitor.role, "camera": camera})

    async def ask(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """One question of an account at a time: many at once would wait for the store, and commands with
        them.
        """
        question = request.match_info["question"]
        if question not in QUESTIONS:
            raise web.HTTPNotFound(reason=phrase("page-not-here"))
        arguments = {
            key: request.query[key]
            for key in QUESTIONS[question]
            if ARGUMENT.fullmatch(request.query.get(key, ""))
        }
        try:
            async with asyncio.timeout(ANSWER_S), self._asking.setdefault(visitor.name, asyncio.Lock()):
                answer = await self._house.ask(question, arguments)
        except (ValueError, KeyError) as error:
            raise PoleAgentError(phrase("page-question-invalid", error=error)) from error
        return await asyncio.to_thread(lambda: reply(said(answer, visitor.language)))

    async def command(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """A command as over MQTT, in the name of who is logged in."""
        sent = await body_of(request)
        path, payload = sent.get("path"), sent.get("payload")
        if not isinstance(path, str) or not isinstance(payload, dict):
            raise PoleAgentError(phrase("page-command-invalid"))
        right = right_for(path, payload)
        if right is None:
            raise web.HTTPNotFound(reason=phrase("page-not-here"))
        if right not in visitor.rights:
            raise web.HTTPForbidden(reason=phrase("page-right-missing", role=visitor.role))
        payload = payload | {"by": visitor.name}
        answer = await self._house.command(path, json.dumps(payload).encode(), f"page:{visitor.name}")
        answer = answer or {"ok": False, "error": phrase("page-flood")}
        return reply(said(answer, visitor.language), 200 if answer.get("ok") else 422)


def said(document: Any, language: str) -> Any:
    """The document with the sentences in it in this language."""
    if language == "en":
        return document
    match document:
        case dict():
            return {
                key: in_language(value, language)
                if key in SAID and isinstance(value, str)
                else said(value, language)
                for key, value in document.items()
            }
        case list() | tuple():
            return [said(value, language) for value in document]
    return document
