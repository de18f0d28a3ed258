"""The card of a model that somebody brings: what the file says of itself, and what only a person knows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pole_agent.errors import ModelError
from pole_agent.languages import phrase
from pole_agent.vision.families import FAMILIES, supported

COCO = [
    "person",
    "bicycle",
    "car",
    "motorcycle",
    "airplane",
    "bus",
    "train",
    "truck",
    "boat",
    "traffic_light",
    "fire_hydrant",
    "stop_sign",
    "parking_meter",
    "bench",
    "bird",
    "cat",
    "dog",
    "horse",
    "sheep",
    "cow",
    "elephant",
    "bear",
    "zebra",
    "giraffe",
    "backpack",
    "umbrella",
    "handbag",
    "tie",
    "suitcase",
    "frisbee",
    "skis",
    "snowboard",
    "sports_ball",
    "kite",
    "baseball_bat",
    "baseball_glove",
    "skateboard",
    "surfboard",
    "tennis_racket",
    "bottle",
    "wine_glass",
    "cup",
    "fork",
    "knife",
    "spoon",
    "bowl",
    "banana",
    "apple",
    "sandwich",
    "orange",
    "broccoli",
    "carrot",
    "hot_dog",
    "pizza",
    "donut",
    "cake",
    "chair",
    "couch",
    "potted_plant",
    "bed",
    "dining_table",
    "toilet",
    "tv",
    "laptop",
    "mouse",
    "remote",
    "keyboard",
    "cell_phone",
    "microwave",
    "oven",
    "toaster",
    "sink",
    "refrigerator",
    "book",
    "clock",
    "vase",
    "scissors",
    "teddy_bear",
    "hair_drier",
    "toothbrush",
]
PADDING = {"nanodet": 0, "nanodet-plus": 0, "yolox": 114}  # grey level, as their authors train them
YOLOX_STRIDES = (8, 16, 32)
MAX_OVERLAP = 0.6


def card_of(
    model: Path,
    *,
    name: str,
    family: str,
    licence: str,
    origin: str,
    classes: Sequence[str] | None = None,
    quantization: str = "as it came",
) -> str:
    """The card as TOML, for a file that will be called as the model. `classes`: default those of COCO.

    Raises ModelError for a file that is no model of this family.
    """
    if family not in FAMILIES:
        raise ModelError(phrase("model-family-unknown", family=family, known=supported()))
    inputs, outputs = _signature(model)
    (input_name, shape), *others = inputs.items()
    if others or len(shape) != 4 or not all(isinstance(side, int) for side in shape):
        raise ModelError(phrase("model-input", model=str(model), input=input_name, shape=str(shape)))
    planar = shape[1] == 3
    height, width = (shape[2], shape[3]) if planar else (shape[1], shape[2])
    strides, bins = _strides(family, outputs)
    names = list(classes or COCO)
    sha256 = hashlib.sha256(model.read_bytes()).hexdigest()
    layout, dtype = ("NCHW", "float32") if planar else ("NHWC", "uint8")
    lines = [
        *(f"{k} = {_text(v)}" for k, v in (("name", name), ("family", family), ("file", f"{name}.onnx"))),
        *(f"{k} = {_text(v)}" for k, v in (("sha256", sha256), ("licence", licence), ("origin", origin))),
        f"quantization = {_text(quantization)}",
        f"classes = {_text(names)}",
        f"\n[input]\nname = {_text(input_name)}\nwidth = {width}\nheight = {height}",
        f"layout = {_text(layout)}\ndtype = {_text(dtype)}\npadding_level = {PADDING[family]}",
        f"\n[output]\nstrides = {_text(strides)}\nmax_overlap = {MAX_OVERLAP}",
    ]
    return "\n".join([*lines, *([f"bins = {bins}"] if bins else [])]) + "\n"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)  # a subset of TOML for strings, numbers and lists


def _strides(family: str, outputs: dict[str, list[Any]]) -> tuple[list[int], int]:
    """The strides, and the distances a side (0: of no use here)."""
    if family == "yolox":
        return list(YOLOX_STRIDES), 0
    boxes = {int(n.removeprefix("boxes_")): shape for n, shape in outputs.items() if n.startswith("boxes_")}
    bins = {shape[-1] // 4 for shape in boxes.values() if isinstance(shape[-1], int)}
    return sorted(boxes), bins.pop() if len(bins) == 1 else 0


def _signature(model: Path) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """Names and shapes of inputs and outputs. Raises ModelError."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ModelError(
            phrase("model-not-onnx", model=str(model), error=str(error).splitlines()[0][:200])
        ) from error
    return ({v.name: v.shape for v in session.get_inputs()}, {v.name: v.shape for v in session.get_outputs()})
