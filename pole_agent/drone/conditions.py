"""What the dispatcher tells of weather and dock, and how old that is. Missing or old is unknown. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pole_agent.almanac import from_rfc3339
from pole_agent.errors import CommandRefused
from pole_agent.languages import phrase

NUMBERS = {
    "wind_ms": (0.0, 200.0),
    "rain_mm_h": (0.0, 1000.0),
    "temperature_c": (-100.0, 100.0),
    "battery_pct": (0.0, 100.0),
}
FLAGS = ("maintenance", "emergency_stop")
AHEAD_S = 60.0  # a measurement from further in the future than that comes from a wrong clock
RAINING = "raining"  # it rains, nobody says how much
Value = float | bool | str


@dataclass(frozen=True, slots=True)
class Condition:
    """One value: when it was measured (wall seconds, as the dispatcher says), and when it came here
    (monotonic seconds).
    """

    value: Value
    measured: float
    came: float

    def age_s(self, wall: float, now: float) -> float | None:
        """At least as old as it has been here, whatever the clocks say since; None when it comes from the
        future.
        """
        age = wall - self.measured
        return None if age < -AHEAD_S else max(age, now - self.came, 0.0)


def read_conditions(payload: Mapping[str, Any]) -> tuple[dict[str, Value], float]:
    """Read ``drone/conditions``: the values that are known here, and when they were measured.

    Raises CommandRefused.
    """
    found: dict[str, Value] = {}
    for name, (least, most) in NUMBERS.items():
        if payload.get(name) is not None:
            found[name] = _number(name, payload[name], least, most)
    rain = payload.get("rain")
    if rain is not None and "rain_mm_h" not in found:
        found["rain_mm_h"] = (
            (RAINING if rain else 0.0)
            if isinstance(rain, bool)
            else _number("rain", rain, *NUMBERS["rain_mm_h"])
        )
    for name in FLAGS:
        if payload.get(name) is not None:
            if not isinstance(payload[name], bool):
                raise CommandRefused(phrase("flag-invalid", key=name))
            found[name] = payload[name]
    dock = payload.get("dock")
    if dock is not None:
        if not (isinstance(dock, str) and 1 <= len(dock) <= 64):
            raise CommandRefused(phrase("dock-invalid"))
        found["dock"] = dock
    if not found:
        raise CommandRefused(phrase("conditions-empty", known=", ".join((*NUMBERS, "rain", "dock", *FLAGS))))
    try:
        return found, from_rfc3339(payload.get("at"))
    except ValueError:
        raise CommandRefused(phrase("measured-at-required")) from None


def _number(name: str, value: Any, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise CommandRefused(phrase("condition-invalid", key=name, least=f"{least:g}", most=f"{most:g}"))
    return float(value)


class Conditions:
    """The newest of each value.

    A message that was overtaken by a newer one changes nothing, but for a stop: that always counts.
    """

    def __init__(self) -> None:
        self._known: dict[str, Condition] = {}

    def take(self, values: Mapping[str, Value], measured: float, wall: float, now: float) -> None:
        """`measured` by the dispatcher's clock; `wall` and `now` by ours.

        What was told for the future is overtaken by anything.
        """
        for name, value in values.items():
            before = self._known.get(name)
            stops = name == "emergency_stop" and value is True
            if before is None or measured >= before.measured or before.measured > wall or stops:
                self._known[name] = Condition(value, measured, now)

    def get(self, name: str) -> Condition | None:
        return self._known.get(name)
