"""The daemon's vision over the bundled clip: golden events, the same at every run."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import numpy as np

from tests.conftest import ROOT

DEMO = ROOT / "pole_agent" / "demo"
GOLDEN = Path(__file__).parent / "golden.json"


def replay(tmp_path: Path, *more: str) -> tuple[list[dict[str, object]], dict[str, float]]:
    out = tmp_path / "events.jsonl"
    given = [
        "replay",
        str(DEMO / "street.mp4"),
        "--config",
        str(DEMO / "pole.toml"),
        "--out",
        str(out),
        "--json",
    ]
    command = [sys.executable, "-m", "pole_agent", *given, *more]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stderr == "", "quiet in a pipe"
    return [json.loads(line) for line in out.read_text().splitlines()], json.loads(
        done.stdout.splitlines()[-1]
    )


FRAME_S = 0.2


def second_of(time: object) -> float:
    """Seconds of the clip, which begins at the full hour."""
    moment = datetime.fromisoformat(str(time))
    return round(moment.minute * 60 + moment.second + moment.microsecond / 1e6, 3)


def told(events: list[dict[str, object]]) -> list[list[object]]:
    """What happened: of each event its kind, and when and where it was."""
    rows: list[list[object]] = []
    for event in events:
        data = event["data"]
        assert isinstance(data, dict)
        words = [str(event["type"]), str(event["severity"]), *(str(data.get(k, "")) for k in WORDS)]
        numbers = [len(data.get("track_ids", [])), data.get("peak", 0), data.get("notify", [])]
        rows.append(
            [
                words,
                second_of(event["time"]),
                data.get("duration_s", 0.0),
                data.get("held_s", 0.0),
                data.get("path", []),
                numbers,
            ]
        )
    return rows


WORDS = ("rule", "kind", "zone", "line", "class", "direction", "end_reason")


def alike(now: list[object], before: list[object]) -> bool:
    """The same event, within a frame, and its path within three hundredths of the picture: another CPU may
    round otherwise.
    """
    (words, at, lasted, held, path, numbers), (words_, at_, lasted_, held_, path_, numbers_) = now, before
    times = [(at, at_), (lasted, lasted_), (held, held_)]
    places = zip(np.ravel(np.array(path)), np.ravel(np.array(path_)), strict=False)
    return (
        words == words_
        and numbers == numbers_
        and all(abs(float(str(a)) - float(str(b))) <= FRAME_S + 1e-6 for a, b in times)
        and len(np.ravel(np.array(path))) == len(np.ravel(np.array(path_)))
        and all(abs(a - b) <= 0.03 for a, b in places)
    )


def test_golden_events(tmp_path: Path) -> None:
    """Each event of the file comes, and no other: kind, rule, place, class, direction, time, path, how many,
    how long.
    """
    events, figures = replay(tmp_path)
    golden = json.loads(GOLDEN.read_text())
    left = told(events)
    for before in golden["events"]:
        found = next((row for row in left if alike(row, before)), None)
        assert found is not None, f"{before} is not among {left}"
        left.remove(found)
    assert left == []
    assert events[-1]["data"] == golden["summary"]
    assert [e["sequence"] for e in events] == [f"{n:012d}" for n in range(1, len(events) + 1)]
    assert figures["frames"] == 125
    assert figures["people"] == golden["people"]
    assert set(figures) >= {
        "frames",
        "seconds",
        "fps",
        "detector_runs",
        "detector_ms_p50",
        "motion_ms_p50",
        "appearance_ms_p50",
        "tracker_ms_p50",
        "peak_rss_mb",
    }
    again, _ = replay(tmp_path)
    assert again == events, "deterministic"


def test_detections_from_a_file_give_rows_back(tmp_path: Path) -> None:
    rows = [f"{f},-1,{100 + f * 2},200,40,100,0.9,-1,-1,-1" for f in range(1, 251)]
    detections, tracks = tmp_path / "det.txt", tmp_path / "tracks.txt"
    detections.write_text("\n".join(rows))
    _, figures = replay(tmp_path, "--detections", str(detections), "--mot", str(tracks), "--every-frame")
    found = [line.split(",") for line in tracks.read_text().splitlines()]
    assert {row[1] for row in found} == {"1"}
    assert [int(row[0]) for row in found] == list(range(2, 251)), "sure at the second look"
    assert all(len(row) == 10 for row in found)
    assert abs(float(found[-1][2]) - 600) < 1
    assert figures["detector_runs"] == 0
