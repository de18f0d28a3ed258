"""Disk, supply and heat, the drone's gates, the sign. Pure."""

from __future__ import annotations

from pole_agent.commissioning.verdict import Answers, Facts, Verdict, fail, of_findings, of_part, warn, worst
from pole_agent.languages import phrase


def disk(facts: Facts, answers: Answers) -> Verdict:
    """The store takes events: it was asked to write one moment ago."""
    found = [fail(facts["error"])] if facts["error"] else []
    found += of_part(facts, "store")
    return worst([*found, *of_findings(facts)], phrase("commission-disk-ok"))


def board(facts: Facts, answers: Answers) -> Verdict:
    """Supply, temperature, memory, watchdog, service."""
    found = [v for part in ("voltage", "temperature") for v in of_part(facts, part)]
    return worst([*found, *of_findings(facts)], phrase("commission-board-ok"))


def drone(facts: Facts, answers: Answers) -> Verdict:
    """A person decides, and a fence holds."""
    found = of_part(facts, "drone")
    if not facts["fence"]:
        found.append(fail(phrase("advice-no-fence")))
    if facts["approval"] == "automatic":
        found.append(fail(phrase("advice-automatic-approval")))
    elif not facts["officers"]:
        found.append(warn(phrase("advice-no-officer")))
    if facts["stopped"]:
        found.append(warn(phrase("commission-flights-stopped")))
    if answers["stop"] == "no":
        found.append(fail(phrase("commission-nobody-can-stop")))
    return worst(found, phrase("commission-drone-ok"))


def sign(facts: Facts, answers: Answers) -> Verdict:
    """The sign hangs, and says what the pole does."""
    found = [] if answers["hangs"] == "yes" else [fail(phrase("commission-sign-missing"))]
    return worst([*found, *of_findings(facts)], phrase("commission-sign-ok"))
