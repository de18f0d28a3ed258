"""The graph that training begins with: NanoDet-g from its published weights, cut to what a pole needs.

Six classes of eighty. The picture enters as it comes: the first convolution takes over the normalization, so
that the quantized network reads the levels themselves; done apart, that was a fifth of the time. All of it is
exact but for a third of a grey level in the padding of the first convolution.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from model.fetch import fetch
from model.quantize import fold
from model.translate import IR_VERSION, MEAN_BGR, OPSET, STD_BGR, translate
from onnx import helper, numpy_helper

from pole_agent.vision.cardwriter import COCO
from training.stills import CLASSES

BINS = 11
PUBLISHED = 80  # classes
ZERO_LEVEL, LEVEL = 113, np.float32(1 / 57.63)  # of the input: near the mean and the spread of all channels


def build(side: int, cache: Path, scratch: Path) -> onnx.ModelProto:
    """The float graph for an input of `side` pixels. Downloads the published weights into `cache`."""
    path = scratch / "translated.onnx"
    fold(fewer_classes(translate(fetch(cache), side), [COCO.index(name) for name in CLASSES]), path)
    model = levels_first(onnx.load(path))
    onnx.checker.check_model(model)
    return model


def _arrays(model: onnx.ModelProto) -> dict[str, Any]:
    return {i.name: i for i in model.graph.initializer}


def _put(stored: dict[str, Any], name: str, value: Any) -> None:
    stored[name].CopyFrom(numpy_helper.from_array(np.ascontiguousarray(value), name))


def fewer_classes(model: onnx.ModelProto, kept: list[int]) -> onnx.ModelProto:
    """Keep the outputs of the classes `kept`, in that order."""
    stored, sides = _arrays(model), 4 * BINS
    rows = [*kept, *range(PUBLISHED, PUBLISHED + sides)]
    for node in model.graph.node:
        if node.op_type == "Conv" and stored[node.input[1]].dims[0] == PUBLISHED + sides:
            for name in node.input[1:3]:
                _put(stored, name, numpy_helper.to_array(stored[name])[rows])
        elif node.op_type == "Split" and len(node.input) > 1:
            _put(stored, node.input[1], np.array([len(kept), sides]))
        elif node.op_type == "Reshape":
            shape = np.array(numpy_helper.to_array(stored[node.input[1]]))
            if shape[1] == PUBLISHED:
                _put(stored, node.input[1], np.array([1, len(kept), -1]))
    for value in model.graph.output:
        if value.name.startswith("scores"):
            value.type.tensor_type.shape.dim[2].dim_value = len(kept)
    return model


def levels_first(model: onnx.ModelProto) -> onnx.ModelProto:
    """Normalization into the first convolution, and the padding of the pooling into the pooling."""
    stored = _arrays(model)
    nodes = {node.output[0]: node for node in model.graph.node}
    first = next(node for node in model.graph.node if node.op_type == "Conv")
    kernel = numpy_helper.to_array(stored[first.input[1]]).astype(np.float64)
    mean, spread = np.array(MEAN_BGR), np.array(STD_BGR)
    shift = (kernel * ((ZERO_LEVEL - mean) / spread)[None, :, None, None]).sum((1, 2, 3))
    bias = numpy_helper.to_array(stored[first.input[2]])
    _put(stored, first.input[1], (kernel / (spread * LEVEL)[None, :, None, None]).astype(np.float32))
    _put(stored, first.input[2], (bias + shift).astype(np.float32))
    pool = next(node for node in model.graph.node if node.op_type == "MaxPool")
    before = nodes[pool.input[0]]
    replaced = {
        "floats": helper.make_node(
            "DequantizeLinear", ["planes", "level", "level_zero"], ["normalized"], name="normalized"
        ),
        "centred": None,
        "normalized": None,
        before.output[0]: None,
        pool.output[0]: helper.make_node(
            "MaxPool",
            [before.input[0]],
            list(pool.output),
            name=pool.name,
            kernel_shape=[3, 3],
            strides=[2, 2],
            pads=[1, 1, 1, 1],
        ),
    }
    kept = [replaced.get(node.output[0], node) for node in model.graph.node]
    order = [node for node in kept if node is not None]
    used = {name for node in order for name in node.input}
    constants = [i for i in model.graph.initializer if i.name in used]
    constants.append(numpy_helper.from_array(LEVEL, "level"))
    constants.append(numpy_helper.from_array(np.uint8(ZERO_LEVEL), "level_zero"))
    graph = helper.make_graph(
        order, model.graph.name, list(model.graph.input), list(model.graph.output), constants
    )
    return helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="pole-agent",
    )
