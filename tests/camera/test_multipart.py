"""Motion JPEG over HTTP: a broken part is left out and is not the end, whoever made it; one connection is all
that is used.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.camera.live import LiveSource
from pole_agent.camera.multipart import Multipart
from pole_agent.camera.opening import open_capture
from pole_agent.errors import CameraError
from pole_agent.frame import Frame
from tests.camera.http_camera import HEAD, HttpCamera, part, picture

LEVELS = [40, 60, 80, 100, 120, 140]


@pytest.fixture
def camera() -> Iterator[Callable[..., HttpCamera]]:
    started: list[HttpCamera] = []

    def start(talk: Callable[[bytes], Iterator[bytes]], one_viewer: bool = False) -> HttpCamera:
        started.append(HttpCamera(talk, one_viewer))
        return started[-1]

    yield start
    for each in started:
        each.close()


def levels(url: str, password_file: Path | None = None) -> list[int]:
    """The mean levels of all pictures that come, to the nearest ten."""
    capture = open_capture(url, "admin" if password_file else None, password_file)
    found = []
    while capture.grab():
        ok, image = capture.retrieve()
        if ok:
            found.append(round(float(image.mean()) / 10) * 10)
    capture.release()
    return found


def claiming(picture: bytes, side: int) -> bytes:
    """The same JPEG with another size in its header: a few hundred bytes that unpack into much memory."""
    at = picture.index(b"\xff\xc0") + 5
    return picture[:at] + side.to_bytes(2, "big") * 2 + picture[at + 4 :]


BROKEN = {
    "cut": part(picture(60)[:-30]),
    "cut, with the length of the whole": part(picture(60)[:-30], len(picture(60))),
    "garbage": part(bytes(range(256)) * 4),
    "garbage in a JPEG": part(picture(60)[:2] + bytes(range(255)) * 2 + b"\xff\xd9"),
    "empty": part(b""),
    "said to be 8000 x 8000": part(claiming(picture(60), 8000)),
    "no length, cut": b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + picture(60)[:200] + b"\r\n",
    "a length of a gigabyte": part(b"\xff\xd8abc", 1 << 30),
    "a length that is no number": b"--frame\r\nContent-Length: many\r\n\r\nxyz\r\n",
    "text": part(b'{"motion": true}', kind="application/json"),
    "headers without end": b"--frame\r\n" + b"X" * 20_000 + b"\r\n",
    "no headers": b"--frame\r\n\r\n\r\n",
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_one_broken_part_is_left_out_and_is_not_end(broken: bytes, camera: Callable[..., HttpCamera]) -> None:
    """One broken part is left out and is not the end."""

    def talk(_: bytes) -> Iterator[bytes]:
        yield HEAD + part(picture(40)) + broken
        yield from (part(picture(n)) for n in LEVELS[2:])

    assert levels(camera(talk).url) == [40, *LEVELS[2:]]


QUIRKS = {
    "length too long": lambda p: part(p, len(p) + 50),
    "length too short": lambda p: part(p, len(p) - 50),
    "no length": lambda p: b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + p + b"\r\n",
    "lines without carriage return": lambda p: (
        b"--frame\nContent-Type: image/jpeg\nContent-Length: %d\n\n" % len(p) + p + b"\n"
    ),
    "no headers": lambda p: b"--frame\r\n" + p,
    "padded": lambda p: part(p + bytes(30)),
    "its own word for the type": lambda p: part(p, kind="image/jpg"),
}


@pytest.mark.parametrize("quirk", QUIRKS.values(), ids=QUIRKS.keys())
def test_quirks_of_cameras_are_read(
    quirk: Callable[[bytes], bytes], camera: Callable[..., HttpCamera]
) -> None:
    def talk(_: bytes) -> Iterator[bytes]:
        yield HEAD
        yield from (quirk(picture(n)) for n in LEVELS)
        yield b"--frame"  # without it, a part without a length ends nowhere

    assert levels(camera(talk).url) == LEVELS


@pytest.mark.parametrize(
    "head", [b'boundary="frame"', b"boundary=--frame", b"boundary = frame", b"", b"boundary=frame; charset=x"]
)
def test_a_boundary_may_be_written_in_many_ways(head: bytes, camera: Callable[..., HttpCamera]) -> None:
    def talk(_: bytes) -> Iterator[bytes]:
        yield HEAD.replace(b"boundary=frame", head)
        yield from (part(picture(n)) for n in LEVELS)

    assert levels(camera(talk).url) == LEVELS


@pytest.mark.parametrize("line", [b"--other", b"frame", b"----frame--x"])
def test_boundary_announced_wrongly(line: bytes, camera: Callable[..., HttpCamera]) -> None:
    """The boundary that stands in the stream counts, not the one in the answer."""

    def talk(_: bytes) -> Iterator[bytes]:
        yield HEAD.replace(b"boundary=frame", b"boundary=myboundary")
        yield from (part(picture(n)).replace(b"--frame", line) for n in LEVELS)

    assert levels(camera(talk).url) == LEVELS


class Piecewise:
    """An answer that comes in pieces of any size."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._data, self._sizes, self._turn = data, sizes, 0

    def read1(self, most: int) -> bytes:
        size = min(most, self._sizes[self._turn % len(self._sizes)])
        self._turn += 1
        data, self._data = self._data[:size], self._data[size:]
        return data

    def close(self) -> None:
        return


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=8), st.binary(max_size=300), st.integers(0, 5))
def test_whatever_stands_between_parts_is_passed_over(sizes: list[int], noise: bytes, where: int) -> None:
    """Whatever stands between whole parts is passed over."""
    parts = [part(picture(n)) for n in LEVELS]
    noise = noise.replace(b"--", b"-")
    stream = Multipart(
        Piecewise(b"".join([*parts[:where], b"--frame\r\n", noise, *parts[where:]]), sizes), "frame", "camera"
    )
    found = []
    while stream.grab():
        ok, image = stream.retrieve()
        assert ok
        found.append(round(float(image.mean()) / 10) * 10)
    assert found == LEVELS or found == LEVELS[:where] + LEVELS[where + 1 :] or LEVELS[where] not in found


async def test_camera_for_one_viewer_is_asked(camera: Callable[..., HttpCamera]) -> None:
    """A camera for one viewer is asked over the connection that is then used."""

    def talk(_: bytes) -> Iterator[bytes]:
        yield HEAD
        for n in range(100):
            yield part(picture(40 + n))
            time.sleep(0.02)

    only = camera(talk, one_viewer=True)
    frames = await take(LiveSource(only.url, 10, [], time.monotonic), 4)
    assert len(frames) == 4
    assert (len(only.requests), only.turned_away) == (1, 0)


def test_login_by_digest_is_given_and_wrong(camera: Callable[..., HttpCamera], tmp_path: Path) -> None:
    """A login by digest is given and a wrong one is told without it."""

    def talk(request: bytes) -> Iterator[bytes]:
        if b"Authorization: Digest" in request and b'username="admin"' in request:
            yield HEAD + part(picture(40))
        else:
            yield (
                b'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="c", nonce="n",'
                b' qop="auth"\r\nContent-Length: 0\r\n\r\n'
            )

    (tmp_path / "secret").write_text("hunter2\n")
    guarded = camera(talk)
    assert levels(guarded.url, tmp_path / "secret") == [40]
    with pytest.raises(CameraError, match="refused the login") as caught:
        levels(guarded.url)
    assert "hunter2" not in str(caught.value)


def test_camera_that_sends_us_to_another_machine(camera: Callable[..., HttpCamera]) -> None:
    """A camera that sends us to another machine is not followed."""
    other = camera(lambda _: iter([HEAD + part(picture(40))]))

    def talk(_: bytes) -> Iterator[bytes]:
        yield (
            b"HTTP/1.0 302 There\r\nLocation: "
            + other.url.replace("127.0.0.1", "localhost").encode()
            + b"\r\n\r\n"
        )

    with pytest.raises(CameraError, match="another host"):
        levels(camera(talk).url)
    assert other.requests == []


async def take(source: LiveSource, count: int) -> list[Frame]:
    source.open()
    try:
        frames = [await source.next() for _ in range(count)]
    finally:
        source.close()
    return [f for f in frames if f is not None]


async def test_the_very_same_data_are_marked(camera: Callable[..., HttpCamera]) -> None:
    def talk(_: bytes) -> Iterator[bytes]:
        yield HEAD
        for n in (40, 40, 40, 80, 80):
            yield part(picture(n))
            time.sleep(0.1)

    frames = await take(LiveSource(camera(talk).url, 10, [], time.monotonic), 4)
    assert [f.again for f in frames] == [False, True, True, False]


async def test_five_looks_a_second_of_a_camera(camera: Callable[..., HttpCamera]) -> None:
    """Five looks a second of a camera that sends a second at once."""

    def talk(_: bytes) -> Iterator[bytes]:
        yield HEAD
        for second in range(8):
            yield b"".join(part(picture(40 + (second * 15 + n) % 100)) for n in range(15))
            time.sleep(1)

    frames = await take(LiveSource(camera(talk).url, 5, [], time.monotonic), 22)
    late = frames[-15:]
    steps = [b.at - a.at for a, b in itertools.pairwise(late)]
    assert sum(steps) / len(steps) == pytest.approx(0.2, abs=0.03)
    assert max(steps) < 0.35
