"""The bench dispatcher: it checks orders again, obeys cancels, and tells what a pole needs to know."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pole_agent.almanac import rfc3339
from pole_agent.drone.commands import read_progress
from pole_agent.drone.conditions import read_conditions
from pole_agent.simulator.dispatcher import CONDITIONS_S, FAILURES, TICK_S, BenchDispatcher, Weather
from tests.conftest import ROOT

BASE = "smartpole/sumedang/DEMO-1"
WALL = 1_793_850_000.0
ORDER: dict[str, Any] = json.loads((ROOT / "docs" / "samples" / "drone-order.json").read_text()) | {
    "expires_at": rfc3339(WALL + 60)
}


class Dock:
    """A dispatcher on our clock, and what it says."""

    def __init__(self, **more: Any) -> None:
        self.wall = WALL
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.dispatcher = BenchDispatcher(
            lambda topic, payload: self.said.append((topic, payload)), lambda: self.wall, **more
        )
        self.hear("status", {"state": "online"})

    def hear(self, path: str, message: Any) -> None:
        self.dispatcher.hear(
            f"{BASE}/{path}", message if isinstance(message, bytes) else json.dumps(message).encode()
        )

    def run(self, seconds: float) -> None:
        end = self.wall + seconds
        while self.wall < end:
            self.dispatcher.step()
            self.wall += TICK_S

    def progress(self) -> list[dict[str, Any]]:
        return [payload for topic, payload in self.said if topic == f"{BASE}/drone/progress"]

    def conditions(self) -> list[dict[str, Any]]:
        return [payload for topic, payload in self.said if topic == f"{BASE}/drone/conditions"]

    @property
    def statuses(self) -> list[str]:
        return list(dict.fromkeys(p["status"] for p in self.progress()))


def test_an_order_is_flown_to_the_place_and_back() -> None:
    dock = Dock()
    dock.hear("drone/order", ORDER)
    dock.run(120)
    assert dock.statuses == ["accepted", "in_progress", "ok"]
    steps = list(dict.fromkeys(p["step"] for p in dock.progress()))
    assert steps == ["prepares", "takes off", "en route", "on scene", "returns", "landed"]
    there = next(p for p in dock.progress() if p["step"] == "on scene")
    assert there["latitude"] == pytest.approx(ORDER["target"]["latitude"], abs=1e-6)
    for payload in dock.progress():
        read_progress(payload)
    for payload in dock.conditions():
        read_conditions(payload)
    assert {c["dock"] for c in dock.conditions()} == {"idle", "working"}
    assert dock.conditions()[-1]["battery_pct"] < dock.conditions()[0]["battery_pct"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"expires_at": rfc3339(WALL)}, "it has expired"),
        ({"approved_by": ""}, "nobody approved it"),
        ({"gates": [*ORDER["gates"], {"name": "wind_ms", "ok": False}]}, "gates are not open: wind_ms"),
        ({"target": None}, "cannot be read"),
        ({"target": ORDER["target"] | {"altitude_agl_m": float("inf")}}, "cannot be read"),
        ({"target": ORDER["target"] | {"latitude": float("inf")}}, "cannot be read"),
        ({"expires_at": "soon"}, "cannot be read"),
    ],
)
def test_what_must_not_fly_is_rejected(change: dict[str, Any], reason: str) -> None:
    dock = Dock()
    dock.hear("drone/order", ORDER | change)
    dock.run(10)
    assert dock.statuses == ["rejected"]
    assert reason in dock.progress()[0]["reason"]


def test_an_order_counts_once_and_a_second_one_waits() -> None:
    dock = Dock()
    dock.hear("drone/order", ORDER)
    dock.hear("drone/order", ORDER)
    dock.hear("drone/order", ORDER | {"request_id": "another"})
    dock.run(2)
    assert [(p["request_id"] == "another", p["status"]) for p in dock.progress()][:2] == [
        (False, "accepted"),
        (True, "rejected"),
    ]
    dock.run(120)
    dock.hear("drone/order", ORDER)
    dock.run(5)
    assert [p["status"] for p in dock.progress()].count("accepted") == 1


@pytest.mark.parametrize("how", ["drone/cancel", "drone/request"])
def test_a_cancel_wins_in_the_air_and_before_the_order(how: str) -> None:
    word = {"request_id": ORDER["request_id"], "state": "canceled", "by": "Officer"}
    dock = Dock()
    dock.hear("drone/order", ORDER)
    dock.run(6)
    dock.hear(how, word)
    dock.run(60)
    assert dock.progress()[-1]["status"] == "canceled"
    early = Dock()
    early.hear(how, word)
    early.hear("drone/order", ORDER)
    assert early.statuses == ["rejected"]


@pytest.mark.parametrize(
    ("failure", "statuses"),
    [
        ("reject", ["rejected"]),
        ("silence", []),
        ("start", ["accepted", "failed"]),
        ("flight", ["accepted", "in_progress", "failed"]),
        ("partly", ["accepted", "in_progress", "partially_done"]),
        ("pause", ["accepted", "in_progress", "paused", "ok"]),
    ],
)
def test_it_fails_on_request(failure: Any, statuses: list[str]) -> None:
    assert failure in FAILURES
    dock = Dock(failure=failure)
    dock.hear("drone/order", ORDER)
    dock.run(150)
    assert dock.statuses == statuses


def test_wind_drops_while_after_first_request() -> None:
    """The wind drops a while after the first request."""
    dock = Dock(weather=Weather(wind_ms=4.0, gust_ms=12.0, gust_s=5.0))
    dock.run(25)
    assert {c["wind_ms"] for c in dock.conditions()} == {12.0}
    assert len(dock.conditions()) == pytest.approx(25 / CONDITIONS_S, abs=1)
    dock.hear("drone/request", {"request_id": "r", "state": "blocked"})
    dock.run(4)
    assert dock.conditions()[-1]["wind_ms"] == 12.0
    dock.run(2)
    assert dock.conditions()[-1]["wind_ms"] == 4.0


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"5", b"\xff", b"{}", b'{"request_id": []}'])
def test_nonsense_moves_nothing(payload: bytes) -> None:
    dock = Dock()
    for path in ("status", "drone/request", "drone/cancel", "drone/order"):
        dock.hear(path, payload)
    dock.run(5)
    assert set(dock.statuses) <= {"rejected"}
