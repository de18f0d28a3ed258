"""Train the detector on labelled streets: from the shipped model, or from the published weights behind it.

    scripts/train-model FOLDER … --name NAME --licence L --origin O --minutes 120
    scripts/train-model FOLDER --label CARD
        adds boxes that another model finds where there is none by hand, for the training to lean on

A FOLDER has images/ and boxes.json: a list of {"file", "boxes": [[left, top, width, height, class], …]}, in
pixels. Pictures whose number is divisible by 3 never train: they say afterwards what the model is worth. The
training stops and goes on: --piece-minutes bounds one piece, and the same command again continues the last
one. It uses a GPU where PyTorch finds one. The result is int8 where that costs less than one point of AP50 in
each condition, else float.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import torch

from pole_agent.errors import ModelError
from pole_agent.frame import Frame
from pole_agent.vision import card as cards
from pole_agent.vision.cardwriter import card_of
from pole_agent.vision.onnx import OnnxModel
from pole_agent.vocabulary import group_of
from training import exact, fit, int8, rounding, score, start, stills

ROOT = Path(__file__).resolve().parents[2]
STRIDES = (8, 16, 32)
MOST_LOST = 1.0  # points of AP50 that int8 may cost in any condition
TAKEN_UP = 0.3  # a teacher's box below this score is not written down
SAME = 0.4  # overlap of boxes of one group that show one thing


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/train-model", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument(
        "--label", metavar="CARD", help="only label, with this model (a shipped name or a card)"
    )
    parser.add_argument("--name", default="streets-own", help="of the new model (default %(default)s)")
    parser.add_argument("--licence", default="all rights reserved", help="of the new weights, for the card")
    parser.add_argument("--origin", default="our own streets", help="of the stills, for the card")
    parser.add_argument(
        "--start", default="published", help="shipped name, card, or: published (default %(default)s)"
    )
    parser.add_argument(
        "--side", type=int, default=384, help="of the input, for published (default %(default)s)"
    )
    parser.add_argument("--minutes", type=float, default=120, help="of training in all (default %(default)s)")
    parser.add_argument(
        "--rounding-minutes",
        type=float,
        default=60,
        help="of training int8 with its rounding in the loop, at the end and in one piece; 0: none (default"
        " %(default)s)",
    )
    parser.add_argument("--piece-minutes", type=float, default=1e9, help="stop after so many, to go on later")
    parser.add_argument(
        "--anchor",
        type=float,
        default=2.0,
        help="how firmly it keeps to what it saw before (0: not at all, default %(default)s)",
    )
    parser.add_argument(
        "--rate", type=float, default=3e-4, help="of learning, at first (default %(default)s)"
    )
    parser.add_argument("--batch", type=int, help="scenes a step (default: 64 on a GPU, else 8)")
    parser.add_argument("--out", type=Path, default=ROOT / "models", help="folder for the model and its card")
    parser.add_argument(
        "--work", type=Path, default=ROOT / ".cache" / "training", help="for what is not done"
    )
    return parser.parse_args()


def label(folder: Path, model: str) -> None:
    """Add to boxes.json of `folder` what `model` finds where there is no box of its group."""
    detector = OnnxModel(cards.read(cards.find(model)), 2)
    path = folder / "boxes.json"
    entries: list[dict[str, Any]] = json.loads(path.read_text())
    added = 0
    for number, entry in enumerate(entries):
        if stills.checks(entry):
            continue
        boxes = [box for box in entry["boxes"] if len(box) == 5]
        image: Any = cv2.imread(str(folder / "images" / entry["file"]))
        height, width = image.shape[:2]
        entry["boxes"] = list(boxes)
        for found in detector.detect(Frame(image, 0.0, number))[0]:
            b = found.box
            edges = [b.left * width, b.top * height, b.right * width, b.bottom * height]
            near = [
                score.overlaps(np.array(edges), np.array([[x, y, x + w, y + h]]))[0]
                for x, y, w, h, name in boxes
                if group_of(name) == group_of(found.label)
            ]
            if found.score >= TAKEN_UP and max(near, default=0) < SAME:
                sides = [edges[0], edges[1], edges[2] - edges[0], edges[3] - edges[1]]
                entry["boxes"].append([*(round(v, 1) for v in sides), found.label, round(found.score, 2)])
                added += 1
    part = path.with_suffix(".part")
    part.write_text(json.dumps(entries))
    part.rename(path)
    print(f"{path}: {added} boxes of {model} added")


def beginning(arguments: argparse.Namespace) -> onnx.ModelProto:
    if arguments.start == "published":
        with tempfile.TemporaryDirectory() as scratch:
            return start.build(arguments.side, ROOT / ".cache" / "model", Path(scratch))
    card = cards.read(cards.find(arguments.start))
    if card.family != "nanodet" or card.classes != stills.CLASSES:
        raise ModelError(f"{card.name}: only models that this script has made can be trained further")
    return exact.float_of(onnx.load(card.path))


def train(
    arguments: argparse.Namespace, device: torch.device
) -> tuple[onnx.ModelProto, stills.Stills] | None:
    """The trained float graph and the stills; None while the minutes are not spent."""
    begin = beginning(arguments)
    plan = plan_of(arguments, side_of(begin), device)
    run = fit.Run(begin, plan, device)
    checkpoint = arguments.work / f"{arguments.name}.pt"
    arguments.work.mkdir(parents=True, exist_ok=True)
    if checkpoint.exists():
        run.resume(checkpoint)
        print(f"going on after {run.spent_s / 60:.1f} of {plan.minutes:g} minutes", flush=True)
    shown = stills.read(arguments.folders, device)
    print(f"{len(shown.sizes)} stills train, on {device.type}, {plan.batch} scenes a step", flush=True)
    fit.fit(run, shown, checkpoint, arguments.piece_minutes)
    if run.progress < 1:
        print(f"{run.spent_s / 60:.1f} of {plan.minutes:g} minutes are done; the same command goes on")
        return None
    return run.trained(), shown


def plan_of(arguments: argparse.Namespace, side: int, device: torch.device) -> fit.Plan:
    return fit.Plan(
        minutes=arguments.minutes,
        batch=arguments.batch or (64 if device.type == "cuda" else 8),
        rate=arguments.rate,
        bins=start.BINS,
        strides=STRIDES,
        side=side,
        anchor=arguments.anchor,
    )


def side_of(model: onnx.ModelProto) -> int:
    """Of its square input, in pixels."""
    return int(model.graph.input[0].type.tensor_type.shape.dim[2].dim_value)


def put(model: onnx.ModelProto, folder: Path, name: str, arguments: argparse.Namespace, note: str) -> Path:
    """Write a model and its card, which the agent's own code has then tried; the card's path."""
    path = folder / f"{name}.onnx"
    onnx.save(model, path)
    card = card_of(
        path,
        name=name,
        family="nanodet",
        licence=arguments.licence,
        origin=arguments.origin,
        classes=stills.CLASSES,
        quantization=note,
    )
    path.with_suffix(".toml").write_text(f"# Written by scripts/train-model.\n{card}")
    OnnxModel(cards.read(path.with_suffix(".toml")), 1)
    return path.with_suffix(".toml")


def measured(card: Path, folders: list[Path]) -> dict[str, dict[str, float]]:
    """By condition; printed as it comes."""
    shown = [picture for folder in folders for picture in score.pictures(folder)]
    found = {}
    for condition in score.CONDITIONS:
        found[condition] = score.score(card, shown, condition)
        line = ", ".join(f"{group} {found[condition][f'{group} AP50']:.1f}" for group in score.GROUPS)
        print(f"{card.stem}, {condition}: AP50 {line}", flush=True)
    return found


def lost(exact: dict[str, dict[str, float]], small: dict[str, dict[str, float]]) -> float:
    """The most that int8 costs, over groups and conditions, in points of AP50."""
    names = [(c, f"{g} AP50") for c in score.CONDITIONS for g in score.GROUPS]
    return max(exact[condition][name] - small[condition][name] for condition, name in names)


def main() -> int:
    arguments = parsed()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        if arguments.label:
            for folder in arguments.folders:
                label(folder, arguments.label)
            return 0
        made = train(arguments, device)
        if made is not None:
            finish(*made, arguments, device)
    except (ModelError, OSError) as error:
        print(f"train-model: {error}", file=sys.stderr)
        return 1
    return 0


def finish(
    model: onnx.ModelProto, shown: stills.Stills, arguments: argparse.Namespace, device: torch.device
) -> None:
    """Quantize, measure both, and write the one that is to be used."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, name = Path(scratch), arguments.name
        exact = put(model, folder, f"{name}-float", arguments, "none: float32")
        print("calibrate and quantize", flush=True)
        rounded, model = int8.quantize(model, shown, side_of(model))
        note = f"static QDQ int8, MinMax over {int8.SCENES} scenes of the training, half of them dark or wet"
        if arguments.rounding_minutes:
            print("train int8 with its rounding in the loop", flush=True)
            plan = replace(plan_of(arguments, side_of(model), device), minutes=arguments.rounding_minutes)
            rounded = rounding.teach(rounded, model, shown, plan, device)
            note += "; then trained with the rounding in the loop"
        small = put(rounded, folder, f"{name}-int8", arguments, note)
        loses = lost(measured(exact, arguments.folders), measured(small, arguments.folders))
        chosen = small if loses <= MOST_LOST else exact
        print(f"int8 costs at most {max(0.0, loses):.1f} points of AP50: {chosen.stem} it is")
        arguments.out.mkdir(parents=True, exist_ok=True)
        for file in (chosen, chosen.with_suffix(".onnx")):
            shutil.copy(file, arguments.out / file.name)
    print(f'use it with: [detector] model = "{(arguments.out / chosen.name).resolve()}"')


if __name__ == "__main__":
    sys.exit(main())
