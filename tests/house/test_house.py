"""The whole agent on a manual clock: every room, a real store, mock pins, a broker in memory, scripted
detections.
"""

from __future__ import annotations

import json
from pathlib import Path

from pole_agent.uplink.events import Message
from tests.world import BASE, NIGHT, WALKER, Worlds


async def test_somebody_comes_and_the_city_hears_of_it(town: Worlds) -> None:
    async with town() as w:
        await w.until(lambda: w.light == 0.4)
        await w.until(lambda: w.light == 1.0)
        await w.until(lambda: w.heard("status"))
        assert w.heard("lamp/state")[-1]["reason"] == "presence"
        await w.until(lambda: any(e["type"] == "smartpole.incident.closed" for e in w.events()))
        await w.until(lambda: w.light == 0.4)  # the lamp goes back after the hold
        await w.until(lambda: (r := w.heard("drone/request")) and r[-1]["state"] == "pending_approval")
        opened = next(e for e in w.events() if e["type"] == "smartpole.incident.opened")
        assert (opened["severity"], opened["data"]["rule"], opened["data"]["notify"]) == (
            "alarm",
            "watch",
            ["112"],
        )
        await w.runtime.store.flush()
        await w.until(lambda: len(w.events()) >= 4)
        sequences = sorted(int(e["sequence"]) for e in w.events())
        assert sequences == list(range(1, len(sequences) + 1))
        assert {e["timequality"] for e in w.events()} == {"synced"}
        assert all(len(json.dumps(e)) < 1024 for e in w.events() if "incident" in e["type"])
        info = w.heard("info")[-1]
        assert info["cameras"][0]["zones"][0]["name"] == "frame"
        active = w.heard("active")[-1]
        assert active["requests"][0]["state"] == "pending_approval"


async def test_an_alarm_raises_the_lamp_by_a_control(world: Worlds, square_clip: Path) -> None:
    """An alarm raises the lamp by a control and a maximum keeps presence low.

    The rule itself has no lamp: the severity of its incident is what the control hears of.
    """
    settings = (
        'program = [{ at = "sunset", level = 0.4 }, { at = "sunrise", level = 0.0 }]\ncontrol = [{ kind'
        ' = "min", level = 0.9, when = "alarm", hold_s = 10 }, { kind = "max", level = 0.5'
        f' }}]\n[[camera]]\nname = "street"\nsource = "{square_clip}"\nfps = 5\n[[rule]]\nname ='
        ' "light"\nkind = "presence"\nlamp = { level = 1.0, hold_s = 60 }\n[[rule]]\nname = "watch"\nkind'
        ' = "presence"\nseverity = "alarm"\n'
    )

    async with world(settings, NIGHT, sees=WALKER, waits=False) as w:
        await w.until(lambda: w.light == 0.4)
        await w.until(lambda: w.light == 0.9, within_s=20)
        assert w.runtime.light.state()["reason"] == "presence"
        # The alarm is over, somebody may still be there, and the maximum holds
        await w.until(lambda: w.light == 0.5)
        await w.until(lambda: w.light == 0.4, within_s=90)


async def test_order_goes_out_once_after_an_approval(town: Worlds) -> None:
    """An order goes out once after a person approved and never without."""
    async with town() as w:
        await w.until(lambda: (r := w.heard("drone/request")) and r[-1]["state"] == "pending_approval")
        request = w.heard("drone/request")[-1]["request_id"]
        w.send("drone/approval", {"request_id": request, "decision": "approve"})
        await w.until(lambda: w.heard("reply"))
        assert w.heard("reply")[-1]["ok"] is False, "nobody's name, no decision"
        assert not w.heard("drone/order")
        w.send(
            "drone/approval",
            {"request_id": request, "decision": "approve", "by": "Officer", "command_id": "c1"},
        )
        await w.until(lambda: w.heard("drone/order"))
        order = next(m for m in w.broker.published if m.topic.endswith("drone/order"))
        assert order.expiry_s is not None
        assert 0 < order.expiry_s <= 300
        assert json.loads(order.payload)["approved_by"] == "Officer"
        w.send(
            "drone/approval",
            {"request_id": request, "decision": "approve", "by": "Officer", "command_id": "c1"},
        )
        await w.until(lambda: any(r.get("duplicate") for r in w.heard("reply")))
        w.send("drone/progress", {"request_id": request, "status": "in_progress"})
        await w.until(lambda: w.heard("drone/request")[-1]["state"] == "in_progress")
        w.send("drone/approval", {"request_id": request, "decision": "cancel", "by": "Officer"})
        await w.until(lambda: w.heard("drone/request")[-1]["state"] == "canceled")
        assert len(w.heard("drone/order")) == 1


async def test_a_request_that_nobody_decides_expires(town: Worlds) -> None:
    async with town() as w:
        await w.until(lambda: (r := w.heard("drone/request")) and r[-1]["state"] == "pending_approval")
        await w.pass_time(310, 1.0)
        await w.until(lambda: w.heard("drone/request")[-1]["state"] == "expired")
        request = w.heard("drone/request")[-1]["request_id"]
        w.send("drone/approval", {"request_id": request, "decision": "approve", "by": "Late"})
        await w.until(lambda: w.heard("reply"))
        assert "does not accept an approval any more" in w.heard("reply")[-1]["error"]


async def test_overrides_end_and_bad_commands_are_answered(town: Worlds) -> None:
    """Overrides end and bad commands are answered recorded and not acted on."""
    async with town() as w:
        await w.until(lambda: w.heard("status") and w.light == 0.4)
        w.send(
            "lamp/set", {"level": 0.7, "duration_s": 2, "transition": 0, "mode": "fixed", "command_id": "a"}
        )
        await w.until(lambda: w.light == 0.7)
        await w.until(lambda: w.heard("lamp/state")[-1]["level"] == 0.7)
        assert w.heard("lamp/state")[-1]["until"] is not None
        await w.until(lambda: w.heard("lamp/state")[-1]["reason"] != "override")
        deep = b"[" * 5000 + b"]" * 5000
        for payload, more in (
            ({"level": 0.2}, {"retained": True}),
            (b"\xff\xfe", {}),
            (deep, {}),
            (b"x" * 70_000, {}),
            ({"level": 9}, {}),
        ):
            w.send("lamp/set", payload, **more)
        await w.until(lambda: sum(not r["ok"] for r in w.heard("reply")) >= 3)
        await w.pass_time(80, 1.0)
        await w.until(lambda: any(r.get("count") == 2 for r in w.heard("reply")))
        await w.until(lambda: sum(e["type"] == "smartpole.command.refused" for e in w.events()) == 4)
        assert "retained" in w.heard("reply")[1]["error"]


async def test_a_flood_of_bad_commands_hides_no_cancel(town: Worlds) -> None:
    """A flood of bad commands hides no cancel and is counted whole."""
    async with town() as w:
        await w.until(lambda: (r := w.heard("drone/request")) and r[-1]["state"] == "pending_approval")
        request = w.heard("drone/request")[-1]["request_id"]
        for _ in range(500):
            w.send("lamp/set", {"level": 9})
        w.send("drone/approval", {"request_id": request, "decision": "cancel", "by": "Officer"})
        await w.until(lambda: w.heard("drone/request")[-1]["state"] == "canceled")
        await w.pass_time(80, 1.0)
        await w.until(lambda: any(r.get("count") == 497 for r in w.heard("reply")))


async def test_a_broker_that_is_away_for_an_hour(town: Worlds) -> None:
    async with town() as w:
        await w.until(lambda: w.heard("status"))
        lamp_before = w.runtime.light.changes
        w.broker.down = True
        w.broker.drop()
        assert w.heard("status")[-1]["reason"] == "lost", "the will"
        assert lamp_before <= 1, "it has not gone back yet"
        await w.until(lambda: w.runtime.light.changes >= 2)
        await w.until(lambda: w.light == 0.4)  # the lamp did not notice
        await w.pass_time(3600, 5.0)
        await w.runtime.store.flush()
        waiting = await w.runtime.store.read(lambda db: db.waiting(1000, frozenset()))
        assert len(waiting) >= 4
        known = len(w.events())
        w.broker.down = False
        back = w.clock.monotonic()
        await w.until(lambda: w.heard("status")[-1]["state"] == "online", within_s=60)
        assert w.clock.monotonic() - back <= 60
        await w.until(lambda: len(w.events()) - known >= len(waiting))
        drained = [int(e["sequence"]) for e in w.events()[known:]][: len(waiting)]
        assert drained == [s.seq for s in waiting], "severity, then age"


async def test_message_that_broker_refuses_blocks_nobody(town: Worlds) -> None:
    """A message that the broker refuses blocks nobody."""
    async with town() as w:
        w.broker.refused_topics.add(f"{BASE}/events/incident/opened")
        await w.until(lambda: any(e["type"] == "smartpole.incident.closed" for e in w.events()))
        waiting = await w.runtime.store.read(lambda db: db.waiting(10, frozenset()))
        assert [s.kind for s in waiting if s.kind == "incident.opened"] == ["incident.opened"], (
            "kept, not lost"
        )


async def test_untrusted_time_is_failsafe_light(town: Worlds) -> None:
    """Untrusted time is failsafe light and corrected later."""
    w = town(1000.0, trust="auto", time_server=False, sees={})
    w.broker.down = True
    async with w:
        await w.pass_time(20, 0.2)
        assert w.light == 1.0
        assert w.runtime.light.state()["reason"] == "failsafe"
        await w.runtime.store.flush()
        before = await w.runtime.store.read(lambda db: db.list_events(10))
        assert before
        assert {s.stamp.quality for s in before} == {"unsynced"}
        w.clock.set_wall(NIGHT)
        w.time_server = True
        for _ in range(100):
            await w.pass_time(0.2, 0.2)
            after = await w.runtime.store.read(lambda db: db.list_events(10))
            if after[0].stamp.quality == "corrected":
                break
        assert after[0].stamp.quality == "corrected"
        assert abs(after[0].stamp.wall - NIGHT) < 120


async def test_messages_are_json_that_a_city_can_read(town: Worlds) -> None:
    async with town() as w:
        await w.until(lambda: w.heard("health"))
        seen: list[Message] = w.broker.published
        for message in seen:
            json.loads(message.payload)
        retained = {m.topic.removeprefix(BASE + "/") for m in seen if m.retain}
        assert {"status", "info", "lamp/state", "active", "health"} <= retained
