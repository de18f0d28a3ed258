"""The table of poles, as a spreadsheet writes it: commas, semicolons or tabs, and decimal commas too."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pole_agent.errors import ConfigError, Problem
from pole_agent.languages import Phrase, phrase
from pole_agent.settings.reading import text_file
from pole_agent.settings.section import nearest

MAX_BYTES = 1 << 23
NEEDED = ("id", "site", "latitude", "longitude")
# Where a column stands in pole.toml; the first of a list is meant.
PLACES: dict[str, tuple[str, ...]] = {
    "id": ("pole", "id"),
    "site": ("pole", "site"),
    "latitude": ("pole", "latitude"),
    "longitude": ("pole", "longitude"),
    "timezone": ("pole", "timezone"),
    "name": ("pole", "name"),
    "area_code": ("pole", "area_code"),
    "operator": ("pole", "operator"),
    "contact": ("pole", "contact"),
    "groups": ("pole", "groups"),
    "supply": ("pole", "supply"),
    "camera": ("camera", "source"),
    "camera_username": ("camera", "username"),
    "camera_password": ("camera", "password_file"),
    "heading_deg": ("camera", "heading_deg"),
    "range_m": ("camera", "range_m"),
    "pin": ("lamp", "pin"),
    "rated_w": ("lamp", "rated_w"),
}
NUMBERS = ("latitude", "longitude", "heading_deg", "range_m", "rated_w")
WHOLE = ("pin",)
DECIMAL = re.compile(r"[+-]?\d{1,6}([.,]\d{1,12})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """One pole: the line where it begins, and what stands in its columns; empty ones are left out."""

    line: int
    values: dict[str, str]

    @property
    def id(self) -> str:
        return self.values.get("id", "")

    def problem(self, where: str, text: str) -> Problem:
        """As it is told to people: the line, the column or key, and what is wrong."""
        return Problem(f"{self.line}:{where}", text)


def read(path: Path) -> tuple[list[Row], list[Problem]]:
    """The poles, and what is wrong with single cells. Raises ConfigError for a file that is no table."""
    try:
        text = text_file(path, MAX_BYTES)
    except OSError as error:
        told = phrase("table-unreadable", error=error.strerror)
        raise ConfigError([Problem(str(path), told)]) from error
    except ValueError as error:
        raise ConfigError([Problem(str(path), phrase("table-unreadable", error=error))]) from error
    return rows(text.removeprefix("\ufeff"))


def rows(text: str) -> tuple[list[Row], list[Problem]]:
    """Raises ConfigError for a header that cannot be used."""
    head = text.partition("\n")[0]
    separator = max(",;\t", key=head.count)
    try:
        lines = list(_numbered(csv.reader(io.StringIO(text), delimiter=separator, strict=True)))
    except csv.Error as error:
        raise ConfigError([Problem("", phrase("table-unreadable", error=error))]) from error
    if not lines:
        raise ConfigError([Problem("1", phrase("table-empty", columns=", ".join(NEEDED)))])
    columns = [_column(name) for name in lines[0][1]]
    if wrong := _header(columns):
        raise ConfigError(wrong)
    found, problems = [], []
    for line, cells in lines[1:]:
        if not any(cells):
            continue
        row = Row(line, {c: v for c, v in zip(columns, cells, strict=False) if v})
        if len(cells) > len(columns):
            problems.append(row.problem("", phrase("row-too-long", cells=len(cells), columns=len(columns))))
        found.append(row)
        problems += _cells(row)
    return found, [*problems, *_twice(found)]


def _numbered(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    begins = 1
    for cells in reader:
        yield begins, [cell.strip() for cell in cells]
        begins = reader.line_num + 1  # type: ignore[attr-defined]  # a cell may hold line ends


def _column(name: str) -> str:
    return re.sub(r"[ -]+", "_", name.strip().lower())


def _header(columns: list[str]) -> list[Problem]:
    wrong = [
        Problem(f"1:{name}", nearest(phrase("column-unknown"), name, PLACES, _known()))
        for name in columns
        if name not in PLACES
    ]
    wrong += [Problem(f"1:{name}", phrase("column-twice")) for name in PLACES if columns.count(name) > 1]
    missing = [name for name in NEEDED if name not in columns]
    return wrong + [Problem(f"1:{name}", phrase("column-missing")) for name in missing]


def _known() -> Phrase:
    return phrase("column-unknown-known", known=", ".join(PLACES))


def _cells(row: Row) -> Iterator[Problem]:
    for name in NEEDED:
        if name not in row.values:
            yield row.problem(name, phrase("cell-empty"))
    for name in (*NUMBERS, *WHOLE):
        given = row.values.get(name)
        if given is not None and not _is_number(name, given):
            example = "18" if name in WHOLE else "-6.8586"
            yield row.problem(name, phrase("invalid-number", given=f"{given!r}", example=example))


def _is_number(name: str, given: str) -> bool:
    return given.isascii() and given.isdigit() if name in WHOLE else DECIMAL.fullmatch(given) is not None


def _twice(found: list[Row]) -> Iterator[Problem]:
    """Names of folders may not tell capitals apart, and people do not."""
    first: dict[str, int] = {}
    for row in found:
        if row.id and (line := first.setdefault(row.id.lower(), row.line)) != row.line:
            yield row.problem("id", phrase("row-twice", id=row.id, line=line))


def value(name: str, text: str) -> object:
    """What a cell means in pole.toml; text where it is no number, which is then refused as such."""
    if name in (*NUMBERS, *WHOLE) and _is_number(name, text):
        return int(text) if name in WHOLE else float(text.replace(",", "."))
    if name == "groups":
        return [word for word in re.split(r"[\s,;]+", text) if word]
    return text
