"""Channels of like size, so that int8 has digits for each of them: the same function in floats.

An activation tensor has one scale. A channel whose values stay small gets few of the 256 steps, and in a dark
picture none. A leaky ReLU, a pooling and a concatenation let a factor through; so a channel may be made
larger where it is computed and its weights smaller where it is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

THROUGH = ("LeakyRelu", "Relu", "MaxPool", "Concat")
MOST = 16.0  # times larger
POWER = 0.5  # of the way to equal size: all of it would cost the weights as much as activations gain


class Reader:
    """Who reads the tensors of a graph."""

    def __init__(self, graph: onnx.GraphProto, widths: dict[str, int]) -> None:
        self._users: dict[str, list[onnx.NodeProto]] = {}
        self._widths = widths
        for node in graph.node:
            for name in node.input:
                self._users.setdefault(name, []).append(node)

    def convolutions(self, tensor: str, offset: int = 0) -> list[tuple[onnx.NodeProto, int]] | None:
        """Those that read it, and at which channel it begins there; None: something else reads it too."""
        found = []
        for node in self._users.get(tensor, []):
            if node.op_type == "Conv":
                found.append((node, offset))
                continue
            if node.op_type not in THROUGH:
                return None
            before = list(node.input)[: list(node.input).index(tensor)]
            shift = sum(self._widths[name] for name in before) if node.op_type == "Concat" else 0
            more = self.convolutions(node.output[0], offset + shift)
            if more is None:
                return None
            found += more
        return found or None


def sizes(model: onnx.ModelProto, tensors: list[str], inputs: Iterable[Any]) -> dict[str, Any]:
    """The largest value of each channel of `tensors`, over `inputs`."""
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    del watched.graph.output[:]
    watched.graph.output.extend(onnx.ValueInfoProto(name=name) for name in tensors)
    session = onnxruntime.InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])
    most: dict[str, Any] = {}
    for given in inputs:
        for name, value in zip(tensors, session.run(tensors, given), strict=True):
            here = np.abs(value).max(axis=(0, 2, 3))
            most[name] = np.maximum(most.get(name, 0), here)
    return most


def equalize(model: onnx.ModelProto, inputs: Iterable[Any]) -> onnx.ModelProto:
    """A float graph that gives the same, with channels of more equal size on `inputs`."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    stored = {i.name: i for i in graph.initializer}
    weights = {n: np.array(numpy_helper.to_array(i)) for n, i in stored.items()}
    after = {n.input[0]: n.output[0] for n in graph.node if n.op_type in ("LeakyRelu", "Relu")}
    made = {after.get(n.output[0], n.output[0]): n for n in graph.node if n.op_type == "Conv"}
    most = sizes(result, list(made), inputs)
    widths = {name: len(value) for name, value in most.items()}
    for node in graph.node:  # in order
        if node.op_type == "MaxPool":
            widths[node.output[0]] = widths[node.input[0]]
        elif node.op_type == "Concat":
            widths[node.output[0]] = sum(widths[name] for name in node.input)
    reader = Reader(graph, widths)
    for tensor, node in made.items():
        readers = reader.convolutions(tensor)
        if readers is None:
            continue
        factor = np.clip((most[tensor].max() / np.maximum(most[tensor], 1e-6)) ** POWER, 1, MOST)
        factor = factor.astype(np.float32)
        weights[node.input[1]] *= factor[:, None, None, None]
        weights[node.input[2]] *= factor
        for user, offset in readers:
            weights[user.input[1]][:, offset : offset + len(factor)] /= factor[:, None, None]
    for name in {name for node in made.values() for name in node.input[1:3]}:
        stored[name].CopyFrom(numpy_helper.from_array(weights[name], name))
    return result
