"""Bring a model of one's own: write its card, quantize it on the pole's own frames, and see the accuracy
before and after.

    scripts/bring-model MODEL.onnx --family yolox --name yolox-nano-416 \
        --licence Apache-2.0 --origin "Megvii-BaseDetection/YOLOX"
    scripts/bring-model MODEL.onnx --family yolox … --int8 street.mp4
        quantizes on frames of the pole's camera; --labels street.mp4 gt.txt scores against ground truth

The model is tried with the agent's own code; one that the agent would refuse is refused here. Without labels,
the int8 model is compared with what the original is sure of. An int8 model that agrees with it in less than
95 of 100 cases is not written.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx
import onnx.version_converter
from model.build import MIN_AGREEMENT, ROOT
from model.quantize import street_frames
from model.verify import Scored, average_precision, confident, frames, read_labels
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

from pole_agent.errors import ModelError
from pole_agent.frame import Frame
from pole_agent.vision import card as cards
from pole_agent.vision.cardwriter import COCO, card_of
from pole_agent.vision.families import FAMILIES
from pole_agent.vision.letterbox import Letterbox
from pole_agent.vision.onnx import OnnxModel
from pole_agent.vocabulary import Box

EVERY = 5  # frames
MIN_OPSET = 13


def per_channel_ready(model: onnx.ModelProto) -> onnx.ModelProto:
    """Weights with a scale per channel came with operator set 13."""
    version = max(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
    return model if version >= MIN_OPSET else onnx.version_converter.convert_version(model, MIN_OPSET)


def head(graph: onnx.GraphProto) -> list[str]:
    """What lies behind the last convolutions, and these: scores and sizes need more than 256 levels, and cost
    next to nothing.
    """
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    kept: dict[str, bool] = {}  # name of a node -> no convolution comes after it
    for node in reversed(graph.node):
        after = [user for name in node.output for user in users.get(name, [])]
        kept[node.name] = all(kept[user.name] and user.op_type != "Conv" for user in after)
    return [node.name for node in graph.node if kept[node.name]]


class OwnFrames(CalibrationDataReader):  # type: ignore[misc]
    """The pole's own frames, as the agent would feed them."""

    def __init__(self, clip: Path, card: cards.ModelCard) -> None:
        letterbox = Letterbox(card.width, card.height, planar=card.planar, padding=card.padding)
        tensors = []
        for image in street_frames(clip):
            letterbox.fill(image)
            tensors.append({card.input_name: letterbox.tensor.copy()})
        if not tensors:
            raise ModelError(f"{clip}: there is no frame that can be read")
        self._inputs = iter(tensors)

    def get_next(self) -> dict[str, Any] | None:
        return next(self._inputs, None)


def people(card: Path, clip: Path) -> tuple[dict[int, Scored], float]:
    """What the agent's own code finds with a model: frame number -> (score, box in pixels) of people; and
    milliseconds a frame.
    """
    model = OnnxModel(cards.read(card), 1)
    found, times = {}, []
    for number, image in frames(clip, EVERY):
        detections, ms = model.detect(Frame(image, 0.0, number))
        times.append(ms)
        height, width = image.shape[:2]
        found[number] = [
            (d.score, Box(d.box.left * width, d.box.top * height, d.box.right * width, d.box.bottom * height))
            for d in detections
            if d.label == "person"
        ]
    return found, statistics.median(times)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/bring-model", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, metavar="MODEL.onnx")
    parser.add_argument("--family", required=True, choices=sorted(FAMILIES))
    parser.add_argument("--name", help="default: the name of the file")
    parser.add_argument("--licence", required=True, help="of the weights, for the card")
    parser.add_argument("--origin", required=True, help="where they are from, for the card")
    parser.add_argument(
        "--classes", type=Path, metavar="F", help="one class a line, in the model's order; default: COCO's 80"
    )
    parser.add_argument(
        "--int8",
        type=Path,
        metavar="CLIP",
        help="quantize to int8 on frames of this clip, best of the pole's own camera",
    )
    parser.add_argument(
        "--labels",
        nargs=2,
        type=Path,
        metavar=("CLIP", "GT"),
        help="score against ground truth (MOTChallenge rows)",
    )
    parser.add_argument("--out", type=Path, default=ROOT / "models", help="folder for the model and its card")
    arguments = parser.parse_args()
    name = arguments.name or arguments.model.stem
    classes = arguments.classes.read_text().split() if arguments.classes else COCO
    try:
        return bring(arguments, name, classes)
    except (ModelError, OSError) as error:
        print(f"bring-model: {error}", file=sys.stderr)
        return 1


def bring(arguments: argparse.Namespace, name: str, classes: Sequence[str]) -> int:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)

        def put(source: Path, called: str, note: str) -> Path:
            target = folder / f"{called}.onnx"
            if source != target:
                shutil.copy(source, target)
            card = target.with_suffix(".toml")
            card.write_text(
                card_of(
                    target,
                    name=called,
                    family=arguments.family,
                    licence=arguments.licence,
                    origin=arguments.origin,
                    classes=classes,
                    quantization=note,
                )
            )
            OnnxModel(cards.read(card), 1)  # raises ModelError that says what does not fit
            return card

        original = put(arguments.model, name, "as it came")
        chosen, clip = original, arguments.labels[0] if arguments.labels else arguments.int8
        truth = read_labels(arguments.labels[1]) if arguments.labels else None
        if clip is not None:
            before, ms = people(original, clip)
            print(
                f"{name}: {ms:.1f} ms a frame on one thread"
                + (f", person AP50 {average_precision(before, truth):.3f}" if truth else "")
            )
        if arguments.int8:
            small = folder / f"{name}-int8.onnx"
            print("calibrate and quantize", flush=True)
            ready = folder / "ready.onnx"
            converted = per_channel_ready(onnx.load(arguments.model))
            onnx.save(converted, ready)
            quantize_static(
                str(ready),
                str(small),
                OwnFrames(arguments.int8, cards.read(original)),
                quant_format=QuantFormat.QDQ,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                per_channel=True,
                calibrate_method=CalibrationMethod.MinMax,
                op_types_to_quantize=[
                    "Conv",
                    "LeakyRelu",
                    "Mul",
                    "Sigmoid",
                    "Concat",
                    "MaxPool",
                    "Resize",
                    "Add",
                ],
                nodes_to_exclude=head(converted.graph),
            )
            chosen = put(
                small, f"{name}-int8", f"static QDQ int8, MinMax over frames of {arguments.int8.name}"
            )
            after, ms = people(chosen, clip)
            agreement = average_precision(after, confident(before))
            print(
                f"{name}-int8: {ms:.1f} ms a frame on one thread, agreement with the original {agreement:.3f}"
                f" (at least {MIN_AGREEMENT})"
                + (f", person AP50 {average_precision(after, truth):.3f}" if truth else "")
            )
            if agreement < MIN_AGREEMENT:
                print(
                    "the int8 model does not see what the original sees; nothing was written", file=sys.stderr
                )
                return 1
        arguments.out.mkdir(parents=True, exist_ok=True)
        for file in (chosen, chosen.with_suffix(".onnx")):
            shutil.copy(file, arguments.out / file.name)
        print(
            f"wrote {arguments.out / chosen.name}; use it with: [detector] model ="
            f' "{(arguments.out / chosen.name).resolve()}"'
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
