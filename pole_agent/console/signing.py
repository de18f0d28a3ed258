"""Keys of officers, and signed approvals."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
import time
from pathlib import Path
from typing import Any

from pole_agent.almanac import from_rfc3339, rfc3339
from pole_agent.drone.approval import LONGEST_S, facts_of, plan_facts, text
from pole_agent.errors import ConfigError, PoleAgentError, Problem
from pole_agent.languages import phrase
from pole_agent.settings.drone import OfficerSettings
from pole_agent.settings.reading import decoded

KEY_MODE = 0o600
SIGNED_FOR_S = 300.0


def signature_actions(actions: Any) -> None:
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


def make_key(arguments: argparse.Namespace) -> int:
    from pole_agent.drone import ed25519

    private = ed25519.new_key()
    try:
        OfficerSettings(name=arguments.name, public_key=ed25519.public_key_of(private))
    except ValueError:
        raise ConfigError([Problem("--name", phrase("officer-name-invalid"))]) from None
    try:
        with os.fdopen(os.open(arguments.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, KEY_MODE), "w") as file:
            file.write(private + "\n")
    except OSError as error:
        raise PoleAgentError(phrase("at-key", key=arguments.out, problem=error.strerror)) from error
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


def sign(arguments: argparse.Namespace) -> int:
    if not 0 < arguments.seconds <= LONGEST_S:
        raise ConfigError(
            [
                Problem(
                    "--for",
                    phrase("seconds-out-of-range", given=f"{arguments.seconds:g}", most=f"{LONGEST_S:.0f}"),
                )
            ]
        )
    message = _read(arguments.message)
    if not isinstance(message.get("pole"), str):
        raise PoleAgentError(phrase("not-a-pole-message"))
    payload: dict[str, Any] = {"decision": "approve", "by": arguments.by}
    if arguments.patrol:
        plans = _plans(message)
        if arguments.patrol not in plans:
            raise PoleAgentError(
                phrase("patrol-not-in-message", patrol=f"{arguments.patrol!r}", patrols=list(plans))
            )
        try:
            until = from_rfc3339(arguments.until)
        except ValueError:
            raise ConfigError([Problem("--until", phrase("time-with-zone-expected"))]) from None
        if until <= time.time():
            raise ConfigError([Problem("--until", phrase("time-is-past", time=arguments.until))])
        facts = plan_facts(arguments.patrol, plans[arguments.patrol], until)
        payload |= {"patrol": arguments.patrol, "until": rfc3339(until)}
    else:
        facts = facts_from(message)
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
            raise ValueError(phrase("not-a-json-object"))
    except (OSError, ValueError, RecursionError) as error:
        raise PoleAgentError(phrase("message-unreadable", file=name, error=error)) from error
    return message


def _plans(message: dict[str, Any]) -> dict[str, str]:
    try:
        return {str(p["name"]): str(p["plan"]) for p in message.get("patrols", [])}
    except (KeyError, TypeError) as error:
        raise PoleAgentError(phrase("info-unreadable")) from error


def facts_from(message: dict[str, Any]) -> dict[str, str]:
    try:
        return facts_of(message)
    except (KeyError, TypeError, ValueError) as error:
        raise PoleAgentError(phrase("request-unreadable", key=f"{error!r}")) from error


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
        raise PoleAgentError(phrase("private-key-unusable", file=key, error=error)) from error
    if tell:
        print(f"signed:\n{words}", end="", file=sys.stderr)
    return {"nonce": nonce, "expires_at": expires, "value": value}
