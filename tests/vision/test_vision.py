"""Motion gate, letterbox, decoding, suppression, appearance, masks, cards."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from pole_agent.camera.masks import burn
from pole_agent.errors import ModelError
from pole_agent.vision import card as cards
from pole_agent.vision.appearance import describe
from pole_agent.vision.candidates import Candidates, suppress
from pole_agent.vision.letterbox import Letterbox
from pole_agent.vision.nanodet import NanoDetDecoder
from pole_agent.vision.motion import MotionGate
from pole_agent.vision.onnx import OnnxModel
from pole_agent.vocabulary import Box

NAME = "nanodet-g-320-int8"


def scene(noise: float = 3.0, seed: int = 0, gain: float = 1.0) -> np.ndarray:
    random = np.random.default_rng(seed)
    base = np.linspace(60, 140, 640)[None, :, None] * np.ones((480, 1, 3))
    return np.clip(base * gain + random.normal(0, noise, (480, 640, 3)), 0, 255).astype(np.uint8)


def test_a_quiet_noisy_street_is_still_and_a_walker_is_motion() -> None:
    gate = MotionGate()
    verdicts = [gate.moved(scene(seed=i), i * 0.2) for i in range(200)]
    assert all(verdicts[:5]), "detection is never starved at the start"
    assert sum(verdicts[10:]) <= 0.02 * 190
    image = scene(seed=999)
    image[200:260, 300:320] = 255
    assert gate.moved(image, 40.2)


def test_a_lamp_switch_is_a_second_of_motion_not_a_storm() -> None:
    gate = MotionGate()
    for i in range(50):
        gate.moved(scene(seed=i), i * 0.2)
    after = [gate.moved(scene(seed=i, gain=1.4), i * 0.2) for i in range(50, 100)]
    assert sum(after) <= 5


def test_the_letterbox_scales_to_fit_and_stays_black_elsewhere() -> None:
    box = Letterbox(320, 320)
    assert box.fill(np.full((576, 768, 3), 200, np.uint8)) == (320, 240)
    assert (box.tensor[0, :240] == 200).all()
    assert not box.tensor[0, 240:].any()
    assert box.fill(np.full((768, 576, 3), 100, np.uint8)) == (240, 320)
    assert not box.tensor[0, :, 240:].any()


def test_a_decoded_box_is_where_the_distances_say() -> None:
    decoder = NanoDetDecoder(64, 64, [32], 11, [0, 1])
    scores, boxes = np.zeros((1, 4, 2), np.float32), np.zeros((1, 4, 44), np.float32)
    scores[0, 3, 1] = 0.9
    for side, distance in enumerate((0, 1, 0, 1)):
        boxes[0, 3, side * 11 + distance] = 100.0
    found = decoder.decode([scores, boxes], 0.1)
    assert found.classes.tolist() == [1]
    assert np.allclose(found.boxes, [[48, 16, 48, 80]], atol=1e-3)


def test_nan_and_floods_from_a_network_are_harmless() -> None:
    decoder = NanoDetDecoder(320, 320, [8], 11, [0])
    flood = decoder.decode([np.full((1, 1600, 1), 0.9, np.float32), np.zeros((1, 1600, 44), np.float32)], 0.1)
    assert len(flood.scores) == 300
    nothing = decoder.decode([np.full((1, 1600, 1), np.nan, np.float32), np.zeros((1, 1600, 44), np.float32)], 0.1)
    assert len(nothing.scores) == 0


def test_suppression_keeps_the_best_of_each_class() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [1, 0, 11, 10], [50, 50, 60, 60]], np.float32)
    kept = suppress(Candidates(boxes, np.array([0.9, 0.8, 0.7, 0.6], np.float32), np.array([0, 0, 2, 0])), 0.6)
    assert kept.scores.tolist() == pytest.approx([0.9, 0.7, 0.6])


def test_the_same_colours_look_alike_and_others_do_not() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    image[:, :50] = (200, 10, 10)
    image[:, 50:] = (10, 10, 200)
    blue, again, red = describe(image, [Box(0, 0, 0.2, 1), Box(0.2, 0, 0.4, 1), Box(0.6, 0, 0.8, 1)])
    assert blue @ again / 2 == pytest.approx(1.0)
    assert blue @ red / 2 == pytest.approx(0.0)


def test_a_mask_is_black_and_the_rest_untouched() -> None:
    image = np.full((100, 100, 3), 200, np.uint8)
    burn(image, [[(0.5, 0.0), (1.0, 0.0), (1.0, 0.5), (0.5, 0.5)]])
    assert not image[:50, 50:].any()
    assert (image[51:, :49] == 200).all()


def test_the_shipped_model_fits_its_card_and_sees_people(street_clip: Path) -> None:
    import cv2

    from pole_agent.frame import Frame

    model = OnnxModel(cards.read(cards.find(NAME)), 2)
    ok, image = cv2.VideoCapture(str(street_clip)).read()
    assert ok
    people = [d for d in model.detect(Frame(image, 0.0, 0)) if d.label == "person" and d.score > 0.5]
    assert 4 <= len(people) <= 9, "six or seven people are in the first frame"
    assert all(d.box.sane() for d in people)


@pytest.fixture
def own_card(tmp_path: Path) -> Path:
    source = cards.find(NAME)
    for suffix in (".toml", ".onnx"):
        shutil.copy(source.with_suffix(suffix), tmp_path / f"{NAME}{suffix}")
    return tmp_path / f"{NAME}.toml"


def rewrite(card: Path, old: str, new: str) -> None:
    text = card.read_text()
    assert old in text
    card.write_text(text.replace(old, new))


def test_a_corrupt_model_says_what_was_expected(own_card: Path) -> None:
    blob = bytearray(own_card.with_suffix(".onnx").read_bytes())
    blob[1000] ^= 1
    own_card.with_suffix(".onnx").write_bytes(blob)
    with pytest.raises(ModelError, match="this is not the model of its card: sha256 is"):
        OnnxModel(cards.read(own_card), 1)


def test_a_foreign_model_says_what_does_not_fit(own_card: Path) -> None:
    rewrite(own_card, "width = 320", "width = 416")
    with pytest.raises(ModelError, match="does not fit its card: image is"):
        OnnxModel(cards.read(own_card), 1)


def test_an_unknown_family_names_the_supported_ones(own_card: Path) -> None:
    rewrite(own_card, 'family = "nanodet"', 'family = "other"')
    with pytest.raises(ModelError, match='"other" is not supported; supported: nanodet'):
        OnnxModel(cards.read(own_card), 1)


def test_noise_with_the_right_hash_is_still_no_model(own_card: Path) -> None:
    import hashlib

    own_card.with_suffix(".onnx").write_bytes(b"noise" * 1000)
    card = cards.read(own_card)
    rewrite(own_card, card.sha256, hashlib.sha256(b"noise" * 1000).hexdigest())
    with pytest.raises(ModelError, match="cannot load this model"):
        OnnxModel(cards.read(own_card), 1)
