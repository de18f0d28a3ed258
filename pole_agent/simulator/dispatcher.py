"""A bench dispatcher: it takes orders to fly, checks them again, flies a simulated path and reports. Nothing
leaves the ground.

It stands where the bridge to a real dock stands (docs/dispatchers.md), and does what such a bridge must do:
an order that has expired, comes twice, was cancelled or has a gate that is not open is rejected; a cancel
wins at any moment; the weather is told with its time.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pole_agent.almanac import from_rfc3339, rfc3339
from pole_agent.geometry import distance_m, towards
from pole_agent.languages import phrase

TICK_S = 0.2
CONDITIONS_S = 10.0
SPEED_MS = 12.0
CLIMB_S, HOVER_S = 3.0, 20.0
DOCK_M = 300.0  # how far the dock is from the first pole, to the north-east
EN_ROUTE_PCT_S = 0.05
SIGNED = {"by": "bench dispatcher", "simulation": True}
PHASES = {
    "takes off": phrase("flight-takes-off"),
    "en route": phrase("flight-en-route"),
    "on scene": phrase("flight-on-scene"),
    "returns": phrase("flight-returns"),
    "waits": phrase("flight-waits"),
}
ENDED = ("canceled", "denied", "expired", "timeout")  # states of a request that end its flight
Failure = Literal["", "reject", "silence", "start", "flight", "partly", "pause"]
FAILURES = {
    "reject": "the order is rejected",
    "silence": "nothing is ever answered",
    "start": "the drone does not start",
    "flight": "it fails on the way",
    "partly": "it turns back before it is there",
    "pause": "it waits on the way for a while",
}


@dataclass(slots=True)
class Flight:
    """One simulated flight. `at` is (latitude, longitude)."""

    base: str
    request_id: str
    target: tuple[float, float]
    altitude_m: float
    at: tuple[float, float]
    phase: str = "accepted"
    since: float = 0.0
    told: float = 0.0


@dataclass(slots=True)
class Weather:
    """What is told of the weather.

    For `gust_s` seconds after the first request, and before it, the wind is `gust_ms`.
    """

    wind_ms: float = 4.2
    gust_ms: float = 4.2
    gust_s: float = 0.0
    rain_mm_h: float = 0.0
    temperature_c: float = 27.0


class BenchDispatcher:
    """`hear` what the poles say; `step` now and then; `send(topic, payload)` is called with what is to be
    published.
    """

    def __init__(
        self,
        send: Callable[[str, dict[str, Any]], None],
        clock: Callable[[], float] = time.time,
        weather: Weather | None = None,
        failure: Failure = "",
        hurry: float = 1.0,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`clock` gives wall seconds; with `hurry` 10, flights take a tenth of the time."""
        self._send, self._clock, self._weather, self._failure, self._hurry, self._say = (
            send,
            clock,
            weather or Weather(),
            failure,
            hurry,
            say,
        )
        self._poles: dict[str, float] = {}  # base topic: when conditions were told last
        self._orders: set[str] = set()
        self._over: dict[str, None] = {}
        self._flight: Flight | None = None
        self._battery_pct = 96.0
        self._first_request: float | None = None
        self._wind = self._weather.gust_ms

    # --- what the poles say

    def hear(self, topic: str, payload: bytes) -> None:
        """Whatever it is; nonsense moves nothing."""
        *start, room, word = ("", *topic.split("/"))
        base = "/".join([*start, room] if word == "status" else start).lstrip("/")
        try:
            message = json.loads(payload)
            if isinstance(message, dict):
                self._hear(base, room, word, message)
        except (ValueError, RecursionError, OverflowError, TypeError, KeyError) as error:
            self._say(f"a message on {topic} cannot be read: {error!r}"[:200])

    def _hear(self, base: str, room: str, word: str, message: dict[str, Any]) -> None:
        match room, word:
            case _, "status":
                if message.get("state") == "online":
                    self._poles.setdefault(base, float("-inf"))
                else:
                    self._poles.pop(base, None)
            case "drone", "request":
                self._poles.setdefault(base, float("-inf"))
                self._first_request = self._first_request or self._clock()
                if message.get("state") in ENDED:
                    self._end(str(message.get("request_id")), f"the request is {message['state']}")
            case "drone", "cancel":
                self._end(str(message.get("request_id")), f"cancelled by {message.get('by')}")
            case "drone", "order":
                self._order(base, message)

    def _order(self, base: str, order: dict[str, Any]) -> None:
        request_id = str(order.get("request_id"))
        if request_id in self._orders:
            self._say(f"the order {request_id} came twice; the second one is ignored")
            return
        self._orders.add(request_id)
        if self._failure == "silence":
            return
        try:
            if reason := self._rejects(order, request_id):
                self._say(phrase("bench-order-rejected", request=request_id, reason=reason))
                self._tell(base, request_id, "rejected", reason=reason)
                return
            there = [float(order["target"][key]) for key in ("latitude", "longitude", "altitude_agl_m")]
            if not all(map(math.isfinite, there)):  # 1e999 is a number in JSON
                raise ValueError("the target is nowhere")
            place = (there[0], there[1])
            home, now = towards(place, 45.0, DOCK_M), self._clock()
            flight = Flight(base, request_id, place, there[2], home, since=now)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            self._tell(
                base, request_id, "rejected", reason=phrase("bench-order-unreadable", error=f"{error!r}")
            )
            return
        self._flight = flight
        simulation = phrase("bench-simulation") if order.get("simulation") else ""
        self._say(
            phrase(
                "bench-order-accepted", request=request_id, by=order.get("approved_by"), simulation=simulation
            )
        )
        self._tell(base, request_id, "accepted", step="prepares")
        self._conditions(base)

    def _rejects(self, order: dict[str, Any], request_id: str) -> str:
        """Why this order is not flown, empty when it is."""
        if from_rfc3339(order["expires_at"]) <= self._clock():
            return "it has expired"
        if request_id in self._over:
            return "it was cancelled"
        if self._flight is not None:
            return "the drone is in the air"
        if shut := [g["name"] for g in order["gates"] if g["ok"] is not True]:
            return f"gates are not open: {', '.join(shut)}"
        if not order.get("approved_by"):
            return "nobody approved it"
        return "the bench was asked to" if self._failure == "reject" else ""

    def _end(self, request_id: str, why: str) -> None:
        self._over[request_id] = None
        flight = self._flight
        if flight is not None and flight.request_id == request_id:
            self._flight = None
            self._say(f"the flight {request_id} is called back: {why}")
            self._tell(flight.base, request_id, "canceled", reason=why)
            self._conditions(flight.base)

    # --- time

    def step(self) -> None:
        now = self._clock()
        weather = self._weather
        gusty = self._first_request is None or now - self._first_request < weather.gust_s
        wind = weather.gust_ms if gusty else weather.wind_ms
        for base, told in list(self._poles.items()):
            if now - told >= CONDITIONS_S or wind != self._wind:
                self._conditions(base, wind)
        if wind != self._wind:
            self._say(phrase("bench-wind", wind=f"{wind:g}"))
            self._wind = wind
        if self._flight is not None:
            self._fly(self._flight, now)

    def _fly(self, flight: Flight, now: float) -> None:
        spent = (now - flight.since) * self._hurry
        way = distance_m(towards(flight.target, 45.0, DOCK_M), flight.target)
        self._battery_pct = max(5.0, self._battery_pct - EN_ROUTE_PCT_S * TICK_S * self._hurry)
        match flight.phase:
            case "accepted" if spent >= 1.0:
                if self._failure == "start":
                    self._land(flight, "failed", phrase("flight-no-start"))
                else:
                    self._next(flight, "takes off", now)
            case "takes off" if spent >= CLIMB_S:
                self._next(flight, "en route", now)
            case "en route":
                self._en_route(flight, now, spent, way)
            case "waits" if spent >= 5.0:
                self._failure = ""
                self._next(flight, "en route", now)
            case "on scene" if spent >= HOVER_S:
                self._next(flight, "returns", now)
            case "returns" if spent * SPEED_MS >= way:
                self._land(flight, "ok", phrase("flight-landed"))

    def _en_route(self, flight: Flight, now: float, spent: float, way: float) -> None:
        done = spent * SPEED_MS
        flight.at = towards(flight.target, 45.0, max(0.0, way - done))
        if done >= way / 2 and self._failure == "flight":
            self._land(flight, "failed", phrase("flight-link-lost"))
        elif done >= way / 2 and self._failure == "partly":
            self._land(flight, "partially_done", phrase("flight-battery-low"))
        elif done >= way / 2 and self._failure == "pause":
            self._next(flight, "waits", now, status="paused")
        elif done >= way:
            self._next(flight, "on scene", now)
        elif now - flight.told >= 2.0:
            flight.told = now
            self._progress(flight)

    def _next(self, flight: Flight, phase: str, now: float, status: str = "in_progress") -> None:
        flight.phase, flight.since, flight.told = phase, now, now
        self._say(phrase("bench-flight", request=flight.request_id, phase=PHASES.get(phase, phase)))
        self._progress(flight, status)

    def _progress(self, flight: Flight, status: str = "in_progress") -> None:
        place = {
            "latitude": round(flight.at[0], 6),
            "longitude": round(flight.at[1], 6),
            "altitude_agl_m": flight.altitude_m,
        }
        self._tell(
            flight.base,
            flight.request_id,
            status,
            step=flight.phase,
            **place,
            battery_pct=round(self._battery_pct, 1),
        )

    def _land(self, flight: Flight, status: str, words: str) -> None:
        self._flight = None
        self._say(phrase("bench-flight", request=flight.request_id, phase=words))
        self._tell(
            flight.base,
            flight.request_id,
            status,
            step="landed" if status == "ok" else "",
            reason="" if status == "ok" else words,
        )
        self._conditions(flight.base)

    def _conditions(self, base: str, wind: float | None = None) -> None:
        self._poles[base] = self._clock()
        weather = self._weather
        known = {
            "wind_ms": self._wind if wind is None else wind,
            "rain_mm_h": weather.rain_mm_h,
            "temperature_c": weather.temperature_c,
            "battery_pct": round(self._battery_pct, 1),
            "dock": "working" if self._flight else "idle",
            "maintenance": False,
            "emergency_stop": False,
            "at": rfc3339(self._clock()),
            **SIGNED,
        }
        self._send(f"{base}/drone/conditions", known)

    def _tell(self, base: str, request_id: str, status: str, **more: Any) -> None:
        known = {k: v for k, v in more.items() if v != ""}
        self._send(f"{base}/drone/progress", {"request_id": request_id, "status": status, **known, **SIGNED})
