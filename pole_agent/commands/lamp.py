"""Look at the lamp and set it, on the pole itself.

pole-agent lamp                          what it does now, and why
pole-agent lamp tonight                  the program of this night, drawn; needs no running agent
pole-agent lamp set 0.5 --for 600        half light for ten minutes, then the program again
pole-agent lamp off --for 1800           really off for half an hour, also at night: you stand below it
pole-agent lamp resume                   back to the program
pole-agent lamp sweep                    once from full light down to the lowest level and up, for the fitter
pole-agent lamp release                  let go of the pin: the wiring lights the lamp; when no agent runs

set, on, off, resume and hours need a running agent. Everything that is set ends by itself.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from pole_agent import compose
from pole_agent.clock import SystemClock
from pole_agent.console import control
from pole_agent.console.lamp_words import MODES, REASONS
from pole_agent.console.speech import say
from pole_agent.console.tonight import settings_of, tonight
from pole_agent.errors import PoleAgentError
from pole_agent.lamp.commands import Sweep, read
from pole_agent.lamp.controller import Controller
from pole_agent.languages import phrase
from pole_agent.words import how_long

HELP = "look at the lamp and set it"
SWEEP_TICK_S = 0.02


def arguments(parser: argparse.ArgumentParser) -> None:
    control.arguments(parser)
    actions = parser.add_subparsers(dest="action", metavar="action")
    actions.add_parser("show", help="what it does now, and why (the default)")
    tonight = actions.add_parser("tonight", help="the program of this night, drawn")
    tonight.add_argument("--date", type=_date, metavar="YYYY-MM-DD", help="of the evening; default: tonight")
    for name, text in (
        ("set", "a level, for a time"),
        ("on", "full light, for a time"),
        ("off", "no light, for a time; also at night, and whoever comes by"),
    ):
        action = actions.add_parser(name, help=text)
        if name == "set":
            action.add_argument("level", type=_level, help="0 to 1")
        action.add_argument(
            "--for", dest="duration_s", type=float, metavar="SECONDS", help="default 3600, at most 43200"
        )
        action.add_argument(
            "--fade", type=float, metavar="SECONDS", help="default: fade_s of the configuration"
        )
        action.add_argument("--fixed", action="store_true", help="presence does not raise it")
        action.add_argument("--reason", default="", help="kept with the override")
    actions.add_parser("resume", help="back to the program")
    sweep = actions.add_parser("sweep", help="ramp once through the range, and end")
    sweep.add_argument(
        "--for", dest="duration_s", type=float, default=20, metavar="SECONDS", help="default 20, at most 300"
    )
    hours = actions.add_parser("hours", help="burn hours, switch-ons and energy so far")
    hours.add_argument(
        "--set",
        dest="burn_h",
        type=float,
        metavar="HOURS",
        help="count the hours from here, for example 0 for a new lamp; switch-ons and energy go on",
    )
    actions.add_parser("release", help="let go of the pin, so that the wiring lights the lamp")
    control.everywhere(actions)


def _level(text: str) -> float:
    try:
        level = float(text)
    except ValueError:
        level = math.nan
    if not 0 <= level <= 1:
        raise argparse.ArgumentTypeError(
            f"invalid level {text!r}; expected a number from 0 to 1, for example 0.5"
        )
    return level


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"invalid date {text!r}; expected for example 2027-03-20") from None


def run(arguments: argparse.Namespace) -> int:
    action = arguments.action or "show"
    alone: dict[str, Callable[[argparse.Namespace], None]] = {
        "tonight": tonight,
        "sweep": _sweep,
        "release": _release,
    }
    if action in alone:
        alone[action](arguments)
        return 0
    if action == "hours":
        if arguments.burn_h is not None:
            control.command(arguments, "lamp/set", {"burn_h": arguments.burn_h})
        _show_hours(control.ask(arguments, "lamp")["account"], arguments)
        return 0
    if action == "resume":
        control.command(arguments, "lamp/set", {"resume": True})
    elif action != "show":
        control.command(arguments, "lamp/set", _override(action, arguments))
    state = control.ask(arguments, "lamp")
    if arguments.json:
        print(json.dumps(state))
        return 0
    for line in _lines(state, arguments):
        say(arguments, line)
    if (
        action == "set"
        and not arguments.fixed
        and state["reason"] == "presence"
        and state["level"] > arguments.level
    ):
        lasting = [] if arguments.duration_s is None else ["--for", f"{arguments.duration_s:g}"]
        again = control.typed(arguments, "lamp", "set", f"{arguments.level:g}", *lasting, "--fixed")
        say(
            arguments,
            phrase("raised-by-presence", again=again),
        )
    return 0


def _override(action: str, arguments: argparse.Namespace) -> dict[str, Any]:
    payload: dict[str, Any] = (
        {"state": "OFF"} if action == "off" else {"level": 1.0 if action == "on" else arguments.level}
    )
    payload |= {
        "mode": "fixed" if arguments.fixed or action == "off" else "adaptive",
        "reason": arguments.reason,
    }
    if arguments.duration_s is not None:
        payload["duration_s"] = arguments.duration_s
    if arguments.fade is not None:
        payload["transition"] = arguments.fade
    return payload


def _lines(state: dict[str, Any], arguments: argparse.Namespace) -> Iterator[str]:
    """What the lamp does, and why."""
    override = state["override"]
    lasts = _lasts(state, arguments) if override else ""
    ruled = state["reason"] == "override"
    yield phrase(
        "lamp-now",
        state=state["state"],
        level=f"{state['level']:.0%}",
        reason=REASONS[state["reason"]],
        lasts=lasts if ruled else "",
    )
    if override:
        why = override["reason"]
        yield phrase(
            "override-now",
            level=f"{override['level']:.0%}",
            mode=MODES[override["mode"]],
            by=override["by"] or phrase("by-unknown"),
            lasts="" if ruled else lasts,
            why=phrase("because-suffix", reason=why) if why else "",
        )
        yield phrase("end-with", command=control.typed(arguments, "lamp", "resume"))
    if not state["program"]:
        why = state.get("clock") or phrase("no-time-server")
        if why.startswith("no time server"):
            yield phrase("program-unknown-on-bench", why=why)
        else:
            yield phrase("program-unknown", why=why, command=control.typed(arguments, "clock"))
    elif control.settings_of(arguments):
        yield phrase(
            "program-now-see", program=state["program"], command=control.typed(arguments, "lamp", "tonight")
        )
    else:
        yield phrase("program-now", program=state["program"])
    seen = ", ".join(state["faults"]) or phrase("no-faults-seen")
    unknown = [name for name, value in state["account"]["faults"].items() if value is None]
    yield (
        phrase("faults-and-unknown", faults=seen, unknown=", ".join(unknown))
        if unknown
        else phrase("faults-now", faults=seen)
    )


def _lasts(state: dict[str, Any], arguments: argparse.Namespace) -> str:
    """How long the override lasts: by monotonic time, so it is known without a clock too."""
    left, until = how_long(state["remaining_s"] or 0, arguments.lang), state["override"]["until"]
    if not until:
        return phrase("lasts-for", left=left)
    return phrase("lasts-until", time=control.here(arguments).time(until), left=left)


def _show_hours(account: dict[str, Any], arguments: argparse.Namespace) -> None:
    if arguments.json:
        print(json.dumps(account))
        return
    for line in (
        (
            phrase(
                "lamp-hours",
                hours=f"{account['burn_s'] / 3600:.1f}",
                switched=account["switch_ons"],
                powered=account["boots"],
            )
        ),
        phrase("lamp-energy", kwh=f"{account['energy_wh'] / 1000:.2f}"),
    ):
        say(arguments, line)


def _sweep(arguments: argparse.Namespace) -> None:
    try:
        control.command(arguments, "lamp/set", {"sweep_s": arguments.duration_s})
        say(arguments, phrase("lamp-test-by-agent", seconds=f"{arguments.duration_s:g}"))
        return
    except control.NotRunning:
        say(arguments, phrase("lamp-test-direct"))
    settings = settings_of(arguments)
    clock = SystemClock()
    luminaire = compose.open_lamp(settings, clock)
    controller = Controller(compose.configuration_of(settings))
    try:
        sweep = read({"sweep_s": arguments.duration_s}, 0.0, local=True)
        assert isinstance(sweep, Sweep)
        begun = clock.monotonic()
        controller.sweep(sweep, begun)
        told = -1
        while (passed := clock.monotonic() - begun) < sweep.seconds:
            output = controller.step(None, clock.monotonic())
            luminaire.lamp.set(output.duty)
            if int(passed) > told:
                told = int(passed)
                say(arguments, phrase("lamp-test-step", seconds=f"{told:4d}", duty=f"{output.duty:4.0%}"))
            time.sleep(SWEEP_TICK_S)
    finally:
        luminaire.close()


def _release(arguments: argparse.Namespace) -> None:
    try:
        control.ask(arguments, "lamp")
    except control.NotRunning:
        compose.claim_lamp(settings_of(arguments)).close()
        say(arguments, phrase("lamp-released"))
        return
    raise PoleAgentError(phrase("agent-drives-lamp"))
