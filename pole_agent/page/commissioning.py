"""The guided path that takes a pole into service: the same steps as `pole-agent commission`, on a phone.

Its record and report lie in the state directory, so that they outlast the moment without supply.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from pole_agent.errors import PoleAgentError
from pole_agent.languages import phrase
from pole_agent.page.aside import answer_of
from pole_agent.page.house import House
from pole_agent.page.rights import SETUP
from pole_agent.page.routes import Route
from pole_agent.page.server import body_of, reply
from pole_agent.page.visitor import Visitor

FOLDER, RECORD, REPORT = "commissioning", "commissioning.json", "report.html"
STEP_S = 150.0  # a walk through a zone is waited for for 90 s
STEP = re.compile(r"[a-z][a-z_-]{0,31}(:[A-Za-z0-9_/.-]{1,200})?")
KEY, MOST_WORDS = re.compile(r"[a-z][a-z_]{0,31}"), 200
WORDS = re.compile(rf"[^\x00-\x1f\x7f]{{1,{MOST_WORDS}}}")


class Commissioning:
    """Handlers. One step at a time: they drive the lamp."""

    def __init__(self, house: House) -> None:
        self._desk = house.workshop
        self._one, self._doing = asyncio.Lock(), False

    def routes(self) -> list[Route]:
        return [
            Route(method="GET", path="/api/commission", right=SETUP, handler=self.steps),
            Route(method="POST", path="/api/commission/step", right=SETUP, handler=self.step),
            Route(method="POST", path="/api/commission/sign-off", right=SETUP, handler=self.sign_off),
            Route(method="GET", path="/api/commission/report", right=SETUP, handler=self.report),
        ]

    async def steps(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        return reply(await self._ask(visitor, "steps"))

    async def step(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Do one step, with the answers to its questions."""
        sent = await body_of(request)
        step, answers = sent.get("step"), sent.get("answers", {})
        fine = isinstance(step, str) and STEP.fullmatch(step) and isinstance(answers, dict)
        if not fine or not all(KEY.fullmatch(k) and _is_words(v) for k, v in answers.items()):
            raise PoleAgentError(phrase("page-step-invalid"))
        given = [f"--answer={key}={value}" for key, value in answers.items()]
        return reply(await self._ask(visitor, "step", str(step), *given))

    async def sign_off(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        sent = await body_of(request)
        by, despite = sent.get("by"), sent.get("despite", "")
        if not _is_words(by) or not (despite == "" or _is_words(despite)):
            raise PoleAgentError(phrase("page-step-invalid"))
        words = [
            f"--by={by}",
            f"--page={self._folder / REPORT}",
            *([f"--despite={despite}"] if despite else []),
        ]
        return reply(await self._ask(visitor, "sign-off", *words))

    async def report(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """The report for paper, as a file: its styles are not those of this page."""
        file = self._folder / REPORT
        if not await asyncio.to_thread(file.is_file):
            raise web.HTTPNotFound(reason=phrase("page-not-here"))
        name = f'attachment; filename="{REPORT}"'
        return web.Response(
            body=await asyncio.to_thread(file.read_bytes),
            headers={"Content-Type": "text/html; charset=utf-8", "Content-Disposition": name},
        )

    @property
    def _folder(self) -> Path:
        return self._desk.state_dir / FOLDER

    async def _ask(self, visitor: Visitor, *words: str) -> Any:
        command = self._desk.commission
        if command is None:
            raise PoleAgentError(phrase("page-no-commissioning"))
        does = words[0] != "steps"
        if does and self._doing:
            raise PoleAgentError(phrase("page-step-under-way"))
        self._doing = self._doing or does
        try:
            async with self._one:
                return await self._run(command, visitor.language, words)
        finally:
            self._doing = self._doing and not does

    async def _run(
        self, command: Callable[[list[str]], list[str]], language: str, words: Sequence[str]
    ) -> Any:
        folder = self._folder
        await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        try:
            place = ["--record", str(folder / RECORD), "--lang", language, "--json"]
            return await answer_of([*command(place), *words], STEP_S)
        finally:
            await asyncio.to_thread(_without_pictures, folder)


def _is_words(value: Any) -> bool:
    return isinstance(value, str) and WORDS.fullmatch(value) is not None


def _without_pictures(folder: Path) -> None:
    """A step leaves the picture of a camera beside its record; here people look at the live one."""
    for picture in folder.glob("*.jpg"):
        picture.unlink(missing_ok=True)
