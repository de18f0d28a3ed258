"""The path of a commissioning in a terminal: a step after the other, with its questions."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from pole_agent.commissioning.answers import CHOICES, Question
from pole_agent.commissioning.steps import Step
from pole_agent.console import control
from pole_agent.console.guide import Guide, Taken
from pole_agent.console.speech import say
from pole_agent.languages import in_language, phrase

SIGNS = {
    "ok": phrase("sign-ok"),
    "warn": phrase("sign-warn"),
    "fail": phrase("sign-fail"),
    "left": phrase("sign-left"),
}


def whole_path(arguments: argparse.Namespace, guide: Guide, steps: list[Step]) -> int:
    for step in guide.record.left(steps):
        number = steps.index(step) + 1
        print(f"\n[{number}/{len(steps)}] {title(step, arguments.lang)}")
        try:
            if not _take(arguments, guide, step):
                return 1
        except EOFError:  # nobody is there
            return 1
    counts = guide.record.counts()
    say(arguments, phrase("commission-done", ok=counts["ok"], warn=counts["warn"], fail=counts["fail"]))
    again = control.typed(arguments, "commission", "sign-off", "--by", "NAME", "--page", "report.html")
    say(arguments, phrase("commission-sign-now", command=again))
    return 1 if counts["fail"] else 0


def _take(arguments: argparse.Namespace, guide: Guide, step: Step) -> bool:
    """One step, until the person is content with it; False: the path goes on later."""
    kind = step.of_kind
    while True:
        begun = step.name in guide.record.begun
        if kind.task is not None and not (kind.power and begun):
            say(arguments, kind.task)
            if not kind.power:
                input(phrase("commission-enter").of(arguments.lang))
        taken = Taken(step) if kind.power and begun else guide.begin(step)
        if kind.power and not begun:
            say(arguments, phrase("commission-later", command=control.typed(arguments, "commission")))
            return False
        if taken.verdict is None:
            for line in _pictures(taken):
                say(arguments, line)
            questions = taken.questions or kind.questions({})
            answers = {q.key: _asked(q, arguments) for q in questions}
            taken = guide.answer(step, answers)
        for line in lines(taken, arguments.lang):
            print(line)
        assert taken.verdict is not None
        if taken.verdict.state == "ok" or not _again(arguments):
            return True


def _again(arguments: argparse.Namespace) -> bool:
    return input(phrase("commission-again").of(arguments.lang)).strip().lower() in ("r", "u")


def _asked(question: Question, arguments: argparse.Namespace) -> str:
    while True:
        print(question.text.of(arguments.lang))
        answer = question.read(input(f"  {question.shown(arguments.lang)} > "))
        if answer is not None:
            return answer


def _pictures(taken: Taken) -> Iterator[str]:
    if taken.facts.get("picture") and not taken.facts.get("error"):
        yield phrase("commission-picture", file=taken.facts["picture"])


def title(step: Step, language: str) -> str:
    """What the step is about, in words."""
    named, subject = step.of_kind.title.of(language), step.subject
    if step.kind == "lamp":
        subject = CHOICES[subject].of(language)
    return f"{named}: {subject}" if subject else named


def lines(taken: Taken, language: str) -> Iterator[str]:
    if taken.verdict is not None:
        sign = SIGNS[taken.verdict.state].of(language)
        yield f"{sign:<6} {in_language(taken.verdict.words, language)}"
        return
    for line in _pictures(taken):
        yield in_language(line, language)
    if taken.step.of_kind.power and taken.step.of_kind.task is not None:
        yield taken.step.of_kind.task.of(language)
    for question in taken.questions:
        yield f"{question.key}: {question.text.of(language)}  ({question.shown(language)})"


def as_data(taken: Taken, language: str) -> dict[str, Any]:
    verdict = taken.verdict
    return {
        "step": taken.step.name,
        "title": title(taken.step, language),
        "state": "asked" if verdict is None else verdict.state,
        "words": "" if verdict is None else in_language(verdict.words, language),
        "questions": [
            {"key": q.key, "text": q.text.of(language), "choices": list(q.choices)} for q in taken.questions
        ],
        "facts": dict(taken.facts),
    }
