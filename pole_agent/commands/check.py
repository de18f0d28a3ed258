"""Report every problem of a configuration with its key path, and look at what it names: models, pins, clips,
files. Drives nothing.

Exit code 0 when it can be used, 2 when not. Warnings do not change the exit code.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pole_agent import compose
from pole_agent.errors import CameraError, ConfigError, LampError, ModelError, Problem
from pole_agent.lamp.levels import duty
from pole_agent.lamp.pwm import ROOT, find_chip
from pole_agent.lamp.survey import survey
from pole_agent.languages import in_language, phrase
from pole_agent.settings import DEFAULT_PATH, Settings, overlay
from pole_agent.settings.advice import warnings
from pole_agent.settings.files import secrets
from pole_agent.settings.load import examine_file, load, overlay_told, with_overlay
from pole_agent.settings.reading import secret, unmarked
from pole_agent.settings.section import is_credential

FAR_H = 5.0
FAINT = 0.05
HELP = "report every problem of a configuration; drives nothing"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, default=DEFAULT_PATH, metavar="F", help=f"default: {DEFAULT_PATH}"
    )


def run(arguments: argparse.Namespace) -> int:
    examined = examine_file(arguments.config)
    settings, problems = examined.settings, examined.problems
    if settings is not None:
        problems = problems + [
            p for p in look(settings) if not any(p.path.startswith(spoilt) for spoilt in examined.spoilt)
        ]
    if settings is not None and not examined.problems:
        settings, more = _with_overlay(arguments, settings)
        problems += more
    if problems or settings is None:
        raise ConfigError(problems)
    for warning in [
        *warnings(settings),
        *nights(settings, time.time()),
        *_flights(settings),
        *_passwords(settings),
    ]:
        print(f"{phrase('warning').of(arguments.lang)}: {in_language(warning, arguments.lang)}")
    cameras, rules = len(settings.cameras), len(settings.rules)
    words = phrase("check-passed", pole=settings.pole.id, cameras=cameras, rules=rules)
    print(f"{arguments.config}: {words.of(arguments.lang)}")
    return 0


def _with_overlay(arguments: argparse.Namespace, settings: Settings) -> tuple[Settings, list[Problem]]:
    """What runs: also what was drawn on the page, which is told; and what is wrong of that."""
    try:
        found = with_overlay(load(arguments.config, overlay.NONE), arguments.config)
    except ConfigError as error:
        file = settings.storage.state_dir / overlay.FILE
        return settings, [replace(p, path=f"{file}: {p.path}") for p in error.problems]
    if found.overlay.document:
        print(overlay_told(found).of(arguments.lang))
    return found.settings, []


def look(settings: Settings) -> Iterator[Problem]:
    """Everything that the configuration names, looked at without driving it."""
    yield from _files(settings)
    yield from _cameras(settings)
    yield from _model(settings)
    yield from _pin(settings)
    yield from _sensors(settings)
    try:
        compose.drone_areas(settings)
    except ConfigError as error:
        yield from error.problems
    yield from _state(settings)


def _files(settings: Settings) -> Iterator[Problem]:
    for path, file in secrets(settings):
        if is_credential(file):
            continue
        try:
            (secret if path.endswith("password_file") else unmarked)(file)
        except OSError:
            yield Problem(path, phrase("cannot-be-read", file=file))
        except ValueError as error:
            yield Problem(path, phrase("at-key", key=file, problem=error))


def _passwords(settings: Settings) -> Iterator[str]:
    for path, file in secrets(settings):
        if (
            path.endswith("password_file")
            and not is_credential(file)
            and (text := secret(file)) != text.strip()
        ):
            yield phrase("password-with-space", path=path, file=file)


def _flights(settings: Settings) -> Iterator[str]:
    """What the areas of [drone] would block."""
    from pole_agent.drone.doubts import doubts
    from pole_agent.drone.target import View, around, seen_from

    drone, pole = settings.drone, settings.pole
    if not drone.enabled:
        return
    fence, exclusions = compose.drone_areas(settings)
    place, cameras = (pole.latitude, pole.longitude), {c.name: c for c in settings.cameras}
    targets = {f'patrol "{p.name}"': around(place, p.radius_m, drone.altitude_m) for p in drone.patrols}
    for rule in settings.rules:
        if rule.drone:
            camera = cameras[settings.camera_of(rule)]
            view = View(camera.heading_deg, camera.hfov_deg, camera.range_m)
            targets[f'rule "{rule.name}"'] = seen_from(place, view, (0.5, 0.5), drone.altitude_m)
    yield from doubts(fence, exclusions, place, targets)


def _cameras(settings: Settings) -> Iterator[Problem]:
    from pole_agent.camera.opening import open_capture

    for index, camera in enumerate(settings.cameras):
        path = f"camera[{index}].source"
        if camera.source.startswith("/dev/"):
            if not os.access(camera.source, os.R_OK):
                yield Problem(
                    path,
                    phrase("camera-device-unreadable", device=camera.source),
                )
        elif not camera.live:
            try:
                capture = open_capture(camera.source)
                if not capture.grab():
                    yield Problem(path, phrase("clip-without-frames", clip=camera.source))
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
    lamp = settings.lamp
    if lamp.backend == "pwm":
        try:
            find_chip(ROOT, lamp.pin, lamp.pwm_device, lamp.pwm_channel)
        except LampError as error:
            yield Problem("lamp.backend", str(error))
    if settings.lamp.backend == "gpio" and not any(Path("/dev").glob("gpiochip*")):
        yield Problem(
            "lamp.backend",
            phrase("gpio-chip-missing"),
        )


def nights(settings: Settings, wall: float) -> Iterator[str]:
    """What the programs would do in the coming year that nobody can want, in words."""
    plan = compose.plan_of(settings)
    offset = datetime.fromtimestamp(wall, plan.place.zone).utcoffset()
    beside_h = abs((offset.total_seconds() / 3600 if offset else 0.0) - settings.pole.longitude / 15)
    if FAR_H < beside_h < 24 - FAR_H:
        where = phrase("sun-of-longitude", longitude=f"{settings.pole.longitude:g}")
        yield phrase("timezone-far-off", timezone=settings.pole.timezone, hours=f"{beside_h:.0f}", sun=where)
    least = duty(settings.lamp.floor, settings.lamp.curve)
    if 0 < least < FAINT:
        yield phrase(
            "floor-faint",
            floor=f"{settings.lamp.floor:.0%}",
            curve=settings.lamp.curve,
            light=f"{least:.1%}",
        )
    year = list(survey(plan, wall))
    for lit in (False, True):
        spells = [s for s in year if s.lit is lit]
        if not spells:
            continue
        first = spells[0]
        start, end = (
            datetime.fromtimestamp(t, plan.place.zone).strftime("%H:%M") for t in (first.start, first.end)
        )
        others = len({s.evening for s in spells}) - 1
        more = phrase("and-more-within-a-year", count=others) if others else ""
        if lit:
            yield phrase(
                "program-lit-by-day",
                program=first.program,
                start=start,
                end=end,
                day=first.evening,
                more=more,
            )
            continue
        kept = (
            phrase("stays-dark")
            if settings.lamp.part_night
            else phrase("floor-kept", floor=f"{settings.lamp.floor:.0%}")
        )
        yield phrase(
            "program-leaves-dark",
            program=first.program,
            day=first.evening,
            more=more,
            start=start,
            end=end,
            kept=kept,
        )


def _sensors(settings: Settings) -> Iterator[Problem]:
    for key in ("photocell", "feedback"):
        part = getattr(settings.lamp, key)
        if part is not None and part.file is not None and not os.access(part.file, os.R_OK):
            yield Problem(f"lamp.{key}.file", phrase("sensor-unreadable", file=part.file))


def _state(settings: Settings) -> Iterator[Problem]:
    folder = settings.storage.state_dir
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        yield Problem(
            "storage.state_dir",
            phrase("folder-unwritable", folder=settings.storage.state_dir),
        )
