"""Static QDQ quantization to int8: uint8 activations, int8 weights per channel, MinMax ranges over street
frames.

The calibration frames come from the bundled clip. Each is shown as it is, mirrored, and cropped to a random
quarter or half (near objects fill more of the picture than in this clip), at three exposures, so that the
ranges also fit other streets.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

FRAMES = 63
SEED = 20260101
EXPOSURES = (1.0, 0.6, 1.4)


def letterbox(image: np.ndarray[Any, Any], size: int) -> np.ndarray[Any, Any]:
    """Scale to fit (size, size), black at the right and the bottom: uint8 (1, size, size, 3)."""
    height, width = image.shape[:2]
    scale = size / max(height, width)
    box = np.zeros((1, size, size, 3), np.uint8)
    small = cv2.resize(image, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_LINEAR)
    box[0, : small.shape[0], : small.shape[1]] = small
    return box


def street_frames(clip: Path, count: int = FRAMES) -> list[np.ndarray[Any, Any]]:
    """Return `count` frames spread over the clip, augmented in a repeatable way."""
    capture = cv2.VideoCapture(str(clip))
    total = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    wanted = {round(i * (total - 1) / (count - 1)) for i in range(count)}
    random = np.random.default_rng(SEED)
    frames: list[np.ndarray[Any, Any]] = []
    for index in range(total):
        ok, image = capture.read()
        if not ok:
            break
        if index not in wanted:
            continue
        nth = len(frames)
        if nth % 2:
            image = image[:, ::-1]
        if nth % 3 == 2:
            height, width = image.shape[:2]
            part = random.uniform(0.4, 0.7)
            top, left = (int(random.uniform(0, (1 - part) * side)) for side in (height, width))
            image = image[top : top + int(part * height), left : left + int(part * width)]
        exposed = image.astype(np.float32) * EXPOSURES[nth // 3 % len(EXPOSURES)]
        frames.append(np.clip(exposed, 0, 255).astype(np.uint8))
    return frames


class Calibration(CalibrationDataReader):  # type: ignore[misc]
    """Feeds the frames to the calibrator, one at a time."""

    def __init__(self, frames: list[np.ndarray[Any, Any]], size: int) -> None:
        self._inputs: Iterator[dict[str, Any]] = iter([{"image": letterbox(f, size)} for f in frames])

    def get_next(self) -> dict[str, Any] | None:
        return next(self._inputs, None)


def fold(model: onnx.ModelProto, path: Path) -> None:
    """Write the model with constants folded and pads merged into convolutions (ONNX Runtime's
    basic level).
    """
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path)
    options.intra_op_num_threads = 1
    onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def quantize(folded: Path, target: Path, clip: Path, size: int) -> None:
    """Quantize the convolutions (and what stands between them) of `folded` into `target`."""
    quantize_static(
        str(folded),
        str(target),
        Calibration(street_frames(clip), size),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=True,
        calibrate_method=CalibrationMethod.MinMax,
        op_types_to_quantize=["Conv", "LeakyRelu", "MaxPool", "Concat", "Add", "Resize"],
    )
