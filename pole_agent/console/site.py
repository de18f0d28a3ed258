"""What a step of the commissioning looks at: facts as plain JSON, from the running agent, the configuration,
the doctor and the camera itself. `act` does what a step needs first.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pole_agent import compose, doctor
from pole_agent.almanac import night_of
from pole_agent.commissioning.steps import Step
from pole_agent.console import control
from pole_agent.console.camera_look import look_at
from pole_agent.doctor import board, eyes, link, machine, sign, timekeeping
from pole_agent.doctor.finding import Check
from pole_agent.errors import PoleAgentError
from pole_agent.lamp.survey import survey
from pole_agent.settings.advice import warnings
from pole_agent.settings.load import Loaded

LAMP_S = 300.0  # that the lamp is held for an answer
SETTLE_S = 3.0  # until a feedback has followed the lamp
ECHO_S, WALK_S, EVERY_S = 75.0, 90.0, 0.5
DEVICES = "/dev/"
DIM = 0.3  # of full light: plainly less, and above what most drivers hold
LOOKS: dict[str, tuple[Check, ...]] = {
    "configuration": (board.gpio, board.pwm, board.sensors, eyes.cameras, link.secrets),
    "disk": (machine.disk, machine.wear),
    "board": (machine.power, machine.memory, machine.watchdog, machine.service, timekeeping.clock_chip),
    "uplink": (link.network, link.broker, link.certificates),
    "sign": (sign.sign,),
}


@dataclass(slots=True)
class Site:
    """One pole, as a person beside it can look at it. `ask` and `command` reach the running agent; `folder`
    takes the pictures; `sleep` waits.
    """

    loaded: Loaded
    ask: Callable[[str], Any]
    command: Callable[[str, dict[str, Any]], Any]
    folder: Path
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    checks: Mapping[str, Sequence[Check]] = field(default_factory=lambda: LOOKS)

    def act(self, step: Step) -> dict[str, Any]:
        """What a step does before a person looks. Returns what is kept until then. Raises PoleAgentError."""
        if step.kind == "lamp":
            self._light(self._wanted(step.subject))
        if step.kind == "fail_lit":
            return {"boot_before": self._boot()}
        return {}

    def facts(self, step: Step, kept: dict[str, Any]) -> dict[str, Any]:
        """What is to be seen now. Raises PoleAgentError where the agent does not answer."""
        look: Callable[..., dict[str, Any]] = getattr(self, f"_{step.kind}")
        facts = look(step.subject) if step.subject else look()
        if checks := self.checks.get(step.kind):
            facts["findings"] = [f.as_data("en") for f in doctor.examine(self.loaded.settings, checks)]
        return facts | kept

    def after(self, step: Step) -> None:
        """The lamp goes back to its program; a picture that was looked at is deleted."""
        if step.kind in ("lamp", "feedback"):
            self.command("lamp/set", {"resume": True})
        if step.kind in ("camera", "masks"):
            self._picture(step.subject).unlink(missing_ok=True)

    def _picture(self, camera: str) -> Path:
        return self.folder / f"{camera}.jpg"

    def _wanted(self, light: str) -> float:
        least = self.loaded.settings.lamp.min_level
        return {"dark": 0.0, "dim": max(least, DIM), "full": 1.0}[light]

    def _light(self, level: float) -> None:
        held = {"level": level} if level else {"state": "OFF"}
        self.command(
            "lamp/set",
            {**held, "mode": "fixed", "duration_s": LAMP_S, "transition": 0, "reason": "commissioning"},
        )

    def _boot(self) -> str:
        return str(self.ask("health")["clock"]["boot_id"])

    def _parts(self) -> dict[str, Any]:
        parts: dict[str, Any] = self.ask("health")["parts"]
        return parts

    def _identity(self) -> dict[str, Any]:
        pole, told = self.loaded.settings.pole, self.ask("commissioning")
        return {
            "pole": self.loaded.settings.base_topic,
            "name": pole.name or pole.id,
            "latitude": pole.latitude,
            "longitude": pole.longitude,
            "parts": _some(self._parts(), ["identity"]),
            **{key: told[key] for key in ("board", "signed_off_on", "storeid", "formers")},
        }

    def _clock(self) -> dict[str, Any]:
        clock = self.ask("health")["clock"]
        here = datetime.fromtimestamp(self.wall(), self.loaded.settings.pole.place.zone)
        return {
            "trusted": clock["trusted"],
            "reason": clock["reason"],
            "local": here.strftime("%Y-%m-%d %H:%M:%S"),
            "zone": self.loaded.settings.pole.timezone,
            "day_s": here.hour * 3600 + here.minute * 60 + here.second,
        }

    def _configuration(self) -> dict[str, Any]:
        return {
            "file": self.loaded.digest,
            "running": self.ask("commissioning")["config_sha256"],
            "mock": self.loaded.settings.lamp.backend == "mock",
            "advice": list(map(str, warnings(self.loaded.settings))),
            "parts": _some(self._parts(), ["configuration"]),
        }

    def _night(self) -> dict[str, Any]:
        settings = self.loaded.settings
        plan, lamp, wall = compose.plan_of(settings), settings.lamp, self.wall()
        floor = 0.0 if lamp.part_night else lamp.floor
        levels = [max(p.level, floor) for p in plan.stretches(night_of(wall, plan.place)) if p.deep]
        dark = [] if floor else [s for s in survey(plan, wall) if not s.lit]
        return {
            "program": self.ask("lamp")["program"],
            "most": max(levels, default=0.0),
            "dark_nights": len({s.evening for s in dark}),
            "dark_h": sum(s.end - s.start for s in dark) / 3600,
        }

    def _lamp(self, light: str) -> dict[str, Any]:
        state = self.ask("lamp")
        return {
            "asked": light,
            "wanted": self._wanted(light),
            "level": state["level"],
            "reason": state["reason"],
            "parts": _some(self._parts(), ["lamp"]),
        }

    def _feedback(self) -> dict[str, Any]:
        seen = {}
        for key, level in (("lit_at_full", 1.0), ("lit_at_dark", 0.0)):
            self._light(level)
            self.sleep(SETTLE_S)
            seen[key] = self.ask("commissioning")["lit"]
        return seen

    def _fail_lit(self) -> dict[str, Any]:
        return {"boot_now": self._boot()}

    def _camera(self, name: str) -> dict[str, Any]:
        return self._look_at(name) | {"parts": _some(self._parts(), [f"camera:{name}"])}

    def _masks(self, name: str) -> dict[str, Any]:
        return self._look_at(name)

    def _look_at(self, name: str) -> dict[str, Any]:
        settings = self.loaded.settings
        found = look_at(settings, name, self._picture(name))
        camera = next(c for c in settings.cameras if c.name == name)
        if found["error"] and camera.source.startswith(DEVICES):
            return found | self._as_the_agent_sees(name, camera.fps)
        return found

    def _as_the_agent_sees(self, name: str, wanted: float) -> dict[str, Any]:
        """A device is open once: what the agent tells of it. Empty where it does not see either."""
        part = self._parts().get(f"camera:{name}", {})
        if part.get("state") != "ok" or "rate_hz" not in part:
            return {}
        rate = part["rate_hz"]
        return {
            "error": None,
            "by_agent": True,
            "picture": None,
            "frames": part.get("frames", 0),
            "fps": rate,
            "wanted_fps": wanted,
        }

    def _walk(self, subject: str) -> dict[str, Any]:
        from pole_agent.console.camera_look import masked_share

        camera, zone = subject.split("/")
        before = self._there(camera, zone)
        begun, seen = self.now(), None
        # Who was there already may leave first: somebody else has to come.
        count = sum(before.values())
        while seen is None and self.now() - begun < WALK_S:
            there = self._there(camera, zone)
            if sum(there.values()) > count:
                seen = max(there, key=lambda label: there[label] - before.get(label, 0))
            count = min(count, sum(there.values()))
            if seen is None:
                self.sleep(EVERY_S)
        return {
            "zone": subject,
            "masked": masked_share(self.loaded.settings, camera, zone),
            "before": sum(before.values()),
            "seen": seen,
            "after_s": round(self.now() - begun, 1),
            "waited_s": WALK_S,
        }

    def _there(self, camera: str, zone: str) -> dict[str, int]:
        counts: dict[str, int] = self.ask("commissioning")["cameras"].get(camera, {}).get(zone, {})
        return counts

    def _uplink(self) -> dict[str, Any]:
        mqtt = self.loaded.settings.mqtt
        begun = self.now()
        while True:
            health = self.ask("health")
            acknowledged = sum(health["sent"].get("events", {}).values())
            commands = health["parts"].get("commands", {}).get("state")
            waited = self.now() - begun
            if mqtt is None or waited >= ECHO_S or commands == "degraded" or (commands and acknowledged):
                break
            self.sleep(EVERY_S)
        return {
            "broker": None if mqtt is None else f"{mqtt.host}:{mqtt.port}",
            "acknowledged": acknowledged,
            "waited_s": round(waited, 1),
            "parts": _some(health["parts"], ["uplink", "commands", "mqtt", "events", "states"]),
        }

    def _disk(self) -> dict[str, Any]:
        try:
            self.ask("outbox.stats")  # writes what waits
            error = None
        except control.NotRunning:
            raise
        except PoleAgentError as problem:
            error = str(problem)
        return {"error": error, "parts": _some(self._parts(), ["store"])}

    def _board(self) -> dict[str, Any]:
        return {"parts": _some(self._parts(), ["voltage", "temperature"])}

    def _drone(self) -> dict[str, Any]:
        chosen, health = self.loaded.settings.drone, self.ask("health")
        return {
            "fence": chosen.geofence is not None,
            "approval": chosen.approval,
            "officers": [o.name for o in chosen.officers],
            "stopped": bool(health["drone"].get("stopped")),
            "parts": _some(health["parts"], ["drone"]),
        }

    def _sign(self) -> dict[str, Any]:
        return {}


def _some(parts: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {n: {k: parts[n].get(k) for k in ("state", "reason")} for n in names if n in parts}


def site_of(arguments: argparse.Namespace, loaded: Loaded, folder: Path) -> Site:
    """The pole of a command line."""
    return Site(
        loaded,
        lambda question: control.ask(arguments, question),
        lambda path, payload: control.command(arguments, path, payload),
        folder,
    )
