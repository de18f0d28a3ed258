"""What the demo tells of what happens, in the words of the user."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from pole_agent.console.lamp_words import REASONS
from pole_agent.languages import Phrase, in_language, phrase
from pole_agent.rule_kinds import KINDS
from pole_agent.uplink.events import TYPE_PREFIX, Message
from pole_agent.words import NAMES

LAMP, STATUS, DRONE = phrase("lamp"), phrase("status"), phrase("drone")
TRAFFIC, DISPATCHER = phrase("traffic"), phrase("dispatcher")
SIMULATION, DECIDES = phrase("simulation"), phrase("person-decides")


class Narrator:
    """Tells what the city sees, from the messages themselves, and counts them for the summary."""

    def __init__(self, base: str, approve: Callable[[str], str] | None = None, language: str = "en") -> None:
        """`approve`: where a person decides, the command for it, as it can be pasted."""
        self._base, self._approve, self.language = base, approve, language
        self._begun = time.monotonic()
        self._lamp: tuple[Any, ...] = ()
        self._requests: dict[str, str] = {}
        self.kinds: Counter[str] = Counter()
        self.lamp_states = 0

    def hear(self, message: Message) -> None:
        path = message.topic.removeprefix(self._base + "/")
        try:
            document = json.loads(message.payload)
        except ValueError:
            return
        if text := self._text(path, document):
            self.say(text)

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self._begun:6.1f} s  {text}", flush=True)

    def _text(self, path: str, document: dict[str, Any]) -> str:
        if path == "lamp/state":
            lamp = (document["level"], document["reason"])
            if lamp == self._lamp:
                return ""
            self._lamp = lamp
            self.lamp_states += 1
            return self._line(
                LAMP, f"{document['level']:.0%} ({REASONS[document['reason']].of(self.language)})"
            )
        if path == "status":
            return self._line(STATUS, f"{document['state']} ({document['reason']})")
        if path == "drone/request":
            return self._request(document)
        if path.startswith("events/"):
            kind, data = document["type"].removeprefix(TYPE_PREFIX), document["data"]
            self.kinds[kind] += 1
            severity = NAMES[document["severity"]]
            if kind == "incident.opened":
                what, who = KINDS[data["kind"]].name, NAMES[data["class"]]
                opened = phrase("told-opened", rule=data["rule"], kind=what, object=who)
                return self._line(severity, opened.of(self.language))
            if kind == "incident.closed":
                what, seconds = KINDS[data["kind"]].name, data["duration_s"]
                closed = phrase("told-closed", rule=data["rule"], kind=what, seconds=seconds)
                return self._line(severity, closed.of(self.language))
            if kind == "traffic.summarized":
                return self._line(TRAFFIC, json.dumps({z["zone"]: z["entered"] for z in data["zones"]}))
        return ""

    def _line(self, label: Phrase, text: str) -> str:
        return f"{label.of(self.language):<10} {text}"

    def _request(self, request: dict[str, Any]) -> str:
        simulated = f" ({SIMULATION.of(self.language)})" if request["simulation"] else ""
        words = "; ".join(w for w in (request["step"], in_language(request["reason"], self.language)) if w)
        if request["state"] == "pending_approval" and self._approve:
            words = f"{DECIDES.of(self.language)}: {self._approve(request['request_id'])}"
        text = self._line(
            DRONE, f"{request['state']}{simulated}: {request['rule']}" + (f" - {words}" if words else "")
        )
        if self._requests.get(request["request_id"]) == text:
            return ""
        self._requests[request["request_id"]] = text
        return text
