"""Find cameras on the network, measure a stream, and take a picture with zones and masks drawn in.

  pole-agent camera find --username admin --password-file secret.txt
  pole-agent camera probe rtsp://192.168.1.64/stream2 --username admin --password-file secret.txt
  pole-agent camera shot --config /etc/pole-agent/pole.toml --camera street --out shot.jpg

A source is what [[camera]] source may be: rtsp://…, http://…, /dev/video0 or a video file. Without one,
--config says it. The picture stays on this machine; masks are burned in before it is written.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pole_agent import compose
from pole_agent.camera.video import Capture
from pole_agent.console.speech import say
from pole_agent.errors import CameraError, ConfigError, Problem
from pole_agent.languages import in_language, phrase
from pole_agent.settings import DEFAULT_PATH, Settings
from pole_agent.settings.camera import CameraSettings
from pole_agent.settings.load import load
from pole_agent.settings.reading import secret
from pole_agent.settings.section import secret_file

HELP = "find cameras, measure a stream, take a picture with zones and masks"
PROBE_S = 5.0
LOOK_AT = 10  # the first frames of a stream may still be grey
PRIVATE = 0o600
TIMES = {
    "capture": phrase("time-of-capture"),
    "arrival": phrase("time-of-arrival"),
    "container": phrase("time-of-file"),
    "rate": phrase("time-by-count"),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    find = actions.add_parser(
        "find",
        help="look for ONVIF cameras on this network (needs: pip install onvif-zeep-async WSDiscovery)",
    )
    find.add_argument(
        "--seconds", type=float, default=3.0, metavar="S", help="how long to listen for answers; default 3"
    )
    find.add_argument("--host", metavar="HOST[:PORT]", help="ask this one camera instead of the network")
    probe = actions.add_parser(
        "probe", help="codec, size, rate, milliseconds of decoding, share of the CPU, and advice"
    )
    probe.add_argument(
        "--seconds",
        type=float,
        default=PROBE_S,
        metavar="S",
        help=f"how long to measure; default {PROBE_S:g}",
    )
    shot = actions.add_parser("shot", help="a picture with the grid, zones, lines and masks")
    shot.add_argument(
        "--out", type=Path, default=Path("shot.jpg"), metavar="F", help=".jpg or .png; default shot.jpg"
    )
    for action in (probe, shot):
        action.add_argument(
            "source", nargs="?", metavar="SOURCE", help="default: the camera of the configuration"
        )
        action.add_argument(
            "--config", type=Path, metavar="F", help=f"default without SOURCE: {DEFAULT_PATH}"
        )
        action.add_argument(
            "--camera", metavar="NAME", help="which camera of the configuration; default: the only one"
        )
    for action in (find, probe, shot):
        action.add_argument("--username", metavar="NAME")
        action.add_argument(
            "--password-file",
            type=Path,
            metavar="F",
            help="a file with the password; never on the command line",
        )
    for action in (find, probe):
        action.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    if arguments.action == "find":
        return _find(arguments)
    camera, settings = _chosen(arguments)
    return _probe(arguments, camera) if arguments.action == "probe" else _shot(arguments, camera, settings)


def _chosen(arguments: argparse.Namespace) -> tuple[CameraSettings, Settings | None]:
    """The camera that is meant, and the configuration that it is from."""
    settings, camera = None, _given(arguments.source) if arguments.source else None
    if arguments.config or camera is None:
        settings = load(arguments.config or DEFAULT_PATH).settings
        names = [c.name for c in settings.cameras]
        name = arguments.camera or (names[0] if len(names) == 1 else None)
        if name not in names:
            raise ConfigError(
                [Problem("--camera", phrase("which-camera", cameras=", ".join(names) or phrase("none")))]
            )
        camera = settings.cameras[names.index(name)]
    changed = {
        "source": arguments.source,
        "username": arguments.username,
        "password_file": arguments.password_file,
    }
    return camera.model_copy(update={k: v for k, v in changed.items() if v}), settings


def _given(source: str) -> CameraSettings:
    try:
        return CameraSettings.model_validate({"source": source})
    except ValidationError as error:
        raise ConfigError(
            [Problem("source", error.errors()[0]["msg"].removeprefix("Value error, "))]
        ) from None


def _open(camera: CameraSettings) -> Capture:
    from pole_agent.camera.opening import open_capture

    return open_capture(
        camera.source, camera.username, secret_file(camera.password_file), transport=camera.transport
    )


def _probe(arguments: argparse.Namespace, camera: CameraSettings) -> int:
    from pole_agent.camera.opening import plain
    from pole_agent.camera.probe import advice, probe

    capture = _open(camera)
    try:
        found = probe(capture, arguments.seconds, live=camera.live)
    finally:
        capture.release()
    hints = advice(found, camera.fps)
    if arguments.json:
        print(json.dumps({"source": plain(camera.source), **asdict(found), "advice": hints}))
        return 0
    say(
        arguments,
        phrase(
            "stream-measured",
            source=plain(camera.source),
            codec=found.codec,
            width=found.width,
            height=found.height,
            fps=f"{found.measured_fps:g}",
        ),
    )
    time, transport = TIMES[found.time], found.transport
    if transport:
        say(arguments, phrase("frame-time-over", what=time, transport=transport.upper()))
    else:
        say(arguments, phrase("frame-time", what=time))
    say(
        arguments,
        phrase("decoding-cost", milliseconds=f"{found.decode_ms:.1f}", share=f"{found.core_share:.1%}"),
    )
    for hint in hints:
        say(arguments, phrase("advice", hint=hint))
    if not hints:
        say(arguments, phrase("nothing-to-improve"))
    return 0


def _shot(arguments: argparse.Namespace, camera: CameraSettings, settings: Settings | None) -> int:
    import cv2

    from pole_agent.camera.drawing import draw
    from pole_agent.camera.masks import Masks
    from pole_agent.frame import same_shape, size_of

    if arguments.out.suffix.lower() not in (".jpg", ".jpeg", ".png"):
        raise ConfigError([Problem("--out", phrase("expected-picture-file", file=arguments.out))])
    capture = _open(camera)
    try:
        for _ in range(LOOK_AT if camera.live else 1):
            ok, image = capture.read()
            if not ok:
                raise CameraError(phrase("stream-gave-no-picture", source=camera.name))
    finally:
        capture.release()
    reference = compose.reference_of(settings, camera, read_only=True) if settings else None
    Masks(camera.masks, reference).burn(image)
    zones, lines = compose.places_of(settings, camera.name) if settings else ([], [])
    picture = draw(
        image, {z.name: z.polygon for z in zones}, {n.name: (n.start, n.end) for n in lines}, camera.masks
    )
    ok, blob = cv2.imencode(arguments.out.suffix, picture)
    if not ok:
        raise CameraError(phrase("picture-not-encoded", file=arguments.out))
    try:
        with os.fdopen(os.open(arguments.out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "wb") as file:
            file.write(blob.tobytes())
    except OSError as error:
        raise ConfigError(
            [Problem("--out", phrase("file-unwritable-because", file=arguments.out, error=error.strerror))]
        ) from error
    width, height = size_of(image)
    drawn = phrase("drawn-counts", zones=len(zones), lines=len(lines), masks=len(camera.masks))
    say(arguments, phrase("snapshot-written", file=arguments.out, width=width, height=height, drawn=drawn))
    if reference and reference.size and not same_shape(reference.size, (width, height)):
        old = "{}x{}".format(*reference.size)
        say(
            arguments,
            phrase("picture-shape-changed-masked", old=old, width=width, height=height),
        )
        say(
            arguments,
            phrase("confirm-picture-in-camera", width=width, height=height, camera=camera.name),
        )
    return 0


def _find(arguments: argparse.Namespace) -> int:
    from pole_agent.camera.onvif import find

    password = None
    if arguments.password_file:
        try:
            password = secret(arguments.password_file)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise ConfigError(
                [Problem("--password-file", phrase("at-key", key=arguments.password_file, problem=why))]
            ) from error
    cameras = find(arguments.seconds, arguments.host, arguments.username, password)
    if arguments.json:
        print(json.dumps({"cameras": [asdict(c) for c in cameras]}))
    else:
        _tell(cameras, arguments)
    return 0 if cameras else 1


def _tell(cameras: Sequence[Any], arguments: argparse.Namespace) -> None:
    if not cameras:
        silent = phrase("no-onvif-camera", seconds=f"{arguments.seconds:g}")
        say(arguments, phrase("onvif-silent", reason=silent))
    for camera in cameras:
        say(arguments, f"{camera.host}: {camera.name or phrase('a-camera').of(arguments.lang)}")
        if camera.trouble:
            print("  " + in_language(camera.trouble, arguments.lang))
        if abs(camera.clock_off_s) > 60:
            say(
                arguments,
                phrase("camera-clock-off", seconds=f"{camera.clock_off_s:+.0f}"),
            )
        for stream in camera.streams:
            mark = phrase("stream-recommended") if stream == camera.preferred else ""
            say(
                arguments,
                phrase(
                    "stream-offered",
                    codec=stream.codec,
                    width=stream.width,
                    height=stream.height,
                    fps=f"{stream.fps:g}",
                    source=stream.source,
                    mark=mark,
                ),
            )
