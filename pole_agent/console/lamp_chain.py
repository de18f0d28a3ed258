"""What was asked of the lamp, in the order in which it counts."""

from __future__ import annotations

from typing import Any


def lamp_chain(reasons: dict[str, Any]) -> list[tuple[str, str]]:
    """What was asked of the lamp, in the order in which it counts."""
    chain = []
    if reasons.get("clock"):
        chain.append(("clock", f"not trusted: {reasons['clock']}"))
    if reasons.get("dark_by_day"):
        chain.append(
            ("photocell", "it is dark by day: the clock or the photocell is wrong, and the lamp is lit")
        )
    if reasons["program_level"] is None:
        chain.append(
            (
                "program",
                (
                    "unknown, for want of a clock or a program: failsafe level"
                    f" {percent(reasons['failsafe_level'])}"
                ),
            )
        )
    else:
        chain.append(("program", f'"{reasons["program"]}" asks for {percent(reasons["program_level"])}'))
    dark = {True: "it is dark", False: "it is day", None: "whether it is dark is unknown"}[reasons["dark"]]
    deep = {True: ", and deep night", False: "", None: ""}[reasons["deep"]]
    chain.append(("sun", dark + deep))
    holds = "holds" if reasons["dark"] is not False else "does not bind by day"
    chain.append(("floor", f"{percent(reasons['floor'])} {holds}"))
    if override := reasons["override"]:
        kind = "whatever presence says" if override["fixed"] else "presence may raise it"
        where = "at the pole" if override["local"] else "from outside"
        by, why = (
            override["by"] or "nobody by name",
            f' ("{override["reason"]}")' if override["reason"] else "",
        )
        chain.append(("override", f"{percent(override['level'])} by {by}{why}, {where}, {kind}"))
    else:
        chain.append(("override", "none"))
    if reasons["presence"]:
        chain += [
            ("presence", f"{source} raises it to {percent(level)}")
            for source, level in reasons["presence"].items()
            if level
        ]
    else:
        chain.append(("presence", "nobody"))
    if reasons["low"] > 0:
        chain.append(("control", f"at least {percent(reasons['low'])}"))
    if reasons["high"] < 1:
        chain.append(("control", f"at most {percent(reasons['high'])}"))
    return chain


def percent(level: float | None) -> str:
    return "an unknown level" if level is None else f"{level * 100:g} %"
