"""Look at the drone requests of this pole, decide on them, stop all flights; make keys and sign approvals.

pole-agent drone list
pole-agent drone show 0190…                      eight lines; --json for programs
pole-agent drone approve 0190…                   shows them, asks who decides, and y/N
pole-agent drone approve 0190… --by "Officer Name" --yes
pole-agent drone deny 0190… · cancel 0190… · stop --reason "helicopter" · resume

On the officer's own computer, which needs neither camera nor model:

pole-agent drone key --name "Dewi Lestari" --out dewi.key
mosquitto_sub … -t '+/+/+/drone/request' -C 1 > request.json
pole-agent drone sign request.json --key dewi.key --by "Dewi Lestari" | mosquitto_pub … -s
"""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from pathlib import Path
from typing import Any

from pole_agent.commands.outbox import read_database
from pole_agent.console import control
from pole_agent.console.request import eight_lines
from pole_agent.console.signing import SIGNED_FOR_S, facts_from, make_key, sign, signature_actions, signed
from pole_agent.errors import ConfigError, PoleAgentError, Problem
from pole_agent.languages import in_language, phrase

NONE = phrase("no-requests")
WHO, SURE = (
    phrase("who-decides"),
    phrase("approve-question"),
)
YES = ("y", "yes", "ya")
RESUMED = phrase("flights-allowed")
HELP = "look at drone requests and decide on them"


def arguments(parser: argparse.ArgumentParser) -> None:
    control.arguments(parser)
    parser.add_argument(
        "--state-dir", type=Path, metavar="D", help="without an agent: read the store in this folder"
    )
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    actions.add_parser("list", help="all requests, one a line")
    for name, words in (
        ("show", "one request with its gates"),
        ("approve", "let it fly"),
        ("deny", "do not"),
        ("cancel", "stop it, also in the air"),
    ):
        action = actions.add_parser(name, help=words)
        action.add_argument("request", help="its identifier, or the beginning of it")
        if name != "show":
            _person(action)
        if name == "approve":
            action.add_argument("--yes", action="store_true", help="ask nothing; for scripts")
            action.add_argument(
                "--key",
                type=Path,
                metavar="F",
                help="the officer's private key, where the pole takes signed approvals only",
            )
    for name, words in (
        ("stop", "no flight any more; what flies is called back"),
        ("resume", phrase("flights-allowed")),
    ):
        _person(actions.add_parser(name, help=words))
    control.everywhere(actions)
    signature_actions(actions)


def _person(action: argparse.ArgumentParser) -> None:
    action.add_argument("--by", default="", help="who decides; default: the user of this shell")
    action.add_argument("--reason", default="", help="kept with the decision")


def run(arguments: argparse.Namespace) -> int:
    match arguments.action:
        case "key":
            return make_key(arguments)
        case "sign":
            return sign(arguments)
        case "stop" | "resume":
            return _stop(arguments)
    requests = requests_of(arguments, running=arguments.action not in ("list", "show"))
    if arguments.action == "list":
        _list(requests, arguments)
        return 0
    request = one_of(requests, arguments.request)
    if arguments.action == "show":
        print(
            json.dumps(request, ensure_ascii=False)
            if arguments.json
            else "\n".join(_lines(request, arguments))
        )
        return 0
    if arguments.action == "approve" and not _is_sure(request, arguments):
        print(phrase("nothing-approved").of(arguments.lang))
        return 1
    payload = {"request_id": request["request_id"], "decision": arguments.action, "reason": arguments.reason}
    if arguments.by:
        payload["by"] = arguments.by
    if arguments.action == "approve" and arguments.key:
        if not arguments.by:
            raise ConfigError([Problem("--by", phrase("by-goes-with-key"))])
        payload["signature"] = signed(
            arguments.key, request["pole"], facts_from(request), arguments.by, SIGNED_FOR_S
        )
    reply = control.command(arguments, "drone/approval", payload)
    print(json.dumps(reply) if arguments.json else f"{request['request_id']}: {reply['state']}")
    return 0


def _lines(request: dict[str, Any], arguments: argparse.Namespace) -> list[str]:
    return eight_lines(
        request, control.here(arguments), lambda *words: control.typed(arguments, *words), arguments.lang
    )


def _is_sure(request: dict[str, Any], arguments: argparse.Namespace) -> bool:
    """At a terminal the officer sees what is approved, and says who decides and that it is meant.

    Raises ConfigError elsewhere.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        if not arguments.by:
            raise ConfigError([Problem("--by", phrase("by-required"))])
        return True
    if arguments.by and arguments.yes:
        return True
    print("\n".join(_lines(request, arguments)))
    try:
        if not arguments.by:
            login = getpass.getuser()
            arguments.by = input(f"{WHO.of(arguments.lang)} [{login}]: ").strip() or login
        return arguments.yes or input(f"{SURE.of(arguments.lang)} ").strip().lower() in YES
    except EOFError:
        print()
        return False


def requests_of(arguments: argparse.Namespace, *, running: bool = False) -> list[dict[str, Any]]:
    """All requests with their history, of the agent; without one from its store, unless it must be `running`
    (then NotRunning).
    """
    try:
        return control.ask(arguments, "drone")  # type: ignore[no-any-return]
    except control.NotRunning:
        if running:
            raise
    from pole_agent.drone.stored import dump_requests

    settings = control.settings_of(arguments)
    return read_database(
        arguments, lambda db: dump_requests(db.load_requests(), settings.base_topic if settings else "")
    )


def one_of(requests: list[dict[str, Any]], beginning: str) -> dict[str, Any]:
    """The one request whose identifier begins like this. Raises PoleAgentError."""
    found = [r for r in requests if r["request_id"].startswith(beginning)]
    if len(found) != 1:
        raise PoleAgentError(phrase("requests-ambiguous", count=len(found), beginning=f"{beginning!r}"))
    return found[0]


def _list(requests: list[dict[str, Any]], arguments: argparse.Namespace) -> None:
    if arguments.json:
        print(json.dumps(requests))
        return
    if stop := _who_stopped(arguments):
        end = control.typed(arguments, "drone", "resume")
        print(phrase("flights-stopped-by", by=in_language(stop, arguments.lang), end=end).of(arguments.lang))
    if not requests:
        print(NONE.of(arguments.lang))
        return
    here, until = control.here(arguments), phrase("until").of(arguments.lang)
    for r in requests:
        note = f"  {in_language(r['reason'], arguments.lang)}" if r["reason"] else ""
        note = (f"  {r['step']}" if r["step"] else "") + note
        print(
            f"{r['request_id']}  {r['state']:<17} {r['origin']} {r['rule']} x{r['count']}  {until}"
            f" {here.time(r['expires_at'])}{note}"
        )


def _who_stopped(arguments: argparse.Namespace) -> str:
    """Who has stopped all flights, of the agent, else of its store; "" when nobody has."""
    try:
        stop = (control.ask(arguments, "health")["drone"] or {}).get("stopped")
    except control.NotRunning:
        from pole_agent.drone.stored import STOP, stop_of

        stop = read_database(arguments, lambda db: stop_of(db.get(STOP), {"by": "unknown"}))
    return str(stop["by"]) if stop else ""


def _stop(arguments: argparse.Namespace) -> int:
    payload = {"stop": arguments.action == "stop", "reason": arguments.reason}
    if arguments.by:
        payload["by"] = arguments.by
    reply = control.command(arguments, "drone/stop", payload)
    words = RESUMED
    if reply["stopped"]:
        words = phrase("flights-stop-set", end=control.typed(arguments, "drone", "resume"))
    print(json.dumps(reply) if arguments.json else words.of(arguments.lang))
    return 0


# --- the officer's side
