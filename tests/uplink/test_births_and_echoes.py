"""Births count connections and cost nothing while there is none; the pole's own status is true; each event is
sent once.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.odd_broker import OddBroker, Oddity
from tests.faults.test_a_broker_misbehaves import BASE, Pole, fill, running, until


@pytest.fixture
def odd() -> Iterator[OddBroker]:
    broker = OddBroker()
    yield broker
    broker.close()


def status(odd: OddBroker) -> dict[str, Any]:
    """What the broker keeps; nothing, where that is no JSON."""
    try:
        return dict(json.loads(odd.retained.get(f"{BASE}/status", b"{}")))
    except ValueError:
        return {}


def written(folder: Path) -> list[tuple[str, int, int]]:
    return [(f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in sorted(folder.iterdir())]


async def test_an_attempt_writes_nothing(odd: OddBroker, tmp_path: Path) -> None:
    """An attempt writes nothing and only a connection is counted."""
    odd.oddity = Oddity(connack=0x88)  # the server is unavailable
    state = tmp_path / "state"

    async def work(birth: int) -> None:
        odd.oddity.connack, before = 0x88, len(odd.connects)
        async with running(Pole(state, odd.port)) as pole:
            await until(lambda: len(odd.connects) >= before + 2, 20)
            files = written(state)
            await until(lambda: len(odd.connects) >= before + 6, 20)
            assert written(state) == files
            odd.oddity.connack = 0
            await until(lambda: status(odd).get("birth") == birth, 20, lambda: status(odd))
            await until(lambda: pole.upload._own.births == birth, 1)

    for birth in (1, 2, 3):
        await work(birth)


@pytest.mark.parametrize(
    "untrue", [b"", b"junk", b'{"state":"offline","reason":"lost","boot_id":"boot-1","birth":1}']
)
async def test_late_will_or_cleared_status_is_corrected(
    odd: OddBroker, tmp_path: Path, untrue: bytes
) -> None:
    """A late will or a cleared status is said right again."""
    async with running(Pole(tmp_path / "state", odd.port)) as pole:
        await until(lambda: pole.upload._presence.heard_ourselves, 10)
        said = status(odd)
        await asyncio.to_thread(odd.say, f"{BASE}/status", untrue)
        await until(lambda: status(odd) == said, 10, lambda: status(odd))
        assert not pole.parts.is_degraded("identity")


async def test_one_acknowledgement_at_a_time_one_delivery(odd: OddBroker, tmp_path: Path) -> None:
    """One acknowledgement at a time means one delivery each.

    Thirty wait, 0.4 s each: the last one waits for longer than a broker may be silent.
    """
    odd.oddity = Oddity(ack_s=0.4)
    fill(tmp_path / "state", good=30, bad=0)

    async with running(Pole(tmp_path / "state", odd.port)) as pole:
        await until(lambda: pole.upload.sent_events >= 30, 60, lambda: pole.parts.report())
    sent = [payload for topic, payload in odd.taken if "/events/incident/" in topic]
    assert (len(sent), len(set(sent)), len(odd.connects)) == (30, 30, 1)
