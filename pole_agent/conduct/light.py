"""The light: programs as they are written, what raises it, who may change it, and what it does when it does
not know.
"""

from __future__ import annotations

from collections.abc import Iterator

from pole_agent.conduct.words import dates, days, percent, seconds, span, time_of_day
from pole_agent.lamp.commands import DEFAULT_S, LONGEST_S
from pole_agent.lamp.levels import held
from pole_agent.settings import Settings
from pole_agent.settings.lamp import DEFAULT, ControlSettings, LampSettings, ProgramStep
from pole_agent.words import Both


def light(settings: Settings) -> list[Both]:
    lamp = settings.lamp
    return [
        *_programs(lamp),
        *map(_control, lamp.control),
        *_presence(settings),
        *_people(lamp),
        _unknown(lamp),
    ]


def _programs(lamp: LampSettings) -> Iterator[Both]:
    for name, steps in lamp.programs().items():
        yield _program(lamp, name, steps)
    for entry in lamp.calendar:
        when = [days(entry.days)] if entry.days else []
        when += [dates(entry.dates)] if entry.dates else []
        en = " and ".join(w.en for w in when) or "always"
        indonesian = " dan ".join(w.id for w in when) or "selalu"
        yield Both(
            f'The program "{entry.program}" holds {en}.', f'Program "{entry.program}" berlaku {indonesian}.'
        )
    floor = _floor(lamp)
    if not lamp.part_night and any(held(s.level, lamp.min_level) < floor for s in lamp.program):
        least = percent(floor)
        yield Both(
            f"Between dusk and dawn it is at least {least.en}, whatever the program says.",
            f"Antara akhir senja dan fajar sekurangnya {least.id}, apa pun kata program.",
        )
    if lamp.photocell:
        yield Both(
            "Around sunset and sunrise a light sensor decides when it is dark.",
            "Sekitar matahari terbenam dan terbit, sensor cahaya menentukan kapan gelap.",
        )


def _program(lamp: LampSettings, name: str, steps: list[ProgramStep]) -> Both:
    parts = [(time_of_day(s.at), percent(held(s.level, lamp.min_level))) for s in steps]
    en = ", ".join(f"{level.en} from {at.en}" for at, level in parts)
    indonesian = ", ".join(f"{level.id} mulai {at.id}" for at, level in parts)
    if name != DEFAULT:
        return Both(f'In the program "{name}": {en}.', f'Pada program "{name}": {indonesian}.')
    if lamp.calendar:
        return Both(
            f"Each night that has no other program: {en}.", f"Setiap malam tanpa program lain: {indonesian}."
        )
    return Both(f"Each night: {en}.", f"Setiap malam: {indonesian}.")


def _presence(settings: Settings) -> Iterator[Both]:
    when = (
        Both("By day and night", "Siang dan malam")
        if settings.lamp.boost_in_daylight
        else Both("In the dark", "Saat gelap")
    )
    for rule in settings.rules:
        if rule.lamp is not None:
            hold, level = seconds(rule.lamp.hold_s), percent(held(rule.lamp.level, settings.lamp.min_level))
            yield Both(
                f'{when.en}, what the rule "{rule.name}" sees raises the light to {level.en}, for {hold.en} longer than it is there.',
                f'{when.id}, lampu naik ke {level.id} selama aturan "{rule.name}" melihat sesuatu, dan {hold.id} sesudahnya.',
            )


def _people(lamp: LampSettings) -> Iterator[Both]:
    longest, usual, floor = seconds(LONGEST_S), seconds(DEFAULT_S), _floor(lamp)
    lasts = Both(
        f"for {longest.en} at most, usually {usual.en}", f"paling lama {longest.id}, biasanya {usual.id}"
    )
    if floor:
        least = percent(floor)
        yield Both(
            f"A message from outside may change it, {lasts.en}; at night it makes it no darker than {least.en}.",
            f"Pesan dari luar dapat mengubahnya, {lasts.id}; pada malam hari tidak lebih gelap dari {least.id}.",
        )
        yield Both(
            "Only who is at the pole, or logged in on its computer, can switch it off at night, for a time.",
            "Hanya orang di tiang, atau yang masuk ke komputernya, dapat mematikannya pada malam hari, untuk sementara.",
        )
    else:
        yield Both(
            f"A message from outside may change it or switch it off, also at night, {lasts.en}.",
            f"Pesan dari luar dapat mengubah atau mematikannya, juga pada malam hari, {lasts.id}.",
        )
    if lamp.button:
        off = seconds(lamp.button.off_s)
        yield Both(
            f"A button in the pole switches it off for {off.en}.",
            f"Tombol di dalam tiang mematikannya selama {off.id}.",
        )


def _unknown(lamp: LampSettings) -> Both:
    level = percent(held(lamp.failsafe_level, lamp.min_level))
    en, indonesian = (
        f"When it does not know the time, it shines at {level.en}.",
        f"Bila tidak mengetahui waktu, lampu menyala {level.id}.",
    )
    if lamp.active_low:
        en += " When the agent fails, the wiring keeps it lit."
        indonesian += " Bila agen gagal, pengawatan menjaganya tetap menyala."
    return Both(en, indonesian)


def _floor(lamp: LampSettings) -> float:
    return held(lamp.floor, lamp.min_level)


def _control(control: ControlSettings) -> Both:
    level, when = percent(control.level), span(control.active)
    kinds = {
        "min": Both(f"at least {level.en}", f"sekurangnya {level.id}"),
        "max": Both(f"at most {level.en}", f"paling tinggi {level.id}"),
        "level": level,
    }
    conditions = {
        "always": Both("", ""),
        "presence": Both(" while somebody is seen", " selama ada orang terlihat"),
        "info": Both(" while an incident is open", " selama ada kejadian"),
        "warning": Both(" while a warning or an alarm is open", " selama ada peringatan atau alarm"),
        "alarm": Both(" while an alarm is open", " selama ada alarm"),
    }
    kind, condition = kinds[control.kind], conditions[control.when]
    if control.hold_s and control.when != "always":
        hold = seconds(control.hold_s)
        condition = Both(f"{condition.en} and {hold.en} longer", f"{condition.id} dan {hold.id} sesudahnya")
    return Both(
        f"The light is {kind.en} {when.en}{condition.en}.", f"Lampu {kind.id} {when.id}{condition.id}."
    )
