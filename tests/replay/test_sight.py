"""What the eyes are worth: real clips through the real replay.

Those not part of the project are skipped where they are missing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pole_agent import compose
from pole_agent.camera.recorded import RecordedSource
from pole_agent.clock import ManualClock
from pole_agent.health.trust import TimeKeeper
from pole_agent.settings.load import load
from tests.conftest import ROOT
from tests.share import part
from tests.vision.test_motion import camera

# When each person's waist comes into the picture of one-by-one-person-detection.mp4, in seconds; by eye,
# frame by frame. They walk in from below, head first; a person is counted as appeared when half of them is
# there.
APPEARED_S = (6.6, 23.2, 50.8, 75.2, 93.4, 124.1)
SEEN_WITHIN_S = 0.5


def replay(clip: Path, *more: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "pole_agent", "replay", str(clip), "--json", *more]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def test_one_by_one_the_detector_rests(data: Path, tmp_path: Path) -> None:
    """One by one the detector rests and everyone is seen."""
    tracks = tmp_path / "tracks.txt"
    figures = replay(data / "clips" / "one-by-one-person-detection.mp4", "--mot", str(tracks))
    assert figures["detector_runs"] <= 0.25 * figures["frames"]
    first: dict[str, float] = {}
    for line in tracks.read_text().splitlines():
        frame, number, *_ = line.split(",")
        first.setdefault(number, (int(frame) - 1) / 10)
    begins = sorted(first.values())
    assert len(begins) == len(APPEARED_S), "six people, six tracks"
    late = [seen - appeared for seen, appeared in zip(begins, APPEARED_S, strict=True)]
    assert max(late) <= SEEN_WITHIN_S + 1e-6, late


@pytest.mark.parametrize("more", [(), ("--every-frame",)], ids=["at the camera's pace", "every frame"])
def test_the_cars_of_the_car_park_are_four(data: Path, tmp_path: Path, more: tuple[str, ...]) -> None:
    out = tmp_path / "events.jsonl"
    replay(data / "clips" / "car-detection.mp4", "--out", str(out), *more)
    [summary] = [json.loads(line)["data"] for line in out.read_text().splitlines()]
    assert summary["zones"][0]["entered"] == {"car": 4}


@pytest.fixture(scope="module")
def empty_street() -> np.ndarray:
    """The street of the demo without its people: the median over time."""
    capture = cv2.VideoCapture(str(ROOT / "pole_agent" / "demo" / "street.mp4"))
    frames = []
    while (read := capture.read())[0]:
        frames.append(read[1])
    return np.median(np.stack(frames[::10]), axis=0)


def film(path: Path, frames: int, scene: Callable[[int], np.ndarray]) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 5, (768, 576))
    for index in range(frames):
        writer.write(camera(scene(index), index, 5.0))
    writer.release()
    return path


def lit(street: np.ndarray, gain: float, index: int) -> np.ndarray:
    """Picture `index` of a street whose light changes by `gain` at picture 75."""
    return street * (gain if index >= 75 else 1.0)


def test_a_lamp_that_switches_is_no_incident(
    tmp_path: Path, empty_street: np.ndarray, bench: Callable[..., Path]
) -> None:
    """A lamp that switches is no incident and a second of looks."""
    labels = '["person", "vehicle", "two_wheeler"]'
    config = bench(
        f'[[camera]]\nsource = "x.mp4"\n[[rule]]\nname = "any"\nkind = "presence"\nclasses = {labels}\n'
    )
    runs, incidents = {}, {}
    for name, step in (("steady", 1.0), ("darker", 0.6), ("lighter", 1.4)):
        clip = film(tmp_path / f"{name}.avi", 150, partial(lit, empty_street, step))
        out = tmp_path / f"{name}.jsonl"
        runs[name] = replay(clip, "--config", str(config), "--out", str(out))["detector_runs"]
        incidents[name] = sum("incident" in json.loads(line)["type"] for line in out.read_text().splitlines())
    assert incidents["steady"] <= 1, "the parked cars of the scene, once"
    assert incidents == dict.fromkeys(incidents, incidents["steady"])
    assert max(runs.values()) - runs["steady"] <= 5


def test_what_was_at_start_of_still_scene_is_found(tmp_path: Path, bench: Callable[..., Path]) -> None:
    """What was there at the start of a still scene is found and stays.

    People who do not move, on a scene that never changes but for noise: seen at once, and as long as they
    stand there.
    """
    _, image = cv2.VideoCapture(str(ROOT / "pole_agent" / "demo" / "street.mp4")).read()
    tracks = tmp_path / "tracks.txt"
    figures = replay(film(tmp_path / "still.avi", 150, lambda _: image), "--mot", str(tracks))
    assert figures["detector_runs"] <= 0.3 * figures["frames"]
    rows = [line.split(",") for line in tracks.read_text().splitlines()]
    lasting = {r[1] for r in rows if int(r[0]) < 20} & {r[1] for r in rows if int(r[0]) == 150}
    assert len(lasting) >= 3


async def test_nobody_is_given_a_frame_without_its_masks(
    tmp_path: Path, bench: Callable[..., Path], street_clip: Path
) -> None:
    """Each part that sees frames is handed to a spy that keeps them: detector, motion gate, appearance,
    eyesight.
    """
    mask = [[0.5, 0.0], [1.0, 0.0], [1.0, 0.6], [0.5, 0.6]]
    settings = load(bench(f'[[camera]]\nsource = "{street_clip}"\nfps = 10\nmasks = [{mask}]\n')).settings
    given: list[np.ndarray] = []

    class Spy:
        took_ms = 0.0

        async def open(self) -> None:
            return None

        async def detect(self, frame: Any) -> list[Any]:
            given.append(frame.image)
            return []

        def close(self) -> None:
            return None

    async def work() -> int:
        clock = ManualClock()
        keeper = TimeKeeper(clock, "system", "boot")
        pipeline = compose.pipeline_factory(settings, "street", Spy(), keeper, lambda: "i", every_frame=True)(
            0.0
        )
        source = RecordedSource(street_clip, 10, settings.cameras[0].masks)
        source.open()
        count = 0
        while count < 20:
            frame = await source.next()
            assert frame is not None
            # The frame itself is masked, so whoever is given it, or a part of it, has no other.
            given.append(frame.image)
            clock.move_to(frame.at)
            await pipeline.look(frame)
            count += 1
        source.close()
        return count

    assert await work() == 20
    assert len(given) == 40
    height, width = given[0].shape[:2]
    for image in given:
        assert not image[: int(0.6 * height), int(0.5 * width) + 1 :].any()
        assert image[int(0.7 * height) :, : int(0.4 * width)].any()


@pytest.mark.slow
@pytest.mark.essence
@pytest.mark.timeout(3600)
def test_two_hours_of_a_clip_in_a_loop_do_not_grow() -> None:
    clip = ROOT / "pole_agent" / "demo" / "street.mp4"
    figures = replay(
        clip, "--config", str(ROOT / "pole_agent" / "demo" / "pole.toml"), "--repeat", str(part(288))
    )
    assert figures["frames"] == part(288) * 125
    assert figures["rss_growth_mb"] <= 5
    assert figures["peak_rss_mb"] <= 175


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ten_minutes_of_an_empty_noisy_street(tmp_path: Path, empty_street: np.ndarray) -> None:
    figures = replay(film(tmp_path / "empty.avi", 3000, lambda _: empty_street))
    assert figures["frames"] == 3000
    assert figures["detector_runs"] <= 0.02 * 3000
