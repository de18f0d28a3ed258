"""The picture of the README: a frame of the bundled clip as the agent saw it, what it reported, and the
night's plan of its lamp.

Detector, tracker, rules and lamp program are the agent's own, with the configuration of the demo. Privacy
masks are burned in as on a pole; heads are blurred besides, for a picture that everybody may see. The output
is one SVG file for each language.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

import cv2

from pole_agent import compose
from pole_agent.almanac import night_of
from pole_agent.camera.recorded import RecordedSource
from pole_agent.clock import ManualClock
from pole_agent.frame import Image
from pole_agent.health.trust import TimeKeeper
from pole_agent.lamp.program import Stretch
from pole_agent.settings import Settings
from pole_agent.simulator.poles import FOLDER
from pole_agent.vocabulary import BoostLamp, Point, RecordEvent, Track
from pole_agent.words import Both, named

CLIP = FOLDER / "street.mp4"
START = "2026-01-01T20:00:00"  # of the clip, in the pole's local time
UNTIL_S = 22.2  # of the clip: the frame that is drawn
TRAIL_S = 4.0
HEAD = 0.24  # of a person's height, from above
WIDTH, HEIGHT = 1000, 716
FRAME_W, FRAME_H = 640, 480
PLAN = (46, 560, 940, 110)  # left, top, width, height of the chart
COLOURS = ("#ffd166", "#06d6a0", "#4cc9f0", "#f78c6b", "#c77dff", "#f15bb5", "#9bf6ff", "#caffbf")
SENT = Both("Sent over MQTT: no picture", "Dikirim lewat MQTT: tanpa gambar")
NIGHT = Both("The lamp, night of {} (Sumedang)", "Lampu, malam {} (Sumedang)")
RAISED = Both(
    "somebody on the road: {:.0%}, and {:g} s longer", "ada orang di jalan: {:.0%}, ditambah {:g} detik"
)
ZONE, LINE = Both("zone", "zona"), Both("line", "garis")
MASKED = Both("privacy mask", "penutup privasi")
VERBS = {
    "incident.opened": Both("opened", "dibuka"),
    "incident.closed": Both("closed", "ditutup"),
}
WAYS = {"forward": Both("forward", "maju"), "backward": Both("backward", "mundur")}
STYLE = """
text { font-family: Verdana, "DejaVu Sans", sans-serif; font-size: 13px; fill: #e8edf2 }
.small { font-size: 11px; fill: #a9b4c0 }
.title { font-size: 15px; font-weight: bold }
.alarm { fill: #ff8a80 }
.warning { fill: #ffd166 }
.box { fill: none; stroke-width: 2 }
.trail { fill: none; stroke-width: 2; stroke-dasharray: 2 3 }
.number { font-size: 12px; font-weight: bold; fill: #101418 }
.zone { fill: #06d6a0; fill-opacity: 0.10; stroke: #06d6a0; stroke-width: 1.5 }
.line { stroke: #ffa62b; stroke-width: 2.5 }
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the agent made of the clip until then."""

    image: Image
    at: float
    tracks: list[Track]
    trails: dict[int, list[Point]]
    events: list[RecordEvent]
    boost: BoostLamp


async def watch(settings: Settings, until_s: float) -> Seen:
    """Run the agent's vision over the clip up to `until_s`."""
    camera = settings.cameras[0]
    clock = ManualClock(wall=start(settings), monotonic=0.0)
    detector = compose.detector_of(settings)
    numbers = itertools.count(1)
    pipeline = compose.pipeline_factory(
        settings,
        camera.name,
        detector,
        TimeKeeper(clock, "clip", "picture"),
        lambda: f"incident-{next(numbers):04d}",
    )(0.0)
    source = RecordedSource(CLIP, camera.fps, camera.masks)
    feet: dict[int, list[tuple[float, Point]]] = {}
    events: list[RecordEvent] = []
    boosts: list[BoostLamp] = []
    await detector.open()
    source.open()
    try:
        while True:
            frame = await source.next()
            if frame is None:
                raise SystemExit("picture: the clip ends before that frame")
            clock.move_to(frame.at)
            responses = await pipeline.look(frame)
            events += [r for r in responses if isinstance(r, RecordEvent) and not r.silent]
            boosts += [r for r in responses if isinstance(r, BoostLamp) and r.level]
            for track in pipeline.tracks:
                feet.setdefault(track.track_id, []).append((frame.at, track.box.foot))
            if frame.at >= until_s:
                break
    finally:
        source.close()
        detector.close()
    trails = {number: [p for at, p in way if at >= frame.at - TRAIL_S] for number, way in feet.items()}
    return Seen(frame.image, frame.at, [t for t in pipeline.tracks if t.seen_now], trails, events, boosts[-1])


def start(settings: Settings) -> float:
    return datetime.fromisoformat(START).replace(tzinfo=settings.pole.place.zone).timestamp()


def blurred(image: Image, tracks: list[Track]) -> Image:
    """A copy in which the heads of people are blurred."""
    picture = image.copy()
    height, width = picture.shape[:2]
    for box in (t.box for t in tracks if t.label == "person"):
        top, bottom = round(box.top * height), round((box.top + box.height * HEAD) * height)
        left, right = round(box.left * width), round(box.right * width)
        part = picture[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
        if part.size:
            part[:] = cv2.blur(part, (15, 15), borderType=cv2.BORDER_REPLICATE)
    return picture


def drawing(settings: Settings, seen: Seen, language: str) -> Iterator[str]:
    """The lines of the SVG file."""
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}"'
        f' height="{HEIGHT}">'
    )
    yield f"<style>{STYLE}</style>"
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#101418"/>'
    yield from street(settings, seen, language)
    yield from messages(settings, seen, language)
    yield from night(settings, seen, language)
    yield "</svg>"


def street(settings: Settings, seen: Seen, language: str) -> Iterator[str]:
    """The frame with zones, lines, boxes, numbers and the ways of the last seconds."""
    small = cv2.resize(blurred(seen.image, seen.tracks), (FRAME_W, FRAME_H), interpolation=cv2.INTER_AREA)
    jpeg = base64.b64encode(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 72])[1].tobytes()).decode()
    yield f'<svg x="0" y="0" width="{FRAME_W}" height="{FRAME_H}">'
    yield f'<image width="{FRAME_W}" height="{FRAME_H}" href="data:image/jpeg;base64,{jpeg}"/>'
    for zone in settings.zones:
        yield f'<polygon class="zone" points="{points(zone.polygon)}"/>'
        yield label(zone.polygon[0], f"{ZONE.of(language)} {zone.name}", "#06d6a0")
    for line in settings.lines:
        (x1, y1), (x2, y2) = at(line.start), at(line.end)
        yield f'<line class="line" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'
        yield label(line.end, f"{LINE.of(language)} {line.name}", "#ffa62b", below=18)
    for mask in settings.cameras[0].masks:
        yield label(
            (min(x for x, _ in mask) + 0.02, max(y for _, y in mask)),
            MASKED.of(language),
            "#a9b4c0",
            below=-22,
        )
    for track in seen.tracks:
        colour = COLOURS[track.track_id % len(COLOURS)]
        left, top = at((track.box.left, track.box.top))
        size = track.box.width * FRAME_W, track.box.height * FRAME_H
        yield f'<polyline class="trail" stroke="{colour}" points="{points(seen.trails[track.track_id])}"/>'
        yield (
            f'<rect class="box" stroke="{colour}" x="{left}" y="{top}" width="{size[0]:.1f}"'
            f' height="{size[1]:.1f}"/>'
        )
        text = f"{named(track.label, language)} {track.track_id}"
        wide = round(7.2 * len(text) + 6)
        left = min(left, FRAME_W - wide)
        yield f'<rect fill="{colour}" x="{left - 1}" y="{top - 16}" width="{wide}" height="16"/>'
        yield f'<text class="number" x="{left + 2}" y="{top - 4}">{escape(text)}</text>'
    yield "</svg>"


def label(place: Point, text: str, colour: str, below: int = -6) -> str:
    x, y = at(place)
    return f'<text x="{x}" y="{y + below}" style="fill: {colour}; font-size: 12px">{escape(text)}</text>'


def at(place: Point) -> tuple[float, float]:
    return round(place[0] * FRAME_W, 1), round(place[1] * FRAME_H, 1)


def points(way: Any) -> str:
    return " ".join(f"{x},{y}" for x, y in map(at, way))


def messages(settings: Settings, seen: Seen, language: str) -> Iterator[str]:
    """The latest events, as a person would say them."""
    x, zone = FRAME_W + 20, settings.pole.place.zone
    yield f'<text class="title" x="{x}" y="28">{SENT.of(language)}</text>'
    told = [e for e in seen.events if e.kind in VERBS]
    for number, event in enumerate(told[-10:]):
        y, data = 58 + 41 * number, event.data
        when = datetime.fromtimestamp(start(settings) + event.at, zone)
        text = f"{when:%H:%M:%S}  {data['rule']} {VERBS[event.kind].of(language)}"
        yield f'<text class="{event.severity.word}" x="{x}" y="{y}">{escape(text)}</text>'
        what = [named(data["class"], language), named(event.severity.word, language)]
        if data.get("duration_s"):
            what.append(f"{data['duration_s']:.1f} s")
        if way := data.get("direction"):
            what.append(WAYS[way].of(language))
        yield f'<text class="small" x="{x}" y="{y + 16}">{escape(" · ".join(what))}</text>'


def night(settings: Settings, seen: Seen, language: str) -> Iterator[str]:
    """The level of the lamp over the night, and the moment at which presence raised it."""
    left, top, width, height = PLAN
    plan = compose.plan_of(settings)
    found = night_of(start(settings), plan.place)
    parts = [p for p in plan.stretches(found) if p.dark or p.level]
    begin, end = parts[0].start - 3600, parts[-1].end + 3600

    def x_of(wall: float) -> float:
        return left + width * (wall - begin) / (end - begin)

    yield f'<text class="title" x="14" y="{top - 48}">{NIGHT.of(language).format(found.date)}</text>'
    dark = [p for p in parts if p.dark]
    dusk, dawn = x_of(dark[0].start), x_of(dark[-1].end)
    yield f'<rect fill="#1b2733" x="{dusk:.1f}" y="{top}" width="{dawn - dusk:.1f}" height="{height}"/>'
    for part in parts:
        if level := level_of(settings, part):
            shape = (
                f'x="{x_of(part.start):.1f}" y="{top + height * (1 - level):.1f}"'
                f' width="{x_of(part.end) - x_of(part.start):.1f}"'
            )
            yield f'<rect fill="#ffd166" fill-opacity="0.85" {shape} height="{height * level:.1f}"/>'
    for level in (0, 0.5, 1):
        y = top + height * (1 - level)
        yield f'<line x1="{left}" x2="{left + width}" y1="{y}" y2="{y}" stroke="#3a4653"/>'
        yield f'<text class="small" x="{left - 6}" y="{y + 4}" text-anchor="end">{level:.0%}</text>'
    hour = begin - begin % 3600 + 3600
    while hour < end:
        moment = datetime.fromtimestamp(hour, plan.place.zone)
        if moment.hour % 3 == 0 and moment.minute == 0:
            yield (
                f'<text class="small" x="{x_of(hour):.1f}" y="{top + height + 18}"'
                f' text-anchor="middle">{moment:%H:%M}</text>'
            )
        hour += 3600
    shown = 0.0
    for part in parts:
        level = level_of(settings, part)
        if level != shown and level:
            text = f"{datetime.fromtimestamp(part.start, plan.place.zone):%H:%M}  {level:.0%}"
            yield (
                f'<text class="small" x="{x_of(part.start) + 4:.1f}"'
                f' y="{top + height * (1 - level) - 5:.1f}">{text}</text>'
            )
        shown = level
    x = x_of(start(settings) + seen.at)
    raised = RAISED.of(language).format(
        seen.boost.level, next(r.lamp.hold_s for r in settings.rules if r.lamp)
    )
    y = top + height * (1 - seen.boost.level)
    yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y:.1f}" y2="{top + height}" stroke="#fff" stroke-width="3"/>'
    yield f'<text x="{x + 6:.1f}" y="{top - 8}">{escape(raised)}</text>'


def level_of(settings: Settings, part: Stretch) -> float:
    """What the program gives; in deep darkness the floor holds."""
    return max(part.level, settings.lamp.floor) if part.deep and not settings.lamp.part_night else part.level


def main() -> None:
    """Arguments: the folder to write to."""
    document = tomllib.loads((FOLDER / "pole.toml").read_text())
    document["camera"][0]["source"] = str(CLIP)
    settings = Settings.model_validate(document)
    seen = asyncio.run(watch(settings, UNTIL_S))
    for language in ("en", "id"):
        file = Path(sys.argv[1]) / f"pole.{language}.svg"
        file.write_text("\n".join(drawing(settings, seen, language)) + "\n")
        print(
            f"wrote {file}: {file.stat().st_size // 1024} kB, {len(seen.tracks)} tracks, {len(seen.events)}"
            " events"
        )


if __name__ == "__main__":
    main()
