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
    what, when, severity = _what(rule), span(rule.active), SEVERITY[rule.severity]
    en = f'"{rule.name}": {what.en}, {when.en}: {severity.en}'
    indonesian = f'"{rule.name}": {what.id}, {when.id}: {severity.id}'
    if rule.notify:
        told = names(rule.notify)
        en, indonesian = f"{en} for {told.en}", f"{indonesian} untuk {told.id}"
    if rule.drone:
        en, indonesian = f"{en}; it asks for a drone", f"{indonesian}; meminta drone"
    return Both(f"{en}.", f"{indonesian}.")


def _what(rule: RuleSettings) -> Both:
    who = listed([word for c in rule.classes for word in CLASSES[c]])
    place = (
        Both(f'in "{rule.zone}"', f'di "{rule.zone}"')
        if rule.zone
        else Both("anywhere in the picture", "di mana saja dalam gambar")
    )
    line = Both(f'over the line "{rule.line}"', f'melintasi garis "{rule.line}"')
    stay = seconds(rule.dwell_s)
    dwell = Both(f" for {stay.en}", f" selama {stay.id}") if rule.dwell_s else Both("", "")
    match rule.kind:
        case "presence":
            return Both(f"{who.en} {place.en}{dwell.en}", f"{who.id} {place.id}{dwell.id}")
        case "loitering":
            return Both(
                f"{who.en} who stay {place.en}{dwell.en}", f"{who.id} yang berlama-lama {place.id}{dwell.id}"
            )
        case "crowd":
            return Both(
                f"{rule.count} or more {who.en} {place.en}{dwell.en}",
                f"{rule.count} atau lebih {who.id} {place.id}{dwell.id}",
            )
        case "stopped":
            return Both(
                f"{who.en} that stand still {place.en}{dwell.en}",
                f"{who.id} yang berhenti {place.id}{dwell.id}",
            )
        case "crossing":
            way = {
                "any": Both("", ""),
                "forward": Both(" forwards", " ke arah maju"),
                "backward": Both(" backwards", " ke arah mundur"),
            }
            return Both(
                f"{who.en} that go {line.en}{way[rule.direction].en}",
                f"{who.id} yang {line.id}{way[rule.direction].id}",
            )
        case "wrong_way":
            return Both(
                f"{who.en} that go {line.en} the wrong way", f"{who.id} yang {line.id} ke arah yang salah"
            )
