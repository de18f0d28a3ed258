"""A clip plays at its own times, says when it is not complete, and survives a damaged place."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from pole_agent.camera.recorded import RecordedSource
from pole_agent.camera.source import ClipBrokeOff
from pole_agent.errors import CameraError
from pole_agent.frame import Frame
from tests.cli import call

RATE, COUNT = 10, 90


def write(path: Path, code: str, count: int = COUNT) -> Path:
    noise = np.random.default_rng(4)
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*code), RATE, (160, 120))
    assert writer.isOpened()
    for index in range(count):
        image = noise.integers(60, 120, (120, 160, 3), dtype=np.uint8)
        image[:, index : index + 20] = 250
        writer.write(image)
    writer.release()
    return path


async def play(
    path: Path, fps: float | None = None
) -> tuple[list[Frame], CameraError | None, RecordedSource]:
    async def go() -> tuple[list[Frame], CameraError | None]:
        frames: list[Frame] = []
        source.open()
        try:
            while (frame := await source.next()) is not None:
                frames.append(frame)
        except ClipBrokeOff as error:
            return frames, error
        finally:
            source.close()
        return frames, None

    source = RecordedSource(path, fps)
    frames, error = await go()
    return frames, error, source


CLIPS = {"avi": "MJPG", "mkv": "mp4v", "mp4": "mp4v", "mov": "mp4v"}


@pytest.mark.parametrize("suffix", CLIPS)
async def test_clip_is_and_damaged_place_in_it_is_not_end(suffix: str, tmp_path: Path) -> None:
    """A whole clip is whole and a damaged place in it is not its end."""
    clip = write(tmp_path / f"clip.{suffix}", CLIPS[suffix])
    frames, error, source = await play(clip)
    assert (len(frames), error, source.facts, source.doubt) == (COUNT, None, {"time": "container"}, "")
    assert [f.at for f in frames] == pytest.approx([n / RATE for n in range(COUNT)], abs=0.001)
    data = bytearray(clip.read_bytes())
    middle = len(data) // 2
    data[middle : middle + len(data) // 50] = random.Random(3).randbytes(len(data) // 50)
    clip.write_bytes(data)
    frames, error, _ = await play(clip)
    assert error is None
    assert frames[-1].at == pytest.approx(COUNT / RATE, abs=0.35)


@pytest.mark.parametrize("suffix", ["avi", "mkv"])
@pytest.mark.parametrize("share", [0.9, 0.33])
async def test_a_clip_that_lacks_its_end_says(suffix: str, share: float, tmp_path: Path) -> None:
    """A clip that lacks its end says so after all that there is."""
    clip = write(tmp_path / f"clip.{suffix}", CLIPS[suffix])
    os.truncate(clip, int(clip.stat().st_size * share))
    frames, error, _ = await play(clip)
    assert len(frames) == pytest.approx(COUNT * share, abs=12)
    assert "the clip ends after" in str(error)
    assert "of 9.0 s; check that the file is complete" in str(error)


def test_replay_of_clip_that_lacks_end_counts(tmp_path: Path) -> None:
    """Replay of a clip that lacks its end counts what there is and exits 1."""
    clip = write(tmp_path / "clip.avi", "MJPG")
    os.truncate(clip, clip.stat().st_size // 3)
    (tmp_path / "none").touch()
    done = call(
        "replay", str(clip), "--detections", str(tmp_path / "none"), "--out", str(tmp_path / "out"), "--json"
    )
    assert done.returncode == 1
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["clip_s"] == pytest.approx(3.0, abs=0.5)
    assert done.stderr.startswith(f"pole-agent: {clip}: the clip ends after")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "name",
    [
        "10:15:00@cam1.avi",
        "street: 1.avi",
        "rtsp:street.avi",
        "http:street.avi",
        "admin:x@y.AVI",
        "%02d.avi",
        "-.avi",
        "a b#c?d.avi",
    ],
)
def test_a_clip_plays_whatever_its_name(name: str, tmp_path: Path) -> None:
    write(tmp_path / "plain.avi", "MJPG", 12).rename(tmp_path / name)
    (tmp_path / "none").touch()
    for given in (str(tmp_path / name), f"./{name}", *([name] if name[0] != "-" else [])):
        done = call("replay", given, "--detections", str(tmp_path / "none"), "--json", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), given
        assert json.loads(done.stdout)["frames"] == 6
    probed = call("camera", "probe", f"./{name}", "--json", "--seconds", "0.1", cwd=tmp_path)
    assert json.loads(probed.stdout)["measured_fps"] == RATE


def test_such_a_name_is_a_source_and_a_login_is_none(bench: Callable[..., Path], tmp_path: Path) -> None:
    write(tmp_path / "10:15:00@cam1.avi", "MJPG", 12)
    assert call("check", "--config", str(bench('[[camera]]\nsource = "10:15:00@cam1.avi"\n'))).returncode == 0
    for login in (
        "admin:hunter2@10.0.0.5",
        "admin:hunter2@10.0.0.5/clip.avi",
        "admin:hunter2@camera.local/stream1",
    ):
        done = call("check", "--config", str(bench(f'[[camera]]\nsource = "{login}"\n')))
        assert done.returncode == 2
        assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "given", [["--threads", "0"], ["--threads", "99"], ["--model", ""], ["--start", "x"]]
)
def test_impossible_arguments_are_one_sentence(given: list[str], street_clip: Path) -> None:
    """Impossible arguments are one sentence and exit 2."""
    done = call("replay", str(street_clip), *given)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert given[0] in done.stderr
