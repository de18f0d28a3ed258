"""The detector over the lives of cameras and configurations: what is loaded stays as long as it is right."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pole_agent.compose import detector_of
from pole_agent.errors import ModelError
from pole_agent.frame import Frame
from pole_agent.settings import Settings
from pole_agent.settings.load import load
from pole_agent.vision.onnx import OnnxDetector
from tests.conftest import ROOT, first_picture

NAME = "nanodet-g-street-384-int8"


@pytest.fixture
def card(tmp_path: Path) -> Path:
    for file in (ROOT / "models").glob(f"{NAME}.*"):
        shutil.copy(file, tmp_path)
    return tmp_path / f"{NAME}.toml"


def settings(folder: Path, detector: str) -> Settings:
    path = folder / "pole.toml"
    path.write_text(f'[pole]\nid = "1"\nsite = "s"\nlatitude = 0\nlongitude = 0\n[detector]\n{detector}\n')
    return load(path).settings


async def test_opening_again_loads_nothing(card: Path, street_clip: Path) -> None:
    """Each camera that comes back opens the detector that all share."""
    detector = OnnxDetector(str(card), 1)
    await detector.open()
    for file in card.parent.glob("*.onnx"):
        file.unlink()
    await detector.open()
    assert await detector.detect(Frame(first_picture(street_clip), 0.0, 0))
    detector.close()
    with pytest.raises(ModelError):
        await detector.open()


async def test_a_model_that_failed_is_loaded_anew(card: Path, street_clip: Path) -> None:
    detector = OnnxDetector(str(card), 1)
    await detector.open()
    good = Frame(first_picture(street_clip), 0.0, 0)
    with pytest.raises(ModelError):
        await detector.detect(Frame(good.image[:0], 0.0, 0))
    with pytest.raises(ModelError, match="not open"):
        await detector.detect(good)
    await detector.open()
    assert await detector.detect(good)
    detector.close()


async def test_a_new_configuration_keeps_the_same_model(card: Path) -> None:
    same = f'model = "{card}"\nthreads = 1'
    first = detector_of(settings(card.parent, same))
    assert isinstance(first, OnnxDetector)
    assert detector_of(settings(card.parent, same), before=first) is not first, "it was not open yet"
    await first.open()
    assert detector_of(settings(card.parent, f"{same}\nmin_score = 0.6"), before=first) is first
    card.write_text(card.read_text() + "# as before\n")
    assert detector_of(settings(card.parent, same), before=first) is first


@pytest.mark.parametrize("change", ["threads", "card", "gone"])
async def test_another_model_replaces_it(card: Path, street_clip: Path, change: str) -> None:
    one = f'model = "{card}"\nthreads = 1'
    first = detector_of(settings(card.parent, one))
    await first.open()
    if change == "card":
        card.write_text(card.read_text().replace('sha256 = "', 'sha256 = "0'))
    elif change == "gone":
        card.unlink()
    new = settings(card.parent, one.replace("threads = 1", "threads = 2") if change == "threads" else one)
    assert detector_of(new, before=first) is not first
    with pytest.raises(ModelError, match="not open"):
        await first.detect(Frame(first_picture(street_clip), 0.0, 0))
