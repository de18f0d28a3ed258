"""The tracker on random simulated streets; its constants were chosen on such streets.

  scripts/bench streets                       beside ByteTrack, OC-SORT and C-BIoU at their best
  scripts/bench streets --first 1000          others
  scripts/bench streets --sensitivity         ours only: each constant a fifth up and down

A third of the streets are crowds in which many wear the same. What the detector misses and how far its boxes
are off was measured on labelled photographs; ways, cover and light are made.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

from pole_agent.tracking.tracker import Tracker
from pole_agent.tracking.tuning import Tuning
from streets.sight import Street, street

HEIGHT = 1000  # pixels of the picture, in the files
CROWDS = 3  # every third
STEP = 0.2
KEPT = {"start_score", "weak_score"}  # of the detector, not of the tracker


def rows(number: int, name: object, box: tuple[float, ...], aspect: float, score: float) -> str:
    wide = HEIGHT * aspect
    left, top, width, height = (
        box[0] * wide,
        box[1] * HEIGHT,
        (box[2] - box[0]) * wide,
        (box[3] - box[1]) * HEIGHT,
    )
    return f"{number},{name},{left:.2f},{top:.2f},{width:.2f},{height:.2f},{score:.3f},-1,-1,-1\n"


def write(made: Street, folder: Path) -> None:
    """The people of a street, as rows of MOTChallenge."""
    folder.mkdir(parents=True)
    truth, found = [], []
    for number, (detections, there) in enumerate(made.frames, 1):
        truth += [rows(number, n, box, made.aspect, 1) for n, kind, box in there if kind == "person"]
        found += [
            rows(number, -1, d.box.sides, made.aspect, d.score) for d in detections if d.label == "person"
        ]
    (folder / "gt.txt").write_text("".join(truth))
    (folder / "detections.txt").write_text("".join(found))
    (folder / "fps").write_text(str(made.fps))


def track(made: Street, tuning: Tuning, out: Path) -> None:
    tracker, told = Tracker(tuning), []
    for number, (detections, _) in enumerate(made.frames, 1):
        told += [
            rows(number, t.track_id, t.box.sides, made.aspect, 1)
            for t in tracker.update(detections, (number - 1) / made.fps)
            if t.label == "person"
        ]
    out.write_text("".join(told))


def variants() -> Iterator[tuple[str, Tuning]]:
    for constant in fields(Tuning):
        if constant.name not in KEPT:
            for share in (1 - STEP, 1 + STEP):
                value = getattr(Tuning(), constant.name) * share
                yield f"{constant.name}*{share:.1f}", replace(Tuning(), **{constant.name: value})


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/bench streets",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--streets", type=int, default=12, metavar="N", help="how many (default 12)")
    parser.add_argument(
        "--first", type=int, default=0, metavar="SEED", help="number of the first (default 0)"
    )
    parser.add_argument("--sensitivity", action="store_true", help="each constant a fifth up and down")
    given = parser.parse_args()
    for number in range(given.first, given.first + given.streets):
        crowd = number % CROWDS == CROWDS - 1
        made, folder = street(number, crowd), given.folder / f"{'crowd' if crowd else 'street'}-{number:04d}"
        if not any(kind == "person" for _, there in made.frames for _, kind, _ in there):
            continue
        write(made, folder)
        track(made, Tuning(), folder / "tracks.txt")
        if given.sensitivity:
            for name, tuning in variants():
                track(made, tuning, folder / f"tracks.{name}.txt")
        print(f"{number - given.first + 1} of {given.streets} streets", end="\r", file=sys.stderr, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
