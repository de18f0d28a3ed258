"""The board over HTTP. Every request goes one way: is it for us, from our page, by whom, may they. Then it is
answered from the view. Loopback by default; for others it stands behind a proxy that does HTTPS.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import time
from pathlib import Path

from aiohttp import web

from city import people
from city.acts import COOKIE, LIVE_S, ROUTES
from city.duty import Duty
from city.orders import Orders
from city.people import Sessions, Tries
from city.settings import Settings
from city.store import Database, StoreError
from city.view import View
from city.visit import Refused, Visitor, name_of, reply

log = logging.getLogger("city.board")
STATIC = Path(__file__).with_name("static")
PAGE = Path(__file__).parents[3] / "pole_agent" / "page" / "static"  # Preact, and the text that officers sign
FILES = {
    "/": STATIC / "index.html",
    **{f"/{name}": STATIC / name for name in
       ("app.js", "api.js", "desk.js", "map.js", "tables.js", "words.js", "style.css", "icon.svg")},
    "/sign.js": PAGE / "sign.js",
    "/vendor/preact.js": PAGE / "vendor" / "preact.js",
}  # fmt: skip
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
    "Server": "city",
}
LOOPBACK = ("localhost", "127.0.0.1", "::1")
MOST_BYTES = 16_384
BODY_S = 5.0


class Board:
    """Serves `view`; what officers do goes through `duty` and `orders`."""

    headers = HEADERS

    def __init__(self, db: Database, view: View, settings: Settings, duty: Duty, orders: Orders) -> None:
        self.db, self.view, self.settings, self.duty, self.orders = db, view, settings, duty, orders
        self.sessions, self.tries, self.one_login = Sessions(), Tries(), asyncio.Lock()
        self.logins = 0  # that wait or are looked at
        self._names = {*LOOPBACK, settings.host.lower(), *settings.names}
        self._made, self._text = float("-inf"), ""
        self._files = {path: file.read_bytes() for path, file in FILES.items()}

    def text(self) -> str:
        """What is now, made once for all who look."""
        now = time.monotonic()
        if now - self._made >= LIVE_S / 2:
            shown = self.view.document(time.time())
            self._made, self._text = now, json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
        return self._text

    async def run(self) -> None:
        """Serve until cancelled. Raises OSError when the port cannot be had."""
        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(
            app, handle_signals=False, access_log=None, keepalive_timeout=20.0, shutdown_timeout=0.2
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, self.settings.host, self.settings.port).start()
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        try:
            response = await self._allowed(request)
        except Refused as refused:
            response = reply({"error": refused.code}, refused.status)
        except web.HTTPException as error:
            response = reply({"error": "failed"}, error.status)
        except (StoreError, people.PeopleError) as error:
            log.warning("%s", error)
            response = reply({"error": "database"}, 503)
        except (TimeoutError, ConnectionError):
            response = reply({"error": "failed"}, 408)
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            response = reply({"error": "failed"}, 500)
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    async def _allowed(self, request: web.Request) -> web.StreamResponse:
        host = request.headers.get("Host", "")
        if name_of(host) not in self._names:
            raise Refused(421, "host")
        if request.method in ("GET", "HEAD") and request.path in self._files:
            file = FILES[request.path]
            return web.Response(
                body=self._files[request.path], content_type=TYPES[file.suffix], charset="utf-8"
            )
        handler, right = ROUTES.get((request.method, request.path), (None, ""))
        if handler is None:
            raise Refused(404, "not-here")
        visitor = self._visitor(request)
        if request.method == "POST" and not await self._is_from_our_page(request, visitor):
            raise Refused(403, "forged")
        if right and not visitor.name:
            raise Refused(401, "login-first")
        if right and right not in visitor.rights:
            raise Refused(403, "right-missing")
        return await handler(self, request, visitor)

    def _visitor(self, request: web.Request) -> Visitor:
        token = request.cookies.get(COOKIE, "")
        accounts = people.read(self.settings.folder)
        session = self.sessions.of(token, accounts, time.monotonic()) if token else None
        if session is None:
            return Visitor()
        return Visitor(session.name, accounts[session.name].role, session.csrf, token)

    async def _is_from_our_page(self, request: web.Request, visitor: Visitor) -> bool:
        host = request.headers.get("Host", "")
        scheme = "https" if name_of(host) in self.settings.names else "http"
        if (
            request.headers.get("Origin") != f"{scheme}://{host}"
            or request.content_type != "application/json"
        ):
            return False
        async with asyncio.timeout(BODY_S):
            await request.read()  # aiohttp keeps it
        given = request.headers.get("X-CSRF-Token", "").encode("utf-8", "surrogateescape")
        return not visitor.name or hmac.compare_digest(given, visitor.csrf.encode())
