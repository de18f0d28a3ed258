"""Wrong passwords slow the address that they come from, and nobody else. Nobody is locked out for good."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

FREE = 5  # wrong tries before the first pause
FIRST_S, LONGEST_S = 1.0, 60.0  # the pause doubles with each wrong try
FORGET_S = 15 * 60.0
MOST = 1000  # addresses; an attacker with more meets the limit of the server
IPV6_PREFIX = 64  # what one subscriber has


@dataclass(slots=True)
class Count:
    wrong: int
    last: float


class Tries:
    """By address. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._counts: dict[str, Count] = {}

    def wait_s(self, address: str, now: float) -> float:
        """How long this address must still wait before it may try again; 0 when it may."""
        count = self._counts.get(_group(address))
        if count is None or count.wrong < FREE:
            return 0.0
        pause = min(LONGEST_S, FIRST_S * 2.0 ** min(count.wrong - FREE, 10))
        return max(0.0, count.last + pause - now)

    def wrong(self, address: str, now: float) -> None:
        self._counts = {key: c for key, c in self._counts.items() if now - c.last < FORGET_S}
        group = _group(address)
        while len(self._counts) >= MOST and group not in self._counts:
            del self._counts[min(self._counts, key=lambda key: self._counts[key].last)]
        count = self._counts.setdefault(group, Count(0, now))
        count.wrong, count.last = count.wrong + 1, now

    def right(self, address: str) -> None:
        self._counts.pop(_group(address), None)


def _group(address: str) -> str:
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if ip.is_loopback:
        return "loopback"  # whoever is on this machine has all of them
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped or ipaddress.ip_network((ip, IPV6_PREFIX), strict=False))
    return str(ip)
