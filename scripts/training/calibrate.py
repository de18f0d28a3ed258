"""Measure what a model's scores mean, and write it into its card.

  scripts/calibrate models/own.toml --data streets          on the stills that only check
  scripts/calibrate models/own.toml --data streets --show   print it, write nothing

A score of 0.4 is a good box of one model and a poor one of another. For some scores of the default model this
finds the score of the other from which its boxes are right as often: by day, in the dark and in infrared
together, all kinds together. The agent reads the pairs as [calibration], so that `min_score` means the same.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pole_agent.settings.camera import DetectorSettings
from pole_agent.vision import card as cards
from pole_agent.vision.onnx import OnnxModel
from training import score

AT = (0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)
EVERY = 3  # stills of the checking part: a thousand boxes say what a few hundred leave open


def judged(model: OnnxModel, shown: Sequence[tuple[Any, list[Any]]]) -> score.Rows:
    """(score, right?) of every box, over all conditions and groups."""
    rows: score.Rows = []
    for condition in score.CONDITIONS:
        for number, (image, boxes) in enumerate(shown):
            for found, true in score.by_group(model, score.seen_in(condition, image, number), boxes).values():
                rows += score.matched(found, true, small=False)[0]
        print(f"{condition}: {len(rows)} boxes", file=sys.stderr)
    return rows


def precision_from(rows: score.Rows) -> tuple[Any, Any]:
    """Scores, rising, and the share that is right of all boxes from there on, never falling."""
    rows = sorted(rows)
    right = np.cumsum([r for _, r in reversed(rows)])[::-1]
    share = right / np.arange(len(rows), 0, -1)
    return np.array([value for value, _ in rows]), np.maximum.accumulate(share)


def calibration(own: score.Rows, default: score.Rows) -> list[tuple[float, float]]:
    """(own score, what it means) at the scores AT where both models have boxes; the ends are 0 and 1."""
    values, shares = precision_from(own)
    theirs, their_shares = precision_from(default)
    pairs = [(0.0, 0.0)]
    for meant in AT:
        first = int(np.searchsorted(theirs, meant))
        if first + 50 > len(theirs):  # of too few boxes, nothing is known
            break
        at = int(np.searchsorted(shares, their_shares[first]))
        if at + 50 > len(values):
            break
        value = round(float(values[at]), 3)
        if value > pairs[-1][0] + 0.01:  # else all its boxes are better
            pairs.append((value, meant))
    return [*pairs, (1.0, 1.0)]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/calibrate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("card", type=Path)
    parser.add_argument(
        "--data", type=Path, required=True, metavar="FOLDER", help="labelled stills, docs/train.md"
    )
    parser.add_argument("--show", action="store_true", help="print it, write nothing")
    given = parser.parse_args()
    shown = score.pictures(given.data)[::EVERY]
    default = OnnxModel(cards.read(cards.find(DetectorSettings().model)), 2)
    text = given.card.read_text()
    if "[calibration]" in text:
        print(f"{given.card}: it has [calibration]; remove it first", file=sys.stderr)
        return 1
    pairs = calibration(judged(OnnxModel(cards.read(given.card), 2), shown), judged(default, shown))
    own, meant = ([p[k] for p in pairs] for k in (0, 1))
    why = "of its scores: from which the default model is right as often"
    table = f"\n[calibration] # {why}\nscores = {own}\nmean = {meant}\n"
    print(table)
    if not given.show:
        given.card.write_text(text + table)
        cards.read(given.card)
    return 0


if __name__ == "__main__":
    sys.exit(main())
