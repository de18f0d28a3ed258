"""Is this request for us, and who sent it? Pure: headers in, a verdict out."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from pole_agent.settings.page import is_loopback

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
# What proxies add. Each has some of them, and none is sent by a browser
PROXIED = (
    "Forwarded", "Via", "X-Real-IP", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP", "X-Forwarded-For",
    "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Server", "X-Forwarded-Scheme",
    "X-Forwarded-By", "X-Original-Host", "X-Original-URL", "X-Envoy-External-Address",
)  # fmt: skip


def name_of(host: str) -> str:
    """The name or address in a Host header, without port and brackets; empty for one that is none."""
    try:
        parts = urlsplit(f"//{host}")
        parts.port  # noqa: B018 - raises for one that is no number
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.netloc == host and "@" not in host else ""


def is_ours(host: str, names: Iterable[str]) -> bool:
    """Does the browser ask for this pole? A name that others point at it (DNS rebinding) is not it."""
    return name_of(host) in {name.lower() for name in names}


def same_origin(origin: str | None, host: str, *, https: bool) -> bool:
    """Does the page that sends this come from us? Browsers add Origin to every POST.

    `https` is that of the browser: behind a proxy that does it, https too.
    """
    return origin == f"{'https' if https else 'http'}://{host}"


def is_near(peer: str, headers: Mapping[str, str], trusted: Iterable[str]) -> bool:
    """Does the request begin at the pole? It comes over loopback, asks for a name of loopback, and nobody
    has passed it on: what was may come from anywhere.
    """
    networks = [ipaddress.ip_network(network) for network in trusted]
    return (
        is_loopback(peer)
        and not _is_in(peer, networks)
        and is_loopback(name_of(headers.get("Host", "")))
        and not any(name in headers for name in PROXIED)
    )


def address_of(peer: str, forwarded: Iterable[str], trusted: Iterable[str]) -> str:
    """The address of the browser: the last one in X-Forwarded-For that no trusted proxy has, where the peer
    is such a proxy; else the peer. `forwarded`: each header of that name; a proxy may add one of its own.
    """
    networks = [ipaddress.ip_network(network) for network in trusted]
    address = peer
    for hop in reversed([hop.strip() for hop in ",".join(forwarded).split(",")]):
        if not _is_address(hop) or not _is_in(address, networks):
            break
        address = hop
    return address


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_in(address: str, networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(ip in network for network in networks)
