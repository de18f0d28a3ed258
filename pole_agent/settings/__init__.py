"""pole.toml -> typed settings, one section a file. `load` reads, `Settings` is the whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from pole_agent.settings.camera import CameraSettings, DetectorSettings
from pole_agent.settings.drone import DroneSettings
from pole_agent.settings.lamp import LampSettings
from pole_agent.settings.metrics import MetricsSettings
from pole_agent.settings.mqtt import MqttSettings
from pole_agent.settings.page import PageSettings
from pole_agent.settings.pole import ClockSettings, PoleSettings, StorageSettings
from pole_agent.settings.rules import LineSettings, RuleSettings, ZoneSettings
from pole_agent.settings.section import Section

DEFAULT_PATH = Path("/etc/pole-agent/pole.toml")


class Settings(Section):
    """The whole of pole.toml."""

    pole: PoleSettings
    storage: StorageSettings = StorageSettings()
    clock: ClockSettings = ClockSettings()
    cameras: Annotated[tuple[CameraSettings, ...], Field(max_length=16)] = Field((), alias="camera")
    detector: DetectorSettings = DetectorSettings()
    zones: Annotated[tuple[ZoneSettings, ...], Field(max_length=64)] = Field((), alias="zone")
    lines: Annotated[tuple[LineSettings, ...], Field(max_length=64)] = Field((), alias="line")
    rules: Annotated[tuple[RuleSettings, ...], Field(max_length=64)] = Field((), alias="rule")
    lamp: LampSettings = LampSettings()
    mqtt: MqttSettings | None = None
    drone: DroneSettings = Field(default_factory=lambda: DroneSettings.model_validate({}))
    metrics: MetricsSettings = MetricsSettings()
    page: PageSettings = PageSettings()

    @property
    def base_topic(self) -> str:
        return f"{self.prefix}/{self.pole.site}/{self.pole.id}"

    @property
    def prefix(self) -> str:
        return self.mqtt.prefix if self.mqtt else "smartpole"

    def camera_of(self, rule: RuleSettings) -> str:
        """The name of the camera that a rule looks through (references are checked at load)."""
        if rule.camera:
            return rule.camera
        places = [z.camera for z in self.zones if z.name == rule.zone] + [
            n.camera for n in self.lines if n.name == rule.line
        ]
        return next((c for c in places if c), self.cameras[0].name)
