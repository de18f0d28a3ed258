"""What was asked of the lamp, in the order in which it counts."""

from __future__ import annotations

from typing import Any

from pole_agent.languages import phrase


def lamp_chain(reasons: dict[str, Any]) -> list[tuple[str, str]]:
    """What was asked of the lamp, in the order in which it counts."""
    chain: list[tuple[str, str]] = []
    if reasons.get("clock"):
        chain.append(("clock", phrase("clock-not-trusted-because", reason=reasons["clock"])))
    if reasons.get("dark_by_day"):
        chain.append(("photocell", phrase("dark-by-day")))
    if reasons["program_level"] is None:
        chain.append(
            (
                "program",
                (phrase("program-unknown-failsafe", level=percent(reasons["failsafe_level"]))),
            )
        )
    else:
        chain.append(
            (
                "program",
                phrase("program-asks", program=reasons["program"], level=percent(reasons["program_level"])),
            )
        )
    dark = {True: phrase("it-is-dark"), False: phrase("it-is-day"), None: phrase("darkness-unknown")}[
        reasons["dark"]
    ]
    if reasons["dark"] and reasons["deep"]:
        dark = phrase("it-is-deep-night")
    chain.append(("sun", dark))
    floor = percent(reasons["floor"])
    binds = reasons["dark"] is not False
    chain.append(
        ("floor", phrase("floor-holds", floor=floor) if binds else phrase("floor-not-by-day", floor=floor))
    )
    if override := reasons["override"]:
        chain.append(("override", _override(override)))
    else:
        chain.append(("override", phrase("none")))
    if reasons["presence"]:
        chain += [
            ("presence", phrase("presence-raises", source=source, level=percent(level)))
            for source, level in reasons["presence"].items()
            if level
        ]
    else:
        chain.append(("presence", phrase("nobody")))
    if reasons["low"] > 0:
        chain.append(("control", phrase("at-least", level=percent(reasons["low"]))))
    if reasons["high"] < 1:
        chain.append(("control", phrase("at-most", level=percent(reasons["high"]))))
    return chain


def _override(override: dict[str, Any]) -> str:
    return phrase(
        "override-because",
        level=percent(override["level"]),
        by=override["by"] or phrase("by-nobody"),
        why=f' ("{override["reason"]}")' if override["reason"] else "",
        where=phrase("from-the-pole-itself") if override["local"] else phrase("from-outside"),
        kind=phrase("presence-does-not-count") if override["fixed"] else phrase("presence-may-raise"),
    )


def percent(level: float | None) -> str:
    return phrase("unknown-level") if level is None else f"{level * 100:g} %"
