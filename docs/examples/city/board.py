"""The board over HTTP. Every request goes one way: is it for us, from our page, by whom, may they. Then it is
answered from the view. Loopback by default; for others it stands behind a proxy that does HTTPS.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from city import desk, people
from city.duty import Duty
from city.orders import Orders
from city.people import RIGHTS, Sessions, Tries
from city.settings import Settings
from city.store import Database, StoreError
from city.view import View

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
COOKIE = "city_session"
MOST_BYTES = 16_384
BODY_S, WRITE_S, LIVE_S = 5.0, 10.0, 1.0
STILL_S = 10.0  # so often a stream without news is heard all the same
Handler = Callable[["Board", web.Request, "Visitor"], Awaitable[web.StreamResponse]]


class Visitor:
    """Who sent a request; nobody without a session."""

    def __init__(self, name: str = "", role: str = "", csrf: str = "", token: str = "") -> None:
        self.name, self.role, self.csrf, self.token = name, role, csrf, token
        self.rights = RIGHTS.get(role, frozenset())


class Refused(Exception):
    """An answer that is no success: `code` is a word of the page."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class Board:
    """Serves `view`; what officers do goes through `duty` and `orders`."""

    def __init__(self, db: Database, view: View, settings: Settings, duty: Duty, orders: Orders) -> None:
        self.db, self.view, self.settings, self.duty, self.orders = db, view, settings, duty, orders
        self.sessions, self.tries, self.one_login = Sessions(), Tries(), asyncio.Lock()
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
            app, handle_signals=False, access_log=None, keepalive_timeout=20.0, shutdown_timeout=1.0
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
        if _name_of(host) not in self._names:
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
        scheme = "https" if _name_of(host) in self.settings.names else "http"
        if (
            request.headers.get("Origin") != f"{scheme}://{host}"
            or request.content_type != "application/json"
        ):
            return False
        async with asyncio.timeout(BODY_S):
            await request.read()  # aiohttp keeps it
        given = request.headers.get("X-CSRF-Token", "").encode("utf-8", "surrogateescape")
        return not visitor.name or hmac.compare_digest(given, visitor.csrf.encode())


async def me(board: Board, _: web.Request, visitor: Visitor) -> web.StreamResponse:
    settings = board.settings
    shown: dict[str, Any] = {"name": visitor.name, "role": visitor.role, "csrf": visitor.csrf}
    shown["rights"] = sorted(visitor.rights)
    if visitor.name:
        shown |= {
            "recorder": settings.recorder,
            "contacts": settings.contacts,
            "prefix": settings.broker.prefix,
        }
    return reply(shown)


async def login(board: Board, request: web.Request, _: Visitor) -> web.StreamResponse:
    name, password = _texts(await _body(request), "name", "password")
    peer, key = _peer(request), f"{_peer(request)} {name[:100]}"
    if board.tries.wait_s(key, time.monotonic()) > 0:
        raise Refused(429, "login-later")
    board.tries.wrong(key, time.monotonic())  # until it proves right: many at once count each
    account = people.read(board.settings.folder).get(name)
    async with board.one_login:
        right = await asyncio.to_thread(people.fits, account, password)
    if not right or account is None:
        await board.duty.audit(name, "login failed", peer)
        raise Refused(401, "login-wrong")
    board.tries.right(key)
    await board.duty.audit(name, "login", peer)
    response = reply({"ok": True})
    secure = _name_of(request.headers.get("Host", "")) in board.settings.names
    token = board.sessions.begin(name, account, time.monotonic())
    response.set_cookie(COOKIE, token, httponly=True, samesite="Strict", secure=secure, path="/")
    return response


async def logout(board: Board, _: web.Request, visitor: Visitor) -> web.StreamResponse:
    board.sessions.end(visitor.token)
    response = reply({"ok": True})
    response.del_cookie(COOKIE, path="/")
    return response


async def live(board: Board, request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """What is now, as server-sent events, as long as the session lasts."""
    response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream"})
    await response.prepare(request)
    last, told = "", float("-inf")
    try:
        while board.sessions.of(visitor.token, people.read(board.settings.folder), time.monotonic()):
            text = board.text()
            if text != last or time.monotonic() - told >= STILL_S:
                last, told = text, time.monotonic()
                async with asyncio.timeout(WRITE_S):
                    await response.write(f"data: {text}\n\n".encode())
            await asyncio.sleep(LIVE_S)
    except (ConnectionError, TimeoutError):
        pass
    return response


async def case(board: Board, request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """Acknowledge, note, or finish a case."""
    body = await _body(request)
    name, act = _texts(body, "id", "act")
    now = time.time()
    async with board.duty.one:
        known = board.view.cases.get(name)
        if known is None:
            raise Refused(404, "case-unknown")
        try:
            changed = _changed(known, act, body, visitor.name, now)
        except desk.DeskError as error:
            raise Refused(409, str(error)) from error
        await board.duty.keep([changed])
        if changed.verdict and changed.verdict != known.verdict:
            await board.duty.judge(changed, changed.verdict, visitor.name)
        await board.duty.audit(visitor.name, f"{act} {changed.verdict}".strip(), name)
    return reply({"ok": True})


def _changed(known: desk.Case, act: str, body: Mapping[str, Any], by: str, now: float) -> desk.Case:
    """Raises DeskError, Refused."""
    match act:
        case "acknowledge":
            return desk.acknowledged(known, by, now)
        case "note":
            return desk.noted(known, by, now, *_texts(body, "text"))
        case "done":
            return desk.finished(known, by, now, *_texts(body, "verdict"))
    raise Refused(400, "failed")


async def drone(board: Board, request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """A person decides about a flight. The pole answers, not we."""
    body = await _body(request)
    source, name, decision = _texts(body, "source", "request_id", "decision")
    if source not in board.view.words or decision not in ("approve", "deny", "cancel"):
        raise Refused(400, "failed")
    said: dict[str, Any] = {"request_id": name, "decision": decision, "by": visitor.name}
    if decision == "approve" and isinstance(body.get("signature"), dict):
        said["signature"] = body["signature"]
    await board.duty.audit(visitor.name, f"drone {decision}", f"{source} {name}")
    answer = await board.orders.send(source, "drone/approval", said)
    if answer is None:
        raise Refused(504, "no-answer")
    return reply(
        {"ok": answer.get("ok") is True, "said": str(answer.get("error") or answer.get("state") or "")}
    )


async def audit(board: Board, _: web.Request, __: Visitor) -> web.StreamResponse:
    rows = await board.db.fetch("SELECT at, who, what, about FROM audit ORDER BY at DESC LIMIT 200")
    return reply({"audit": [dict(row) for row in rows]})


ROUTES: dict[tuple[str, str], tuple[Handler, str]] = {
    ("GET", "/api/me"): (me, ""),
    ("POST", "/api/login"): (login, ""),
    ("POST", "/api/logout"): (logout, ""),
    ("GET", "/api/live"): (live, "look"),
    ("GET", "/api/audit"): (audit, "audit"),
    ("POST", "/api/case"): (case, "act"),
    ("POST", "/api/drone"): (drone, "act"),
}


def reply(document: Mapping[str, Any], status: int = 200) -> web.Response:
    return web.json_response(document, status=status)


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        found = json.loads(await request.read())
        json.dumps(found, ensure_ascii=False).encode()  # half of a character has no bytes
    except (ValueError, RecursionError):
        raise Refused(400, "failed") from None
    if not isinstance(found, dict):
        raise Refused(400, "failed")
    return found


def _texts(body: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    found = [body.get(name) for name in names]
    if not all(isinstance(text, str) and len(text) <= 2000 for text in found):
        raise Refused(400, "failed")
    return tuple(str(text) for text in found)


def _name_of(host: str) -> str:
    """The name in a Host header, without port and brackets; empty for one that is none."""
    try:
        parts = urlsplit(f"//{host}")
        parts.port  # noqa: B018 - raises for one that is no number
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.netloc == host and "@" not in host else ""


def _peer(request: web.Request) -> str:
    """Where a guess comes from; behind a proxy always from the proxy, and the name tells them apart."""
    try:
        address = ipaddress.ip_address((request.remote or "").partition("%")[0])
    except ValueError:
        return "unknown"
    wide = isinstance(address, ipaddress.IPv6Address) and not address.is_loopback
    return str(ipaddress.ip_network((address, 64), strict=False)) if wide else str(address)
