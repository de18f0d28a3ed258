"""Take this pole into service: steps that the pole looks at, and you, with a report at the end.

pole-agent commission                        the path; it goes on where it stopped
pole-agent commission steps                  the steps of this pole, and how they stand
pole-agent commission step lamp:full         one step: it is done, and its questions are told
pole-agent commission step lamp:full --answer sees=full
pole-agent commission sign-off --by "Rini" --page report.html
pole-agent commission verify                 the hash of the record, and its signature

It needs the running agent. What was found is kept in one file (--record), over the moment without supply too.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from pole_agent import __version__
from pole_agent.almanac import rfc3339
from pole_agent.commissioning.record import MAX_BYTES, Record, read
from pole_agent.commissioning.report import page
from pole_agent.commissioning.steps import Step, steps_of
from pole_agent.console import control
from pole_agent.console.guide import Guide, is_genuine
from pole_agent.console.guided import SIGNS, as_data, lines, title, whole_path
from pole_agent.console.site import site_of
from pole_agent.console.speech import say
from pole_agent.errors import ConfigError, PoleAgentError, Problem
from pole_agent.languages import LANGUAGES, Phrase, in_language, phrase
from pole_agent.replacing import replace_file
from pole_agent.settings.load import Loaded, load
from pole_agent.settings.reading import text_file

HELP = "take this pole into service, step by step, with a report"
PRIVATE = 0o600


def arguments(parser: argparse.ArgumentParser) -> None:
    control.arguments(parser)
    parser.add_argument(
        "--record",
        type=Path,
        default=Path("commissioning.json"),
        metavar="F",
        help="the file of what was found; default: commissioning.json",
    )
    actions = parser.add_subparsers(dest="action", metavar="action")
    actions.add_parser("path", help="all steps that are not done (the default)")
    actions.add_parser("steps", help="the steps, and how they stand")
    step = actions.add_parser("step", help="one step, perhaps again")
    step.add_argument("name", help="as `steps` names it, for example lamp:full")
    step.add_argument(
        "--answer", action="append", default=[], type=_answer, metavar="KEY=ANSWER", help="to its questions"
    )
    off = actions.add_parser("sign-off", help="close the record, tell the city, write the report")
    off.add_argument("--by", required=True, metavar="NAME", help="who signs")
    off.add_argument("--despite", metavar="WHY", help="why the pole goes into service with its defects")
    off.add_argument("--page", type=Path, metavar="F", help="the report for paper (HTML, A4)")
    off.add_argument("--key", type=Path, metavar="F", help="a private key (pole-agent drone key) that signs")
    verify = actions.add_parser("verify", help="the hash of a record, and is its signature genuine?")
    verify.add_argument("--sha256", metavar="HEX", help="the hash on the report or in the event")
    control.everywhere(actions)
    for action in actions.choices.values():
        action.add_argument(
            "--record", type=Path, default=argparse.SUPPRESS, metavar="F", help=argparse.SUPPRESS
        )


def _answer(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"invalid answer {text!r}; expected for example sees=full")
    return key, value


def run(arguments: argparse.Namespace) -> int:
    if arguments.action == "verify":
        return _verify(arguments)
    loaded = load(arguments.config)
    steps = steps_of(loaded.settings)
    guide = Guide(
        site_of(arguments, loaded, arguments.record.absolute().parent),
        _record(arguments.record, loaded),
        partial(_save, arguments.record),
    )
    actions: dict[str, Callable[[argparse.Namespace, Guide, list[Step]], int]] = {
        "steps": _steps,
        "step": _step,
        "sign-off": _sign_off,
    }
    if arguments.action not in ("steps",):
        guide.keep_to_one_configuration()
    return actions.get(arguments.action, whole_path)(arguments, guide, steps)


def _record(file: Path, loaded: Loaded) -> Record:
    """The one that was begun for this pole, else a new one. Raises ConfigError."""
    pole = loaded.settings.base_topic
    if file.exists():
        record = _read(file)
        if record.about.get("pole") != pole:
            raise _bad(phrase("commission-of-another", file=file, pole=record.about.get("pole")))
        if record.signed_off is None:
            return record
        raise _bad(phrase("commission-signed-off", file=file))
    return Record(
        {
            "pole": pole,
            "name": loaded.settings.pole.name,
            "timezone": loaded.settings.pole.timezone,
            "version": __version__,
            "config_sha256": loaded.digest,
            "begun_at": rfc3339(time.time()),
        }
    )


def _read(file: Path) -> Record:
    try:
        return read(text_file(file, MAX_BYTES))
    except (OSError, ValueError) as error:
        raise _bad(phrase("at-key", key=file, problem=error)) from error


def _bad(words: Phrase) -> ConfigError:
    return ConfigError([Problem("--record", words)])


def _save(file: Path, record: Record) -> None:
    replace_file(file, record.text().encode(), PRIVATE)


def _steps(arguments: argparse.Namespace, guide: Guide, steps: list[Step]) -> int:
    states = {
        step.name: guide.record.results.get(step.name, {"state": "left", "words": ""}) for step in steps
    }
    if arguments.json:
        told = [
            {"step": s.name, "title": title(s, arguments.lang)}
            | {key: states[s.name][key] for key in ("state", "words")}
            for s in steps
        ]
        print(json.dumps({"steps": told}, ensure_ascii=False))
        return 0
    for step in steps:
        state = states[step.name]
        sign = SIGNS[state["state"]].of(arguments.lang)
        print(f"{sign:<6} {step.name:<24} {title(step, arguments.lang)}")
        if state["state"] in ("warn", "fail"):
            print(f"{'':7}{in_language(state['words'], arguments.lang)}")
    return 0


def _step(arguments: argparse.Namespace, guide: Guide, steps: list[Step]) -> int:
    step = next((s for s in steps if s.name == arguments.name), None)
    if step is None:
        known = ", ".join(s.name for s in steps)
        raise ConfigError(
            [Problem("step", phrase("commission-step-unknown", step=arguments.name, known=known))]
        )
    answers = dict(arguments.answer)
    taken = guide.answer(step, answers) if answers else guide.begin(step)
    if arguments.json:
        print(json.dumps(as_data(taken, arguments.lang), ensure_ascii=False))
    else:
        print("\n".join(lines(taken, arguments.lang)))
    return 1 if taken.verdict is not None and taken.verdict.state == "fail" else 0


def _sign_off(arguments: argparse.Namespace, guide: Guide, steps: list[Step]) -> int:
    key = None
    if arguments.key is not None:
        try:
            key = text_file(arguments.key, MAX_BYTES)
        except (OSError, ValueError) as error:
            raise ConfigError(
                [Problem("--key", phrase("at-key", key=arguments.key, problem=error))]
            ) from error
    if not 0 < len(arguments.by) <= 100:
        raise ConfigError([Problem("--by", phrase("commission-name-invalid"))])
    told = guide.sign_off(steps, arguments.by, arguments.despite, key)
    if arguments.page is not None:
        titles = {step.name: partial(title, step) for step in steps}
        try:
            arguments.page.write_text(
                page(guide.record, titles, LANGUAGES_OF[arguments.lang]), encoding="utf-8"
            )
        except OSError as error:
            raise PoleAgentError(phrase("at-key", key=arguments.page, problem=error.strerror)) from error
    if arguments.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        say(arguments, phrase("commission-told", hash=told["record_sha256"]))
        if arguments.page is not None:
            say(arguments, phrase("sign-written", file=arguments.page))
    return 0


# The report is for the file of the city: in Indonesian, and behind it in English.
LANGUAGES_OF: Mapping[str, tuple[str, ...]] = {
    lang: (lang, *(x for x in LANGUAGES if x != lang)) for lang in LANGUAGES
}


def _verify(arguments: argparse.Namespace) -> int:
    record = _read(arguments.record)
    digest = record.digest()
    same = arguments.sha256 is None or digest == arguments.sha256.strip().lower()
    genuine = None if record.signature is None else is_genuine(record)
    if arguments.json:
        print(json.dumps({"record_sha256": digest, "same": same, "signature": genuine}))
        return 0 if same and genuine is not False else 1
    print(f"record_sha256 {digest}")
    if not same:
        say(arguments, phrase("commission-other-record"))
    if genuine is not None:
        public = record.signature["public_key"] if record.signature else ""
        say(arguments, phrase("commission-genuine", key=public) if genuine else phrase("commission-forged"))
    return 0 if same and genuine is not False else 1
