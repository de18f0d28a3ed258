"""The report of a fleet: rows with their limits as Markdown, all figures as JSON, the attempts as a plot."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lightpoles.figures import Return


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`most`: what `value` may be, None where it is only told; `least`: what it must be."""

    what: str
    value: float | None
    unit: str = ""
    most: float | None = None
    least: float | None = None

    @property
    def ok(self) -> bool | None:
        if self.most is None and self.least is None:
            return None
        if self.value is None:
            return False
        return (self.most is None or self.value <= self.most) and (
            self.least is None or self.value >= self.least
        )

    @property
    def limit(self) -> str:
        """In words, with its unit."""
        return (
            f"≤ {self.most:g}"
            if self.most is not None
            else f"≥ {self.least:g}"
            if self.least is not None
            else ""
        )


@dataclass(slots=True)
class Report:
    """`attempts`: of each outage, in each second from its begin on."""

    title: str
    rows: list[Row] = field(default_factory=list)
    attempts: dict[str, list[int]] = field(default_factory=dict)

    @property
    def missed(self) -> list[Row]:
        return [row for row in self.rows if row.ok is False]

    def add(self, what: str, value: float | None, unit: str = "", **limits: float) -> Row:
        row = Row(what=what, value=value, unit=unit, **limits)
        self.rows.append(row)
        return row

    def add_return(self, outage: str, found: Return) -> None:
        self.add(f"{outage}: poles that tried in the worst second", 100 * found.worst_share, "%", most=15)
        self.add(f"{outage}: all back after", found.all_s, "s", most=60)
        if found.median_s is not None or found.all_s is None:
            self.add(f"{outage}: half of them back after", found.median_s, "s")

    def markdown(self) -> str:
        lines = [f"# {self.title}", "", "| | measured | limit | |", "|---|---|---|---|"]
        for row in self.rows:
            value = (
                "–"
                if row.value is None
                else f"{row.value:.3g}"
                if abs(row.value) < 100
                else f"{row.value:.0f}"
            )
            verdict = {True: "ok", False: "missed", None: ""}[row.ok]
            lines.append(f"| {row.what} | {value} {row.unit} | {row.limit} | {verdict} |")
        return "\n".join(lines) + "\n"

    def write(self, folder: Path, facts: Mapping[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "fleet.md").write_text(self.markdown() + "\n![attempts](fleet.svg)\n")
        figures = {
            "facts": dict(facts),
            "rows": [asdict(r) | {"ok": r.ok} for r in self.rows],
            "attempts": self.attempts,
        }
        (folder / "fleet.json").write_text(json.dumps(figures, indent=1) + "\n")
        (folder / "fleet.svg").write_text(plot(self.attempts))


WIDTH, HEIGHT, LEFT, GAP = 900, 130, 60, 40


def plot(attempts: Mapping[str, Sequence[int]]) -> str:
    """Attempts to connect in each second, one chart an outage, below each other."""
    parts = []
    for n, (name, counts) in enumerate(attempts.items()):
        top, most = n * (HEIGHT + GAP) + GAP, max([1, *counts])
        step = (WIDTH - LEFT - 10) / max(1, len(counts))
        parts.append(f'<text x="{LEFT}" y="{top - 6}">{name}: attempts a second, at most {most}</text>')
        for second, count in enumerate(counts):
            high = HEIGHT * count / most
            x, y = LEFT + second * step, top + HEIGHT - high
            parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{step * 0.8:.1f}" height="{high:.1f}"/>')
            if second % 30 == 0:
                parts.append(f'<text x="{x:.1f}" y="{top + HEIGHT + 14}">{second} s</text>')
        parts.append(f'<path d="M{LEFT} {top}V{top + HEIGHT}H{WIDTH - 10}"/>')
    height = len(attempts) * (HEIGHT + GAP) + GAP
    style = "text{font:12px sans-serif}rect{fill:#2a6f97}path{stroke:#333;fill:none}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"><style>{style}</style>'
        f'<rect width="{WIDTH}" height="{height}" style="fill:#fff"/>{"".join(parts)}</svg>\n'
    )
