"""Words of the statement in both languages, and how numbers, lists and times are said."""

from __future__ import annotations

from collections.abc import Sequence

from pole_agent.almanac import Span, TimeOfDay
from pole_agent.dates import Dates, Weekdays
from pole_agent.words import Both

CARS = (Both("cars", "mobil"), Both("buses", "bus"), Both("trucks", "truk"))
CYCLES = (Both("bicycles", "sepeda"), Both("motorcycles", "sepeda motor"))
CLASSES: dict[str, tuple[Both, ...]] = {
    "person": (Both("people", "orang"),),
    "bicycle": CYCLES[:1],
    "motorcycle": CYCLES[1:],
    "two_wheeler": CYCLES,
    "car": CARS[:1],
    "bus": CARS[1:2],
    "truck": CARS[2:],
    "vehicle": CARS,
}
SUN = {
    "sunset": Both("sunset", "matahari terbenam"),
    "sunrise": Both("sunrise", "matahari terbit"),
    "dusk": Both("dusk", "akhir senja"),
    "dawn": Both("dawn", "fajar"),
}
SEVERITY = {
    "info": Both("a note", "catatan"),
    "warning": Both("a warning", "peringatan"),
    "alarm": Both("an alarm", "alarm"),
}
DAYS = (
    Both("Monday", "Senin"),
    Both("Tuesday", "Selasa"),
    Both("Wednesday", "Rabu"),
    Both("Thursday", "Kamis"),
    Both("Friday", "Jumat"),
    Both("Saturday", "Sabtu"),
    Both("Sunday", "Minggu"),
)


def listed(words: Sequence[Both]) -> Both:
    """ "a, b and c" """
    if len(words) < 2:
        return words[0] if words else Both("", "")
    return Both(
        f"{', '.join(w.en for w in words[:-1])} and {words[-1].en}",
        f"{', '.join(w.id for w in words[:-1])}{',' if len(words) > 2 else ''} dan {words[-1].id}",
    )


def sentence(said: Both) -> Both:
    """With a capital letter and a full stop."""
    return Both(*(f"{text[0].upper()}{text[1:]}." for text in said))


def names(words: Sequence[str]) -> Both:
    return listed([Both(w, w) for w in words])


def number(value: float) -> Both:
    """Indonesian writes a comma."""
    return Both(f"{value:g}", f"{value:g}".replace(".", ","))


def percent(share: float) -> Both:
    shown = number(share * 100)
    return Both(f"{shown.en} %", f"{shown.id} %")


def seconds(value: float) -> Both:
    """A time in the largest unit that it fills evenly."""
    for unit, en, indonesian in ((86_400, "day", "hari"), (3600, "hour", "jam"), (60, "minute", "menit")):
        if value >= unit and value % unit == 0:
            return _counted(value // unit, en, indonesian)
    return _counted(value, "second", "detik")


def _counted(value: float, en: str, indonesian: str) -> Both:
    shown = number(value)
    return Both(f"{shown.en} {en}{'' if value == 1 else 's'}", f"{shown.id} {indonesian}")


def time_of_day(text: str) -> Both:
    """ "22:00", "sunset-00:15" in words."""
    time = TimeOfDay.parse(text)
    if time.solar is None:
        clock = f"{time.offset_s // 3600:02}:{time.offset_s // 60 % 60:02}"
        return Both(clock, f"pukul {clock.replace(':', '.')}")
    sun = SUN[time.solar]
    if not time.offset_s:
        return Both(sun.en, f"saat {sun.id}")
    span = seconds(abs(time.offset_s))
    before = time.offset_s < 0
    return Both(
        f"{span.en} {'before' if before else 'after'} {sun.en}",
        f"{span.id} {'sebelum' if before else 'sesudah'} {sun.id}",
    )


def span(text: str) -> Both:
    """ "always", "sunset..sunrise" in words."""
    if Span.parse(text) == Span():
        return Both("at any time", "setiap waktu")
    first, last = map(time_of_day, text.split(".."))
    return Both(f"from {first.en} to {last.en}", f"dari {first.id} sampai {last.id}")


MONTHS = (
    Both("January", "Januari"),
    Both("February", "Februari"),
    Both("March", "Maret"),
    Both("April", "April"),
    Both("May", "Mei"),
    Both("June", "Juni"),
    Both("July", "Juli"),
    Both("August", "Agustus"),
    Both("September", "September"),
    Both("October", "Oktober"),
    Both("November", "November"),
    Both("December", "Desember"),
)


def dates(text: str) -> Both:
    """ "08-17", "2027-03-01..2027-03-29" in words."""
    span = Dates.parse(text)
    first, last = _date(span.first), _date(span.last)
    if span.first == span.last:
        return Both(f"on {first.en}", f"pada tanggal {first.id}")
    return Both(f"from {first.en} to {last.en}", f"dari {first.id} sampai {last.id}")


def _date(date: tuple[int, int, int]) -> Both:
    """Year (0: every year), month, day."""
    year, month, day = date
    when = f" {year}" if year else ""
    return Both(f"{day} {MONTHS[month - 1].en}{when}", f"{day} {MONTHS[month - 1].id}{when}")


def days(text: str) -> Both:
    """ "mon..fri", "sat,sun" in words, one day after the other."""
    chosen = sorted(Weekdays.parse(text).days)
    if len(chosen) == len(DAYS):
        return Both("every day", "setiap hari")
    runs: list[list[int]] = []
    for day in chosen:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    parts: list[Both] = []
    for run in runs:
        first, last = DAYS[run[0]], DAYS[run[-1]]
        parts += (
            [Both(f"{first.en} to {last.en}", f"{first.id} sampai {last.id}")]
            if len(run) > 2
            else [DAYS[d] for d in run]
        )
    said = listed(parts)
    return Both(f"on {said.en}", f"pada hari {said.id}")


def days_of(count: float) -> Both:
    shown = number(count)
    return Both(f"{shown.en} day{'' if count == 1 else 's'}", f"{shown.id} hari")
