"""Words of the statement in both languages, and how numbers, lists and times are said."""

from __future__ import annotations

from collections.abc import Sequence

from pole_agent.words import Both

CLASSES = {
    "person": Both("people", "orang"), "bicycle": Both("bicycles", "sepeda"), "car": Both("cars", "mobil"),
    "motorcycle": Both("motorcycles", "sepeda motor"), "bus": Both("buses", "bus"), "truck": Both("trucks", "truk"),
    "vehicle": Both("cars, buses and trucks", "mobil, bus, dan truk"), "two_wheeler": Both("bicycles and motorcycles", "sepeda dan sepeda motor"),
}  # fmt: skip
SUN = {
    "sunset": Both("sunset", "matahari terbenam"), "sunrise": Both("sunrise", "matahari terbit"),
    "dusk": Both("dusk", "akhir senja"), "dawn": Both("dawn", "fajar"),
}  # fmt: skip
SEVERITY = {"info": Both("a note", "catatan"), "warning": Both("a warning", "peringatan"), "alarm": Both("an alarm", "alarm")}
DAYS = {
    "mon": Both("Monday", "Senin"), "tue": Both("Tuesday", "Selasa"), "wed": Both("Wednesday", "Rabu"), "thu": Both("Thursday", "Kamis"),
    "fri": Both("Friday", "Jumat"), "sat": Both("Saturday", "Sabtu"), "sun": Both("Sunday", "Minggu"),
}  # fmt: skip


def listed(words: Sequence[Both]) -> Both:
    """ "a, b and c" """
    if len(words) < 2:
        return words[0] if words else Both("", "")
    return Both(
        f"{', '.join(w.en for w in words[:-1])} and {words[-1].en}",
        f"{', '.join(w.id for w in words[:-1])}{',' if len(words) > 2 else ''} dan {words[-1].id}",
    )


def names(words: Sequence[str]) -> Both:
    return listed([Both(w, w) for w in words])


def percent(share: float) -> str:
    return f"{share * 100:g} %"


def seconds(value: float) -> Both:
    """A time in the largest unit that it fills evenly."""
    for unit, en, indonesian in ((86_400, "day", "hari"), (3600, "hour", "jam"), (60, "minute", "menit")):
        if value >= unit and value % unit == 0:
            count = int(value // unit)
            return Both(f"{count} {en}{'' if count == 1 else 's'}", f"{count} {indonesian}")
    return Both(f"{value:g} second{'' if value == 1 else 's'}", f"{value:g} detik")


def time_of_day(text: str) -> Both:
    """ "22:00", "sunset-00:15" in words."""
    for word, said in SUN.items():
        if text.startswith(word):
            offset = text.removeprefix(word)
            if not offset:
                return said
            hours, _, minutes = offset[1:].partition(":")
            span = seconds(int(hours) * 3600 + int(minutes) * 60)
            before = offset[0] == "-"
            return Both(
                f"{span.en} {'before' if before else 'after'} {said.en}", f"{span.id} {'sebelum' if before else 'sesudah'} {said.id}"
            )
    return Both(text, f"pukul {text.replace(':', '.')}")


def span(text: str) -> Both:
    """ "always", "sunset..sunrise" in words."""
    if text == "always":
        return Both("at any time", "setiap saat")
    start, _, end = text.partition("..")
    first, last = time_of_day(start), time_of_day(end)
    return Both(f"from {first.en} to {last.en}", f"dari {first.id} sampai {last.id}")


def days(text: str) -> Both:
    """ "mon..fri", "sat,sun" in words."""
    if text == "mon..sun":
        return Both("every day", "setiap hari")
    parts = []
    for part in text.split(","):
        first, dots, last = part.strip().partition("..")
        one, other = DAYS[first], DAYS[last or first]
        parts.append(Both(f"{one.en} to {other.en}", f"{one.id} sampai {other.id}") if dots else one)
    said = listed(parts)
    return Both(f"on {said.en}", f"pada {said.id}")
