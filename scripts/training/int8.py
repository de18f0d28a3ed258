"""A float graph to int8 (QDQ): activations per tensor, weights per channel, calibrated on what the training
saw.

The ranges come from scenes of the training stills, half of them as they are, half through night, infrared and
weather: ranges from a day alone cut off what infrared needs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

from training import scenes, weather
from training.equal import equalize
from training.stills import Stills

SCENES = 96
SEED = 20260101
INPUT = "normalized"  # the levels as the first convolution takes them: they are whole numbers already
KINDS = ["Conv", "LeakyRelu", "Relu", "MaxPool", "Concat", "Add", "Resize"]


class Scenes(CalibrationDataReader):  # type: ignore[misc]
    """Feeds scenes to the calibrator, one at a time."""

    def __init__(self, stills: Stills, side: int, name: str) -> None:
        torch.manual_seed(SEED)
        self._name = name
        self._levels = self._drawn(stills, side)

    def _drawn(self, stills: Stills, side: int) -> Iterator[Any]:
        for number in range(SCENES // 4):
            levels, _ = scenes.scenes(stills, 4, side)
            if number % 2:
                levels = weather.through(levels)
            for picture in levels.clamp(0, 255).round().permute(0, 2, 3, 1):
                yield np.ascontiguousarray(picture.cpu().numpy().astype(np.uint8))[None]

    def get_next(self) -> dict[str, Any] | None:
        levels = next(self._levels, None)
        return None if levels is None else {self._name: levels}


def quantize(model: onnx.ModelProto, stills: Stills, side: int) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    """The int8 graph, and the float graph with equalized channels that it is made from."""
    name = model.graph.input[0].name
    shown = list(iter(Scenes(stills, side, name).get_next, None))
    model = equalize(model, shown)
    with tempfile.TemporaryDirectory() as scratch:
        source, target = Path(scratch) / "float.onnx", Path(scratch) / "int8.onnx"
        onnx.save(model, source)
        quantize_static(
            str(source),
            str(target),
            Scenes(stills, side, name),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            calibrate_method=CalibrationMethod.MinMax,
            op_types_to_quantize=KINDS,
        )
        return whole_input(onnx.load(target)), model


def whole_input(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without the rounding of the input, which is exact before it."""
    graph = model.graph
    users = {name: node for node in graph.node for name in node.input}
    rounding = [n for n in graph.node if n.op_type == "QuantizeLinear" and n.input[0] == INPUT]
    for node in rounding:
        back = users[node.output[0]]
        for user in graph.node:
            for index, name in enumerate(user.input):
                if name == back.output[0]:
                    user.input[index] = INPUT
        graph.node.remove(node)
        graph.node.remove(back)
    used = {name for node in graph.node for name in node.input}
    for constant in [i for i in graph.initializer if i.name not in used]:
        graph.initializer.remove(constant)
    onnx.checker.check_model(model)
    return model
