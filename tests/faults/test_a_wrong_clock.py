"""Failure 11: a boot at 1970, a boot two years ahead, jumps both ways. The lamp is safe, times are corrected
from monotonic time, and no drone flies.

(That a TLS failure is explained by the clock stands in tests/uplink/test_tls.py.)
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from pole_agent.vocabulary import RecordEvent, Severity
from tests.world import NIGHT, World, Worlds

YEAR_S = 365 * 86_400.0
FLOOR = 0.2


def requests(w: World) -> list[dict[str, Any]]:
    return w.heard("drone/request")


@pytest.mark.parametrize(
    "boot", [0.0, NIGHT + 2 * YEAR_S, NIGHT - 2 * YEAR_S], ids=["1970", "two years ahead", "two years behind"]
)
async def test_a_boot_with_a_wrong_clock(town: Worlds, boot: float) -> None:
    async with town(boot, trust="auto", time_server=False) as w:
        await w.until(lambda: requests(w) and requests(w)[-1]["state"] != "requested")
        assert w.light == 1.0, "unknown is lit: failsafe_level"
        assert requests(w)[-1]["state"] == "blocked"
        assert "clock is not trusted" in requests(w)[-1]["reason"]
        await w.until(lambda: any(e["type"] == "smartpole.incident.opened" for e in w.events()))
        opened = next(e for e in w.events() if e["type"] == "smartpole.incident.opened")
        assert opened["timequality"] == "unsynced"
        happened = w.clock.monotonic()
        # What waits while the link is down is corrected, once the time is known.
        w.broker.down = True
        w.broker.drop()
        await w.until(lambda: not w.runtime.board.connected)
        w.send("lamp/set", {})
        w.runtime.store.record(_event(w))
        await w.pass_time(30, 1.0)
        w.clock.set_wall(NIGHT + 60)
        w.time_server = True
        await w.pass_time(30, 1.0)
        assert w.runtime.keeper.trusted
        w.broker.down = False
        await w.until(lambda: any(e["data"].get("part") == "test" for e in w.events()), within_s=120)
        corrected = next(e for e in w.events() if e["data"].get("part") == "test")
        assert corrected["timequality"] == "corrected"
        shown = datetime.fromisoformat(corrected["time"]).timestamp()
        truly = w.runtime.keeper.wall_at(happened)
        assert abs(shown - truly) < 60, "from monotonic time, not from what the clock said then"
        await w.until(lambda: w.light == 0.4, within_s=120)  # the program, once the time is known
        await w.until(lambda: requests(w)[-1]["state"] in ("pending_approval", "expired"))


def _event(w: World) -> RecordEvent:
    return RecordEvent(
        "health.degraded",
        Severity.WARNING,
        {"part": "test", "reason": "made for the test"},
        w.clock.monotonic(),
    )


@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0, -12 * 3600.0, 12 * 3600.0, YEAR_S])
async def test_a_clock_that_jumps_by_night_darkens(town: Worlds, jump: float) -> None:
    """A clock that jumps by night darkens nothing and flies nothing."""
    async with town(trust="auto") as w:
        await w.until(lambda: w.heard("lamp/state"))
        await w.until(lambda: requests(w) and requests(w)[-1]["state"] == "pending_approval")
        w.clock.set_wall(w.clock.wall() + jump)
        w.time_server = False
        for _ in range(60):
            await w.pass_time(1, 0.5)
            assert w.light >= FLOOR
        assert not w.runtime.keeper.trusted
        await w.until(lambda: requests(w)[-1]["state"] == "blocked")
        w.send(
            "drone/approval",
            {"request_id": requests(w)[-1]["request_id"], "decision": "approve", "by": "Officer"},
        )
        await w.pass_time(5, 0.5)
        assert not w.heard("drone/order")
        w.clock.set_wall(w.clock.wall() - jump)
        w.time_server = True
        for _ in range(100):
            await w.pass_time(10, 5.0)
            assert w.light >= FLOOR
        assert w.runtime.keeper.trusted
