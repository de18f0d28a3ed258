"""Takes the steps of a commissioning: does what each needs, asks, judges, and keeps the record."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pole_agent.almanac import rfc3339
from pole_agent.commissioning.answers import Question
from pole_agent.commissioning.notice import notice
from pole_agent.commissioning.record import Record
from pole_agent.commissioning.steps import Step
from pole_agent.commissioning.verdict import Verdict
from pole_agent.console.site import Site
from pole_agent.errors import PoleAgentError
from pole_agent.languages import phrase


@dataclass(frozen=True, slots=True)
class Taken:
    """Where a step stands: judged, or with questions that are to be answered first."""

    step: Step
    verdict: Verdict | None = None
    questions: list[Question] = field(default_factory=list)
    facts: Mapping[str, Any] = field(default_factory=dict)


class Guide:
    """`save` keeps the record for good, before anybody cuts the supply."""

    def __init__(self, site: Site, record: Record, save: Callable[[Record], None]) -> None:
        self._site, self.record, self._save = site, record, save

    def keep_to_one_configuration(self) -> None:
        """A configuration that has changed is tested anew, as a whole. Raises PoleAgentError."""
        about, digest = self.record.about, self._site.loaded.digest
        if self.record.results and about["config_sha256"] != digest:
            raise PoleAgentError(phrase("commission-configuration-changed"))
        about["config_sha256"] = digest

    def begin(self, step: Step) -> Taken:
        """The first half: what a step needs is done, and looked at. Raises PoleAgentError."""
        kept = self._site.act(step)
        facts: dict[str, Any] = kept if step.of_kind.power else self._site.facts(step, kept)
        questions = step.of_kind.questions(facts)
        if not questions:
            return self._judge(step, facts, {})
        self.record.begun[step.name] = {"facts": facts, "at": self._site.wall()}
        self._changed()
        return Taken(step, None, questions, facts)

    def answer(self, step: Step, answers: Mapping[str, str]) -> Taken:
        """The second half, perhaps after a restart. Raises PoleAgentError for what is no answer."""
        begun = self.record.begun.get(step.name)
        if begun is None:
            taken = self.begin(step)
            if taken.verdict is not None:
                return taken
            begun = self.record.begun[step.name]
        facts = dict(begun["facts"])
        if step.of_kind.power:
            facts = self._site.facts(step, facts)
        facts["answered_s"] = round(max(0.0, self._site.wall() - begun["at"]), 1)
        questions = step.of_kind.questions(facts)
        read = {q.key: q.read(answers[q.key]) for q in questions if q.key in answers}
        for question in questions:
            if question.key in answers and read[question.key] is None:
                shown = f"{answers[question.key]!r}"
                raise PoleAgentError(phrase("commission-answer-invalid", answer=shown, key=question.key))
        given = {key: value for key, value in read.items() if value is not None}
        if len(given) < len(questions):
            return Taken(step, None, questions, facts)
        return self._judge(step, facts, given)

    def sign_off(self, steps: list[Step], by: str, despite: str | None, key: str | None) -> dict[str, Any]:
        """Close the record and have the pole tell it; `key`: a private key of an officer or technician.

        Returns what the city is told. Raises PoleAgentError.
        """
        record = self.record
        if left := record.left(steps):
            raise PoleAgentError(phrase("commission-steps-left", steps=", ".join(s.name for s in left)))
        defects = record.defects()
        if defects and not despite:
            raise PoleAgentError(phrase("commission-has-defects", steps=", ".join(defects)))
        outcome = "with_defects" if defects else "passed"
        done = {"by": by, "at": rfc3339(self._site.wall()), "outcome": outcome}
        closed = Record(record.about, {}, record.results, done | {"despite": despite if defects else None})
        if key is not None:
            closed.signature = signature(closed, key)
        told = notice(closed)
        self._site.command("pole/commissioned", told)
        self.record = closed
        self._changed()
        return told

    def _judge(self, step: Step, facts: Mapping[str, Any], answers: Mapping[str, str]) -> Taken:
        verdict = step.of_kind.judge(facts, answers)
        self.record.settle(step, facts, answers, verdict, rfc3339(self._site.wall()))
        self._changed()
        with contextlib.suppress(PoleAgentError):  # the override ends by itself too
            self._site.after(step)
        return Taken(step, verdict, [], facts)

    def _changed(self) -> None:
        self._save(self.record)


def signed_text(record: Record) -> bytes:
    return f"pole-agent commissioning\n{record.digest()}\n".encode()


def signature(record: Record, private_key: str) -> dict[str, str]:
    """Of the record by this key. Raises PoleAgentError for what is none."""
    from pole_agent.drone import ed25519

    try:
        value, public = ed25519.sign(private_key, signed_text(record)), ed25519.public_key_of(private_key)
    except ValueError as error:
        raise PoleAgentError(phrase("private-key-unusable", file="--key", error=error)) from error
    return {"public_key": public, "value": value}


def is_genuine(record: Record) -> bool:
    """Is the signature of the record that of its key over what it holds?"""
    from pole_agent.drone import ed25519

    told = record.signature or {}
    try:
        value = base64.b64decode(told["value"], validate=True)
        return ed25519.verify(told["public_key"], value, signed_text(record))
    except (KeyError, TypeError, ValueError):
        return False
