"""Letterbox, decoding, suppression, appearance, masks, cards."""

from __future__ import annotations

import itertools
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pole_agent.camera.masks import burn
from pole_agent.errors import ModelError
from pole_agent.frame import Frame
from pole_agent.vision import card as cards
from pole_agent.vision import catalogue
from pole_agent.vision.appearance import describe
from pole_agent.vision.candidates import Ballot, Candidates, suppress
from pole_agent.vision.letterbox import Letterbox
from pole_agent.vision.nanodet import NanoDetDecoder
from pole_agent.vision.onnx import OnnxModel
from pole_agent.vision.yolox import YoloxDecoder
from pole_agent.vocabulary import Box, overlap
from tests.conftest import first_picture

NAME = "nanodet-g-320-int8"


def test_the_letterbox_scales_to_fit() -> None:
    """The letterbox scales to fit and stays black elsewhere."""
    box = Letterbox(320, 320)
    assert box.fill(np.full((576, 768, 3), 200, np.uint8)) == (320, 240)
    assert (box.tensor[0, :240] == 200).all()
    assert not box.tensor[0, 240:].any()
    assert box.fill(np.full((768, 576, 3), 100, np.uint8)) == (240, 320)
    assert not box.tensor[0, :, 240:].any()


def test_a_decoded_box_is_where_the_distances_say() -> None:
    decoder = NanoDetDecoder(64, 64, [32], 11, Ballot([0, 1], ["person", "two_wheeler"]))
    scores, boxes = np.zeros((1, 4, 2), np.float32), np.zeros((1, 4, 44), np.float32)
    scores[0, 3, 1] = 0.9
    for side, distance in enumerate((1, 1, 0, 1)):
        boxes[0, 3, side * 11 + distance] = 100.0  # a sure distance of so many strides
    found = decoder.decode([scores, boxes], 0.1)
    assert found.classes.tolist() == [1]
    assert found.scores.tolist() == pytest.approx([0.9])
    assert np.allclose(found.boxes, [[16, 16, 48, 80]], atol=1e-3)


def test_nanodet_plus_measures_from_the_corner() -> None:
    """The same distances as above, half a cell to the upper left."""
    ballot = Ballot([0, 1], ["person", "two_wheeler"])
    decoder = NanoDetDecoder(64, 64, [32], 8, ballot, centre=0.0)
    scores, boxes = np.zeros((1, 4, 2), np.float32), np.zeros((1, 4, 32), np.float32)
    scores[0, 3, 1] = 0.9
    for side, distance in enumerate((1, 1, 0, 1)):
        boxes[0, 3, side * 8 + distance] = 100.0
    assert np.allclose(decoder.decode([scores, boxes], 0.1).boxes, [[0, 0, 32, 64]], atol=1e-3)


def test_nan_and_floods_from_a_network_are_harmless() -> None:
    decoder = NanoDetDecoder(320, 320, [8], 11, Ballot([0], ["person"]))
    flood = decoder.decode([np.full((1, 1600, 1), 0.9, np.float32), np.zeros((1, 1600, 44), np.float32)], 0.1)
    assert len(flood.scores) == 300
    nothing = decoder.decode(
        [np.full((1, 1600, 1), np.nan, np.float32), np.zeros((1, 1600, 44), np.float32)], 0.1
    )
    assert len(nothing.scores) == 0


def test_boxes_without_area_or_end_are_no_candidates() -> None:
    decoder = NanoDetDecoder(64, 64, [32], 2, Ballot([0], ["person"]))
    boxes = np.zeros((1, 4, 8), np.float32)
    boxes[0, 1] = np.nan
    boxes[0, 2, 0::2] = 1e9  # all weight on distance 0
    boxes[0, 3, 1::2] = 1e9  # all weight on distance 1
    found = decoder.decode([np.full((1, 4, 1), 0.9, np.float32), boxes], 0.1)
    assert found.boxes.tolist() == [[0, 0, 32, 32], [16, 16, 80, 80]]


def test_wavering_between_vehicles_is_a_vehicle() -> None:
    """A detector that wavers between vehicles is sure of a vehicle."""
    ballot = Ballot([0, 2, 7], ["person", "vehicle", "vehicle"])
    scores = ballot.count(np.array([[0.1, 0.3, 0.4], [0.5, 0.3, 0.4]], np.float32), np.array([2, 0]))
    assert scores.tolist() == pytest.approx([1 - 0.7 * 0.6, 0.5])


def test_a_yolox_row_is_centre_and_size_in_strides() -> None:
    decoder = YoloxDecoder(64, 64, [32], Ballot([0, 1], ["person", "two_wheeler"]))
    rows = np.zeros((1, 4, 7), np.float32)
    rows[0, 3] = [0.5, 0.5, 0.0, np.log(2), 0.8, 0.1, 0.9]  # cell (1, 1), one stride wide, two high
    rows[0, 1] = [0.5, 0.5, 99.0, 99.0, 0.8, 0.9, 0.0]  # an exponential out of bounds
    rows[0, 2] = np.nan
    found = decoder.decode([rows], 0.1)
    assert found.classes.tolist() == [1]
    assert found.scores.tolist() == pytest.approx([0.72])
    assert np.allclose(found.boxes, [[32, 16, 64, 80]], atol=1e-3)


@pytest.mark.parametrize(("objectness", "found"), [(0.29, 0), (0.31, 1)])
def test_a_yolox_cell_without_object_is_left_out(objectness: float, found: int) -> None:
    """Where no cell holds an object nothing is found, whatever class it would be."""
    rows = np.zeros((1, 4, 7), np.float32)
    rows[0, 2] = [0.5, 0.5, 0.0, 0.0, objectness, 1.0, 1.0]
    decoder = YoloxDecoder(64, 64, [32], Ballot([0, 1], ["person", "two_wheeler"]))
    assert len(decoder.decode([rows], 0.3).scores) == found


def test_suppression_keeps_the_best_of_each_group() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [1, 0, 11, 10], [50, 50, 60, 60]], np.float32)
    found = Candidates(boxes, np.array([0.9, 0.8, 0.7, 0.6], np.float32), np.array([0, 1, 2, 0]))
    kept = suppress(found, np.array([0, 0, 1]), 0.6)  # classes 0 and 1 are of one group
    assert kept.scores.tolist() == pytest.approx([0.9, 0.7, 0.6])


@given(
    arrays(np.float32, (30, 4), elements=st.floats(0, 64, width=32)),
    arrays(np.float32, 30, elements=st.floats(0.125, 1, width=32)),
)
def test_nothing_that_is_kept_overlaps_too_much(corners: Any, scores: Any) -> None:
    """Nothing that is kept overlaps more than it may."""
    order = np.argsort(-scores, kind="stable")
    boxes = np.concatenate(
        [np.minimum(corners[:, :2], corners[:, 2:]), np.maximum(corners[:, :2], corners[:, 2:]) + 1], axis=1
    )
    kept = suppress(Candidates(boxes, scores[order], np.zeros(30, np.int64)), np.zeros(1, np.int64), 0.5)
    assert kept.scores[0] == scores.max()
    sides = [Box(*map(float, b)) for b in kept.boxes]
    assert all(overlap(a, b) <= 0.5 + 1e-4 for a, b in itertools.combinations(sides, 2))


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


def test_shipped_model_fits_its_card_and_sees_people(street_clip: Path) -> None:
    """The shipped model fits its card and sees people."""
    model = OnnxModel(cards.read(cards.find(NAME)), 2)
    people = [
        d
        for d in model.detect(Frame(first_picture(street_clip), 0.0, 0))[0]
        if d.label == "person" and d.score > 0.5
    ]
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
    with pytest.raises(ModelError, match="does not match its card: image is"):
        OnnxModel(cards.read(own_card), 1)


def test_an_unknown_family_names_the_supported_ones(own_card: Path) -> None:
    rewrite(own_card, 'family = "nanodet"', 'family = "other"')
    with pytest.raises(ModelError, match=r'"other" is not supported; supported: nanodet: .*; yolox: '):
        OnnxModel(cards.read(own_card), 1)


def test_signature_of_another_family_is_refused(own_card: Path) -> None:
    """A signature of another family is refused with the list."""
    rewrite(own_card, 'family = "nanodet"', 'family = "yolox"')
    with pytest.raises(
        ModelError,
        match=r"does not match its card: output is missing, expected .*2100, 85.*; supported: nanodet",
    ):
        OnnxModel(cards.read(own_card), 1)


def test_an_input_that_cannot_be_fed_is_refused(own_card: Path) -> None:
    rewrite(own_card, 'dtype = "uint8"', 'dtype = "float16"')
    with pytest.raises(
        ModelError, match='supported: layout = "NHWC" with dtype = "uint8" or layout = "NCHW"'
    ):
        cards.read(own_card)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("width = 320", "width = inf"),
        ("width = 320", "width = " + "[" * 5000),
        ("[input]", "[input]\npadding_level = nan"),
        ("[input]", "deep" + ".a" * 50_000 + " = 1\n[input]"),
        ('file = "', r'file = "a\u0000'),
        ("[input]", "download = 5\n[input]"),
        ("[input]", "measured = [1]\n[input]"),
        ("[input]", "download = { bytes = inf }\n[input]"),
    ],
    ids=lambda text: text[:20],
)
def test_a_card_of_nonsense_is_refused(own_card: Path, old: str, new: str) -> None:
    """Whatever stands on it, by whoever reads it, and within a second."""
    text = own_card.read_text()
    own_card.write_text(text.replace(old, new, 1) if old in text else f"{new}\n{text}")
    begun = time.monotonic()
    with pytest.raises(ModelError, match="the model card is invalid"):
        catalogue.read(own_card, "available")
    assert time.monotonic() - begun < 1


def test_the_second_family_sees_the_same_people(data: Path, street_clip: Path, tmp_path: Path) -> None:
    """YOLOX-nano, real weights. Both families find the people of the first frame."""
    import hashlib

    blob = (data / "models" / "yolox_nano.onnx").read_bytes()
    (tmp_path / "yolox_nano.onnx").write_bytes(blob)
    shipped = cards.find(NAME).read_text()
    classes = shipped[shipped.index("classes =") : shipped.index("[input]")]
    card = tmp_path / "yolox.toml"
    card.write_text(
        f'''
name = "yolox"
family = "yolox"
file = "yolox_nano.onnx"
sha256 = "{hashlib.sha256(blob).hexdigest()}"
licence = "Apache-2.0"
origin = "Megvii-BaseDetection/YOLOX"
{classes}
[input]
name = "images"
width = 416
height = 416
layout = "NCHW"
dtype = "float32"
padding_level = 114
[output]
strides = [8, 16, 32]
max_overlap = 0.6
'''
    )
    frame = Frame(first_picture(street_clip), 0.0, 0)
    ours, _ = OnnxModel(cards.read(cards.find(NAME)), 1).detect(frame)
    theirs, _ = OnnxModel(cards.read(card), 1).detect(frame)
    sure = [d.box for d in ours if d.label == "person" and d.score > 0.5]
    assert len(sure) >= 4
    found = [d.box for d in theirs if d.label == "person" and d.score > 0.3]
    assert sum(any(overlap(a, b) > 0.5 for b in found) for a in sure) >= len(sure) - 1


def test_noise_with_the_right_hash_is_still_no_model(own_card: Path) -> None:
    import hashlib

    own_card.with_suffix(".onnx").write_bytes(b"noise" * 1000)
    card = cards.read(own_card)
    rewrite(own_card, card.sha256, hashlib.sha256(b"noise" * 1000).hexdigest())
    with pytest.raises(ModelError, match="cannot load this model"):
        OnnxModel(cards.read(own_card), 1)


PAIRS = "[calibration]\nscores = [0.0, 0.3, 0.5, 1.0]\nmean = [0.0, 0.4, 0.7, 1.0]\n"


def test_scores_mean_what_the_card_says(own_card: Path, street_clip: Path) -> None:
    """Between two pairs it goes straight; order and places stay; what is weak by its meaning is left out."""
    frame = Frame(first_picture(street_clip), 0.0, 0)
    plain, _ = OnnxModel(cards.read(own_card), 1).detect(frame)
    own_card.write_text(f"{own_card.read_text()}\n{PAIRS}")
    told, _ = OnnxModel(cards.read(own_card), 1).detect(frame)
    expected = {d.box: float(np.interp(d.score, (0, 0.3, 0.5, 1), (0, 0.4, 0.7, 1))) for d in plain}
    assert len(told) >= len(plain) > 3, "a score of 0.075 means 0.1 here"
    assert {d.box: d.score for d in told if d.box in expected} == pytest.approx(expected)
    assert min(d.score for d in told) >= 0.1 - 1e-6


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("scores = [0.0, 1.0]\nmean = [0.0, 0.5, 1.0]", "calibration.mean"),
        ("scores = [0.0, 0.5, 0.4, 1.0]\nmean = [0.0, 0.1, 0.2, 1.0]", "calibration.scores"),
        ("scores = [0.0, 0.5]\nmean = [0.0, 1.5]", "calibration.mean"),
        ("scores = [0.5]\nmean = [0.5]", "calibration.scores"),
        ("scores = [0.0, 1.0]", "mean"),
    ],
)
def test_a_calibration_that_is_no_curve_is_refused(own_card: Path, table: str, says: str) -> None:
    own_card.write_text(f"{own_card.read_text()}\n[calibration]\n{table}\n")
    with pytest.raises(ModelError, match=says):
        cards.read(own_card)
