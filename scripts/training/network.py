"""An ONNX graph of the family nanodet as a network that PyTorch can train, and back.

The graph stays what it is: its nodes are carried out one by one, the weights and biases of its convolutions
are the parameters, and `write` puts them back. A float graph is trained as it is; in a quantized one (QDQ)
the rounding of weights and activations is carried out too, and gradients pass through it unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

LEVELS = "planes"  # the tensor that the network is fed at: the picture as (n, 3, h, w), levels 0 to 255
INT8 = 127


class Network(nn.Module):  # type: ignore[misc]
    """Levels (n, 3, h, w) -> for each stride: class logits (n, cells, classes), sides (n, cells, 4 bins)."""

    def __init__(self, model: onnx.ModelProto) -> None:
        super().__init__()
        self.model = model
        constants = {i.name: np.array(numpy_helper.to_array(i)) for i in model.graph.initializer}
        self._nodes = [node for node in model.graph.node if LEVELS not in node.output]
        self._quantized = {n.output[0]: n for n in self._nodes if n.op_type == "DequantizeLinear"}
        self._tensors: dict[str, Tensor] = {}
        self._names: list[str] = []
        for node in self._nodes:
            if node.op_type == "Conv":
                for name in node.input[1:3]:
                    self._names.append(name)
                    value = torch.from_numpy(self._real(constants, name))
                    self.register_parameter(key(name), nn.Parameter(value))
        self._constants = constants
        self.outputs = [value.name for value in model.graph.output]
        self.features = self._before_heads()
        self._cache: dict[tuple[str, torch.device], Tensor] = {}

    def _real(self, constants: dict[str, Any], name: str) -> Any:
        """The float values behind an initializer, or behind a quantized one."""
        node = self._quantized.get(name)
        if node is None:
            return constants[name].astype(np.float32)
        stored, scale = constants[node.input[0]], constants[node.input[1]]
        shape = (-1,) + (1,) * (stored.ndim - 1)
        return (stored.astype(np.float32) * scale.reshape(shape if scale.size > 1 else ())).astype(np.float32)

    def _before_heads(self) -> list[str]:
        """What the heads of the strides read: the input of the convolution before the last."""
        makers = {name: node for node in self._nodes for name in node.output}
        found = []
        for name in self.outputs:
            convolutions = 0
            while True:
                node = makers[name]
                name = node.input[0]
                convolutions += node.op_type == "Conv"
                if convolutions == 2:
                    break
            if name not in found:
                found.append(name)
        return found

    def weight(self, name: str) -> Tensor:
        """A weight or bias as the graph computes with it: rounded to int8 where the graph holds it so."""
        value: Tensor = getattr(self, key(name))
        if name not in self._quantized or value.ndim < 2:
            return value
        scale = value.detach().abs().amax(dim=(1, 2, 3), keepdim=True).clamp(min=1e-8) / INT8
        return value + ((value / scale).round().clamp(-INT8, INT8) * scale - value).detach()

    def forward(self, levels: Tensor) -> dict[str, Tensor]:
        """By name: the outputs, and the `features`."""
        known = self.activations(levels)
        return {name: known[name] for name in (*self.outputs, *self.features)}

    def activations(self, levels: Tensor) -> dict[str, Tensor]:
        """By name: all that the graph computes from the picture."""
        known = {LEVELS: levels}
        for node in self._nodes:
            if node.op_type == "Conv":
                known[node.output[0]] = self._convolve(node, known[node.input[0]])
            elif node.input[0] in known:  # what else there is are constants
                step = STEPS[node.op_type]
                done = step(self, node, [known.get(name) for name in node.input])
                known.update(zip(node.output, done, strict=True))
        return known

    def _convolve(self, node: onnx.NodeProto, x: Tensor) -> Tensor:
        a = attributes(node)
        pads = a.get("pads", [0, 0, 0, 0])
        bias = self.weight(node.input[2]) if len(node.input) > 2 else None
        return functional.conv2d(
            x, self.weight(node.input[1]), bias, a.get("strides", 1), pads[:2], 1, a.get("group", 1)
        )

    def constant(self, name: str, like: Tensor) -> Tensor:
        at = name, like.device
        if at not in self._cache:
            self._cache[at] = torch.from_numpy(self._constants[name].astype(np.float32)).to(like.device)
        return self._cache[at]

    def grid(self, node: onnx.NodeProto, like: Tensor) -> tuple[Tensor, Tensor]:
        """Step and zero of a rounding."""
        return self.constant(node.input[1], like), self.constant(node.input[2], like)

    def sizes(self, name: str) -> list[int]:
        return [int(v) for v in self._constants[name]]

    def write(self) -> onnx.ModelProto:
        """The graph with the parameters as they are now."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        stored = {i.name: i for i in model.graph.initializer}
        for name in self._names:
            value = getattr(self, key(name)).detach().float().cpu().numpy()
            node = self._quantized.get(name)
            if node is None:
                stored[name].CopyFrom(numpy_helper.from_array(np.ascontiguousarray(value), name))
                continue
            whole, scale_name = node.input[0], node.input[1]
            if value.ndim > 1:
                scale = np.maximum(np.abs(value).max(axis=(1, 2, 3)), 1e-8).astype(np.float32) / INT8
                rounded = np.clip(np.round(value / scale.reshape(-1, 1, 1, 1)), -INT8, INT8).astype(np.int8)
                stored[scale_name].CopyFrom(numpy_helper.from_array(scale, scale_name))
            else:
                scale = self._bias_scale(name, stored)
                stored[scale_name].CopyFrom(numpy_helper.from_array(scale, scale_name))
                rounded = np.round(value / scale).astype(np.int32)
            stored[whole].CopyFrom(numpy_helper.from_array(rounded, whole))
        return model

    def _bias_scale(self, name: str, stored: dict[str, onnx.TensorProto]) -> Any:
        """Of a bias: that of its convolution's input times that of its weights, which is written already."""
        conv = next(n for n in self._nodes if n.op_type == "Conv" and name in n.input)
        given = numpy_helper.to_array(stored[self._quantized[conv.input[0]].input[1]])
        weights = numpy_helper.to_array(stored[self._quantized[conv.input[1]].input[1]])
        return (weights * given).astype(np.float32)


def key(name: str) -> str:
    """PyTorch allows no dots in names."""
    return name.replace(".", "_")


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


Step = Callable[[Network, onnx.NodeProto, list[Any]], Any]


def _quantize(net: Network, node: onnx.NodeProto, x: list[Any]) -> list[Tensor]:
    step, zero = net.grid(node, x[0])
    place = (x[0] / step + zero).clamp(0, 255)
    return [(place + (place.round() - place).detach() - zero) * step]


def _dequantize(net: Network, node: onnx.NodeProto, x: list[Any]) -> list[Tensor]:
    if node.input[0] != LEVELS:
        return [x[0]]  # _quantize has done both
    return [(x[0] - net.constant(node.input[2], x[0])) * net.constant(node.input[1], x[0])]


def _split(net: Network, node: onnx.NodeProto, x: list[Any]) -> list[Tensor]:
    return list(torch.split(x[0], net.sizes(node.input[1]), dim=1))


def _resize(net: Network, node: onnx.NodeProto, x: list[Any]) -> list[Tensor]:
    size = net.sizes(node.input[3])[2:]
    return [functional.interpolate(x[0], size=size, mode="bilinear", align_corners=False)]


def _pool(net: Network, node: onnx.NodeProto, x: list[Any]) -> list[Tensor]:
    a = attributes(node)
    return [functional.max_pool2d(x[0], a["kernel_shape"], a["strides"], a.get("pads", [0, 0])[:2])]


def _leak(net: Network, node: onnx.NodeProto, x: list[Any]) -> list[Tensor]:
    return [functional.leaky_relu(x[0], attributes(node)["alpha"])]


STEPS: dict[str, Step] = {
    "Add": lambda net, node, x: [x[0] + x[1]],
    "Concat": lambda net, node, x: [torch.cat(x, dim=1)],
    "DequantizeLinear": _dequantize,
    "LeakyRelu": _leak,
    "MaxPool": _pool,
    "QuantizeLinear": _quantize,
    "Relu": lambda net, node, x: [functional.relu(x[0])],
    "Reshape": lambda net, node, x: [x[0].flatten(2)],
    "Resize": _resize,
    "Sigmoid": lambda net, node, x: [x[0]],  # the loss wants logits
    "Split": _split,
    "Transpose": lambda net, node, x: [x[0].transpose(1, 2)],
}
