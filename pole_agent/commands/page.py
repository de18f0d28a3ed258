"""Accounts of the pole's own page ([page] enabled = true).

pole-agent page user add dewi --role technician     asks for a password of 12 characters or more
pole-agent page user passwd dewi                    a new one; whoever is logged in with the old one is out
pole-agent page user remove dewi
pole-agent page user list

viewer looks; technician also sets the pole up, overrides the lamp and stops flights; officer approves them.
The password comes from the terminal, or as the first line of standard input. Run it as the user of the
service: sudo -u pole-agent pole-agent page user add …
"""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from pathlib import Path

from pole_agent.console.speech import say
from pole_agent.errors import ConfigError, PoleAgentError, Problem
from pole_agent.languages import phrase
from pole_agent.page import accounts as book
from pole_agent.page.rights import ROLES
from pole_agent.settings import DEFAULT_PATH
from pole_agent.settings.load import load_or_last_good

HELP = "accounts of the pole's own page"


def arguments(parser: argparse.ArgumentParser) -> None:
    subjects = parser.add_subparsers(dest="subject", metavar="user", required=True)
    user = subjects.add_parser("user", help="who may log in, and as what")
    actions = user.add_subparsers(dest="action", metavar="add|passwd|remove|list", required=True)
    for name, text in (
        ("add", "a new account"),
        ("passwd", "a new password; ends the sessions of the account"),
        ("remove", "ends its sessions too"),
        ("list", "names and roles"),
    ):
        action = actions.add_parser(name, help=text)
        if name != "list":
            action.add_argument("name", help="1 to 100 characters; an officer's is that in [[drone.officer]]")
        if name == "add":
            action.add_argument("--role", choices=tuple(ROLES), required=True)
        where = action.add_mutually_exclusive_group()
        where.add_argument(
            "--config", type=Path, default=DEFAULT_PATH, metavar="F", help=f"default: {DEFAULT_PATH}"
        )
        where.add_argument("--state-dir", type=Path, metavar="D", help="default: that of the configuration")
        if name == "list":
            action.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    folder = arguments.state_dir or load_or_last_good(arguments.config).settings.storage.state_dir
    accounts = book.read(folder)
    if arguments.action == "list":
        roles = {name: account.role for name, account in accounts.items()}
        if arguments.json:
            print(json.dumps(roles, ensure_ascii=False))
        for name, role in {} if arguments.json else roles.items():
            print(f"{name:<24} {role}")
        return 0
    name = arguments.name
    if not book.NAME.fullmatch(name):
        raise ConfigError([Problem("name", phrase("account-name-invalid"))])
    if arguments.action == "add" and name in accounts:
        raise PoleAgentError(phrase("account-known", name=name))
    if arguments.action != "add" and name not in accounts:
        raise PoleAgentError(phrase("account-unknown", name=name, known=", ".join(accounts) or "-"))
    if arguments.action == "remove":
        del accounts[name]
    else:
        if len(accounts) >= book.MAX_ACCOUNTS and name not in accounts:
            raise PoleAgentError(phrase("accounts-too-many", most=book.MAX_ACCOUNTS))
        role = arguments.role if arguments.action == "add" else accounts[name].role
        accounts[name] = book.made(role, _password(arguments))
    book.write(folder, accounts)
    say(arguments, phrase("accounts-written", file=folder / book.FILE))
    return 0


def _password(arguments: argparse.Namespace) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    asked = phrase("password-prompt").of(arguments.lang)
    password = getpass.getpass(asked)
    if getpass.getpass(phrase("password-again").of(arguments.lang)) != password:
        raise PoleAgentError(phrase("passwords-differ"))
    return password
