"""[metrics]: numbers for a Prometheus on the pole or beside it. Off by default."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pole_agent.settings.host import Host
from pole_agent.settings.section import Section


class MetricsSettings(Section):
    enabled: Annotated[bool, Field(description="serve Prometheus text at http://host:port/metrics")] = False
    host: Annotated[
        Host, Field(description="no password protects it: keep it on the pole or on a private network")
    ] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 9745
