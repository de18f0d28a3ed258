"""Does each camera see what it should, nothing that it must not, and somebody who walks there? Pure."""

from __future__ import annotations

from pole_agent.commissioning.verdict import Answers, Facts, Verdict, fail, of_part, warn, worst
from pole_agent.languages import phrase

FEW_FRAMES, SOME_FRAMES = 0.5, 0.8  # of those that were asked for
DARK_PICTURE = 10.0  # of 255, in the mean
MOST_MASKED = 0.5  # of a zone


def camera(facts: Facts, answers: Answers) -> Verdict:
    """Pictures come, as many as wanted, each another, of the right street."""
    if facts["error"]:
        return fail(facts["error"])
    found = [*of_part(facts, f"camera:{facts['camera']}"), *_by_agent(facts)]
    rate = phrase("frames-too-few", rate=f"{facts['fps']:.1f}", wanted=f"{facts['wanted_fps']:g}")
    if facts["frames"] >= 3 and facts.get("different") == 1:
        found.append(fail(phrase("commission-frozen", frames=facts["frames"])))
    elif facts["fps"] < FEW_FRAMES * facts["wanted_fps"]:
        found.append(fail(rate))
    elif facts["fps"] < SOME_FRAMES * facts["wanted_fps"]:
        found.append(warn(rate))
    if facts.get("brightness", DARK_PICTURE) < DARK_PICTURE:
        found.append(warn(phrase("commission-picture-dark")))
    if answers["right"] == "no":
        found.append(fail(phrase("commission-wrong-view", camera=facts["camera"])))
    size = facts.get("size", (0, 0))
    return worst(found, phrase("picture-works", width=size[0], height=size[1], fps=f"{facts['fps']:.1f}"))


def masks(facts: Facts, answers: Answers) -> Verdict:
    """What is masked is black in each picture, and it is all that has to be."""
    if facts["error"]:
        return fail(facts["error"])
    found = _by_agent(facts)
    if facts.get("leaking"):
        found.append(fail(phrase("commission-mask-leaks", pixels=facts["leaking"])))
    if not facts.get("same_shape", True):
        drawn, now = ("x".join(map(str, facts[key])) for key in ("drawn_on", "size"))
        found.append(fail(phrase("commission-mask-shape", drawn=drawn, now=now)))
    if answers["covered"] == "no":
        found.append(fail(phrase("commission-mask-missing")))
    share = f"{facts.get('masked', 0.0):.1%}"
    return worst(found, phrase("commission-masks-ok", masks=facts["masks"], share=share))


def _by_agent(facts: Facts) -> list[Verdict]:
    """Only the agent has seen the picture, which watches it for faults of its own."""
    return [warn(phrase("commission-device-in-use"))] if facts.get("by_agent") else []


def walk(facts: Facts, answers: Answers) -> Verdict:
    """Somebody who walked through the zone was followed there."""
    if facts["masked"] >= MOST_MASKED:
        return fail(phrase("commission-zone-masked", zone=facts["zone"], share=f"{facts['masked']:.0%}"))
    if not facts["seen"]:
        return fail(phrase("commission-nobody-seen", zone=facts["zone"], seconds=f"{facts['waited_s']:.0f}"))
    if facts["before"]:
        return warn(phrase("commission-zone-busy", zone=facts["zone"]))
    seen = phrase(
        "commission-walk-ok", zone=facts["zone"], label=facts["seen"], after=f"{facts['after_s']:.1f}"
    )
    return Verdict("ok", seen)
