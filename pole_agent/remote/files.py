"""Files that a configuration names and the repository has: areas for drones, and models.

A name never gets another content: what runs may still read it, and a configuration that comes back must find
what it was written for. A new area or model has a new name.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pole_agent.errors import Problem, RemoteError
from pole_agent.languages import phrase
from pole_agent.remote.trust import Trust, matches
from pole_agent.settings import Settings

FENCES = "fences"
MODE = 0o644


def brought(settings: Settings, trust: Trust, etc: Path, models: Path) -> list[Problem]:
    """Put what is named and not there where the agent looks for it.

    `etc`: the folder of pole.toml; `models`: of the installed models. Returns what could not be brought.
    Raises OSError.
    """
    return [*_fences(settings, trust, etc / FENCES), *_model(settings.detector.model, trust, models)]


def _fences(settings: Settings, trust: Trust, folder: Path) -> Iterator[Problem]:
    for key in ("geofence", "exclusions"):
        path = getattr(settings.drone, key)
        if isinstance(path, Path) and path.parent == folder:
            yield from _bring(trust, f"fence/{path.name}", path, f"drone.{key}")


def _model(model: str, trust: Trust, folder: Path) -> Iterator[Problem]:
    if trust.find(f"model/{model}.toml") is None:
        return  # a shipped one, one by hand, or none: who loads it says so
    for suffix in (".onnx", ".toml"):  # the card last: with it, the model is installed
        yield from _bring(trust, f"model/{model}{suffix}", folder / f"{model}{suffix}", "detector.model")


def _bring(trust: Trust, target: str, file: Path, key: str) -> Iterator[Problem]:
    found = trust.find(target)
    if found is None:
        if not file.exists():
            yield Problem(key, phrase("target-missing", target=target))
        return
    if file.exists():
        if not matches(file, found):
            yield Problem(key, phrase("target-name-taken", target=target, file=file))
        return
    try:
        trust.fetch(found, file)
    except RemoteError as error:
        yield Problem(key, str(error))
        return
    file.chmod(MODE)
