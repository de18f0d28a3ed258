"""What a step has come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pole_agent.languages import phrase, together

State = Literal["ok", "warn", "fail"]
Facts = Mapping[str, Any]  # plain JSON
Answers = Mapping[str, str]
ORDER: tuple[State, ...] = ("ok", "warn", "fail")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`words`: what is wrong and what to do, or what was seen."""

    state: State
    words: str


def worst(verdicts: Iterable[Verdict], fine: str) -> Verdict:
    """All that is wrong, as grave as the gravest; `fine` where nothing is."""
    wrong = [v for v in verdicts if v.state != "ok"]
    if not wrong:
        return Verdict("ok", fine)
    return Verdict(max((v.state for v in wrong), key=ORDER.index), together(v.words for v in wrong))


def fail(words: str) -> Verdict:
    return Verdict("fail", words)


def warn(words: str) -> Verdict:
    return Verdict("warn", words)


def of_findings(facts: Facts) -> list[Verdict]:
    """What the doctor found, as far as it is wrong. What it could not look at is a remark."""
    states: dict[str, State] = {"fail": "fail", "warn": "warn", "unknown": "warn"}
    found = []
    for finding in facts.get("findings", ()):
        if (state := states.get(finding["state"])) is not None:
            words = phrase("at-key", key=finding["check"].replace(" ", "-"), problem=finding["words"])
            found.append(Verdict(state, words))
    return found


def of_part(facts: Facts, part: str, state: State = "fail") -> list[Verdict]:
    """What the agent says of a part that is not well."""
    told = facts.get("parts", {}).get(part, {})
    return [Verdict(state, told.get("reason") or part)] if told.get("state", "ok") != "ok" else []
