"""The light: programs as they are written, what raises it, who may change it, and what it does when it does not know."""

from __future__ import annotations

from pole_agent.conduct.words import days, percent, seconds, span, time_of_day
from pole_agent.lamp.commands import DEFAULT_S, LONGEST_S
from pole_agent.settings import Settings
from pole_agent.settings.lamp import DEFAULT, ControlSettings, ProgramStep
from pole_agent.words import Both


def light(settings: Settings) -> list[Both]:
    lamp = settings.lamp
    found = [_program(name, steps) for name, steps in lamp.programs().items()]
    for entry in lamp.calendar:
        when = [days(entry.days)] if entry.days else []
        when += [Both(f"on {entry.dates}", f"pada tanggal {entry.dates}")] if entry.dates else []
        en = " and ".join(w.en for w in when) or "always"
        indonesian = " dan ".join(w.id for w in when) or "selalu"
        found.append(Both(f'The program "{entry.program}" holds {en}.', f'Program "{entry.program}" berlaku {indonesian}.'))
    found += [_control(control) for control in lamp.control]
    raising = [r for r in settings.rules if r.lamp is not None]
    for rule in raising:
        if rule.lamp is not None:
            hold = seconds(rule.lamp.hold_s)
            level = percent(rule.lamp.level)
            found.append(
                Both(
                    f'In the dark, what the rule "{rule.name}" sees raises the light to {level}, for {hold.en} longer than it is there.',
                    f'Saat gelap, apa yang dilihat aturan "{rule.name}" menaikkan cahaya ke {level}, sampai {hold.id} sesudahnya.',
                )
            )
    floor = percent(max(lamp.floor, lamp.min_level) if lamp.floor else lamp.floor)
    found += [
        Both(
            f"At night no message from outside makes it darker than {floor}, and none holds for longer than {seconds(LONGEST_S).en}"
            f" ({seconds(DEFAULT_S).en} unless it says otherwise).",
            f"Pada malam hari tidak ada pesan dari luar yang membuatnya lebih gelap dari {floor}, dan tidak ada yang berlaku lebih dari"
            f" {seconds(LONGEST_S).id} ({seconds(DEFAULT_S).id} bila tidak disebut lain).",
        ),
        Both(
            "Only a person at the pole itself can switch it off at night, for a time."
            + (f" There is a button for {seconds(lamp.button.off_s).en}." if lamp.button else ""),
            "Hanya orang di tiang itu sendiri yang dapat mematikannya pada malam hari, untuk sementara."
            + (f" Ada tombol untuk {seconds(lamp.button.off_s).id}." if lamp.button else ""),
        ),
        Both(
            f"When it does not know the time, it shines at {percent(lamp.failsafe_level)}. When the agent fails, the wiring keeps it lit.",
            f"Bila tidak mengetahui waktu, lampu menyala {percent(lamp.failsafe_level)}. Bila agen gagal, pengawatan menjaganya tetap menyala.",
        ),
    ]
    return found


def _program(name: str, steps: list[ProgramStep]) -> Both:
    parts = [(time_of_day(s.at), percent(s.level)) for s in steps]
    en = ", ".join(f"{level} from {at.en}" for at, level in parts)
    indonesian = ", ".join(f"{level} mulai {at.id}" for at, level in parts)
    if name == DEFAULT:
        return Both(f"Each night: {en}.", f"Setiap malam: {indonesian}.")
    return Both(f'In the program "{name}": {en}.', f'Pada program "{name}": {indonesian}.')


def _control(control: ControlSettings) -> Both:
    level, when = percent(control.level), span(control.active)
    kinds = {
        "min": Both(f"at least {level}", f"sekurangnya {level}"), "max": Both(f"at most {level}", f"paling tinggi {level}"),
        "level": Both(level, level),
    }  # fmt: skip
    conditions = {
        "always": Both("", ""), "presence": Both(" while somebody is seen", " selama ada orang terlihat"),
        "info": Both(" while an incident is open", " selama ada kejadian"),
        "warning": Both(" while a warning or an alarm is open", " selama ada peringatan atau alarm"),
        "alarm": Both(" while an alarm is open", " selama ada alarm"),
    }  # fmt: skip
    kind, condition = kinds[control.kind], conditions[control.when]
    return Both(f"The light is {kind.en} {when.en}{condition.en}.", f"Cahaya {kind.id} {when.id}{condition.id}.")
