"""The server of the page. Every request goes one way: is it for us, who sends it, may they, then the handler.

A client that is slow, broken or hostile costs itself: connections, bodies, headers and times have limits.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from pole_agent.clock import Clock
from pole_agent.errors import PoleAgentError
from pole_agent.languages import LANGUAGES, in_language, phrase
from pole_agent.page import guard
from pole_agent.page.connections import Connections
from pole_agent.page.people import People
from pole_agent.page.rarely import rare
from pole_agent.page.rights import SETUP
from pole_agent.page.routes import OPEN, Route, find
from pole_agent.page.sessions import Sessions
from pole_agent.page.visitor import Visitor
from pole_agent.settings.page import PageSettings

log = logging.getLogger(__name__)

MOST_BYTES = 20_000  # of a body; a command has 16 KB at most, only the set-up more
GRACE_S = 0.5  # for answers that are under way at the end
CSRF = "X-CSRF-Token"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
    "Server": "pole-agent",
}
Next = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Of every client: what goes beyond is refused or closed."""

    connections: int = 128
    body_bytes: int = 1 << 18
    body_s: float = 5.0
    idle_s: float = 20.0  # without a request
    write_s: float = 5.0  # without taking anything of what is pushed
    linger_s: float = 2.0  # for the rest of a body that was refused


class Page:
    """Serves `routes`. `open_to_all`: no login, every right; only the demo has it, and only on loopback.

    `before`: the page before a reload. Who was logged in still is, and who calls meanwhile waits.
    `reloading` says that another one follows.
    """

    def __init__(
        self,
        settings: PageSettings,
        state_dir: Path,
        clock: Clock,
        routes: Iterable[Route],
        *,
        before: Page | None = None,
        open_to_all: bool = False,
        reloading: Callable[[], bool] = lambda: False,
        limits: Limits | None = None,
    ) -> None:
        if open_to_all and not settings.loopback:
            raise ValueError("a page without a login is for loopback only")
        self.settings = settings
        self.routes = find(routes)
        sessions = Sessions() if before is None else before.people.sessions
        self.listener = None if before is None else before.hand_over(settings)
        self._reloading = reloading
        self._names = {*guard.LOOPBACK_NAMES, settings.host, *settings.names}
        self.port = settings.port
        self.limits = limits or Limits()
        self._connections = Connections(self.limits.connections, self.limits.body_s)
        self._server: web.Server | None = None
        self.serves = asyncio.Event()
        self.people: People = People(
            settings, state_dir, clock, sessions, self.serves.is_set, open_to_all=open_to_all
        )

    async def run(self) -> None:
        """Serve until cancelled. Raises OSError when the port cannot be had, PoleAgentError for bad files."""
        limits = self.limits
        if self.listener is None:
            family = socket.AF_INET6 if ":" in self.settings.host else socket.AF_INET
            self.listener = socket.create_server((self.settings.host, self.settings.port), family=family)
        app = web.Application(client_max_size=limits.body_bytes, middlewares=[self._one_way])
        for route in self.routes.values():
            app.router.add_route(route.method, route.path, _unreached)
        runner = web.AppRunner(
            app,
            handle_signals=False,
            access_log=None,
            logger=rare(logging.getLogger(f"{__name__}.protocol")),
            keepalive_timeout=limits.idle_s,
            lingering_time=limits.linger_s,
        )
        await runner.setup()
        assert runner.server is not None
        self._server = server = runner.server
        listener, tls = self.listener.dup(), _tls(self.settings)
        self.serves.set()
        log.info("the page is at %s", self.address)
        try:
            await self._connections.accept(listener, server, tls)
        finally:
            self.serves.clear()
            await server.shutdown(GRACE_S)
            await runner.cleanup()
            if not self._reloading():
                self._leave()

    def _leave(self) -> None:
        if self.listener is not None:
            self.listener.close()
            self.listener = None

    def hand_over(self, settings: PageSettings) -> socket.socket | None:
        """The socket for the page that follows; None, and closed, where that is at another address."""
        if (settings.host, settings.port) != (self.settings.host, self.settings.port):
            self._leave()
        return self.listener

    @property
    def connections(self) -> int:
        return 0 if self._server is None else len(self._server.connections)

    @property
    def address(self) -> str:
        scheme = "https" if self.settings.cert_file else "http"
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        return f"{scheme}://{host}:{self.port}/"

    @web.middleware
    async def _one_way(self, request: web.Request, handler: Next) -> web.StreamResponse:
        language = _language(request)
        try:
            response = await self._answer(request, language)
        except web.HTTPException as error:
            response = _problem(error.status, error.reason, language)
        except PoleAgentError as error:
            response = _problem(422, str(error), language)
        except UnicodeEncodeError as error:  # half of a character, written as an escape: "\\ud800"
            response = _problem(422, phrase("overlay-no-json", error=type(error).__name__), language)
        except (TimeoutError, ConnectionError):
            response = _problem(408, phrase("page-too-slow"), language)
        except Exception:
            log.exception("page: %s %s failed", request.method, request.path)
            response = _problem(500, phrase("page-failed"), language)
        if not response.prepared:
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
        return response

    async def _answer(self, request: web.Request, language: str) -> web.StreamResponse:
        if not guard.is_ours(request.headers.get("Host", ""), self._names):
            return _problem(421, phrase("page-host-unknown"), language)
        resource = request.match_info.route.resource
        route = self.routes.get((request.method, resource.canonical if resource else ""))
        if route is None:
            return _problem(404, phrase("page-not-here"), language)
        visitor = self.people.visitor(request, language)
        self._connections.belongs(request.protocol, visitor.name)
        if request.method == "POST":
            await self._receive(request, self._most_bytes(visitor, route))
            if not self._from_our_page(request, visitor, route):
                return _problem(403, phrase("page-forged"), language)
        if route.right != OPEN and not visitor.name:
            return _problem(401, phrase("page-login-first"), language)
        if route.right != OPEN and route.right not in visitor.rights:
            return _problem(403, phrase("page-right-missing", role=visitor.role), language)
        return await route.handler(request, visitor)

    def _most_bytes(self, visitor: Visitor, route: Route) -> int:
        """Of a body. Each connection may hold one in memory, whoever it is."""
        draws = route.right == SETUP and SETUP in visitor.rights
        return self.limits.body_bytes if draws else MOST_BYTES

    async def _receive(self, request: web.Request, most: int) -> None:
        """Raises TimeoutError for a body that does not come, web.HTTPException for one that is too large, has
        no length, or is compressed.
        """
        if request.content_length is None:
            raise web.HTTPLengthRequired
        if request.content_length > most:
            raise web.HTTPRequestEntityTooLarge(most, request.content_length)
        if "Content-Encoding" in request.headers:
            raise web.HTTPUnsupportedMediaType
        async with asyncio.timeout(self.limits.body_s):
            await request.read()  # aiohttp keeps it

    def _from_our_page(self, request: web.Request, visitor: Visitor, route: Route) -> bool:
        host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
        if not guard.same_origin(origin, host, https=self.https):
            return False
        if request.content_type != "application/json":
            return False
        given = request.headers.get(CSRF, "")
        return (
            route.right == OPEN
            or not visitor.name
            or hmac.compare_digest(given.encode("utf-8", "surrogateescape"), visitor.csrf.encode())
        )

    @property
    def https(self) -> bool:
        """Is it HTTPS for the browser?"""
        return bool(self.settings.cert_file or self.settings.trusted_proxies)


async def _unreached(_: web.Request) -> web.StreamResponse:
    raise AssertionError("every request is answered on its one way")


async def body_of(request: web.Request) -> dict[str, Any]:
    """The JSON object that was sent; it is here already. Raises PoleAgentError."""
    try:
        document = json.loads(await request.read())
    except (ValueError, RecursionError) as error:
        raise PoleAgentError(phrase("overlay-no-json", error=type(error).__name__)) from error
    if not isinstance(document, dict):
        raise PoleAgentError(phrase("not-a-json-object"))
    return document


def reply(document: Any, status: int = 200) -> web.Response:
    return web.json_response(document, status=status, dumps=_dumps)


def _dumps(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _problem(status: int, error: str, language: str) -> web.Response:
    return reply({"error": in_language(error, language)}, status)


def _language(request: web.Request) -> str:
    wanted = request.headers.get("X-Language") or request.headers.get("Accept-Language", "")[:2]
    return wanted if wanted in LANGUAGES else "en"


def _tls(settings: PageSettings) -> ssl.SSLContext | None:
    if settings.cert_file is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    except OSError as error:  # ssl.SSLError is one
        raise PoleAgentError(phrase("at-key", key=settings.cert_file, problem=error)) from error
    return context
