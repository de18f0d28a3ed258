"""What raises an alarm: every rule in words."""

from __future__ import annotations

from pole_agent.conduct.words import CLASSES, SEVERITY, listed, names, seconds, span
from pole_agent.rule_kinds import KINDS
from pole_agent.settings import Settings
from pole_agent.settings.rules import RuleSettings
from pole_agent.words import PAIR, Both

WAY = {
    "any": Both("", ""),
    "forward": Both(" forwards", " ke arah maju"),
    "backward": Both(" backwards", " ke arah mundur"),
}


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
    way = WAY[rule.direction]
    sentence = KINDS[rule.kind].sentence
    en, indonesian = (
        sentence.of(language).format(
            who=who.of(language),
            place=place.of(language),
            line=line.of(language),
            dwell=dwell.of(language),
            count=rule.count,
            way=way.of(language),
        )
        for language in PAIR
    )
    return Both(en, indonesian)
