"""Translate the TensorFlow.js graph of NanoDet-g to ONNX, node by node, at a chosen input size.

The graph came from ONNX once (its names say so): every convolution is wrapped in a transpose to NHWC and
back. All tensors of the network proper are read here as NCHW, so these transposes vanish, and a convolution
takes the bias that is added right after it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SOURCE_SIZE = 416  # the side, in pixels, that the TensorFlow.js graph was made for
OPSET = 17
IR_VERSION = 8
MEAN_BGR = (103.53, 116.28, 123.675)  # nanodet's configuration for COCO
STD_BGR = (57.375, 57.12, 58.395)
STRIDES = (8, 16, 32)
LAYOUT = ([0, 2, 3, 1], [0, 3, 1, 2])  # to NHWC and back

Node = dict[str, Any]
Array = np.ndarray[Any, Any]


def read_weights(folder: Path, manifest: list[dict[str, Any]]) -> dict[str, Array]:
    """Return name -> array for every weight of a TensorFlow.js manifest (float16 is widened to float32)."""
    weights: dict[str, Array] = {}
    for group in manifest:
        blob = b"".join((folder / path).read_bytes() for path in group["paths"])
        offset = 0
        for entry in group["weights"]:
            stored = np.dtype(entry.get("quantization", {}).get("dtype", entry["dtype"]))
            count = int(np.prod(entry["shape"]))
            data = np.frombuffer(blob, stored, count, offset).reshape(entry["shape"])
            weights[entry["name"]] = data.astype(entry["dtype"])
            offset += count * stored.itemsize
    return weights


@dataclass
class Translation:
    """The ONNX nodes and constants collected so far."""

    size: int
    weights: dict[str, Array]
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # TensorFlow name -> ONNX tensor
    biased: set[str] = field(default_factory=set)

    def constant(self, name: str, value: Array) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def emit(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> None:
        outputs = [output] if isinstance(output, str) else output
        self.nodes.append(helper.make_node(kind, inputs, outputs, name=outputs[0], **attributes))

    def tensor(self, name: str) -> str:
        return self.names.get(name, name)


def convolution(work: Translation, node: Node, users: dict[str, list[Node]]) -> None:
    kernel = work.weights[node["input"][1]]  # height, width, in, out
    strides = [int(i) for i in node["attr"]["strides"]["list"]["i"]]
    inputs = [
        work.tensor(node["input"][0]),
        work.constant(node["name"] + "/kernel", kernel.transpose(3, 2, 0, 1)),
    ]
    follower = users[node["name"]][0]
    output = node["name"]
    if follower["op"] in ("Add", "AddV2") and follower["input"][1] in work.weights:
        inputs.append(work.constant(node["name"] + "/bias", work.weights[follower["input"][1]].reshape(-1)))
        work.biased.add(follower["name"])
        output = follower["name"]
    # A convolution over g groups says so only by its kernel, which then holds C/g input channels; this
    # network has none.
    work.emit("Conv", inputs, output, kernel_shape=list(kernel.shape[:2]), strides=strides[1:3])


def padding(work: Translation, node: Node) -> None:
    pads = work.weights[node["input"][1]].astype(np.int64)
    value = work.weights[node["input"][2]] if len(node["input"]) > 2 else np.zeros((), np.float32)
    if not np.isfinite(value):
        value = np.full((), np.finfo(np.float32).min, np.float32)
    work.emit(
        "Pad",
        [
            work.tensor(node["input"][0]),
            work.constant(node["name"] + "/pads", pads.T.reshape(-1)),
            work.constant(node["name"] + "/value", value.astype(np.float32).reshape(())),
        ],
        node["name"],
    )


def resize(work: Translation, node: Node) -> None:
    height, width = (int(v) * work.size // SOURCE_SIZE for v in work.weights[node["input"][1]])
    shape = work.constant(node["name"] + "/shape", np.array([height, width], np.int64))
    source = work.tensor(node["input"][0])
    # Opset 17 wants all four sizes: keep batch and channels of the input.
    work.emit("Shape", [source], node["name"] + "/in", start=0, end=2)
    work.emit("Concat", [node["name"] + "/in", shape], node["name"] + "/sizes", axis=0)
    work.emit(
        "Resize",
        [source, "", "", node["name"] + "/sizes"],
        node["name"],
        mode="linear",
        coordinate_transformation_mode="half_pixel",
    )


def output(work: Translation, node: Node) -> None:
    """Sigmoid or raw half of a head: reshape (1, c, h, w) to (1, c, h*w); the transposes that follow give (1,
    n, c).
    """
    channels = 80 if "Sigmoid" in node["input"][0] else 44
    shape = work.constant(node["name"] + "/shape", np.array([1, channels, -1], np.int64))
    work.emit("Reshape", [work.tensor(node["input"][0]), shape], node["name"])


def translate(folder: Path, size: int) -> onnx.ModelProto:
    """Return the float32 network: uint8 ``image`` (1, size, size, 3) BGR -> ``scores_s``, ``boxes_s`` per
    stride.

    `size` is a multiple of 32, in pixels.
    """
    document = json.loads((folder / "nanodet.json").read_text())
    graph: list[Node] = document["modelTopology"]["node"]
    work = Translation(size, read_weights(folder, document["weightsManifest"]))
    users: dict[str, list[Node]] = {}
    for node in graph:
        for name in node.get("input", []):
            users.setdefault(name.split(":")[0], []).append(node)

    work.names["input_1"] = "normalized"
    mean = work.constant("mean", np.array(MEAN_BGR, np.float32).reshape(1, 3, 1, 1))
    scale = work.constant("scale", (1 / np.array(STD_BGR, np.float32)).reshape(1, 3, 1, 1))
    work.emit("Transpose", ["image"], "planes", perm=[0, 3, 1, 2])
    work.emit("Cast", ["planes"], "floats", to=TensorProto.FLOAT)
    work.emit("Sub", ["floats", mean], "centred")
    work.emit("Mul", ["centred", scale], "normalized")

    for node in graph:
        kind, name, inputs = node["op"], node["name"], node.get("input", [])
        if kind in ("Const", "Placeholder", "SparseToDense") or name in work.biased:
            continue
        if kind == "Conv2D":
            convolution(work, node, users)
        elif kind in ("Pad", "PadV2"):
            padding(work, node)
        elif kind == "ResizeBilinear":
            resize(work, node)
        elif kind == "Reshape":
            output(work, node)
        elif kind == "Transpose":
            perm = work.weights[inputs[1]].tolist()
            if perm in LAYOUT:
                work.names[name] = work.tensor(inputs[0])
            else:
                work.emit("Transpose", [work.tensor(inputs[0])], name, perm=perm)
        elif kind in ("Add", "AddV2"):
            if inputs[0] in work.weights or inputs[1] in work.weights:
                continue  # arithmetic on shapes, which output() replaces
            work.emit("Add", [work.tensor(i) for i in inputs], name)
        elif kind == "LeakyRelu":
            alpha = node["attr"].get("alpha", {}).get("f", 0.2)
            work.emit("LeakyRelu", [work.tensor(inputs[0])], name, alpha=float(alpha))
        elif kind == "ConcatV2":
            work.emit("Concat", [work.tensor(i) for i in inputs[:-1]], name, axis=1)
        elif kind == "MaxPool":
            attr = node["attr"]
            work.emit(
                "MaxPool",
                [work.tensor(inputs[0])],
                name,
                kernel_shape=[int(i) for i in attr["ksize"]["list"]["i"]][1:3],
                strides=[int(i) for i in attr["strides"]["list"]["i"]][1:3],
            )
        elif kind == "SplitV":
            sizes = work.constant(name + "/sizes", work.weights[inputs[1]].astype(np.int64))
            work.emit("Split", [work.tensor(inputs[0]), sizes], [name, name + ":1"], axis=1)  # type: ignore[arg-type]
        elif kind == "Sigmoid":
            work.emit("Sigmoid", [work.tensor(inputs[0])], name)
        elif kind == "Identity":
            work.names[name] = work.tensor(inputs[0])
        else:
            raise SystemExit(f"{name}: cannot translate a {kind}")

    outputs = []
    for index, stride in enumerate(STRIDES):
        cells = (size // stride) ** 2
        for word, channels, source in (("scores", 80, index), ("boxes", 44, index + 3)):
            source_name = "Identity" if source == 0 else f"Identity_{source}"
            work.emit("Identity", [work.tensor(source_name)], f"{word}_{stride}")
            outputs.append(
                helper.make_tensor_value_info(f"{word}_{stride}", TensorProto.FLOAT, [1, cells, channels])
            )
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, [1, size, size, 3])
    model = helper.make_model(
        helper.make_graph(work.nodes, f"nanodet-g-{size}", [image], outputs, work.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="pole-agent",
    )
    onnx.checker.check_model(model)
    return model
