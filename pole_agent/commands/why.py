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
from pole_agent.console.lamp_words import REASONS
from pole_agent.console.request import where
from pole_agent.errors import ConfigError, PoleAgentError, Problem
from pole_agent.lamp.chain import lamp_chain, percent
from pole_agent.languages import in_language, phrase
from pole_agent.rule_kinds import named

HELP = "the chain of reasons of a light, an incident or a drone request"
CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
IDENTIFIER = re.compile(r"[0-9a-f-]{4,36}")
LABELS = {
    "program": phrase("program"),
    "sun": phrase("sun"),
    "floor": phrase("floor"),
    "override": phrase("override"),
    "presence": phrase("presence"),
    "control": phrase("control"),
    "rule": phrase("rule"),
    "path": phrase("path"),
    "verdict": phrase("verdict"),
    "opened": phrase("opened"),
    "closed": phrase("closed"),
    "summarized": phrase("summarized"),
    "incidents": phrase("incidents"),
    "clock": phrase("clock"),
    "photocell": phrase("photocell"),
}
LINE, ZONE = phrase("line"), phrase("zone")
OPEN, CLOSED = phrase("gate-open"), phrase("gate-closed")


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
                    phrase("identifier-too-short", given=f"{arguments.identifier!r}"),
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
        raise ConfigError([Problem("--at", phrase("invalid-time-at", given=f"{text!r}"))]) from None
    if found > now:
        raise ConfigError([Problem("--at", phrase("time-in-future", time=f"{text!r}"))])
    return found


def _lamp(arguments: argparse.Namespace, here: Here) -> tuple[Any, list[str]]:
    say, zone = partial(in_language, language=arguments.lang), here.zone
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
            phrase("no-lamp-record")
            if wall is None
            else phrase("no-lamp-record-before", time=_time(wall, zone))
        )
    since, quality, text = found
    reasons = json.loads(text)
    answer = {"at": wall, "since": since, "time_quality": quality, "running": running, **reasons}
    doubt = [phrase("clock-untrusted-then")]
    doubt = doubt if quality == "unsynced" else []
    began = following and json.loads(following[2]).get("began")
    again = [phrase("agent-started-again", time=_time(following[0], zone))] if began else []
    if reasons.get("ended"):
        stopped = _time(since, zone)
        first = phrase("agent-stopped-now", since=stopped)
        if wall is not None:
            first = phrase("agent-stopped-then", at=_time(wall, zone), since=stopped)
        return answer, [say(line) for line in (first, *again)]
    level, reason, began_at = percent(reasons["level"]), REASONS[reasons["reason"]], _time(since, zone)
    if wall is not None:
        it_is = phrase("lamp-was", at=_time(wall, zone), level=level, reason=reason, since=began_at)
    elif running:
        it_is = phrase("lamp-is", level=level, reason=reason, since=began_at)
    else:
        it_is = phrase("lamp-was-last", level=level, reason=reason, since=began_at)
    lines = [it_is, *doubt]
    if again:
        lines += [phrase("agent-ended-unrecorded"), *again]
    chain = [f"  {LABELS[name].of(arguments.lang):<10} {say(words)}" for name, words in lamp_chain(reasons)]
    return answer, [say(line) for line in lines] + chain


def _incident(arguments: argparse.Namespace, here: Here) -> tuple[Any, list[str]]:
    say = partial(in_language, language=arguments.lang)
    try:
        told = control.ask(arguments, "why.incident", id=arguments.identifier)
    except control.NotRunning:
        told = read_database(arguments, lambda db: db.told_about(arguments.identifier))
    documents = [e["data"] for e in told["events"]] + told["open"]
    names = {d["incident_id"] for d in documents}
    if len(names) != 1:
        raise PoleAgentError(
            phrase("incidents-ambiguous", count=len(names), beginning=f"{arguments.identifier!r}")
        )
    rule = next((r for r in here.rules if r["name"] == documents[-1]["rule"]), None)
    last = documents[-1]
    what, name = (LINE, last["line"]) if "line" in last else (ZONE, last["zone"])
    seen = phrase(
        "incident-line",
        incident=f"{last['incident_id']}: {named(last['kind'], arguments.lang)}",
        rule=last["rule"],
        camera=last["camera"],
        what=what,
        name=name,
        object=named(last["class"], arguments.lang),
    )
    lines = [say(seen)]
    if rule is not None:
        classes = ", ".join(named(c, arguments.lang) for c in rule["classes"])
        words = phrase(
            "rule-line",
            kind=f"{named(rule['kind'], arguments.lang)} ({classes})",
            count=rule["count"],
            dwell=f"{rule['dwell_s']:g}",
            active=f"{rule['active']}, {named(rule['severity'], arguments.lang)}",
        )
        lines.append(_row("rule", say(words), arguments.lang))
    else:
        lines.append(_row("rule", say(phrase("rule-gone")), arguments.lang))
    for event in told["events"]:
        lines += _of_event(event, here, arguments.lang)
    if told["open"]:
        lines.append("  " + say(phrase("incident-still-open")))
    verdict = told["verdict"]
    said = phrase("no-verdict")
    if verdict:
        by = verdict["by"]
        said = (
            phrase("verdict-true", by=by) if verdict["verdict"] == "true" else phrase("verdict-false", by=by)
        )
    return told, [*lines, _row("verdict", say(said), arguments.lang)]


def _of_event(event: dict[str, Any], here: Here, language: str) -> list[str]:
    say, data = partial(in_language, language=language), event["data"]
    doubt = say(phrase("clock-untrusted-suffix")) if event["quality"] == "unsynced" else ""
    text = f"{_time(event['wall'], here.zone)}{doubt}"
    text += ", " + say(
        phrase("severity-and-tracks", severity=named(event["severity"], language), tracks=data["track_ids"])
    )
    if "peak" in data:
        text += ", " + say(
            phrase("incident-ended", seconds=data["duration_s"], peak=data["peak"], reason=data["end_reason"])
        )
    lines = [_row(event["kind"].rpartition(".")[2], text, language)]
    if path := data.get("path"):
        lines.append(_row("path", " → ".join(f"({x:.2f}, {y:.2f})" for x, y in path), language))
    return lines


def _drone(arguments: argparse.Namespace, here: Here) -> tuple[Any, list[str]]:
    request = one_of(requests_of(arguments), arguments.identifier)
    say, target = partial(in_language, language=arguments.lang), request["target"]
    radius = target.get("uncertainty_m", target.get("radius_m"))
    asks = (
        f'{request["request_id"]}: {request["origin"]} "{request["rule"]}" x{request["count"]},'
        f" {request['severity']}"
    )
    away = where((here.latitude, here.longitude), (target["latitude"], target["longitude"]), arguments.lang)
    place, high = f"{target['latitude']:.6f}, {target['longitude']:.6f}", target["altitude_agl_m"]
    lines = [
        say(
            phrase(
                "drone-line", request=asks, place=place, radius=f"{radius:g}", height=f"{high:g}", away=away
            )
        )
    ]
    if request["simulation"]:
        lines.append("  " + say(phrase("simulation-sentence")))
    if request["incident_ids"]:
        lines.append(_row("incidents", ", ".join(request["incident_ids"]), arguments.lang))
    for step in request["history"]:
        at = from_rfc3339(step["at"])
        because = f": {say(step['reason'])}" if step["reason"] else ""
        done = say(phrase("time-by", time=_time(at, here.zone), by=step["by"]))
        lines.append(f"  {step['state']:<17} {done}{because}")
    lines.append("  " + say(phrase("gates-as-evaluated")))
    for gate in request["gates"]:
        value, limit = (
            phrase("unknown") if v is None else phrase("none") if v == "" else str(v)
            for v in (gate["value"], gate["limit"])
        )
        known = say(phrase("gate-values", value=value, limit=limit, source=gate["source"]))
        age = "" if gate["age_s"] is None else ", " + say(phrase("seconds-old", age=f"{gate['age_s']:g}"))
        sign = OPEN if gate["ok"] else CLOSED
        lines.append(f"    {sign.of(arguments.lang):<6}  {gate['name']:<18} {known}{age}")
    return request, lines


def _row(label: str, text: str, language: str) -> str:
    return f"  {LABELS[label].of(language):<10} {text}"


def _time(wall: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(wall, zone).strftime("%Y-%m-%d %H:%M:%S %Z")
