"""[page]: the pole's own page for people. Off by default."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from pole_agent.languages import phrase
from pole_agent.settings.host import Host
from pole_agent.settings.section import FilePath, Section

MAX_NAMES = 16


def _network(value: str) -> str:
    try:
        ipaddress.ip_network(value)
    except ValueError:
        raise ValueError(phrase("network-invalid", given=f"{value!r}")) from None
    return value


def is_loopback(host: str) -> bool:
    """Does only this machine reach a server on that address?"""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class PageSettings(Section):
    enabled: Annotated[bool, Field(description="serve the page; accounts: pole-agent page user add")] = False
    host: Annotated[
        Host,
        Field(description="beyond loopback it shows no picture, only zones, boxes and paths on empty ground"),
    ] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8080
    picture: Annotated[
        Literal["full", "pixelated", "off"],
        Field(description='of the camera, on loopback only; "pixelated" hides what is taken for a person'),
    ] = "full"
    names: Annotated[
        tuple[Host, ...],
        Field(max_length=MAX_NAMES, description="further names under which a browser may ask for the page"),
    ] = ()
    cert_file: Annotated[FilePath | None, Field(description="with key_file: HTTPS")] = None
    key_file: FilePath | None = None
    trusted_proxies: Annotated[
        tuple[Annotated[str, AfterValidator(_network)], ...],
        Field(max_length=MAX_NAMES, description="addresses whose X-Forwarded-For counts; they do the HTTPS"),
    ] = ()

    @model_validator(mode="after")
    def is_protected(self) -> PageSettings:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError(phrase("page-needs-both-files"))
        if self.enabled and not (self.loopback or self.cert_file or self.trusted_proxies):
            raise ValueError(phrase("page-needs-tls", host=self.host))
        return self

    @property
    def loopback(self) -> bool:
        return is_loopback(self.host)
