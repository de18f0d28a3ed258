"""The picture of the page: masked, at the pole only, and nothing at all while nobody looks."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from pole_agent.compose.page import pictures_of
from pole_agent.frame import Frame, Image
from pole_agent.page.pictures import MOST_WIDTH, Pictures, jpeg_of
from pole_agent.settings.load import parse
from pole_agent.vocabulary import Box
from tests.page.served import CONFIG, Browser, serving

OFF = CONFIG + '[storage]\nstate_dir = "state"\n[lamp]\nbackend = "mock"\n'
PERSON = Box(0.4, 0.2, 0.6, 0.8)


def noise(width: int = 640, height: int = 480) -> Image:
    return np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)


def decoded(jpeg: bytes) -> Image:
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), dtype=np.uint8)


@pytest.mark.parametrize(("width", "height"), [(640, 480), (1920, 1080), (961, 5), (3, 3), (1, 4000)])
def test_size(width: int, height: int) -> None:
    """At most so wide, in the shape that it has."""
    found = decoded(jpeg_of(noise(width, height)))
    assert found.shape[1] == min(width, MOST_WIDTH)
    assert abs(found.shape[0] - height * found.shape[1] / width) <= 1


@pytest.mark.parametrize("width", [640, 1920])
def test_pixelated(width: int) -> None:
    """Who is hidden is a few coarse squares; the rest is untouched, and so is the picture itself."""
    image = noise(width, width * 3 // 4)
    before = image.copy()
    found, plain = decoded(jpeg_of(image, [PERSON])), decoded(jpeg_of(image))
    assert np.array_equal(image, before)
    height, wide = found.shape[:2]
    inside = found[int(0.2 * height) + 8 : int(0.8 * height) - 8, int(0.4 * wide) + 8 : int(0.6 * wide) - 8]
    assert inside.std() < found.std() / 2, "noise is gone where the person is"
    assert np.array_equal(found[:, : wide // 4], plain[:, : wide // 4])


@pytest.mark.parametrize(
    "box",
    [Box(-0.5, -0.5, 0.1, 0.1), Box(0.9, 0.9, 1.8, 1.8), Box(0, 0, 1, 1), Box(0.5, 0.5, 0.5001, 0.5001)],
)
def test_edges(box: Box) -> None:
    """Boxes beyond the edge of the picture, and tiny ones, are no error."""
    assert decoded(jpeg_of(noise(), [box])).shape == (480, 640, 3)


async def test_nobody_looks() -> None:
    """While nobody looks no picture is kept, nor made; who looks gets the next one, then newer ones."""
    pictures = Pictures(["street"], pixelated=False)
    view = pictures._views["street"]
    pictures.show("street", Frame(noise(), 0.0, 0), [])
    assert not view.busy and view.jpeg == b""
    looking = asyncio.create_task(pictures.newest("street", 0, 5.0))
    while view.asked < 0:
        await asyncio.sleep(0)
    pictures.show("street", Frame(noise(), 0.0, 1), [])
    found = await looking
    assert found is not None and found[0] == 1 and decoded(found[1]).shape == (480, 640, 3)
    assert await pictures.newest("street", 1, 0.01) is None, "there is no newer one"
    assert (await pictures.newest("street", 0, 0.01)) == found
    with pytest.raises(KeyError):
        await pictures.newest("other", 0, 0.01)


async def test_at_the_pole_only(tmp_path: Path) -> None:
    """The picture is for who is at the pole: what a proxy passes on gets none, and each look is told."""
    pictures = Pictures(["street"], pixelated=False)
    async with serving(tmp_path, pictures) as served, Browser(served) as browser:
        assert (await browser.get("/api/picture/street"))[0] == 401
        await browser.login("viewer")
        for header in ("X-Forwarded-For", "Forwarded", "Via"):
            assert (await browser.get("/api/picture/street", **{header: "1.2.3.4"}))[0] == 403
            assert not (await browser.get("/api/me", **{header: "1.2.3.4"}))[1]["picture"]
        assert served.audited == []
        looking = asyncio.create_task(browser.get("/api/picture/street"))
        while pictures._views["street"].asked < 0:
            await asyncio.sleep(0.01)
        pictures.show("street", Frame(noise(), 0.0, 1), [])
        status, jpeg = await looking
        assert status == 200 and decoded(jpeg).shape == (480, 640, 3)
        for _ in range(3):
            await browser.get("/api/picture/street")
        looks = [{"by": "the viewer", "role": "viewer", "camera": "street"}]
        assert [dict(data) for _, data in served.audited] == looks, "one look, however many pictures"
        await served.clock.advance(301)
        await browser.get("/api/picture/street")
        assert [dict(data) for _, data in served.audited] == looks * 2
        assert (await browser.get("/api/picture/other"))[0] == 404


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        ("", False),
        ("enabled = true", True),
        ('enabled = true\npicture = "pixelated"', True),
        ('enabled = true\npicture = "off"', False),
        ('enabled = true\nhost = "localhost"', True),
        ('enabled = true\nhost = "0.0.0.0"\ntrusted_proxies = ["10.0.0.1"]', False),
        ('enabled = true\nhost = "10.0.0.7"\ncert_file = "c"\nkey_file = "k"', False),
    ],
)
def test_built_with(page: str, shown: bool) -> None:
    """Beyond loopback the page is built without the room that may see a frame."""
    assert (pictures_of(parse(f"{CONFIG}\n[page]\n{page}\n")) is not None) is shown


def test_off_costs_nothing(tmp_path: Path) -> None:
    """A pole without a page loads nothing of it."""
    (tmp_path / "pole.toml").write_text(OFF)
    code = (
        "import sys; from pathlib import Path; from pole_agent import compose; from pole_agent.clock import"
        " SystemClock; from pole_agent.settings.load import load; loaded = load(Path(sys.argv[1])); clock ="
        " SystemClock(); runtime = compose.build(loaded, compose.open_lamp(loaded.settings, clock), clock);"
        " print(runtime.page, [m for m in sys.modules if m.split('.')[0] == 'aiohttp' or '.page.' in m])"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "pole.toml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "None []", done.stdout + done.stderr


def test_cannot_see() -> None:
    """The server, its views and its set-up do not even load what a frame is."""
    rooms = ("server", "views", "setup", "doors", "trial", "files")
    code = (
        f"import sys; {'; '.join(f'import pole_agent.page.{room}' for room in rooms)}; print([m for m in"
        " sys.modules if m.split('.')[0] in ('numpy', 'cv2', 'onnxruntime') or m in ('pole_agent.frame',"
        " 'pole_agent.page.pictures')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
