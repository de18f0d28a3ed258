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
import os
import secrets
import sys
import time
from pathlib import Path
from typing import Any

from pole_agent.almanac import from_rfc3339, rfc3339
from pole_agent.commands.outbox import read_database
from pole_agent.console import control
from pole_agent.console.request import eight_lines, reasons
from pole_agent.drone.approval import LONGEST_S, facts_of, plan_facts, text
from pole_agent.errors import ConfigError, PoleAgentError, Problem
from pole_agent.indonesian import spoken
from pole_agent.settings.drone import OfficerSettings
from pole_agent.settings.reading import decoded
from pole_agent.words import Both

NONE = Both("no requests", "tidak ada permintaan")
WHO, SURE = (
    Both("who decides", "siapa yang memutuskan"),
    Both("approve this flight? [y/N]", "setujui penerbangan ini? [y/T]"),
)
YES = ("y", "yes", "ya")
STOPPED = Both(
    "all flights are stopped; they stay so until: {}", "semua penerbangan dihentikan; tetap begitu sampai: {}"
)
STOPPED_BY = Both(
    "all flights are stopped by {}; end that with: {}",
    "semua penerbangan dihentikan oleh {}; akhiri dengan: {}",
)
RESUMED = Both("flights may be asked for again", "penerbangan boleh diminta lagi")
HELP = "look at drone requests and decide on them"
KEY_MODE = 0o600
SIGNED_FOR_S = 300.0


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
        ("resume", "flights may be asked for again"),
    ):
        _person(actions.add_parser(name, help=words))
    control.everywhere(actions)
    _signatures(actions)


def _signatures(actions: Any) -> None:
    """The actions for poles that take signed approvals only."""
    key = actions.add_parser(
        "key", help="make an officer's key, and print what goes into the configuration of the poles"
    )
    key.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="F",
        help="the file of the private key (0600); it is never overwritten",
    )
    key.add_argument("--name", required=True, help='the officer: the "by" of the approvals')

    sign = actions.add_parser(
        "sign",
        help=(
            "sign the approval of a request, or a standing approval of a patrol; prints what is to be"
            " published"
        ),
    )
    sign.add_argument(
        "message",
        nargs="?",
        default="-",
        help="file with a message of drone/request, or of info for --patrol; default: stdin",
    )
    sign.add_argument("--key", type=Path, required=True, metavar="F", help="the officer's private key")
    sign.add_argument("--by", required=True, help="the officer, as the poles know the key")
    sign.add_argument(
        "--for",
        dest="seconds",
        type=float,
        default=SIGNED_FOR_S,
        metavar="S",
        help="the approval must be heard within; 300",
    )
    sign.add_argument(
        "--patrol", metavar="PLAN", help="a standing approval of this plan, from the pole's info message"
    )
    sign.add_argument(
        "--until", metavar="TIME", help='with --patrol: the end of it, for example "2027-01-01T00:00:00Z"'
    )
    sign.add_argument("--reason", default="", help="kept with the decision")


def _person(action: argparse.ArgumentParser) -> None:
    action.add_argument("--by", default="", help="who decides; default: the user of this shell")
    action.add_argument("--reason", default="", help="kept with the decision")


def run(arguments: argparse.Namespace) -> int:
    match arguments.action:
        case "key":
            return _key(arguments)
        case "sign":
            return _sign(arguments)
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
        print(Both("nothing was approved", "tidak ada yang disetujui").of(arguments.lang))
        return 1
    payload = {"request_id": request["request_id"], "decision": arguments.action, "reason": arguments.reason}
    if arguments.by:
        payload["by"] = arguments.by
    if arguments.action == "approve" and arguments.key:
        if not arguments.by:
            raise ConfigError([Problem("--by", "goes with --key: the officer, as the pole knows the key")])
        payload["signature"] = signed(
            arguments.key, request["pole"], _facts(request), arguments.by, SIGNED_FOR_S
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
            raise ConfigError(
                [Problem("--by", "is required without a terminal: the name of the person who decides")]
            )
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
    from pole_agent.loops.dispatch.registry import dump_requests

    settings = control.settings_of(arguments)
    return read_database(
        arguments, lambda db: dump_requests(db.load_requests(), settings.base_topic if settings else "")
    )


def one_of(requests: list[dict[str, Any]], beginning: str) -> dict[str, Any]:
    """The one request whose identifier begins like this. Raises PoleAgentError."""
    found = [r for r in requests if r["request_id"].startswith(beginning)]
    if len(found) != 1:
        raise PoleAgentError(f"{len(found)} requests begin with {beginning!r}; see: pole-agent drone list")
    return found[0]


def _list(requests: list[dict[str, Any]], arguments: argparse.Namespace) -> None:
    if arguments.json:
        print(json.dumps(requests))
        return
    if stop := _who_stopped(arguments):
        end = control.typed(arguments, "drone", "resume")
        print(STOPPED_BY.of(arguments.lang).format(spoken(stop, arguments.lang), end))
    if not requests:
        print(NONE.of(arguments.lang))
        return
    here, until = control.here(arguments), Both("until", "sampai").of(arguments.lang)
    for r in requests:
        note = f"  {reasons(r['reason'], arguments.lang)}" if r["reason"] else ""
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
        from pole_agent.loops.dispatch.registry import STOP, stop_of

        stop = read_database(arguments, lambda db: stop_of(db.get(STOP), {"by": "unknown"}))
    return str(stop["by"]) if stop else ""


def _stop(arguments: argparse.Namespace) -> int:
    payload = {"stop": arguments.action == "stop", "reason": arguments.reason}
    if arguments.by:
        payload["by"] = arguments.by
    reply = control.command(arguments, "drone/stop", payload)
    words = STOPPED if reply["stopped"] else RESUMED
    print(
        json.dumps(reply)
        if arguments.json
        else words.of(arguments.lang).format(control.typed(arguments, "drone", "resume"))
    )
    return 0


# --- the officer's side


def _key(arguments: argparse.Namespace) -> int:
    from pole_agent.drone import ed25519

    private = ed25519.new_key()
    try:
        OfficerSettings(name=arguments.name, public_key=ed25519.public_key_of(private))
    except ValueError:
        raise ConfigError([Problem("--name", "is a name of 1 to 100 characters on one line")]) from None
    try:
        with os.fdopen(os.open(arguments.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, KEY_MODE), "w") as file:
            file.write(private + "\n")
    except OSError as error:
        raise PoleAgentError(f"{arguments.out}: {error.strerror}") from error
    print(
        f"{arguments.out} holds the private key. Keep it to yourself; into pole.toml of each pole goes:",
        file=sys.stderr,
    )
    public = ed25519.public_key_of(private)
    print(
        f"[[drone.officer]]\nname = {json.dumps(arguments.name, ensure_ascii=False)}\npublic_key ="
        f" {json.dumps(public)}"
    )
    return 0


def _sign(arguments: argparse.Namespace) -> int:
    if not 0 < arguments.seconds <= LONGEST_S:
        raise ConfigError(
            [Problem("--for", f"{arguments.seconds:g} is not possible; give 1 to {LONGEST_S:.0f} seconds")]
        )
    message = _read(arguments.message)
    if not isinstance(message.get("pole"), str):
        raise PoleAgentError('this is no message of drone/request or info of a pole (it has no key "pole")')
    payload: dict[str, Any] = {"decision": "approve", "by": arguments.by}
    if arguments.patrol:
        plans = _plans(message)
        if arguments.patrol not in plans:
            raise PoleAgentError(
                f"the message names no patrol {arguments.patrol!r}; it is the info message of the pole, with"
                f" {list(plans)}"
            )
        try:
            until = from_rfc3339(arguments.until)
        except ValueError:
            raise ConfigError(
                [Problem("--until", 'is a time with its zone, for example "2027-01-01T00:00:00Z"')]
            ) from None
        if until <= time.time():
            raise ConfigError([Problem("--until", f"{arguments.until} is over")])
        facts = plan_facts(arguments.patrol, plans[arguments.patrol], until)
        payload |= {"patrol": arguments.patrol, "until": rfc3339(until)}
    else:
        facts = _facts(message)
        payload["request_id"] = message["request_id"]
    if arguments.reason:
        payload["reason"] = arguments.reason
    payload["signature"] = signed(
        arguments.key, message["pole"], facts, arguments.by, arguments.seconds, tell=True
    )
    print(json.dumps(payload, ensure_ascii=False))
    return 0


def _read(name: str) -> dict[str, Any]:
    try:
        message = json.loads(decoded(sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()))
        if not isinstance(message, dict):
            raise ValueError("it is no JSON object")
    except (OSError, ValueError, RecursionError) as error:
        raise PoleAgentError(f"{name}: cannot be read as a message: {error}") from error
    return message


def _plans(message: dict[str, Any]) -> dict[str, str]:
    try:
        return {str(p["name"]): str(p["plan"]) for p in message.get("patrols", [])}
    except (KeyError, TypeError) as error:
        raise PoleAgentError("this is no info message of a pole (its patrols cannot be read)") from error


def _facts(message: dict[str, Any]) -> dict[str, str]:
    try:
        return facts_of(message)
    except (KeyError, TypeError, ValueError) as error:
        raise PoleAgentError(
            f"this is no message of drone/request ({error!r} is missing or wrong)"
        ) from error


def signed(
    key: Path, pole: str, facts: dict[str, str], by: str, seconds: float, *, tell: bool = False
) -> dict[str, str]:
    """The `signature` of an approval. `tell` prints what is signed. Raises PoleAgentError."""
    from pole_agent.drone import ed25519

    nonce, expires = secrets.token_urlsafe(18), rfc3339(time.time() + seconds)
    words = text(pole, facts, by, nonce, expires)
    try:
        value = ed25519.sign(decoded(key.read_bytes()), words.encode())
    except (OSError, ValueError) as error:
        raise PoleAgentError(f"{key}: is no private key of pole-agent drone key: {error}") from error
    if tell:
        print(f"signed:\n{words}", end="", file=sys.stderr)
    return {"nonce": nonce, "expires_at": expires, "value": value}
