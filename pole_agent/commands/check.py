"""Report every problem of a configuration with its key path, and look at what it names: models, pins, clips, files. Drives nothing.

Exit code 0 when it can be used, 2 when not. Warnings do not change the exit code.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

from pole_agent import compose
from pole_agent.errors import CameraError, ConfigError, ModelError, Problem
from pole_agent.settings import DEFAULT_PATH, Settings
from pole_agent.settings.load import load, warnings

HELP = "report every problem of a configuration; drives nothing"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, default=DEFAULT_PATH, metavar="F", help=f"default: {DEFAULT_PATH}")


def run(arguments: argparse.Namespace) -> int:
    settings = load(arguments.config).settings
    problems = list(look(settings))
    if problems:
        raise ConfigError(problems)
    for warning in warnings(settings):
        print(f"warning: {warning}")
    print(f"{arguments.config}: fine: pole {settings.pole.id}, {len(settings.cameras)} camera(s), {len(settings.rules)} rule(s)")
    return 0


def look(settings: Settings) -> Iterator[Problem]:
    """Everything that the configuration names, looked at without driving it."""
    yield from _files(settings)
    yield from _cameras(settings)
    yield from _model(settings)
    yield from _pin(settings)
    try:
        compose.drone_limits(settings)
    except ConfigError as error:
        yield from error.problems
    yield from _state(settings)


def _files(settings: Settings) -> Iterator[Problem]:
    named = [(f"camera[{i}].password_file", c.password_file) for i, c in enumerate(settings.cameras)]
    if settings.mqtt:
        named += [(f"mqtt.{key}", getattr(settings.mqtt, key)) for key in ("password_file", "ca_file", "cert_file", "key_file")]
    for path, file in named:
        if file is not None and not os.access(file, os.R_OK):
            yield Problem(path, f"{file} cannot be read")


def _cameras(settings: Settings) -> Iterator[Problem]:
    from pole_agent.camera.opening import open_capture

    for index, camera in enumerate(settings.cameras):
        path = f"camera[{index}].source"
        if camera.source.startswith("/dev/"):
            if not os.access(camera.source, os.R_OK):
                yield Problem(path, f"{camera.source} cannot be read; is the camera connected, are you in the group video?")
        elif not camera.live:
            try:
                capture = open_capture(camera.source)
                if not capture.grab():
                    yield Problem(path, f"{camera.source}: the clip has no frame that can be read")
                capture.release()
            except CameraError as error:
                yield Problem(path, str(error))


def _model(settings: Settings) -> Iterator[Problem]:
    from pole_agent.vision import card as cards
    from pole_agent.vision.onnx import OnnxModel

    if not settings.cameras:
        return
    try:
        OnnxModel(cards.read(cards.find(settings.detector.model)), settings.detector.threads)
    except ModelError as error:
        yield Problem("detector.model", str(error))


def _pin(settings: Settings) -> Iterator[Problem]:
    if settings.lamp.backend == "gpio" and not any(Path("/dev").glob("gpiochip*")):
        yield Problem(
            "lamp.backend",
            'there is no GPIO chip on this machine (/dev/gpiochip*); for a bench without one set backend = "mock"',
        )


def _state(settings: Settings) -> Iterator[Problem]:
    folder = settings.storage.state_dir
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        yield Problem(
            "storage.state_dir",
            f"{settings.storage.state_dir} cannot be written by this user (the service runs as its own)",
        )
