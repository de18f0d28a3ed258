"""Who has sent a request: by their cookie, and the file of the accounts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from aiohttp import web

from pole_agent.clock import Clock
from pole_agent.errors import PoleAgentError
from pole_agent.page import accounts as book
from pole_agent.page import guard
from pole_agent.page.accounts import Account
from pole_agent.page.rights import EVERYTHING, ROLES
from pole_agent.page.sessions import Session, Sessions
from pole_agent.page.visitor import Visitor
from pole_agent.settings.page import PageSettings

log = logging.getLogger(__name__)

COOKIE = "pole_session"


class People:
    """`serves`: does the page go on? `open_to_all`: everybody may do everything, without a login."""

    def __init__(
        self,
        settings: PageSettings,
        folder: Path,
        clock: Clock,
        sessions: Sessions,
        serves: Callable[[], bool],
        *,
        open_to_all: bool,
    ) -> None:
        self._settings, self._folder, self._clock, self._serves = settings, folder, clock, serves
        self.sessions, self._open_to_all = sessions, open_to_all
        self._accounts: dict[str, Account] = {}
        self._read: tuple[int, int] | None = None  # the file of the accounts, as it was read last

    def visitor(self, request: web.Request, language: str) -> Visitor:
        peer = request.remote or ""
        trusted = self._settings.trusted_proxies
        address = guard.address_of(peer, request.headers.getall("X-Forwarded-For", ()), trusted)
        near = guard.is_near(peer, request.headers, trusted)
        if self._open_to_all:
            return Visitor(
                address=address, language=language, near=near, name="demo", role="demo",
                rights=EVERYTHING, csrf=self.sessions.open_csrf, still=self._serves,
            )  # fmt: skip
        token = request.cookies.get(COOKIE, "")
        session = self._session(token) if token else None
        if session is None:
            return Visitor(address=address, language=language, near=near)
        role = self._accounts[session.name].role
        return Visitor(
            address=address, language=language, near=near, name=session.name, role=role,
            rights=ROLES[role], csrf=session.csrf, token=token,
            still=lambda: self._serves() and self._session(token) is not None,
        )  # fmt: skip

    def _session(self, token: str) -> Session | None:
        return self.sessions.of(token, self.accounts(), self._clock.monotonic())

    def accounts(self) -> Mapping[str, Account]:
        """Those of the file, read again when it has changed. None where it cannot be used: then nobody is
        let in.
        """
        try:
            status = (self._folder / book.FILE).stat()
            seen = (status.st_mtime_ns, status.st_ino)
        except OSError:
            self._accounts, self._read = {}, None
            return self._accounts
        if seen != self._read:
            try:
                self._accounts = book.read(self._folder)
            except PoleAgentError as error:
                log.error("page: %s", error)
                self._accounts = {}
            self._read = seen
        return self._accounts
