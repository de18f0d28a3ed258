"""A dataset for others, in the form of Satu Data Indonesia (Perpres 39/2019): CSV files, and metadata that
say what each column means. Counts by hour and night only, no single incident: those are personal data.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from city.store import Database, Row

Field = tuple[str, str, str, str]  # name, type, unit, what it means


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A view as a file. `period`: the column by which it is cut."""

    view: str
    title: str
    period: str
    fields: tuple[Field, ...]


POLE: Field = ("source", "string", "", "The pole: /prefix/site/id")
HOUR: Field = ("hour", "string", "", "The hour in local time, YYYY-MM-DDTHH:00")
TABLES = (
    Table(
        view="incidents_by_hour", title="Incidents by rule and hour", period="hour",
        fields=(
            HOUR, POLE, ("rule", "string", "", "The rule that opened the incident"),
            ("severity", "string", "", "info, warning or alarm"),
            ("class", "string", "", "person, two_wheeler or vehicle"),
            ("incidents", "integer", "incidents", "How many opened in this hour"),
        ),
    ),
    Table(
        view="traffic_by_hour", title="Traffic by zone and hour", period="hour",
        fields=(
            HOUR, POLE, ("zone", "string", "", "The zone in the picture"),
            ("class", "string", "", "person, two_wheeler or vehicle"),
            ("entered", "integer", "objects", "How many entered the zone in this hour"),
        ),
    ),
    Table(
        view="light_by_night", title="Light by night", period="night",
        fields=(
            ("night", "string", "", "The date of the evening, YYYY-MM-DD"), POLE,
            ("hours", "number", "h", "How long the lamp was lit"),
            ("energy_wh", "number", "Wh", "Energy of the lamp, estimated by the pole"),
            ("flat_wh", "number", "Wh", "Twelve hours at rated power, as is often billed"),
        ),
    ),
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets an apostrophe: poles name rules and zones."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


async def write(
    db: Database, folder: Path, about: Mapping[str, str], period: tuple[str, str], made: str
) -> dict[str, int]:
    """The files and `metadata.json`; rows by file. `period`: first and last day, both included; `made`: when.

    Raises StoreError, OSError.
    """
    counts = {}
    for table in TABLES:
        names = [name for name, *_ in table.fields]
        rows = await db.fetch(
            f"SELECT {', '.join(names)} FROM {table.view} WHERE {table.period} >= $1 AND"
            f" substr({table.period}, 1, 10) <= $2 ORDER BY {', '.join(names[:4])}",
            *period,
        )
        counts[table.view] = len(rows)
        _save(folder / f"{table.view}.csv", names, rows)
    text = json.dumps(metadata(about, period, made, TABLES), ensure_ascii=False, indent=2)
    (folder / "metadata.json").write_text(text + "\n", encoding="utf-8")
    return counts


def _save(path: Path, names: Sequence[str], rows: Sequence[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows([cell(row[name]) for name in names] for row in rows)


def metadata(
    about: Mapping[str, str], period: tuple[str, str], made: str, tables: Sequence[Table]
) -> dict[str, Any]:
    """Who made it, of what time, under which licence, and what each column is."""
    return {
        "title": about["title"],
        "description": "Counted by municipal smart poles: no picture and no single person is in these data.",
        "producer": about["producer"],
        "contact": about["contact"],
        "licence": about["licence"],
        "area_code": about["area_code"],
        "area_code_standard": "Kepmendagri, kode dan data wilayah administrasi",
        "period": {"from": period[0], "to": period[1]},
        "made": made,
        "frequency": "hourly",
        "language": "en",
        "format": "text/csv; charset=utf-8; header=present",
        "files": [
            {
                "file": f"{table.view}.csv",
                "title": table.title,
                "fields": [
                    {"name": name, "type": kind, "unit": unit, "description": what}
                    for name, kind, unit, what in table.fields
                ],
            }
            for table in tables
        ],
    }
