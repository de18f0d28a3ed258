"""Look at the drone requests of this pole and decide on them.

pole-agent drone list
pole-agent drone show 0190…
pole-agent drone approve 0190… --by "Officer Name"
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from pole_agent.commands import control
from pole_agent.commands.outbox import read_database
from pole_agent.errors import PoleAgentError

HELP = "look at drone requests and decide on them"


def arguments(parser: argparse.ArgumentParser) -> None:
    control.arguments(parser)
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    actions.add_parser("list", help="all requests, one a line")
    for name, text in (
        ("show", "one request with its gates"),
        ("approve", "let it fly"),
        ("deny", "do not"),
        ("cancel", "stop it, also after approval"),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument("request", help="its identifier, or the beginning of it")
        if name != "show":
            action.add_argument("--by", default="", help="who decides; default: the user of this shell")
            action.add_argument("--reason", default="", help="kept with the decision")
    control.everywhere(actions)


def run(arguments: argparse.Namespace) -> int:
    try:
        requests: list[dict[str, Any]] = control.ask(arguments, "drone")
    except control.NotRunning:
        if arguments.action not in ("list", "show"):
            raise
        from pole_agent.loops.dispatch import dump_requests

        requests = read_database(arguments, lambda db: dump_requests(db.load_requests()))
    if arguments.action == "list":
        _list(requests, arguments.json)
        return 0
    found = [r for r in requests if r["request_id"].startswith(arguments.request)]
    if len(found) != 1:
        raise PoleAgentError(f"{len(found)} requests begin with {arguments.request!r}; see: pole-agent drone list")
    request = found[0]
    if arguments.action == "show":
        print(json.dumps(request, indent=None if arguments.json else 2))
        return 0
    payload = {"request_id": request["request_id"], "decision": arguments.action, "reason": arguments.reason}
    if arguments.by:
        payload["by"] = arguments.by
    reply = control.command(arguments, "drone/approval", payload)
    print(json.dumps(reply) if arguments.json else f"{request['request_id']}: {reply['state']}")
    return 0


def _list(requests: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print(json.dumps(requests))
        return
    for r in requests:
        shut = [g["name"] for g in r["gates"] if not g["ok"]]
        note = f"  blocked by {', '.join(shut)}" if shut and r["state"] == "blocked" else ""
        print(f"{r['request_id']}  {r['state']:<17} {r['rule']} x{r['count']}  until {r['expires_at']}{note}")
    if not requests:
        print("no requests")
