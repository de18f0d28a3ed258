"""Compare published trackers with ours on identical detections.

    compare.py FOLDER    with FOLDER/<clip>/{gt.txt,detections.txt,tracks.txt,fps}, made by scripts/bench

Each tracker runs over all clips with each setting of a small grid around its defaults; its best setting in
the mean over all clips counts, one setting for all. Ours has the one setting it is shipped with. The metrics
are those of roboflow `trackers`. Where a folder holds tracks.NAME.txt too, these are variants of ours: they
are compared with tracks.txt, and no peer runs.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import supervision as sv
from trackers import ByteTrackTracker, CBIoUTracker, OCSORTTracker
from trackers.eval import evaluate_mot_sequence

METRICS = ("HOTA", "IDF1", "MOTA")
MEMORY = (30, 90)
SCORES = (0.4, 0.5)
LEAST = (0.1, 0.3)  # detections below this are kept from the peer: some do better without the weak ones


class Clip(NamedTuple):
    folder: Path
    frames: list[np.ndarray[Any, Any]]  # (n, 5): left, top, right, bottom, score
    fps: float  # of the file

    @property
    def name(self) -> str:
        return self.folder.name


def grid() -> dict[str, list[tuple[Any, dict[str, Any]]]]:
    """The settings that each peer may choose from."""
    return {
        "ByteTrack": [
            (
                ByteTrackTracker,
                {
                    "lost_track_buffer": m,
                    "track_activation_threshold": a,
                    "high_conf_det_threshold": h,
                    "minimum_iou_threshold": i,
                },
            )
            for m, a, h, i in itertools.product(MEMORY, SCORES, SCORES, (0.1, 0.3))
        ],
        "OC-SORT": [
            (
                OCSORTTracker,
                {
                    "lost_track_buffer": m,
                    "high_conf_det_threshold": h,
                    "minimum_iou_threshold": i,
                    "minimum_consecutive_frames": c,
                },
            )
            for m, h, i, c in itertools.product(MEMORY, SCORES, (0.2, 0.3), (2, 3))
        ],
        "C-BIoU": [
            (
                CBIoUTracker,
                {
                    "lost_track_buffer": m,
                    "track_activation_threshold": a,
                    "high_conf_det_threshold": h,
                    "buffer_ratio_first": b,
                    "buffer_ratio_second": b + 0.2,
                },
            )
            for m, a, h, b in itertools.product(MEMORY, SCORES, SCORES, (0.3, 0.5))
        ],
    }


def plain(labels: Path) -> None:
    """Leave only what counts, in the columns that the metrics expect: confidence 1, class 1 (a pedestrian),
    visibility 1.
    """
    rows = [line.split(",") for line in labels.read_text().splitlines() if line.strip()]
    labels.write_text("".join(",".join([*row[:6], "1,1,1"]) + "\n" for row in rows if float(row[6]) != 0))


def read(folder: Path) -> Clip:
    plain(folder / "gt.txt")
    rows = defaultdict(list)
    for line in (folder / "detections.txt").read_text().splitlines():
        frame, _, left, top, width, height, score = map(float, line.split(",")[:7])
        rows[int(frame)].append((left, top, left + width, top + height, score))
    last = max([*rows, *(int(line.split(",")[0]) for line in (folder / "gt.txt").read_text().splitlines())])
    frames = [np.array(rows.get(n, []), np.float32).reshape(-1, 5) for n in range(1, last + 1)]
    return Clip(folder, frames, float((folder / "fps").read_text()))


def track(kind: Any, setting: dict[str, Any], least: float, clip: Clip, out: Path) -> float:
    """Write the rows of one tracker over one clip; return its milliseconds a frame."""
    tracker = kind(frame_rate=clip.fps, **setting)
    lines, spent = [], 0.0
    for number, every in enumerate(clip.frames, 1):
        frame = every[every[:, 4] >= least]
        found = (
            sv.Detections(xyxy=frame[:, :4], confidence=frame[:, 4], class_id=np.zeros(len(frame), int))
            if len(frame)
            else sv.Detections.empty()
        )
        begun = time.perf_counter()
        tracked = tracker.update(found)
        spent += time.perf_counter() - begun
        if tracked.tracker_id is None:
            continue
        for identity, (left, top, right, bottom) in zip(tracked.tracker_id, tracked.xyxy, strict=True):
            if identity is not None and identity >= 0:
                box = f"{left:.2f},{top:.2f},{right - left:.2f},{bottom - top:.2f}"
                lines.append(f"{number},{int(identity)},{box},1,-1,-1,-1")
    out.write_text("\n".join(lines) + "\n")
    return spent / len(clip.frames) * 1000


def score(clip: Clip, tracks: Path) -> dict[str, float]:
    result = evaluate_mot_sequence(clip.folder / "gt.txt", tracks, metrics=["CLEAR", "HOTA", "Identity"])
    identities = {line.split(",")[1] for line in tracks.read_text().splitlines() if line}
    return {
        "HOTA": 100 * result.HOTA.HOTA,
        "IDF1": 100 * result.Identity.IDF1,
        "MOTA": 100 * result.CLEAR.MOTA,
        "IDSW": result.CLEAR.IDSW,
        "tracks": len(identities),
    }


def people(clip: Clip) -> int:
    return len({line.split(",")[1] for line in (clip.folder / "gt.txt").read_text().splitlines()})


def show(name: str, clips: list[Clip], scores: list[dict[str, float]], note: str) -> None:
    mean = {m: sum(s[m] for s in scores) / len(scores) for m in METRICS}
    print(f"{name:<10} {'mean of all':<28}" + "".join(f"{mean[m]:>7.1f}" for m in METRICS) + f"      {note}")
    for clip, s in zip(clips, scores, strict=True):
        print(
            f"{'':<10} {clip.name:<28}"
            + "".join(f"{s[m]:>7.1f}" for m in METRICS)
            + f"{s['IDSW']:>6.0f}{s['tracks']:>5.0f} for {people(clip)}"
        )


def sensitivity(clips: list[Clip], variants: list[str]) -> int:
    """How far the mean over all clips moves with each variant, the furthest first."""

    def mean(name: str) -> dict[str, float]:
        scores = [score(clip, clip.folder / name) for clip in clips]
        return {m: sum(s[m] for s in scores) / len(scores) for m in METRICS}

    shipped, rows = mean("tracks.txt"), []
    print(f"{'as shipped':<28}" + "".join(f"{shipped[m]:>7.1f}" for m in METRICS), flush=True)
    for name in variants:
        moved = {m: v - shipped[m] for m, v in mean(name).items()}
        rows.append((max(map(abs, moved.values())), name.removeprefix("tracks.").removesuffix(".txt"), moved))
    for _, name, moved in sorted(rows, reverse=True, key=lambda row: row[0]):
        print(f"{name:<28}" + "".join(f"{moved[m]:>+7.1f}" for m in METRICS))
    return 0


def main() -> int:
    clips = [read(folder) for folder in sorted(Path(sys.argv[1]).iterdir()) if (folder / "gt.txt").exists()]
    if variants := sorted({path.name for path in clips[0].folder.glob("tracks.*.txt")}):
        return sensitivity(clips, variants)
    print(f"{'':<39}{'HOTA':>7}{'IDF1':>7}{'MOTA':>7}  IDSW tracks for people", flush=True)
    ours = [score(clip, clip.folder / "tracks.txt") for clip in clips]
    show("pole-agent", clips, ours, "as shipped; its time: pole-agent bench")
    with tempfile.TemporaryDirectory() as scratch:
        for name, settings in grid().items():
            best: tuple[float, list[dict[str, float]], float, dict[str, Any]] | None = None
            for (kind, setting), least in itertools.product(settings, LEAST):
                scores, spent = [], []
                for clip in clips:
                    out = Path(scratch) / "tracks.txt"
                    spent.append(track(kind, setting, least, clip, out))
                    scores.append(score(clip, out))
                total = sum(s[m] for s in scores for m in METRICS)
                if best is None or total > best[0]:
                    best = (total, scores, min(spent), setting | {"detections_from": least})
            assert best is not None
            show(name, clips, best[1], f"{best[2]:.2f} ms a frame, {best[3]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
