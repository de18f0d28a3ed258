"""The report of a long run: the verdicts as Markdown, the samples as CSV, the curves as SVG."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from endurance.growth import WARM_UP, Measure, Point, Verdict, judge

Sample = Mapping[str, float | None]  # "t" in seconds, and whatever was measured then
SAMPLES = "samples.csv"
WIDTH, HEIGHT, LEFT, GAP = 900, 90, 90, 36
DOTS = 900  # of a curve


def read(folder: Path) -> list[Sample]:
    """The samples of a run before."""
    with (folder / SAMPLES).open(newline="") as file:
        return [{name: float(v) if v else None for name, v in row.items()} for row in csv.DictReader(file)]


def series(samples: Sequence[Sample], measure: Measure) -> list[Point]:
    return [(sample["t"] or 0.0, sample.get(measure.name)) for sample in samples]


def verdicts(
    samples: Sequence[Sample], measures: Sequence[Measure], warm_up: float = WARM_UP
) -> list[Verdict]:
    return [judge(measure, series(samples, measure), warm_up) for measure in measures]


class Report:
    """Samples are written as they come, so that a run that is cut short leaves them."""

    def __init__(
        self, folder: Path, title: str, measures: Sequence[Measure], warm_up: float = WARM_UP
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self._title, self._measures, self._warm_up = folder, title, measures, warm_up
        self.samples: list[Sample] = []
        self._columns = ["t", *(m.name for m in measures)]
        (folder / SAMPLES).write_text(",".join(self._columns) + "\n")

    def add(self, sample: Sample) -> None:
        self.samples.append(sample)
        row = ("" if (value := sample.get(name)) is None else f"{value:.3f}" for name in self._columns)
        with (self.folder / SAMPLES).open("a") as file:
            file.write(",".join(row) + "\n")

    def finish(self, facts: Sequence[str]) -> list[Verdict]:
        """Write everything; returns the verdicts."""
        found = verdicts(self.samples, self._measures, self._warm_up)
        table = markdown(self._title, found, facts)
        (self.folder / "longrun.md").write_text(table + "\n![curves](longrun.svg)\n")
        hours = 3600.0 if self.samples and (self.samples[-1]["t"] or 0) < 3 * 86_400 else 86_400.0
        curves = {m: series(self.samples, m) for m in self._measures}
        (self.folder / "longrun.svg").write_text(plot(curves, hours, "h" if hours == 3600.0 else "d"))
        return found


def markdown(title: str, found: Sequence[Verdict], facts: Sequence[str]) -> str:
    lines = [f"# {title}", "", *(f"- {fact}" for fact in facts), ""]
    lines += ["| | first block | last block | rise | allowed | |", "|---|---|---|---|---|---|"]
    for one in found:
        cells = [figure(v) for v in (one.first, one.last, one.rise, one.bound)]
        lines.append(f"| {one.measure.name} ({one.measure.unit}) | {' | '.join(cells)} | {told(one)} |")
    return "\n".join(lines) + "\n"


def told(verdict: Verdict) -> str:
    if not verdict.measure.judged:
        return ""
    if verdict.rise is None:
        return "too little was measured"
    if verdict.above:
        return f"**above {verdict.measure.most:g}**"
    return "**grows**" if verdict.grows else "ok"


def figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def plot(curves: Mapping[Measure, Sequence[Point]], unit_s: float, unit: str) -> str:
    """One chart a measure, below each other, from nought or from a little below the least value."""
    parts = []
    for number, (measure, points) in enumerate(curves.items()):
        known = [(at, value) for at, value in points if value is not None]
        if not known:
            continue
        top = number * (HEIGHT + GAP) + GAP
        values = [value for _, value in known]
        low, high = min(values), max(values)
        low = 0.0 if low >= 0 and low < high / 2 else low - max(0.1 * (high - low), 0.02 * abs(high))
        tall, end = (high - low) or 1.0, max(known[-1][0], 1e-9)
        wide = WIDTH - LEFT - 10
        dots = " ".join(
            f"{LEFT + wide * at / end:.1f},{top + HEIGHT * (1 - (value - low) / tall):.1f}"
            for at, value in known[:: max(1, len(known) // DOTS)]
        )
        parts.append(f'<text x="{LEFT}" y="{top - 6}">{measure.name} ({measure.unit})</text>')
        parts.append(f'<text x="4" y="{top + 10}">{figure(high)}</text>')
        parts.append(f'<text x="4" y="{top + HEIGHT}">{figure(low)}</text>')
        parts.append(f'<polyline points="{dots}"/><path d="M{LEFT} {top}V{top + HEIGHT}H{WIDTH - 10}"/>')
        parts.append(f'<text x="{WIDTH - 60}" y="{top + HEIGHT + 14}">{end / unit_s:.3g} {unit}</text>')
    height = len(curves) * (HEIGHT + GAP) + GAP
    style = "text{font:12px sans-serif}polyline{stroke:#2a6f97;fill:none}path{stroke:#333;fill:none}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"><style>{style}</style>'
        f'<rect width="{WIDTH}" height="{height}" style="fill:#fff"/>{"".join(parts)}</svg>\n'
    )
