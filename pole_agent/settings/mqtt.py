"""[mqtt]: the broker. Without this section the agent runs and keeps everything."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pole_agent.languages import phrase
from pole_agent.settings.host import Host
from pole_agent.settings.section import FilePath, Name, Section

SPREAD_S = 9.0  # chosen by simulation: docs/decisions/137


class MqttSettings(Section):
    host: Annotated[Host, Field(description="a name or an address, nothing else")]
    tls: bool = True
    port: Annotated[int, Field(ge=1, le=65535)] = Field(
        default_factory=lambda data: 8883 if data.get("tls", True) else 1883
    )
    protocol: Annotated[
        Literal["auto", "5", "3.1.1"],
        Field(description="auto: MQTT 5, and 3.1.1 where the broker knows no 5"),
    ] = "auto"
    prefix: Name = "smartpole"
    username: str | None = None
    password_file: FilePath | None = None
    ca_file: FilePath | None = None
    cert_file: FilePath | None = None
    key_file: FilePath | None = None
    reconnect_spread_s: Annotated[
        float,
        Field(
            ge=0.1,
            le=50,
            description="the first attempt after the broker closed the connection comes within so many"
            " seconds, at random; 1 for a broker on the pole itself",
        ),
    ] = Field(default_factory=lambda data: 1.0 if _on_the_pole(data.get("host", "")) else SPREAD_S)
    homeassistant: Annotated[
        bool, Field(description="announce the pole to Home Assistant (MQTT discovery)")
    ] = False

    @model_validator(mode="after")
    def key_with_certificate(self) -> MqttSettings:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError(phrase("cert-without-key"))
        return self

    @model_validator(mode="after")
    def certificates_mean_tls(self) -> MqttSettings:
        if not self.tls and (self.ca_file or self.cert_file):
            raise ValueError(phrase("tls-files-without-tls"))
        return self

    @property
    def loopback(self) -> bool:
        return _on_the_pole(self.host)


def _on_the_pole(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
