"""What visitors ask of the board: look, log in, act on a case, decide about a flight."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from city import desk, people
from city.visit import Refused, Visitor, body_of, name_of, peer_of, reply, texts_of

if TYPE_CHECKING:
    from city.board import Board

log = logging.getLogger("city.board")
COOKIE = "city_session"
WRITE_S, LIVE_S = 10.0, 1.0
MOST_LOGINS = 8  # at a time, one after the other: each costs 16 MB and some of a core
STILL_S = 10.0  # so often a stream without news is heard all the same
Handler = Callable[["Board", web.Request, Visitor], Awaitable[web.StreamResponse]]


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
    name, password = texts_of(await body_of(request), "name", "password")
    peer, key = peer_of(request), f"{peer_of(request)} {name[:100]}"
    if board.tries.wait_s(key, time.monotonic()) > 0 or board.logins >= MOST_LOGINS:
        raise Refused(429, "login-later")
    board.tries.wrong(key, time.monotonic())  # until it proves right: many at once count each
    account = people.read(board.settings.folder).get(name)
    board.logins += 1
    try:
        async with board.one_login:
            right = await asyncio.to_thread(people.fits, account, password)
    finally:
        board.logins -= 1
    if not right or account is None:
        log.warning("a login failed from %s", peer)
        if account is not None:  # names that there are not could fill the table
            await board.duty.audit(name, "login failed", peer)
        raise Refused(401, "login-wrong")
    board.tries.right(key)
    await board.duty.audit(name, "login", peer)
    response = reply({"ok": True})
    secure = name_of(request.headers.get("Host", "")) in board.settings.names
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
    response = web.StreamResponse(headers={**board.headers, "Content-Type": "text/event-stream"})
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
    body = await body_of(request)
    name, act = texts_of(body, "id", "act")
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
            return desk.noted(known, by, now, *texts_of(body, "text"))
        case "done":
            return desk.finished(known, by, now, *texts_of(body, "verdict"))
    raise Refused(400, "failed")


async def drone(board: Board, request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """A person decides about a flight. The pole answers, not we."""
    body = await body_of(request)
    source, name, decision = texts_of(body, "source", "request_id", "decision")
    if source not in board.view.words or decision not in ("approve", "deny", "cancel"):
        raise Refused(400, "failed")
    said: dict[str, Any] = {"request_id": name, "decision": decision, "by": visitor.name}
    if decision == "approve" and isinstance(body.get("signature"), dict):
        said["signature"] = body["signature"]
    await board.duty.audit(visitor.name, f"drone {decision}", f"{source} {name}")
    answer = await board.orders.send(source, "drone/approval", said, patient=True)
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
