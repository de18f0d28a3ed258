"""The command line: argparse, one file a command in commands/.

Exit codes: 0 fine, 1 failed, 2 bad usage or configuration.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from pole_agent import __version__
from pole_agent.errors import ConfigError, PoleAgentError
from pole_agent.languages import LANGUAGES, language_of

COMMANDS = tuple(sorted(path.stem for path in (Path(__file__).parent / "commands").glob("[a-z]*.py")))
EPILOG = """examples:
  pole-agent demo                          the whole agent on a bundled clip, no hardware needed
  pole-agent init --out pole.toml          write a configuration from a few questions
  pole-agent check --config pole.toml      every problem with its key path
  pole-agent run --config pole.toml        the daemon, in the foreground
"""


def parser(names: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """The command line, with these commands."""
    top = argparse.ArgumentParser(
        prog="pole-agent",
        description="The edge agent of a municipal smart pole.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"pole-agent {__version__}")
    subparsers = top.add_subparsers(dest="command", metavar="command", required=True)
    for name in names:
        module = importlib.import_module(f"pole_agent.commands.{name}")
        sub = subparsers.add_parser(
            name,
            help=module.HELP,
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.arguments(sub)
        _speak(sub)
        sub.set_defaults(carry_out=module.run)
    return top


def _speak(command: argparse.ArgumentParser) -> None:
    """--lang for every command, also behind its action; without it, the locale decides."""
    if command.get_default("lang") is None:
        command.add_argument(
            "--lang",
            choices=LANGUAGES,
            default=language_of(os.environ),
            help="English or Indonesian; default: LANG",
        )
    for actions in (a for a in command._actions if isinstance(a, argparse._SubParsersAction)):
        for action in actions.choices.values():
            action.add_argument(
                "--lang", choices=LANGUAGES, default=argparse.SUPPRESS, help=argparse.SUPPRESS
            )


def main(argv: list[str] | None = None) -> int:
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows only ASCII still gets the rest
    words = sys.argv[1:] if argv is None else argv
    # Only what is asked for is loaded: a lamp waits for it.
    arguments = parser(words[:1] if words[:1] and words[0] in COMMANDS else COMMANDS).parse_args(words)
    try:
        code: int = arguments.carry_out(arguments)
        sys.stdout.flush()  # a full disk shows here, not when Python ends
        return code
    except ConfigError as error:
        for problem in error.problems:
            _complain(str(problem), arguments.lang)
        return 2
    except PoleAgentError as error:
        _complain(str(error), arguments.lang)
        return 1
    except BrokenPipeError:
        _say_no_more()
        return 1
    except OSError as error:  # a full disk, a folder that is missing, a stick that was pulled out
        where = f"{error.filename}: " if error.filename is not None else ""
        _complain(f"{where}{error.strerror or error}", arguments.lang)
        _say_no_more()
        return 1
    except KeyboardInterrupt:
        return 1


def _open_what_is_closed() -> None:
    """A shell may close the standard streams (>&-).

    Python then has None there, and another file would get the number.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 (for as long as the process lives)


def _say_no_more() -> None:
    """Standard output cannot be written: what is left in its buffer would fail once more at the very end."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        return
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)


def _complain(text: str, language: str) -> None:
    if language != "en":  # `explain` may speak both
        from pole_agent.languages import in_language

        text = in_language(text, language if language in LANGUAGES else language_of(os.environ))
    print(f"pole-agent: {text}", file=sys.stderr)
