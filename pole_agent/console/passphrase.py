"""Ask for a passphrase: at the terminal, or from a file or a pipe for those who automate."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

from pole_agent.errors import PoleAgentError
from pole_agent.languages import phrase


def passphrase(arguments: argparse.Namespace, file: Path, *, new: bool) -> str:
    """Of `file`; a `new` one is typed twice. The first line of --passphrase-file goes before.

    Raises PoleAgentError, OSError.
    """
    if arguments.passphrase_file:
        return str(arguments.passphrase_file.read_text(encoding="utf-8")).partition("\n")[0].rstrip("\r")
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    given = getpass.getpass(phrase("passphrase-prompt", file=file).of(arguments.lang))
    if new and getpass.getpass(phrase("passphrase-again").of(arguments.lang)) != given:
        raise PoleAgentError(phrase("passphrases-differ"))
    return given
