"""A request and its answer: who visits, what is refused, and what a hostile request may hold."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from city.people import RIGHTS


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


def reply(document: Mapping[str, Any], status: int = 200) -> web.Response:
    return web.json_response(document, status=status)


async def body_of(request: web.Request) -> dict[str, Any]:
    try:
        found = json.loads(await request.read())
        json.dumps(found, ensure_ascii=False).encode()  # half of a character has no bytes
    except (ValueError, RecursionError):
        raise Refused(400, "failed") from None
    if not isinstance(found, dict):
        raise Refused(400, "failed")
    return found


def texts_of(body: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    found = [body.get(name) for name in names]
    if not all(isinstance(text, str) and len(text) <= 2000 for text in found):
        raise Refused(400, "failed")
    return tuple(str(text) for text in found)


def name_of(host: str) -> str:
    """The name in a Host header, without port and brackets; empty for one that is none."""
    try:
        parts = urlsplit(f"//{host}")
        parts.port  # noqa: B018 - raises for one that is no number
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.netloc == host and "@" not in host else ""


def peer_of(request: web.Request) -> str:
    """Where a guess comes from; behind a proxy always from the proxy, and the name tells them apart."""
    try:
        address = ipaddress.ip_address((request.remote or "").partition("%")[0])
    except ValueError:
        return "unknown"
    wide = isinstance(address, ipaddress.IPv6Address) and not address.is_loopback
    return str(ipaddress.ip_network((address, 64), strict=False)) if wide else str(address)
