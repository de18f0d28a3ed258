"""A live camera, read step by step: what counts as a sign of life, what each frame says of itself, and what
is let go at the end.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest

from pole_agent.camera import opening
from pole_agent.camera.live import LiveSource
from pole_agent.camera.masks import burn
from pole_agent.camera.reference import Reference
from pole_agent.errors import CameraError
from pole_agent.vocabulary import Point
from tests.camera.test_limits import CORNER, Camera, Kept, Timed, clip, grey, read, threads
from tests.conftest import eventually


def live(fps: float = 1000.0, masks: tuple[list[Point], ...] = (), **more: Any) -> LiveSource:
    return LiveSource("x", fps, masks, more.pop("monotonic", time.monotonic), **more)


def long_ago(source: LiveSource, seconds: float = 9.0) -> None:
    """Nothing has been heard of it for so long."""
    source._sign_at = source._picture_at = time.monotonic() - seconds


def silent(source: LiveSource) -> tuple[bool, bool]:
    """No data for seconds, no picture for seconds."""
    now = time.monotonic()
    return now - source._sign_at > 5, now - source._picture_at > 5


@pytest.mark.parametrize(
    ("pictures", "expected"),
    [
        ((), (True, True)),
        ((None,), (False, True)),
        ((grey(),), (False, False)),
        ((None, grey()), (False, False)),
    ],
)
def test_data_are_a_sign_and_a_picture_is_one_of_both(
    pictures: tuple[Any, ...], expected: tuple[bool, bool]
) -> None:
    """What cannot be decoded shows that somebody is there, not that the camera sees."""
    source = live()
    long_ago(source)
    frames, end = read(source, Camera(*pictures))
    assert silent(source) == expected
    assert len(frames) == sum(p is not None for p in pictures)
    assert end == "x: the stream broke off"


def test_its_turn_to_open_is_a_sign() -> None:
    """While others open, its own time does not run; and one that is closed is not wanted any more."""
    source = live()
    long_ago(source, 29.0)
    assert source._patience_left() == pytest.approx(1.0, abs=0.2)
    assert source._wanted()
    assert source._patience_left() == pytest.approx(30.0, abs=0.2)
    source.close()
    assert not source._wanted()


async def test_what_was_opened_is_let_go(tmp_path: Path) -> None:
    """At the end of the stream, when it is closed, and when something odd happens: the file is not open any
    more.
    """
    for name, masks, ends in (("end", [], True), ("closed", [], False), ("odd", [[("a", "b")]], True)):
        path = clip(tmp_path / f"{name}.avi")
        source = LiveSource(str(path), 1000.0, masks, time.monotonic)  # type: ignore[arg-type]
        source.open()
        if ends:
            with pytest.raises(CameraError):
                while True:
                    await asyncio.wait_for(source.next(), 10)
        else:
            assert await source.next() is not None
        source.close()
        eventually(lambda name=name: not threads(f"{name}.avi"))  # type: ignore[misc]
        assert not [
            fd for fd in Path("/proc/self/fd").iterdir() if fd.exists() and os.readlink(fd) == str(path)
        ]


async def test_a_camera_that_is_open_waits_for_a_picture(tmp_path: Path) -> None:
    """From when it is open, it is waited for as long as the stream may take; before, half a minute."""
    source = LiveSource(str(clip(tmp_path / "a.avi")), 1000.0, [], time.monotonic)
    with opening._one_at_a_time:
        source.open()
        assert source._patience_left() == pytest.approx(30.0, abs=0.5)
        long_ago(source)
    assert await source.next() is not None
    assert source._capture is not None
    assert silent(source) == (False, False)
    assert source._patience_left() == pytest.approx(10.0, abs=0.5), "a file has no more patience than that"
    source.close()


@pytest.mark.parametrize("again", [True, False])
def test_a_frame_says_what_it_is(again: bool) -> None:
    """Its picture, its number from 0 on, its time, and whether the source has sent the very same
    data before.
    """
    capture = Camera(grey(60), grey(90), grey(120))
    capture.again = again
    frames, _ = read(live(), capture)
    assert [(f.index, int(f.image[0, 0, 0]), f.again, f.part) for f in frames] == [
        (n, 60 + 30 * n, again, None) for n in range(len(frames))
    ]
    assert len(frames) >= 1
    assert frames == sorted(frames, key=lambda f: f.at)


def test_masks_are_burned_where_they_were_drawn() -> None:
    """On the picture of its reference, which keeps the first size where nobody has said one."""
    reference = Reference()
    frames, _ = read(live(masks=(CORNER,), reference=reference), Camera(grey()))
    assert reference.size == (64, 48)
    expected = grey().copy()
    burn(expected, [CORNER])
    assert (frames[0].image == expected).all()
    other = Reference((48, 64))
    turned, _ = read(live(masks=(CORNER,), reference=other), Camera(grey()))
    assert int((turned[0].image == 0).sum()) > int((expected == 0).sum()), "nobody knows where it lies now"


def waits(fps: float, *pictures: tuple[float, float]) -> tuple[list[float], list[float]]:
    """Each picture: how long it is waited for, and how long it takes to decode.

    Returns times and how long each one waits for the last.
    """
    capture, kept = Timed(*((wait, takes, grey()) for wait, takes in pictures)), Kept()
    source = live(fps, monotonic=lambda: capture.now)
    long_ago(source, 0.0)
    with pytest.raises(CameraError):
        source._read(capture, kept)  # type: ignore[arg-type]
    return kept.times, kept.waits


@pytest.mark.parametrize(
    ("pictures", "times", "waited"),
    [
        # One that comes in its time is handed over at once: it would have waited for as long as it took to
        # come.
        (((0.5, 0.0), (0.5, 0.0), (0.5, 0.0)), [0.5, 1.0, 1.5], [0.0, 0.0, 0.0]),
        # Two that have come while the one before was decoded: each has its own time, and waits for its turn.
        (((0.5, 1.0), (0.25, 0.0), (0.25, 0.0)), [0.5, 1.0, 1.5], [-1.0, 0.25, 0.25]),
        (((0.5, 1.0), (0.5, 0.0), (0.5, 0.0)), [0.5, 1.5, 2.5], [-1.0, 0.5, 0.5]),
        # After a long silence the next replaces what is two steps old.
        (((0.5, 0.0), (3.0, 0.0)), [0.5, 3.5], [0.0, -2.0]),
        (((0.5, 0.0), (1.0, 0.0)), [0.5, 1.5], [0.0, 0.0]),
        (((0.5, 0.0), (1.25, 0.0)), [0.5, 1.75], [0.0, -0.25]),
    ],
)
def test_how_long_a_frame_may_be_looked_at(pictures: Any, times: list[float], waited: list[float]) -> None:
    """For as long as the next one took to come, two steps of two frames a second at most."""
    assert waits(2.0, *pictures) == (times, waited)


def test_who_closes_it_while_it_reads_gets_no_more() -> None:
    """The picture that is under way is the last one, and no error is told."""

    class Closing(Camera):
        def retrieve(self) -> tuple[bool, Any]:
            source.close()
            return super().retrieve()

    source = live()
    long_ago(source, 0.0)
    frames, end = read(source, Closing(grey(), grey(), grey()))
    assert (len(frames), end) == (1, "")
