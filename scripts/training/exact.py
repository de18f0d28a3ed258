"""The float graph behind an int8 one, to train on from."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from training.network import LEVELS, Network


def float_of(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without rounding: the weights as floats, activations as they come. A float graph stays as it is."""
    network = Network(model)
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    behind: dict[str, str] = {}  # what a dequantized tensor stands for
    kept: list[onnx.NodeProto] = []
    weights: dict[str, Any] = {}
    for node in graph.node:
        if node.op_type == "QuantizeLinear":
            behind[node.output[0]] = behind.get(node.input[0], node.input[0])
        elif node.op_type == "DequantizeLinear" and node.input[0] in behind:
            behind[node.output[0]] = behind[node.input[0]]
        elif node.op_type == "DequantizeLinear" and node.input[0] != LEVELS:
            weights[node.output[0]] = network.weight(node.output[0]).detach().numpy()
        else:
            kept.append(node)
    outputs = {value.name for value in graph.output}
    for node in kept:
        for index, name in enumerate(node.input):
            node.input[index] = behind.get(name, name)
    kept += [
        onnx.helper.make_node("Identity", [behind[name]], [name], name=name)
        for name in sorted(outputs & behind.keys())
    ]
    used = {name for node in kept for name in node.input}
    constants = [i for i in graph.initializer if i.name in used]
    constants += [numpy_helper.from_array(np.ascontiguousarray(v), name) for name, v in weights.items()]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(kept)
    graph.initializer.extend(constants)
    onnx.checker.check_model(result)
    return result
