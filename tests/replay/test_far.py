"""Somebody far away at night, and insects before the lens: from pictures to incidents."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import CLIP, first_picture
from tests.replay.test_sight import replay

FPS, FRAMES = 5, 200
ENTERS = 100  # the picture in which he does
HEIGHT = 45  # pixels of 960 x 540: 15 of 320, once the picture is scaled down
MAN = (580, 218, 52, 110)  # of the demo's street, alone on the tarmac
MAN_HEIGHT = 94
GROUND = 70.0
# The default one sees vehicles in ground that is as smooth as this; in pictures of cameras it does not.
MODEL = ("--model", "nanodet-g-320-int8")


def man() -> np.ndarray:
    """How much darker or brighter than the ground he is, as small as that, in grey levels."""
    left, top, width, height = MAN
    grey = cv2.cvtColor(first_picture(CLIP), cv2.COLOR_BGR2GRAY)[top : top + height, left : left + width]
    differs = grey.astype(np.float32) - float(np.median(grey))
    differs[np.abs(differs) < 20] = 0
    scale = HEIGHT / MAN_HEIGHT
    return cv2.resize(differs, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def film(path: Path, walker: np.ndarray | None) -> Path:
    """Uneven ground in infrared, an insect in every third picture or so, a clock; and the walker, half his
    height a second.
    """
    random = np.random.default_rng(3)
    ground = cv2.GaussianBlur(random.normal(0, 1, (540, 960)).astype(np.float32), (0, 0), 12)
    ground = GROUND + 8 * ground / ground.std()
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (960, 540))
    for n in range(FRAMES):
        picture = ground.copy()
        if walker is not None and n >= ENTERS:
            height, width = walker.shape
            left = 300 + round((n - ENTERS) * HEIGHT / 2 / FPS)
            picture[250 : 250 + height, left : left + width] += 0.6 * walker
        if random.random() < 0.3:
            x, y, turn = random.integers(40, 900), random.integers(40, 500), random.uniform(0, 6.3)
            end = int(x + 40 * np.cos(turn)), int(y + 40 * np.sin(turn))
            flash = np.zeros_like(picture)
            cv2.line(flash, (int(x), int(y)), end, 120, int(random.integers(4, 14)))
            picture += cv2.GaussianBlur(flash, (0, 0), 3)
        picture += 2 * random.standard_normal(picture.shape, np.float32)
        grey = cv2.cvtColor(np.clip(picture, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR)
        cv2.putText(grey, f"21:19:{n // FPS:02d}", (20, 40), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (230,) * 3, 2)
        writer.write(grey)
    writer.release()
    return path


@pytest.fixture
def config(bench: Callable[..., Path]) -> Path:
    return bench(
        '[[camera]]\nsource = "x.mp4"\n[[rule]]\nname = "any"\nkind = "presence"\nclasses = ["person"]\n'
    )


def test_one_far_away_is_found_among_insects(tmp_path: Path, config: Path) -> None:
    """In five seconds, and followed; he was not found at all in the picture as a whole."""
    out, rows = tmp_path / "events.jsonl", tmp_path / "tracks.txt"
    clip = film(tmp_path / "night.avi", man())
    replay(clip, *MODEL, "--config", str(config), "--out", str(out), "--mot", str(rows))
    events = [json.loads(line) for line in out.read_text().splitlines()]
    begun = [e["time"] for e in events if e["type"].endswith("incident.opened")] or [
        e["data"]["opened_at"] for e in events if e["type"].endswith("incident.closed")
    ]
    assert begun, [e["type"] for e in events]
    frames = {int(float(line.split(",")[0])) - 1 for line in rows.read_text().splitlines()}
    assert ENTERS <= min(frames) <= ENTERS + 5 * FPS
    assert len(frames) >= 0.7 * (FRAMES - ENTERS)


def test_insects_alone_are_nobody(tmp_path: Path, config: Path) -> None:
    """No incident, and the detector sleeps."""
    out = tmp_path / "events.jsonl"
    clip = film(tmp_path / "insects.avi", None)
    figures = replay(clip, *MODEL, "--config", str(config), "--out", str(out))
    assert not [line for line in out.read_text().splitlines() if "incident" in json.loads(line)["type"]]
    assert figures["detector_runs"] <= 0.08 * FRAMES + 10, "ten until insects are known"
