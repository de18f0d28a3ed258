"""What raises an alarm: every rule in words."""

from __future__ import annotations

from pole_agent.conduct.words import CLASSES, SEVERITY, listed, names, seconds, span
from pole_agent.settings import Settings
from pole_agent.settings.rules import RuleSettings
from pole_agent.words import Both


def alarms(settings: Settings) -> list[Both]:
    if not settings.rules:
        return [Both("Nothing: there is no rule.", "Tidak ada: tidak ada aturan.")]
    return [_rule(rule) for rule in settings.rules]


def _rule(rule: RuleSettings) -> Both:
    who, when, kind = listed([CLASSES[c] for c in rule.classes]), span(rule.active), _kind(rule)
    severity = SEVERITY[rule.severity]
    en = f'"{rule.name}": {who.en} {kind.en}, {when.en}: {severity.en}'
    indonesian = f'"{rule.name}": {who.id} {kind.id}, {when.id}: {severity.id}'
    if rule.notify:
        told = names(rule.notify)
        en, indonesian = f"{en} for {told.en}", f"{indonesian} untuk {told.id}"
    if rule.drone:
        en, indonesian = f"{en}; it asks for a drone", f"{indonesian}; meminta drone"
    return Both(f"{en}.", f"{indonesian}.")


def _kind(rule: RuleSettings) -> Both:
    place = Both(f'in "{rule.zone}"', f'di "{rule.zone}"') if rule.zone else Both("anywhere in the picture", "di mana saja dalam gambar")
    line = Both(f'over the line "{rule.line}"', f'melintasi garis "{rule.line}"')
    stay = seconds(rule.dwell_s)
    dwell = Both(f" for {stay.en}", f" selama {stay.id}") if rule.dwell_s else Both("", "")
    match rule.kind:
        case "presence":
            return Both(f"{place.en}{dwell.en}", f"{place.id}{dwell.id}")
        case "loitering":
            return Both(f"who stay {place.en}{dwell.en}", f"yang tinggal {place.id}{dwell.id}")
        case "crowd":
            return Both(
                f"when there are {rule.count} or more {place.en}{dwell.en}", f"bila ada {rule.count} atau lebih {place.id}{dwell.id}"
            )
        case "stopped":
            return Both(f"that stand still {place.en}{dwell.en}", f"yang berhenti {place.id}{dwell.id}")
        case "crossing":
            way = {"any": Both("", ""), "forward": Both(" forwards", " ke arah maju"), "backward": Both(" backwards", " ke arah mundur")}
            return Both(f"that go {line.en}{way[rule.direction].en}", f"yang {line.id}{way[rule.direction].id}")
        case "wrong_way":
            return Both(f"that go {line.en} the wrong way", f"yang {line.id} ke arah yang salah")
