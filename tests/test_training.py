"""scripts/train-model on a made-up street: it learns, stops, goes on, and what comes out is a model of the
agent.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.conftest import ROOT

pytest.importorskip("torch", reason="PyTorch is no part of the agent")
SIDE, BINS, STRIDES, CLASSES = 64, 11, (8, 16, 32), 6


def street(folder: Path, count: int) -> None:
    """Grey pictures with one bright person each."""
    (folder / "images").mkdir(parents=True)
    chance = np.random.default_rng(4)
    entries = []
    for number in range(count):
        image = chance.integers(60, 100, (80, 96, 3), dtype=np.uint8)
        left, top = (int(v) for v in chance.integers(5, 30, 2))
        image[top : top + 40, left : left + 20] = 230
        cv2.imwrite(str(folder / "images" / f"{number:03}.png"), image)
        entries.append({"file": f"{number:03}.png", "boxes": [[left, top, 20, 40, "person"]]})
    (folder / "boxes.json").write_text(json.dumps(entries))


def tiny_graph(onnx: Any) -> Any:
    """A network of the family nanodet, small enough for a test: levels, four convolutions a stride."""
    chance = np.random.default_rng(3)
    nodes, constants, outputs = [], [], []

    def constant(name: str, value: Any) -> str:
        constants.append(onnx.numpy_helper.from_array(np.asarray(value), name))
        return name

    def convolve(source: str, name: str, shape: tuple[int, int, int], stride: int) -> str:
        into, out, side = shape
        weights = chance.normal(0, 0.3, (out, into, side, side)).astype(np.float32)
        bias = np.full(out, -2.0 if side == 1 else 0.0, np.float32)
        names = [source, constant(f"{name}.w", weights), constant(f"{name}.b", bias)]
        pads = [side // 2] * 4
        nodes.append(onnx.helper.make_node("Conv", names, [name], name=name, strides=[stride] * 2, pads=pads))
        if side == 1:
            return name
        nodes.append(onnx.helper.make_node("LeakyRelu", [name], [f"{name}.a"], name=f"{name}.a", alpha=0.1))
        return f"{name}.a"

    nodes.append(onnx.helper.make_node("Transpose", ["image"], ["planes"], name="planes", perm=[0, 3, 1, 2]))
    level = ["planes", constant("level", np.float32(1 / 57.63)), constant("zero", np.uint8(113))]
    nodes.append(onnx.helper.make_node("DequantizeLinear", level, ["normalized"], name="normalized"))
    trunk = convolve(convolve("normalized", "c1", (3, 8, 3), 2), "c2", (8, 8, 3), 2)
    for stride in STRIDES:
        trunk = convolve(trunk, f"c{stride}", (8, 8, 3), 2)
        head = convolve(
            convolve(trunk, f"h{stride}", (8, 8, 3), 1), f"o{stride}", (8, CLASSES + 4 * BINS, 1), 1
        )
        cut = [head, constant(f"cut{stride}", np.array([CLASSES, 4 * BINS]))]
        parts = [f"s{stride}", f"b{stride}"]
        nodes.append(onnx.helper.make_node("Split", cut, parts, name=f"cut{stride}", axis=1))
        nodes.append(onnx.helper.make_node("Sigmoid", [parts[0]], [f"p{stride}"], name=f"p{stride}"))
        cells = (SIDE // stride) ** 2
        for word, source, width in (("scores", f"p{stride}", CLASSES), ("boxes", parts[1], 4 * BINS)):
            flat = [source, constant(f"{word}{stride}", np.array([1, width, -1]))]
            name = f"{word}_{stride}"
            nodes.append(onnx.helper.make_node("Reshape", flat, [f"{name}.f"], name=f"{name}.f"))
            nodes.append(onnx.helper.make_node("Transpose", [f"{name}.f"], [name], name=name, perm=[0, 2, 1]))
            outputs.append(
                onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, cells, width])
            )
    image = onnx.helper.make_tensor_value_info("image", onnx.TensorProto.UINT8, [1, SIDE, SIDE, 3])
    graph = onnx.helper.make_graph(nodes, "tiny", [image], outputs, constants)
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)


STEPS = """
import sys
from pathlib import Path
import onnx, torch
from training import fit, stills
model, folder, checkpoint, out = sys.argv[1:5]
torch.set_num_threads(1)
torch.manual_seed(7)
fit.TELL_S = 0.0
plan = fit.Plan(minutes=1e6, batch=4, rate=1e-2, bins=11, strides=(8, 16, 32), side=64, anchor=0.1)
run = fit.Run(onnx.load(model), plan, torch.device("cpu"))
if Path(checkpoint).exists():
    run.resume(Path(checkpoint))
shown = stills.read([Path(folder)], torch.device("cpu"))
before = run.steps
totals = [float(run.step(shown)["score"]) for _ in range(14)]
run.save(Path(checkpoint))
onnx.save(run.trained(), out)
print(len(shown.sizes), before, run.steps, sum(totals[:4]) / 4, sum(totals[-4:]) / 4)
"""


def run(*command: object) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *map(str, command)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=100,
        env={**os.environ, "PYTHONPATH": "scripts:."},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_it_learns_goes_on_and_the_agent_reads_it(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    street(tmp_path / "street", 12)
    model, checkpoint, out = tmp_path / "tiny.onnx", tmp_path / "run.pt", tmp_path / "out.onnx"
    onnx.save(tiny_graph(onnx), model)
    arguments = ("-c", STEPS, model, tmp_path / "street", checkpoint, out)
    stills, before, steps, early, _ = map(float, run(*arguments).split())
    assert (stills, before, steps) == (8, 0, 14)  # of twelve pictures four only check
    _, before, steps, _, late = map(float, run(*arguments).split())
    assert (before, steps) == (14, 28)
    assert late < 0.8 * early
    trained = onnx.load(out)
    assert [n.op_type for n in trained.graph.node] == [n.op_type for n in onnx.load(model).graph.node]


ROUND = """
import sys
from pathlib import Path
import numpy as np, onnx, onnxruntime, torch
from training import fit, int8, rounding, stills
model, folder = sys.argv[1:3]
torch.set_num_threads(1)
torch.manual_seed(7)
shown = stills.read([Path(folder)], torch.device("cpu"))
small, exact = int8.quantize(onnx.load(model), shown, 64)
network = rounding.Rounded(small)
with torch.no_grad():
    for learned in network.split()[1]:  # as a bad calibration leaves them: half of what is needed
        learned[0] -= np.log(2)
small = network.write()
rounding.WARM_UP, rounding.RANGE_RATE = 1, 0.03  # fewer steps than a network needs
rounding.LABELS = 0.0  # the float graph is chance: what is in the stills would draw it elsewhere
plan = fit.Plan(minutes=0.2, batch=4, rate=0, bins=11, strides=(8, 16, 32), side=64)
better = rounding.teach(small, exact, shown, plan, torch.device("cpu"))
picture = shown.levels[0, :, :64, :64].permute(1, 2, 0).numpy()[None]
def answers(graph):
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    names = ["scores_8", "scores_16", "scores_32"]
    return np.concatenate([np.ravel(a) for a in session.run(names, {"image": picture})])
print(*(np.abs(answers(graph) - answers(exact)).mean() for graph in (small, better)))
"""


def test_int8_learns_its_ranges(tmp_path: Path) -> None:
    """With the rounding in the loop it answers more like the float graph, as ONNX Runtime computes it."""
    onnx = pytest.importorskip("onnx")
    street(tmp_path / "street", 12)
    onnx.save(tiny_graph(onnx), tmp_path / "tiny.onnx")
    before, after = map(float, run("-c", ROUND, tmp_path / "tiny.onnx", tmp_path / "street").split()[-2:])
    assert after < 0.7 * before


def test_all_of_it_and_the_card(tmp_path: Path) -> None:
    """From a card through training, int8 and scores to a new card that the agent opens."""
    onnx = pytest.importorskip("onnx")
    street(tmp_path / "street", 12)
    model = tmp_path / "tiny.onnx"
    onnx.save(tiny_graph(onnx), model)
    make = (
        "import sys, pathlib, argparse; from training import train; import onnx;"
        "a = argparse.Namespace(licence='own', origin='test');"
        "print(train.put(onnx.load(sys.argv[1]), pathlib.Path(sys.argv[2]), 'first', a, 'none'))"
    )
    card = run("-c", make, model, tmp_path).strip()
    said = run(
        "-m", "training.train", tmp_path / "street", "--start", card, "--name", "mine",
        "--minutes", "0.02", "--rounding-minutes", "0.02", "--batch", "2", "--out", tmp_path / "out",
        "--work", tmp_path / "work", "--licence", "own", "--origin", "us",
    )  # fmt: skip
    assert "8 stills train, on cpu, 2 scenes a step" in said
    assert "train int8 with its rounding in the loop" in said
    assert "infrared: AP50 person" in said
    made = list((tmp_path / "out").glob("mine-*.toml"))
    assert len(made) == 1
    text = made[0].read_text()
    assert 'licence = "own"' in text and "scripts/train-model" in text
