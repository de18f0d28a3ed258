"""What was found so far: a file that the person keeps, over the moment without supply too. Pure.

One JSON object. Its hash is that of its canonical text (sorted keys, no spaces), without signature: what a
report shows, and what the pole tells the city.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pole_agent.commissioning.steps import Step
from pole_agent.commissioning.verdict import Verdict
from pole_agent.languages import phrase

FORMAT = 1
MAX_BYTES = 1_000_000


@dataclass(slots=True)
class Record:
    """`about`: pole, site and version; `begun`: of steps that wait for an answer, what was looked at;
    `results`: of those that are done.

    `signed_off`: when, by whom and with which outcome; None: not yet.
    """

    about: dict[str, Any]
    begun: dict[str, dict[str, Any]] = field(default_factory=dict)
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    signed_off: dict[str, Any] | None = None
    signature: dict[str, str] | None = None

    def settle(
        self, step: Step, facts: Mapping[str, Any], answers: Mapping[str, str], verdict: Verdict, at: str
    ) -> None:
        """This step is done, perhaps again."""
        self.begun.pop(step.name, None)
        self.results[step.name] = {
            "state": verdict.state,
            "words": str(verdict.words),
            "answers": dict(answers),
            "facts": dict(facts),
            "at": at,
        }

    def left(self, steps: Iterable[Step]) -> list[Step]:
        """The steps that are not done."""
        return [step for step in steps if step.name not in self.results]

    def counts(self) -> dict[str, int]:
        return {s: sum(r["state"] == s for r in self.results.values()) for s in ("ok", "warn", "fail")}

    def defects(self) -> list[str]:
        return [name for name, result in self.results.items() if result["state"] == "fail"]

    def digest(self) -> str:
        """SHA-256 of all but the signature."""
        document = {"about": self.about, "results": self.results, "signed_off": self.signed_off}
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def text(self) -> str:
        document = {
            "format": FORMAT,
            "about": self.about,
            "begun": self.begun,
            "results": self.results,
            "signed_off": self.signed_off,
            "signature": self.signature,
        }
        return json.dumps(document, indent=1, ensure_ascii=False)


def read(text: str) -> Record:
    """The inverse of `text`. Raises ValueError."""
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            raise ValueError(phrase("commission-record-format", format=document["format"]))
        parts = [document[key] for key in ("about", "begun", "results")]
        if not all(isinstance(part, dict) for part in parts):
            raise ValueError(phrase("commission-not-a-record"))
        about, begun, results = parts
        record = Record(about, begun, results, document["signed_off"], document["signature"])
        record.counts()
    except (KeyError, TypeError, AttributeError, RecursionError, json.JSONDecodeError) as error:
        raise ValueError(phrase("commission-not-a-record")) from error
    return record
