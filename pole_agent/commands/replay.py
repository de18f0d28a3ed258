"""Run the daemon's vision over a clip as fast as it can: on clip time, deterministic, no frame dropped.

A clip plays at the camera's fps; --every-frame detects on every frame of the file. Without --config there are
no rules, only traffic counts of the whole frame.

  pole-agent replay street.mp4 --config pole.toml --out events.jsonl
  pole-agent replay street.mp4 --every-frame --mot tracks.txt --json
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pydantic import ValidationError

from pole_agent import compose
from pole_agent.clock import ManualClock
from pole_agent.errors import ConfigError, Problem
from pole_agent.health.trust import TimeKeeper
from pole_agent.languages import phrase
from pole_agent.settings import Settings
from pole_agent.settings.camera import DetectorSettings
from pole_agent.settings.load import load
from pole_agent.settings.problems import problem_of
from pole_agent.uplink.events import envelope
from pole_agent.vocabulary import (
    BoostLamp,
    Box,
    Detection,
    RecordEvent,
    RequestDrone,
    Response,
    Track,
    members,
)

if TYPE_CHECKING:
    from pole_agent.console.player import Player
    from pole_agent.frame import Frame

HELP = "run vision over a file as fast as it can"
DEFAULT_START = "2026-01-01T20:00:00"
BARE: dict[str, Any] = {
    "pole": {
        "id": "replay",
        "site": "replay",
        "latitude": -6.8586,
        "longitude": 107.9164,
        "timezone": "Asia/Jakarta",
    },
    "camera": [{"source": "clip.mp4"}],
}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clip", type=Path, metavar="CLIP")
    parser.add_argument(
        "--config",
        type=Path,
        metavar="F",
        help="rules, zones, lines, masks and fps of the camera come from here",
    )
    parser.add_argument(
        "--camera", metavar="NAME", help="which camera of the configuration; default: the only one"
    )
    parser.add_argument(
        "--out", type=Path, metavar="events.jsonl", help="write the events as CloudEvents, one a line"
    )
    _rows(parser)
    parser.add_argument(
        "--model",
        metavar="NAME",
        help="another model than that of the configuration: a name, or the path of a card",
    )
    parser.add_argument("--threads", type=int, metavar="N", help="another number of detector threads")
    parser.add_argument(
        "--every-frame", action="store_true", help="take every frame of the file, and detect on each"
    )
    parser.add_argument(
        "--repeat",
        type=int,
        default=1,
        metavar="N",
        help="play the clip N times on one run of time, and report whether memory grows",
    )
    parser.add_argument(
        "--start",
        default=DEFAULT_START,
        metavar="TIME",
        help=f"local time of the pole at the first frame; default {DEFAULT_START}",
    )
    parser.add_argument(
        "--json", action="store_true", help="print the figures as one JSON object, as the last line"
    )


def _rows(parser: argparse.ArgumentParser) -> None:
    """Rows of the MOTChallenge, in and out."""
    parser.add_argument(
        "--mot",
        type=Path,
        metavar="tracks.txt",
        help="write the tracks as MOTChallenge rows, in pixels of the clip",
    )
    parser.add_argument(
        "--mot-classes",
        metavar="A,B",
        help="of these classes; default: those that the rules name, else person",
    )
    parser.add_argument(
        "--detections",
        type=Path,
        metavar="det.txt",
        help="read detections from MOTChallenge rows; the detector does not run",
    )
    parser.add_argument(
        "--save-detections",
        type=Path,
        metavar="det.txt",
        help="write what the detector found as MOTChallenge rows, for --detections",
    )


@dataclass(slots=True)
class Writer:
    """Where the results of a replay go."""

    settings: Settings
    keeper: TimeKeeper
    events: IO[str] | None
    tracks: IO[str] | None
    detections: IO[str] | None
    labels: frozenset[str]  # of which tracks rows are written
    recorded: int = 0
    boosts: int = 0
    requests: int = 0

    def responses(self, responses: Sequence[Response]) -> None:
        for response in responses:
            match response:
                case RecordEvent() if not response.silent:
                    self._event(response)
                case BoostLamp():
                    self.boosts += 1
                case RequestDrone():
                    self.requests += 1

    def _event(self, event: RecordEvent) -> None:
        self.recorded += 1
        if self.events is None:
            return
        name = f"replay-{self.recorded:06d}"
        document = envelope(
            f"/{self.settings.base_topic}",
            "replay",
            self.recorded,
            name,
            event.kind,
            event.severity,
            dict(event.data),
            self.keeper.stamp(event.at),
            True,
        ) | {"simulation": True}
        self.events.write(json.dumps(document) + "\n")

    def rows(self, frame: Frame, tracks: Sequence[Track], detections: Sequence[Detection]) -> None:
        """What was seen in this frame, of the wanted classes.

        A track's row is an observation, not a guess.
        """
        if self.tracks is not None:
            for t in tracks:
                if t.label in self.labels and t.seen_now:
                    self.tracks.write(_row(frame, t.track_id, t.box, t.score))
        if self.detections is not None:
            for d in detections:
                if d.label in self.labels:
                    self.detections.write(_row(frame, -1, d.box, d.score))


def _row(frame: Frame, number: int, box: Box, score: float) -> str:
    height, width = frame.image.shape[:2]
    sides = ",".join(
        f"{v:.2f}" for v in (box.left * width, box.top * height, box.width * width, box.height * height)
    )
    return f"{frame.index + 1},{number},{sides},{score:.3f},-1,-1,-1\n"


def run(arguments: argparse.Namespace) -> int:
    if arguments.repeat != 1 and (
        arguments.repeat < 1 or arguments.mot or arguments.detections or arguments.save_detections
    ):
        raise ConfigError([Problem("--repeat", phrase("every-out-of-range"))])
    settings, index = _settings(arguments)
    changed = {k: v for k, v in (("model", arguments.model), ("threads", arguments.threads)) if v is not None}
    try:
        detector = DetectorSettings.model_validate(settings.detector.model_dump() | changed)
    except ValidationError as error:
        raise ConfigError([Problem(f"--{e['loc'][0]}", problem_of(e).text) for e in error.errors()]) from None
    settings = settings.model_copy(update={"detector": detector})
    clock = _clock(settings, arguments.start)
    keeper = TimeKeeper(clock, "clip", "replay")
    with ExitStack() as stack:
        files = []
        for path in (arguments.out, arguments.mot, arguments.save_detections):
            try:
                files.append(stack.enter_context(path.open("w")) if path else None)
            except OSError as error:
                raise ConfigError(
                    [Problem(str(path), phrase("unwritable-because", error=error.strerror))]
                ) from error
        writer = Writer(settings, keeper, files[0], files[1], files[2], _labels(arguments, settings, index))
        figures, player = asyncio.run(_play(arguments, settings, index, clock, keeper, writer))
    if arguments.json:
        print(json.dumps(figures))
    else:
        print(
            f"{figures['frames']} frames in {figures['seconds']:.1f} s ({figures['fps']:.0f} a second), "
            f"detector ran {figures['detector_runs']} times ({_ms(figures['detector_ms_p50'])}), "
            f"motion gate {_ms(figures['motion_ms_p50'])}, "
            f"peak memory {figures['peak_rss_mb']} MB\n"
            f"{writer.recorded} events, {figures['people']} people, {writer.requests} drone requests"
        )
    if player.doubt:
        print(f"pole-agent: warning: {player.doubt}", file=sys.stderr)
    if player.broke_off is not None:
        raise player.broke_off
    return 0


async def _play(
    arguments: argparse.Namespace,
    settings: Settings,
    index: int,
    clock: ManualClock,
    keeper: TimeKeeper,
    writer: Writer,
) -> tuple[dict[str, Any], Player]:
    from pole_agent.console.player import Player  # the vision stack comes with it

    player = Player(arguments, settings, index, clock, keeper, writer)
    return await player.play(), player


def _settings(arguments: argparse.Namespace) -> tuple[Settings, int]:
    if arguments.config is None:
        return Settings.model_validate(BARE), 0  # the clip is given, whatever its name
    settings = load(arguments.config).settings
    names = [c.name for c in settings.cameras]
    if arguments.camera is None and len(names) == 1:
        return settings, 0
    if arguments.camera not in names:
        choices = ", ".join(names) or phrase("none")
        wrong = phrase("which-camera", cameras=choices)
        if arguments.camera is not None:
            wrong = phrase("name-unknown", kind=phrase("camera"), name=arguments.camera, known=choices)
        raise ConfigError([Problem("--camera", wrong)])
    return settings, names.index(arguments.camera)


def _labels(arguments: argparse.Namespace, settings: Settings, index: int) -> frozenset[str]:
    if arguments.mot_classes:
        return members(arguments.mot_classes.split(","))
    named = [r.classes for r in compose.rules_of(settings, settings.cameras[index].name)]
    return frozenset().union(*named) or frozenset({"person"})


def _clock(settings: Settings, start: str) -> ManualClock:
    try:
        moment = datetime.fromisoformat(start)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=settings.pole.place.zone)
        clock = ManualClock(wall=moment.timestamp(), monotonic=0.0)
    except (ValueError, OverflowError):
        raise ConfigError(
            [Problem("--start", phrase("invalid-time-example", given=f"{start!r}", example=DEFAULT_START))]
        ) from None
    clock.shifted = True  # the hour is the one that was asked for, not that of the recording
    return clock


def _ms(value: float | None) -> str:
    return "not run" if value is None else f"{value:.2f} ms"
