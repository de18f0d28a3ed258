"""[mqtt]: the broker. Without this section the agent runs and keeps everything."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from pole_agent.settings.section import Name, Section


class MqttSettings(Section):
    host: Annotated[str, Field(min_length=1, max_length=253, description="a name or an address, nothing else")]
    tls: bool = True
    port: Annotated[int, Field(ge=1, le=65535)] = Field(default_factory=lambda data: 8883 if data.get("tls", True) else 1883)
    protocol: Annotated[
        Literal["auto", "5", "3.1.1"], Field(description="auto: MQTT 5, and 3.1.1 where the broker says that it knows no 5")
    ] = "auto"
    prefix: Name = "smartpole"
    username: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    homeassistant: Annotated[bool, Field(description="announce the pole to Home Assistant (MQTT discovery)")] = False

    @field_validator("host")
    @classmethod
    def a_name_or_an_address(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?", value):
            raise ValueError("is no name or address of a host; port, username and password_file are keys of their own")
        return value

    @model_validator(mode="after")
    def key_with_certificate(self) -> MqttSettings:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file belong together; give both or none")
        return self

    @model_validator(mode="after")
    def certificates_mean_tls(self) -> MqttSettings:
        if not self.tls and (self.ca_file or self.cert_file):
            raise ValueError("ca_file and cert_file belong to tls = true; with tls = false nobody would look at them")
        return self

    @property
    def loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False
