"""Is this request for us, and who sent it? Pure: headers in, a verdict out."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
PROXIED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")


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


def is_proxied(headers: Mapping[str, str]) -> bool:
    """Has somebody passed it on? Then it may come from anywhere, whatever its address."""
    return any(name in headers for name in PROXIED)


def address_of(peer: str, headers: Mapping[str, str], trusted: Iterable[str]) -> str:
    """The address of the browser: the last one in X-Forwarded-For that no trusted proxy has, where the peer
    is such a proxy; else the peer.
    """
    networks = [ipaddress.ip_network(network) for network in trusted]
    address = peer
    for hop in reversed([peer_.strip() for peer_ in headers.get("X-Forwarded-For", "").split(",")]):
        if not hop or not _is_in(address, networks):
            break
        address = hop
    return address


def _is_in(address: str, networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(ip in network for network in networks if network.version == ip.version)
