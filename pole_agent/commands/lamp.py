"""Look at the lamp and set it, on the pole itself. The agent must run.

pole-agent lamp                          what it does now, and why
pole-agent lamp set 0.5 --for 600        half light for ten minutes, then the program again
pole-agent lamp off --for 1800           off for half an hour (at night the floor is kept)
pole-agent lamp resume                   back to the program
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from pole_agent.commands import control

HELP = "look at the lamp and set it"


def arguments(parser: argparse.ArgumentParser) -> None:
    control.arguments(parser)
    actions = parser.add_subparsers(dest="action", metavar="action")
    actions.add_parser("show", help="what it does now, and why (the default)")
    for name, text in (
        ("set", "a level, for a time"),
        ("on", "full light, for a time"),
        ("off", "no light, for a time"),
    ):
        action = actions.add_parser(name, help=text)
        if name == "set":
            action.add_argument("level", type=float, help="0 to 1")
        action.add_argument("--for", dest="duration_s", type=float, default=3600, metavar="SECONDS", help="default 3600, at most 43200")
        action.add_argument("--fade", type=float, metavar="SECONDS", help="default: fade_s of the configuration")
        action.add_argument("--fixed", action="store_true", help="presence does not raise it")
        action.add_argument("--reason", default="", help="kept with the override")
    actions.add_parser("resume", help="back to the program")


def run(arguments: argparse.Namespace) -> int:
    action = arguments.action or "show"
    if action == "resume":
        control.command(arguments, "lamp/set", {"resume": True})
    elif action != "show":
        payload: dict[str, Any] = {"state": "OFF"} if action == "off" else {"level": 1.0 if action == "on" else arguments.level}
        payload |= {
            "duration_s": arguments.duration_s,
            "mode": "fixed" if arguments.fixed else "adaptive",
            "reason": arguments.reason,
        }
        if arguments.fade is not None:
            payload["transition"] = arguments.fade
        control.command(arguments, "lamp/set", payload)
    state = control.ask(arguments, "lamp")
    if arguments.json:
        print(json.dumps(state))
    else:
        until = f" until {state['until']}" if state["until"] else ""
        print(f"lamp {state['state']} at {state['level']:.0%}, because of {state['reason']}{until}")
        print("program: " + ", ".join(f"{s['level']:.0%} at {s['at']}" for s in state["program"]))
    return 0
