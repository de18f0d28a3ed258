"""/etc/pole-agent/remote.toml: where updates and configurations come from. Only a hand at the pole changes
it, so it is no part of pole.toml.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, field_validator

from pole_agent.almanac import Span
from pole_agent.errors import ConfigError, Problem
from pole_agent.languages import phrase
from pole_agent.settings.problems import problem_of
from pole_agent.settings.reading import refuse_many_dots, text_file
from pole_agent.settings.section import FilePath, Section

PATH, ROOT = Path("/etc/pole-agent/remote.toml"), Path("/etc/pole-agent/root.json")
STAGED = Path("/var/lib/pole-agent-sync")  # what `sync` has fetched; nobody trusts it
OWN = Path("/var/lib/pole-agent-remote")  # of `apply`, and of root
MAX_BYTES = 1 << 16


class RemoteSettings(Section):
    repository: Annotated[
        str, Field(min_length=1, description="https://…, or a folder such as the place of a USB stick")
    ]
    ca_file: Annotated[
        FilePath | None,
        Field(description="the certificate authority of that web server; default: the system's"),
    ] = None
    budget_mb_a_day: Annotated[
        float, Field(gt=0, le=100_000, description="what is beyond it is fetched on the next day")
    ] = 50
    window: Annotated[
        str, Field(description="when a new version may be installed, which restarts the agent")
    ] = "sunrise..sunset"
    confirm_min: Annotated[
        float,
        Field(
            ge=1,
            le=60,
            description="a new configuration that is not confirmed by then is taken back",
        ),
    ] = 5

    @field_validator("window")
    @classmethod
    def is_span(cls, value: str) -> str:
        Span.parse(value)
        return value

    @property
    def folder(self) -> Path | None:
        """The repository, where it is a folder of this machine."""
        return None if "://" in self.repository else Path(self.repository)


def read(path: Path = PATH) -> RemoteSettings:
    """Raises ConfigError with every problem, also where nothing is set up."""
    try:
        text = text_file(path, MAX_BYTES)
        refuse_many_dots(text)
        document = tomllib.loads(text)
    except FileNotFoundError as error:
        raise ConfigError([Problem(str(path), phrase("remote-not-set-up"))]) from error
    except OSError as error:
        told = phrase("configuration-unreadable", error=error.strerror)
        raise ConfigError([Problem(str(path), told)]) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError([Problem(str(path), phrase("toml-invalid", error=error))]) from error
    try:
        return RemoteSettings.model_validate_json(json.dumps(document, default=str), strict=True)
    except ValidationError as failure:
        found = [problem_of(error, RemoteSettings) for error in failure.errors(include_url=False)]
        raise ConfigError([Problem(f"{path}: {p.path}", p.text) for p in found]) from failure
