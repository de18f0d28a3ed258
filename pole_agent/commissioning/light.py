"""Does the lamp do what it is told, and shine where nobody drives it? Pure."""

from __future__ import annotations

from pole_agent.commissioning.answers import CHOICES
from pole_agent.commissioning.verdict import Answers, Facts, Verdict, fail, of_part, warn, worst
from pole_agent.languages import phrase

NEAR = 0.02  # of a level


def lamp(facts: Facts, answers: Answers) -> Verdict:
    """`asked`: dark, dim or full; `level`: what the agent drives."""
    asked, sees = facts["asked"], answers["sees"]
    found = of_part(facts, "lamp")
    if abs(facts["level"] - facts["wanted"]) > NEAR:
        words = phrase("commission-lamp-held", wanted=f"{facts['wanted']:.0%}", level=f"{facts['level']:.0%}")
        found.append(fail(words))
    elif asked == sees:
        pass
    elif {asked, sees} == {"dark", "full"}:
        found.append(fail(phrase("commission-lamp-inverted", asked=CHOICES[asked], sees=CHOICES[sees])))
    elif asked == "dim":
        found.append(fail(phrase("commission-lamp-undimmed", sees=CHOICES[sees])))
    else:
        found.append(fail(phrase("commission-lamp-differs", asked=CHOICES[asked], sees=CHOICES[sees])))
    return worst(found, phrase("commission-lamp-ok", asked=CHOICES[asked], level=f"{facts['level']:.0%}"))


def fail_lit(facts: Facts, answers: Answers) -> Verdict:
    """The board was without supply since the step began, and the lamp was lit meanwhile."""
    if facts["boot_before"] == facts["boot_now"]:
        return fail(phrase("commission-not-unplugged"))
    if answers["lit"] == "no":
        return fail(phrase("commission-dark-unplugged"))
    return Verdict("ok", phrase("commission-fail-lit-ok"))


def feedback(facts: Facts, answers: Answers) -> Verdict:
    """The feedback says what the lamp is driven to: lit at full, not lit when off."""
    full, dark = facts["lit_at_full"], facts["lit_at_dark"]
    if full is None or dark is None:
        return fail(phrase("commission-feedback-silent"))
    if (full, dark) == (False, True):
        return fail(phrase("commission-feedback-inverted"))
    if full == dark:
        return fail(
            phrase("commission-feedback-stuck", lit=phrase("word-lit") if full else phrase("word-unlit"))
        )
    return Verdict("ok", phrase("commission-feedback-ok"))


def night(facts: Facts, answers: Answers) -> Verdict:
    """There is a program, and it gives light at night."""
    if not facts["program"]:
        return fail(phrase("commission-no-program"))
    if facts["most"] <= 0:
        return fail(phrase("commission-dark-night"))
    found = []
    if facts["dark_nights"]:
        found.append(
            warn(phrase("commission-dark-hours", nights=facts["dark_nights"], hours=f"{facts['dark_h']:.0f}"))
        )
    program = phrase("commission-night-ok", program=facts["program"], most=f"{facts['most']:.0%}")
    return worst(found, program)
