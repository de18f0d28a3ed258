"""Why did the pole do that? The chain of reasons, from what it has kept.

pole-agent why lamp                 now
pole-agent why lamp --at 02:13      at the last 02:13 (in the pole's time zone); or --at 2026-11-24T02:13
pole-agent why incident 0190…       rule, zone, dwell, class, path, and what people said of it
pole-agent why drone 0190…          every step, with the gates at the last one: value, limit, age

Identifiers may be cut to their beginning. The lamp's reasons reach back some thousand changes, incidents as far as the outbox does.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from pole_agent.almanac import from_rfc3339
from pole_agent.commands import control
from pole_agent.commands.drone import one_of, requests_of
from pole_agent.commands.outbox import read_database
from pole_agent.errors import ConfigError, PoleAgentError, Problem
from pole_agent.settings import Settings

HELP = "the chain of reasons of a light, an incident or a drone request"
CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
IDENTIFIER = re.compile(r"[0-9a-f-]{4,36}")


def arguments(parser: argparse.ArgumentParser) -> None:
    control.arguments(parser)
    parser.add_argument("--state-dir", type=Path, metavar="D", help="without an agent: read the store in this folder")
    actions = parser.add_subparsers(dest="action", metavar="lamp|incident|drone", required=True)
    lamp = actions.add_parser("lamp", help="the level of the lamp at a time")
    lamp.add_argument("--at", metavar="TIME", help='"02:13" (the last one), or "2026-11-24T02:13"; default: now')
    for name, text in (("incident", "why it was one"), ("drone", "what happened to a request, and its gates")):
        action = actions.add_parser(name, help=text)
        action.add_argument("identifier", help="or the beginning of it, at least four characters")
    control.everywhere(actions)


def run(arguments: argparse.Namespace) -> int:
    settings = control.settings_of(arguments)
    if settings is None:
        raise ConfigError([Problem(str(arguments.config), "cannot be read; name the configuration with --config")])
    if arguments.action != "lamp" and not IDENTIFIER.fullmatch(arguments.identifier):
        raise ConfigError([Problem("identifier", f"{arguments.identifier!r} is none; write its first four characters at least")])
    match arguments.action:
        case "lamp":
            answer, lines = _lamp(arguments, settings)
        case "incident":
            answer, lines = _incident(arguments, settings)
        case _:
            answer, lines = _drone(arguments, settings)
    print(json.dumps(answer, ensure_ascii=False) if arguments.json else "\n".join(lines))
    return 0


def moment(text: str, zone: tzinfo, now: float) -> float:
    """The wall time that is meant. Raises ConfigError."""
    here = datetime.fromtimestamp(now, zone)
    if match := CLOCK.fullmatch(text):
        at = here.replace(hour=int(match[1]), minute=int(match[2]), second=int(match[3] or 0), microsecond=0)
        return (at if at <= here else at - timedelta(days=1)).timestamp()
    try:
        at = datetime.fromisoformat(text)
        found = (at if at.tzinfo else at.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        raise ConfigError([Problem("--at", f'{text!r} is no time; write "02:13" or "2026-11-24T02:13"')]) from None
    if found > now:
        raise ConfigError([Problem("--at", f"{text!r} is yet to come")])
    return found


def _lamp(arguments: argparse.Namespace, settings: Settings) -> tuple[Any, list[str]]:
    zone = settings.pole.place.zone
    wall, running = None if arguments.at is None else moment(arguments.at, zone, time.time()), True
    try:
        found, following = control.ask(arguments, "why.lamp", wall=wall)
    except control.NotRunning:
        running = False
        found, following = read_database(arguments, lambda db: db.lamp_log(time.time() if wall is None else wall))
    when = f"At {_time(wall, zone)}" if wall is not None else "Now"
    if not found:
        raise PoleAgentError(f"nothing is kept of the lamp {'now' if wall is None else 'from before ' + _time(wall, zone)}")
    since, quality, text = found
    reasons = json.loads(text)
    answer = {"at": wall, "since": since, "time_quality": quality, "running": running, **reasons}
    doubt = [] if quality != "unsynced" else ["The clock was not trusted when that was written: the time may be wrong."]
    again = [f"It was started again {_time(following[0], zone)}."] if following and json.loads(following[2]).get("began") else []
    if reasons.get("ended"):
        stopped = f"it was stopped {_time(since, zone)}. The wiring decided: lit, where it is the reference's."
        return answer, [f"{when} the agent {'does' if wall is None else 'did'} not run: {stopped}", *again]
    verb = "is" if wall is None and running else "was"
    if wall is None and not running:
        when = "The agent does not run now; when it last wrote,"
    lines = [f"{when} the lamp {verb} at {_percent(reasons['level'])}, by {reasons['reason']}, since {_time(since, zone)}.", *doubt]
    if again:
        lines += ["Some time after that the agent ended without a word, by a power cut perhaps. Then the wiring decided.", *again]
    return answer, lines + [f"  {name:<10} {words}" for name, words in lamp_chain(reasons)]


def lamp_chain(reasons: dict[str, Any]) -> list[tuple[str, str]]:
    """What was asked of the lamp, in the order in which it counts."""
    chain = []
    if reasons.get("clock"):
        chain.append(("clock", f"not trusted: {reasons['clock']}"))
    if reasons.get("dark_by_day"):
        chain.append(("photocell", "it is dark by day: the clock or the photocell is wrong, and the lamp is lit"))
    if reasons["program_level"] is None:
        chain.append(("program", f"unknown, for want of a clock or a program: failsafe level {_percent(reasons['failsafe_level'])}"))
    else:
        chain.append(("program", f'"{reasons["program"]}" asks for {_percent(reasons["program_level"])}'))
    dark = {True: "it is dark", False: "it is day", None: "whether it is dark is unknown"}[reasons["dark"]]
    deep = {True: ", and deep night", False: "", None: ""}[reasons["deep"]]
    chain.append(("sun", dark + deep))
    holds = "holds" if reasons["dark"] is not False else "does not bind by day"
    chain.append(("floor", f"{_percent(reasons['floor'])} {holds}"))
    if override := reasons["override"]:
        kind = "whatever presence says" if override["fixed"] else "presence may raise it"
        where = "at the pole" if override["local"] else "from outside"
        by, why = override["by"] or "nobody by name", f' ("{override["reason"]}")' if override["reason"] else ""
        chain.append(("override", f"{_percent(override['level'])} by {by}{why}, {where}, {kind}"))
    else:
        chain.append(("override", "none"))
    if reasons["presence"]:
        chain += [("presence", f"{source} raises it to {_percent(level)}") for source, level in reasons["presence"].items() if level]
    else:
        chain.append(("presence", "nobody"))
    if reasons["low"] > 0:
        chain.append(("control", f"at least {_percent(reasons['low'])}"))
    if reasons["high"] < 1:
        chain.append(("control", f"at most {_percent(reasons['high'])}"))
    return chain


def _incident(arguments: argparse.Namespace, settings: Settings) -> tuple[Any, list[str]]:
    try:
        told = control.ask(arguments, "why.incident", id=arguments.identifier)
    except control.NotRunning:
        told = read_database(arguments, lambda db: db.told_about(arguments.identifier))
    documents = [e["data"] for e in told["events"]] + told["open"]
    names = {d["incident_id"] for d in documents}
    if len(names) != 1:
        raise PoleAgentError(f"{len(names)} incidents that are kept begin with {arguments.identifier!r}; see: pole-agent outbox list")
    zone = settings.pole.place.zone
    rule = next((r for r in settings.rules if r.name == documents[-1]["rule"]), None)
    last = documents[-1]
    where = f'line "{last["line"]}"' if "line" in last else f'zone "{last["zone"]}"'
    lines = [f'{last["incident_id"]}: {last["kind"]} by rule "{last["rule"]}", camera "{last["camera"]}", {where}, a {last["class"]}.']
    if rule is not None:
        kind = (
            f"{rule.kind} of {', '.join(rule.classes)}, count {rule.count}, dwell {rule.dwell_s:g} s, active {rule.active}, {rule.severity}"
        )
        lines.append(f"  rule       {kind} (as it is configured now)")
    else:
        lines.append("  rule       is not configured any more")
    for event in told["events"]:
        data = event["data"]
        what = event["kind"].rpartition(".")[2]
        more = f", after {data['duration_s']} s, at most {data['peak']} at once, ended: {data['end_reason']}" if "peak" in data else ""
        doubt = "" if event["quality"] != "unsynced" else " (the clock was not trusted)"
        lines.append(f"  {what:<10} {_time(event['wall'], zone)}{doubt}, {event['severity']}, tracks {data['track_ids']}{more}")
        if path := data.get("path"):
            lines.append(f"  path       {' → '.join(f'({x:.2f}, {y:.2f})' for x, y in path)}")
    if told["open"]:
        lines.append("  it is still open")
    verdict = told["verdict"]
    lines.append(
        f"  verdict    {verdict['verdict']}, said {verdict['by']}" if verdict else "  verdict    nobody has said whether it was true"
    )
    return told, lines


def _drone(arguments: argparse.Namespace, settings: Settings) -> tuple[Any, list[str]]:
    request = one_of(requests_of(arguments), arguments.identifier)
    zone = settings.pole.place.zone
    target = request["target"]
    radius = target.get("uncertainty_m", target.get("radius_m"))
    lines = [
        f'{request["request_id"]}: {request["origin"]} "{request["rule"]}" x{request["count"]}, {request["severity"]},'
        f" to {target['latitude']:.6f}, {target['longitude']:.6f} within {radius:g} m, {target['altitude_agl_m']:g} m high."
    ]
    if request["simulation"]:
        lines.append("  It is a simulation: nothing may fly.")
    if request["incident_ids"]:
        lines.append(f"  incidents  {', '.join(request['incident_ids'])}")
    for step in request["history"]:
        at = from_rfc3339(step["at"])
        why = f": {step['reason']}" if step["reason"] else ""
        lines.append(f"  {step['state']:<17} {_time(at, zone)}, by {step['by']}{why}")
    lines.append("  gates, as they were asked last:")
    for gate in request["gates"]:
        age = "" if gate["age_s"] is None else f", {gate['age_s']:g} s old"
        known = f"value {gate['value']}, limit {gate['limit']}, from {gate['source']}{age}"
        lines.append(f"    {'open' if gate['ok'] else 'SHUT'}  {gate['name']:<18} {known}")
    return request, lines


def _time(wall: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(wall, zone).strftime("%Y-%m-%d %H:%M:%S")


def _percent(level: float | None) -> str:
    return "an unknown level" if level is None else f"{level * 100:g} %"
