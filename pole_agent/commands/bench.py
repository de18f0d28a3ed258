"""Measure this machine against the budgets of the project: each figure beside its peer or limit, in one run.

Absolute times differ from board to board and from minute to minute; so most figures are ratios of two things
measured in turn. The best of the rounds counts: noise only ever makes things slower.

  pole-agent bench
  pole-agent bench --clip street.mp4 --rounds 5 --json
  pole-agent bench --models --cameras 2 --fps 5      which model suits this board
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from pole_agent import compose
from pole_agent.bench.vision import bare_rate, bare_rate_of_all, gate_ms, processor, replay
from pole_agent.console.speech import say
from pole_agent.errors import ConfigError, Problem
from pole_agent.languages import phrase
from pole_agent.settings import Settings

if TYPE_CHECKING:
    pass

HELP = "measure this machine against the budgets of the project"
CLIP = Path(__file__).parents[1] / "demo" / "street.mp4"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the result."""

    what: str
    value: float
    unit: str
    target: str
    met: bool | None  # None: there is no target


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--clip", type=Path, default=CLIP, metavar="CLIP", help="what to look at; default: the bundled street"
    )
    parser.add_argument(
        "--model",
        metavar="NAME",
        help="a shipped model by name, or the path of a card; default: the default model",
    )
    parser.add_argument(
        "--threads", type=int, metavar="N", help="of the detector; default: as in the settings"
    )
    parser.add_argument(
        "--models", action="store_true", help="only measure the models on this machine, and recommend one"
    )
    parser.add_argument(
        "--cameras", type=int, default=1, metavar="N", help="with --models: so many cameras; default 1"
    )
    parser.add_argument(
        "--fps", type=float, default=5.0, metavar="F", help="with --models: frames/s of each; default 5"
    )
    parser.add_argument(
        "--folder", type=Path, metavar="D", help="with --models: of the installed models; default as in model"
    )
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="best of so many; default 3")
    parser.add_argument(
        "--json", action="store_true", help="print the figures as one JSON object, as the last line"
    )


def run(arguments: argparse.Namespace) -> int:
    detector = {
        k: v for k, v in (("model", arguments.model), ("threads", arguments.threads)) if v is not None
    }
    try:
        settings = Settings.model_validate(
            {
                "pole": {"id": "bench", "site": "bench", "latitude": 0, "longitude": 0, "timezone": "UTC"},
                "camera": [{"source": str(arguments.clip)}],
                "detector": detector,
            }
        )
    except ValidationError as error:  # the value is not repeated: it may hold a password
        raise ConfigError(
            [
                Problem(f"--{_option(e['loc'])}", e["msg"].removeprefix("Value error, "))
                for e in error.errors()
            ]
        ) from None
    if arguments.models:
        return _models(arguments, settings.detector.threads)
    machine = (
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {processor()}"
    )
    print(
        f"{machine}; {settings.detector.model}, {settings.detector.threads} threads; {arguments.clip.name};"
        f" best of {arguments.rounds}"
    )
    figures = []
    for figure in measure(settings, arguments.clip, max(1, arguments.rounds)):
        figures.append(figure)
        verdict = {True: "met", False: "MISSED", None: ""}[figure.met]
        print(
            f"{figure.what:<58} {figure.value:>9.3f} {figure.unit:<9} {figure.target:<10} {verdict}",
            flush=True,
        )
    if arguments.json:
        print(
            json.dumps(
                {
                    "machine": machine,
                    "model": settings.detector.model,
                    "figures": [asdict(f) for f in figures],
                }
            )
        )
    return 0 if all(f.met is not False for f in figures) else 1


def _models(arguments: argparse.Namespace, threads: int) -> int:
    from pole_agent.bench.models import MAX_BUSY, Measured, measure, recommended
    from pole_agent.vision import card as cards
    from pole_agent.vision.catalogue import entries

    wanted = arguments.cameras * arguments.fps
    say(arguments, phrase("bench-models", threads=threads, rate=f"{wanted:g}", busy=f"{MAX_BUSY:.0%}"))
    found = []
    for result in measure(entries(arguments.folder or cards.INSTALLED), threads, wanted):
        if isinstance(result, Measured):
            found.append(result)
            accuracy = "-" if result.ap50 is None else f"{result.ap50:.0f}"
            print(f"{result.name:<24} {result.each_ms:>7.1f} ms {result.busy:>6.0%}  {accuracy}", flush=True)
        else:
            print(result)
    best = recommended(found)
    if best is None:
        say(arguments, phrase("bench-no-model-keeps-up"))
    else:
        say(arguments, phrase("bench-recommends", name=best.name))
    if arguments.json:
        data = {"models": [asdict(m) for m in found], "recommended": best and best.name}
        print(json.dumps(data))
    return 0 if best else 1


def _option(place: tuple[int | str, ...]) -> str:
    return "clip" if place[0] == "camera" else str(place[-1])


def measure(settings: Settings, clip: Path, rounds: int) -> Iterator[Figure]:
    """Every figure, as it is ready. Raises CameraError, ModelError."""
    bare = compose.bare_inference(settings)
    one_thread = settings.detector.model_copy(update={"threads": 1})
    each_core = settings.model_copy(update={"detector": one_thread})
    single = [compose.bare_inference(each_core) for _ in range(settings.detector.threads)]
    played, ratios, rates, shares = [], [], [], []
    for _ in range(rounds):
        before, together = bare_rate(bare), bare_rate_of_all(single)
        played.append(replay(clip, settings, "--every-frame"))
        limit = (before + bare_rate(bare)) / 2
        rates.append(limit)
        ratios.append(played[-1]["fps"] / limit)
        shares.append(2 * played[-1]["fps"] / (together + bare_rate_of_all(single)))
    best = played[ratios.index(max(ratios))]
    yield Figure("the network alone", max(rates), "runs/s", "", None)
    yield Figure("detection on every frame, all included", best["fps"], "frames/s", "", None)
    yield _at_least("… as a share of the network alone", max(ratios), "", 0.95)
    yield _at_least("… as a share of one network of one thread a core", max(shares), "", 0.80)
    gate, resize = gate_ms(clip, rounds)
    yield Figure("one nearest resize to the motion gate's working height", resize, "ms/frame", "", None)
    yield Figure("motion gate", gate, "ms/frame", "", None)
    yield _at_most("… in resizes", gate / resize, "", 2.0)
    with tempfile.TemporaryDirectory() as folder:
        saved = f"{folder}/detections.txt"
        replay(clip, settings, "--every-frame", "--save-detections", saved)
        alone = [replay(clip, settings, "--every-frame", "--detections", saved) for _ in range(rounds)]
    live = [replay(clip, settings) for _ in range(rounds)]
    yield _at_most(
        "tracker, on the detections of the clip", min(p["tracker_ms_p50"] for p in alone), "ms/frame", 0.20
    )
    yield Figure("appearance", min(p["appearance_ms_p50"] for p in alone), "ms/frame", "", None)
    yield _at_most(
        "peak memory, one camera, as the daemon detects", min(p["peak_rss_mb"] for p in live), "MB", 160
    )
    yield from _lamp(settings, clip, rounds)
    yield from _starts(clip, rounds)
    yield from _uplink(rounds)
    yield from _sight(settings, clip, rounds)


def _lamp(settings: Settings, clip: Path, rounds: int) -> Iterator[Figure]:
    # Here, because every command starts by importing this file, and the lamp waits for that.
    from pole_agent.bench import latency

    for busy, target in ((None, 10.0), (clip, 30.0)):
        played_back = [latency.command_to_pin(settings, busy) for _ in range(rounds)]
        state = f"{'idle' if busy is None else 'detection saturated'}, through {played_back[0][1]}"
        yield Figure(
            f"lamp command to pin, median, {state}",
            min(_percentile(w, 50) for w, _ in played_back),
            "ms",
            "",
            None,
        )
        yield _at_most(
            f"lamp command to pin, p99, {state}",
            min(_percentile(w, 99) for w, _ in played_back),
            "ms",
            target,
        )


def _starts(clip: Path, rounds: int) -> Iterator[Figure]:
    from pole_agent.bench import startup

    starts = [startup.start(clip) for _ in range(rounds)]
    yield _at_most("start of the process to a lit lamp", min(s.lit_s for s in starts), "s", 0.5)
    yield _at_most("start of the process to the first detection", min(s.sees_s for s in starts), "s", 2.0)
    whole, decoding = min(
        (startup.still_street(clip) for _ in range(rounds)), key=lambda pair: pair[0] - pair[1]
    )
    yield Figure(
        "a still street, 768 x 576, 5 frames/s: decoding alone", decoding * 100, "% of core", "", None
    )
    yield _at_most("… the whole agent beyond that", (whole - decoding) * 100, "% of core", 5.0)


def _sight(settings: Settings, clip: Path, rounds: int) -> Iterator[Figure]:
    from pole_agent.bench import latency

    sights = min((latency.sight_to_light(settings, clip) for _ in range(rounds)), key=lambda s: s.excess_s)
    yield Figure(
        "a person in the picture to more light, slowest of 6", max(sights.waits) * 1000, "ms", "", None
    )
    yield _at_most("… beyond one frame interval and one inference", sights.excess_s * 1000, "ms", 20.0)


def _at_least(what: str, value: float, unit: str, target: float) -> Figure:
    return Figure(what, value, unit, f">= {target:g}", value >= target)


def _at_most(what: str, value: float, unit: str, target: float) -> Figure:
    return Figure(what, value, unit, f"<= {target:g}", value <= target)


def _uplink(rounds: int) -> Iterator[Figure]:
    from pole_agent.bench import backlog
    from pole_agent.simulator.broker import mosquitto_program

    program = mosquitto_program()
    if program is None:
        print("the uplink is not measured: Mosquitto is not installed (sudo apt install mosquitto)")
        return
    drained = [backlog.drain(program) for _ in range(rounds)]
    best = max(drained, key=lambda d: d.rate / d.from_memory)
    yield Figure(
        "events a second from memory, each acknowledged",
        max(d.from_memory for d in drained),
        "events/s",
        "",
        None,
    )
    yield Figure("events a second from the store, marked as delivered", best.rate, "events/s", "", None)
    yield _at_least("… as a share of the same client from memory", best.rate / best.from_memory, "", 0.9)
    overtaken = min((backlog.overtake(program) for _ in range(rounds)), key=lambda o: o.alarm_s)
    yield _at_most(
        f"a live alarm behind {overtaken.waiting} events, acknowledged after", overtaken.alarm_s, "s", 1.0
    )
    yield _at_most("memory grows while they drain", overtaken.grown_mb, "MB", 10)
    from pole_agent.bench import day

    print("living through a busy day, in four minutes", file=sys.stderr)
    lived = day.day(program)
    yield Figure(
        f"a busy day: {lived.objects} objects, and an event of each; events in all",
        lived.stored,
        "events",
        "",
        None,
    )
    yield _at_most("written to the disk in that day, as the kernel counts", lived.written_mb, "MB", 50)
    yield _at_most("sent per object, as the broker counts", lived.sent / lived.objects / 1000, "KB", 1.5)


def _percentile(waits: list[float], percent: int) -> float:
    """In milliseconds."""
    return sorted(waits)[min(len(waits) - 1, len(waits) * percent // 100)] * 1000
