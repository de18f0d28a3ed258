"""The files that a configuration names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pole_agent.settings import Settings
from pole_agent.settings.section import secret_file


def secrets(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Key path and file of every password, key and certificate."""
    named = [(f"camera[{i}].password_file", c.password_file) for i, c in enumerate(settings.cameras)]
    if settings.mqtt:
        named += [
            (f"mqtt.{key}", getattr(settings.mqtt, key))
            for key in ("password_file", "ca_file", "cert_file", "key_file")
        ]
    named += [(f"page.{key}", getattr(settings.page, key)) for key in ("cert_file", "key_file")]
    for path, written in named:
        if (file := secret_file(written)) is not None:
            yield path, file
