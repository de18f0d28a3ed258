"""Login and logout."""

from __future__ import annotations

import asyncio
import logging
import math

from aiohttp import web

from pole_agent.clock import Clock
from pole_agent.errors import PoleAgentError
from pole_agent.languages import in_language, phrase
from pole_agent.page import accounts as book
from pole_agent.page.people import COOKIE
from pole_agent.page.routes import OPEN, Route
from pole_agent.page.server import Page, body_of, reply
from pole_agent.page.tries import Tries
from pole_agent.page.visitor import Visitor

log = logging.getLogger(__name__)

MAX_WAITING = 8  # logins at a time; each costs 16 MB and some 50 ms of a core, one after the other
BROWSER = "pole_browser"  # opens nothing: it only says who has logged in here before
REMEMBERED_S = 90 * 86400


class Doors:
    """Handlers. The page that they belong to is given with the first request, as `page`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.page: Page
        self._tries, self._one, self._waiting = Tries(), asyncio.Lock(), 0

    def routes(self) -> list[Route]:
        return [
            Route(method="POST", path="/api/login", right=OPEN, handler=self.login),
            Route(method="POST", path="/api/logout", right=OPEN, handler=self.logout),
        ]

    async def login(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        sent = await body_of(request)
        name, password = sent.get("name"), sent.get("password")
        if not isinstance(name, str) or not isinstance(password, str):
            raise PoleAgentError(phrase("page-login-invalid"))
        now, address, sessions = self._clock.monotonic(), visitor.address, self.page.people.sessions
        # A browser that this account has used before counts by itself, whatever comes from its address
        browser = request.cookies.get(BROWSER, "")
        known = sessions.knows(browser, name)
        counted = f"a browser of {name}" if known else address
        if (wait := self._tries.wait_s(counted, now)) > 0:
            return _later(wait, visitor.language)
        if self._waiting >= MAX_WAITING and not known:
            return _later(1.0, visitor.language)
        account = self.page.people.accounts().get(name)
        self._tries.wrong(counted, now)  # until it proves right: many at once count each
        self._waiting += 1
        try:
            async with self._one:
                fits = await asyncio.to_thread(book.fits, account, password)
        finally:
            self._waiting -= 1
        if not fits or account is None:
            log.warning("page: login failed from %s", address)
            return reply({"error": in_language(phrase("page-login-wrong"), visitor.language)}, 401)
        self._tries.right(counted)
        token, _ = sessions.begin(name, account, self._clock.monotonic())
        log.info("page: %s has logged in from %s", name, address)
        response = reply({"ok": True})
        self._give(response, COOKIE, token)
        if not known:
            self._give(response, BROWSER, sessions.know(name), max_age=REMEMBERED_S)
        return response

    def _give(self, response: web.Response, cookie: str, value: str, max_age: int | None = None) -> None:
        secure = self.page.https
        response.set_cookie(
            cookie, value, httponly=True, samesite="Strict", secure=secure, path="/", max_age=max_age
        )

    async def logout(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        self.page.people.sessions.end(visitor.token)
        response = reply({"ok": True})
        response.del_cookie(COOKIE, path="/")
        return response


def _later(wait_s: float, language: str) -> web.Response:
    error = in_language(phrase("page-login-later", seconds=math.ceil(wait_s)), language)
    response = reply({"error": error}, 429)
    response.headers["Retry-After"] = str(math.ceil(wait_s))
    return response
