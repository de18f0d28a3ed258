"""Is this the pole that it says it is, with the right clock and configuration, and does the city hear it?
Pure.
"""

from __future__ import annotations

from pole_agent.commissioning.verdict import Answers, Facts, Verdict, fail, of_findings, of_part, warn, worst
from pole_agent.languages import phrase

CLOCK_S = 120.0  # that the clock may differ from a phone, which shows whole minutes
DAY_S = 86_400.0


def identity(facts: Facts, answers: Answers) -> Verdict:
    """Nobody else has its name: neither now, nor on the card that it was copied from."""
    found = of_part(facts, "identity")
    replaces = answers.get("replacement") == "yes"
    if moved(facts):
        board = facts["signed_off_on"][:8]
        told = (
            phrase("commission-card-moved", board=board)
            if replaces
            else phrase("commission-copied", board=board)
        )
        found.append(warn(told) if replaces else fail(told))
    if facts["formers"] and not replaces:
        found.append(fail(phrase("commission-known-before", stores=", ".join(facts["formers"][-3:]))))
    if answers["plate"] == "no":
        found.append(fail(phrase("commission-plate-differs", pole=facts["pole"])))
    return worst(found, phrase("commission-identity-ok", pole=facts["pole"], store=facts["storeid"]))


def moved(facts: Facts) -> bool:
    """Was this store signed off on another board?"""
    return bool(facts["signed_off_on"] and facts["board"]) and facts["signed_off_on"] != facts["board"]


def clock(facts: Facts, answers: Answers) -> Verdict:
    """The pole trusts its clock, and the clock is that of the person's phone."""
    found = [] if facts["trusted"] else [fail(facts["reason"])]
    hours, minutes = map(int, answers["phone"].split(":"))
    here = facts["day_s"] + facts.get("answered_s", 0.0)
    off = (here - (hours * 60 + minutes) * 60 + DAY_S / 2) % DAY_S - DAY_S / 2
    # 12:00 on a phone may be 12:00:59.
    off = off - 60 if off > 60 else min(off, 0.0)
    if abs(off) > CLOCK_S:
        found.append(fail(phrase("commission-clock-off", minutes=f"{off / 60:+.0f}", zone=facts["zone"])))
    return worst(found, phrase("commission-clock-ok", time=facts["local"]))


def configuration(facts: Facts, answers: Answers) -> Verdict:
    """What runs is what stands in the file, without remarks, and drives a real lamp."""
    found = of_part(facts, "configuration")
    if facts["running"] != facts["file"]:
        found.append(fail(phrase("commission-configuration-differs")))
    if facts["mock"]:
        found.append(fail(phrase("backend-is-mock")))
    found += [warn(remark) for remark in facts["advice"]]
    return worst(
        [*found, *of_findings(facts)], phrase("commission-configuration-ok", digest=facts["file"][:12])
    )


def uplink(facts: Facts, answers: Answers) -> Verdict:
    """Events are acknowledged, and the pole's own words come back."""
    if facts["broker"] is None:
        return warn(phrase("no-broker-configured"))
    found = [v for part in ("uplink", "commands", "mqtt", "events", "states") for v in of_part(facts, part)]
    parts = facts["parts"]
    if not found and parts.get("commands", {}).get("state") != "ok":
        found.append(fail(phrase("commission-no-echo", seconds=f"{facts['waited_s']:.0f}")))
    if not found and not facts["acknowledged"]:
        found.append(fail(phrase("commission-nothing-acknowledged")))
    found += of_findings(facts)
    return worst(found, phrase("commission-uplink-ok", broker=facts["broker"], events=facts["acknowledged"]))
