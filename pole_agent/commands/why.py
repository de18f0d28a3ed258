"""Why did the pole do that? The chain of reasons, from what it has kept.

pole-agent why lamp                 now
pole-agent why lamp --at 02:13      at the last 02:13 (in the pole's time zone); or --at 2026-11-24T02:13
pole-agent why incident 0190…       rule, zone, dwell, class, path, and what people said of it
pole-agent why drone 0190…          every step, with the gates at the last one: value, limit, age

Identifiers may be cut to their beginning. The lamp's reasons reach back some thousand changes, incidents as
far as the outbox does.
"""

from __future__ import annotations

import argparse
import json
import re
from datetime import datetime, timedelta, tzinfo
from functools import partial
from pathlib import Path
from typing import Any

from pole_agent.almanac import from_rfc3339
from pole_agent.commands.drone import one_of, requests_of
from pole_agent.commands.outbox import read_database
from pole_agent.console import control
from pole_agent.console.control import Here
from pole_agent.console.lamp_chain import lamp_chain, percent
from pole_agent.console.lamp_words import REASONS
from pole_agent.console.request import reasons as why
from pole_agent.console.request import where
from pole_agent.errors import ConfigError, PoleAgentError, Problem
from pole_agent.indonesian import spoken
from pole_agent.rule_kinds import named
from pole_agent.words import Both

HELP = "the chain of reasons of a light, an incident or a drone request"
CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
IDENTIFIER = re.compile(r"[0-9a-f-]{4,36}")
LABELS = {
    "program": Both("program", "program"),
    "sun": Both("sun", "matahari"),
    "floor": Both("floor", "batas"),
    "override": Both("override", "perintah"),
    "presence": Both("presence", "kehadiran"),
    "control": Both("control", "kendali"),
    "rule": Both("rule", "aturan"),
    "path": Both("path", "lintasan"),
    "verdict": Both("verdict", "penilaian"),
    "opened": Both("opened", "dibuka"),
    "closed": Both("closed", "ditutup"),
    "summarized": Both("summarized", "diringkas"),
    "incidents": Both("incidents", "kejadian"),
    "clock": Both("clock", "jam"),
    "photocell": Both("photocell", "sensor"),
}
LINE, ZONE = Both("line", "garis"), Both("zone", "zona")
OPEN, SHUT = Both("open", "buka "), Both("SHUT", "TUTUP")


def arguments(parser: argparse.ArgumentParser) -> None:
    control.arguments(parser)
    parser.add_argument(
        "--state-dir", type=Path, metavar="D", help="without an agent: read the store in this folder"
    )
    actions = parser.add_subparsers(dest="action", metavar="lamp|incident|drone", required=True)
    lamp = actions.add_parser("lamp", help="the level of the lamp at a time")
    lamp.add_argument(
        "--at", metavar="TIME", help='"02:13" (the last one), or "2026-11-24T02:13"; default: now'
    )
    for name, text in (
        ("incident", "why it was one"),
        ("drone", "what happened to a request, and its gates"),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument("identifier", help="or the beginning of it, at least four characters")
    control.everywhere(actions)


def run(arguments: argparse.Namespace) -> int:
    here = control.here(arguments)
    if arguments.action != "lamp" and not IDENTIFIER.fullmatch(arguments.identifier):
        raise ConfigError(
            [
                Problem(
                    "identifier",
                    f"{arguments.identifier!r} is none; write its first four characters at least",
                )
            ]
        )
    match arguments.action:
        case "lamp":
            answer, lines = _lamp(arguments, here)
        case "incident":
            answer, lines = _incident(arguments, here)
        case _:
            answer, lines = _drone(arguments, here)
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
        raise ConfigError(
            [Problem("--at", f'{text!r} is no time; write "02:13" or "2026-11-24T02:13"')]
        ) from None
    if found > now:
        raise ConfigError([Problem("--at", f"{text!r} is yet to come")])
    return found


def _lamp(arguments: argparse.Namespace, here: Here) -> tuple[Any, list[str]]:
    say, zone = partial(spoken, language=arguments.lang), here.zone
    wall, running = None if arguments.at is None else moment(arguments.at, zone, here.wall), True
    try:
        found, following = control.ask(arguments, "why.lamp", wall=wall)
    except control.NotRunning:
        running = False
        found, following = read_database(
            arguments, lambda db: db.lamp_log(here.wall if wall is None else wall)
        )
    if not found:
        raise PoleAgentError(
            "nothing is kept of the lamp now"
            if wall is None
            else f"nothing is kept of the lamp from before {_time(wall, zone)}"
        )
    since, quality, text = found
    reasons = json.loads(text)
    answer = {"at": wall, "since": since, "time_quality": quality, "running": running, **reasons}
    doubt = ["The clock was not trusted when that was written: the time may be wrong."]
    doubt = doubt if quality == "unsynced" else []
    began = following and json.loads(following[2]).get("began")
    again = [f"It was started again {_time(following[0], zone)}."] if began else []
    if reasons.get("ended"):
        stopped = (
            f"it was stopped {_time(since, zone)}. The wiring decided: lit, where it is the reference's."
        )
        first = f"Now the agent does not run: {stopped}"
        if wall is not None:
            first = f"At {_time(wall, zone)} the agent did not run: {stopped}"
        return answer, [say(line) for line in (first, *again)]
    it_is = (
        f"{percent(reasons['level'])}, by {REASONS[reasons['reason']].of(arguments.lang)}, since"
        f" {_time(since, zone)}."
    )
    if wall is not None:
        lines = [f"At {_time(wall, zone)} the lamp was at {it_is}", *doubt]
    else:
        lines = [
            (
                f"Now the lamp is at {it_is}"
                if running
                else f"The agent does not run now; when it last wrote, the lamp was at {it_is}"
            ),
            *doubt,
        ]
    if again:
        lines += [
            (
                "Some time after that the agent ended without a word, by a power cut perhaps. Then the wiring"
                " decided."
            ),
            *again,
        ]
    chain = [f"  {LABELS[name].of(arguments.lang):<10} {say(words)}" for name, words in lamp_chain(reasons)]
    return answer, [say(line) for line in lines] + chain


def _incident(arguments: argparse.Namespace, here: Here) -> tuple[Any, list[str]]:
    say = partial(spoken, language=arguments.lang)
    try:
        told = control.ask(arguments, "why.incident", id=arguments.identifier)
    except control.NotRunning:
        told = read_database(arguments, lambda db: db.told_about(arguments.identifier))
    documents = [e["data"] for e in told["events"]] + told["open"]
    names = {d["incident_id"] for d in documents}
    if len(names) != 1:
        raise PoleAgentError(
            f"{len(names)} incidents that are kept begin with {arguments.identifier!r}; see: pole-agent"
            " outbox list"
        )
    rule = next((r for r in here.rules if r["name"] == documents[-1]["rule"]), None)
    last = documents[-1]
    what, name = (LINE, last["line"]) if "line" in last else (ZONE, last["zone"])
    seen, by, eye = (
        f"{last['incident_id']}: {named(last['kind'], arguments.lang)}",
        last["rule"],
        last["camera"],
    )
    lines = [
        say(
            f'{seen} by rule "{by}", camera "{eye}", {what.of(arguments.lang)} "{name}", a'
            f" {named(last['class'], arguments.lang)}."
        )
    ]
    if rule is not None:
        kind, active = (
            (
                f"{named(rule['kind'], arguments.lang)}"
                f" ({', '.join(named(c, arguments.lang) for c in rule['classes'])})"
            ),
            f"{rule['active']}, {named(rule['severity'], arguments.lang)}",
        )
        words = (
            f"{kind}, count {rule['count']}, dwell {rule['dwell_s']:g} s, active {active} (as it is"
            " configured now)"
        )
        lines.append(_row("rule", spoken(words, arguments.lang), arguments.lang))
    else:
        lines.append(_row("rule", say("is not configured any more"), arguments.lang))
    for event in told["events"]:
        lines += _of_event(event, here, arguments.lang)
    if told["open"]:
        lines.append("  " + say("it is still open"))
    verdict = told["verdict"]
    said = say(
        f"{verdict['verdict']}, said {verdict['by']}" if verdict else "nobody has said whether it was true"
    )
    return told, [*lines, _row("verdict", said, arguments.lang)]


def _of_event(event: dict[str, Any], here: Here, language: str) -> list[str]:
    say, data = partial(spoken, language=language), event["data"]
    doubt = say(" (the clock was not trusted)") if event["quality"] == "unsynced" else ""
    text = f"{_time(event['wall'], here.zone)}{doubt}"
    text += ", " + say(f"{named(event['severity'], language)}, tracks {data['track_ids']}")
    if "peak" in data:
        text += ", " + say(
            f"after {data['duration_s']} s, at most {data['peak']} at once, ended: {data['end_reason']}"
        )
    lines = [_row(event["kind"].rpartition(".")[2], text, language)]
    if path := data.get("path"):
        lines.append(_row("path", " → ".join(f"({x:.2f}, {y:.2f})" for x, y in path), language))
    return lines


def _drone(arguments: argparse.Namespace, here: Here) -> tuple[Any, list[str]]:
    request = one_of(requests_of(arguments), arguments.identifier)
    say, target = partial(spoken, language=arguments.lang), request["target"]
    radius = target.get("uncertainty_m", target.get("radius_m"))
    asks = (
        f'{request["request_id"]}: {request["origin"]} "{request["rule"]}" x{request["count"]},'
        f" {request['severity']}"
    )
    away = where((here.latitude, here.longitude), (target["latitude"], target["longitude"]), arguments.lang)
    place, high = f"{target['latitude']:.6f}, {target['longitude']:.6f}", target["altitude_agl_m"]
    lines = [say(f"{asks}, to {place}, within {radius:g} m, {high:g} m high, {away}.")]
    if request["simulation"]:
        lines.append("  " + say("It is a simulation: nothing may fly."))
    if request["incident_ids"]:
        lines.append(_row("incidents", ", ".join(request["incident_ids"]), arguments.lang))
    for step in request["history"]:
        at = from_rfc3339(step["at"])
        because = f": {why(step['reason'], arguments.lang)}" if step["reason"] else ""
        done = say(f"{_time(at, here.zone)}, by {step['by']}")
        lines.append(f"  {step['state']:<17} {done}{because}")
    lines.append("  " + say("gates, as they were asked last:"))
    for gate in request["gates"]:
        value, limit = (
            say("unknown" if v is None else "none" if v == "" else str(v))
            for v in (gate["value"], gate["limit"])
        )
        known = say(f"value {value}, limit {limit}, from {gate['source']}")
        age = "" if gate["age_s"] is None else ", " + say(f"{gate['age_s']:g} s old")
        sign = OPEN if gate["ok"] else SHUT
        lines.append(f"    {sign.of(arguments.lang)}  {gate['name']:<18} {known}{age}")
    return request, lines


def _row(label: str, text: str, language: str) -> str:
    return f"  {LABELS[label].of(language):<10} {text}"


def _time(wall: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(wall, zone).strftime("%Y-%m-%d %H:%M:%S %Z")
