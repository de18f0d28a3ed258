"""The daemon's vision over the bundled clip: golden events, the same at every run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

DEMO = ROOT / "pole_agent" / "demo"
GOLDEN = Path(__file__).parent / "golden.json"


def replay(tmp_path: Path, *more: str) -> tuple[list[dict[str, object]], dict[str, float]]:
    out = tmp_path / "events.jsonl"
    given = ["replay", str(DEMO / "street.mp4"), "--config", str(DEMO / "pole.toml"), "--out", str(out), "--json"]
    command = [sys.executable, "-m", "pole_agent", *given, *more]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stderr == "", "quiet in a pipe"
    return [json.loads(line) for line in out.read_text().splitlines()], json.loads(done.stdout.splitlines()[-1])


def summary(events: list[dict[str, object]]) -> list[str]:
    """What happened, without the last digits that another CPU may round otherwise."""
    rows = []
    for event in events:
        data = event["data"]
        assert isinstance(data, dict)
        rows.append(" ".join(str(w) for w in (event["type"], event["severity"], data.get("rule", ""), data.get("direction", ""))).strip())
    return sorted(rows)


def test_golden_events(tmp_path: Path) -> None:
    events, figures = replay(tmp_path)
    assert summary(events) == json.loads(GOLDEN.read_text())
    assert [e["sequence"] for e in events] == [f"{n:012d}" for n in range(1, len(events) + 1)]
    assert figures["frames"] == 125
    assert set(figures) >= {
        "frames", "seconds", "fps", "detector_runs", "detector_ms_p50", "motion_ms_p50",
        "appearance_ms_p50", "tracker_ms_p50", "peak_rss_mb",
    }  # fmt: skip
    again, _ = replay(tmp_path)
    assert again == events, "deterministic"


def test_detections_from_a_file_give_rows_back(tmp_path: Path) -> None:
    rows = [f"{f},-1,{100 + f * 2},200,40,100,0.9,-1,-1,-1" for f in range(1, 251)]
    detections, tracks = tmp_path / "det.txt", tmp_path / "tracks.txt"
    detections.write_text("\n".join(rows))
    _, figures = replay(tmp_path, "--detections", str(detections), "--mot", str(tracks), "--every-frame")
    found = [line.split(",") for line in tracks.read_text().splitlines()]
    assert {row[1] for row in found} == {"1"}
    assert [int(row[0]) for row in found] == list(range(3, 251)), "sure after two tenths of a second"
    assert all(len(row) == 10 for row in found)
    assert abs(float(found[-1][2]) - 600) < 1
    assert figures["detector_runs"] == 0
