"""Log in once, under another name, look at what the broker grants, and leave: for the doctor.

Nothing is published.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace

import aiomqtt

from pole_agent.errors import LinkLost
from pole_agent.uplink.client import AckClient
from pole_agent.uplink.events import LISTENED
from pole_agent.uplink.filters import Filters
from pole_agent.uplink.many import listened
from pole_agent.uplink.mqtt import UNSUPPORTED_PROTOCOL, Address, client_for, close, reason_code
from pole_agent.uplink.session import subscribe

SUFFIX = "-doctor"
PATIENCE_S = 4.0
LOOKS = 4  # at what can be listened to: each after a connection that the broker closed at that


@dataclass(frozen=True, slots=True)
class Visit:
    """What happened. `code` is the broker's reason code, None when it closed or said nothing; `closed`: it
    closed without a word.

    `said` is its answer in words. `missing`: what it does not let us listen to, and why.
    """

    modern: bool
    code: int | None
    said: str = ""
    closed: bool = False
    retains: bool = True
    most_qos: int = 1
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def entered(self) -> bool:
        return self.code == 0


def visit(address: Address, base: str) -> Visit:
    """Log in as this pole's doctor. Raises LinkLost when the connection cannot be prepared."""
    return asyncio.run(_visit(address, base))


async def _visit(address: Address, base: str) -> Visit:
    modern = address.protocol != "3.1.1"
    seen = await _once(address, base, _filters(address), modern)
    if modern and address.protocol == "auto" and (seen.closed or seen.code in UNSUPPORTED_PROTOCOL):
        older = await _once(address, base, _filters(address), False)
        if not older.closed:
            seen, modern = older, False
    filters = _filters(address)
    for _ in range(LOOKS if seen.entered else 0):
        if not (await _once(address, base, filters, modern, listen=True)).closed:
            break
    return replace(seen, missing=filters.missing)


def _filters(address: Address) -> Filters:
    return Filters(LISTENED, listened(address.groups))


async def _once(
    address: Address, base: str, filters: Filters, modern: bool, *, listen: bool = False
) -> Visit:
    client = client_for(address, SUFFIX, modern, None)
    client.timeout = PATIENCE_S
    try:
        await client.__aenter__()
    except (aiomqtt.MqttError, OSError, ValueError) as error:
        return Visit(modern, reason_code(error), str(error), client.closed_early)
    try:
        return Visit(
            modern,
            0,
            closed=listen and not await _listen(client, base, filters),
            retains=client.retains,
            most_qos=client.most_qos,
        )
    finally:
        await close(client)


async def _listen(client: AckClient, base: str, filters: Filters) -> bool:
    """Ask for everything. False: the broker closed at that."""
    try:
        for group in filters.groups(time.monotonic()):
            await subscribe(client, base, filters, group, anew=True)
    except LinkLost:
        return False
    return True
