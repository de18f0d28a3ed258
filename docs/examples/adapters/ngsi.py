"""Poles to FIWARE: street lights, counts and incidents as NGSI-LD entities of the Smart Data Models.

    cd docs/examples/adapters
    python ngsi.py --info ../../samples/info.json < ../../samples/events-traffic-summarized.json
    mosquitto_sub -h broker -c -i ngsi-bridge -q 1 -F %J -t 'smartpole/+/+/info' \\
      -t 'smartpole/+/+/lamp/state' -t 'smartpole/+/+/events/#' | python ngsi.py

Reads events, one JSON object after the other, or the lines of `mosquitto_sub -F %J`, and writes one entity a
line, in the normalized form. It sends nothing anywhere; a line in brackets is a batch for
/ngsi-ld/v1/entityOperations/upsert (Content-Type: application/ld+json).

lamp/state and lamp events give a Streetlight, traffic.summarized an ItemFlowObserved for each line,
direction and class, an incident an Alert that gets its `validTo` when it ends. While the pole's place is
unknown (it stands in its retained `info`, or in --info), a Streetlight and a flow are left out, and said so.
Messages of a demo are left out: --simulation lets them through.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ngsi_entities import Entity, entities, lamp
from pole_events import MALFORMED, Message, Place, message, run, simulated

NEED_FAULTS = ("lamp.summarized", "lamp.fault_opened", "lamp.fault_closed")
NEED_A_PLACE = ("traffic.summarized", *NEED_FAULTS)


class Poles:
    """What is known of each pole by its base topic: where it is, and which faults of its lamp are open."""

    def __init__(self, place: Place | None = None) -> None:
        """`place`: of every pole that has not said where it is."""
        self._place = place
        self._places: dict[str, Place | None] = {}
        self._faults: dict[str, set[str]] = {}

    def translate(self, heard: Message, now: datetime) -> list[Entity]:
        """Raises what stands in `MALFORMED`; LookupError where a place or the open faults are missing."""
        pole, payload = heard.pole, heard.payload
        place = self._places.get(pole) or self._place
        if heard.path == "info":
            self._places[pole] = Place.of(payload)
        elif heard.path == "lamp/state":
            self._faults[pole] = set(payload["faults"])
            if place is None:
                raise LookupError(f"{pole}: no info yet, no Streetlight")
            return [lamp(pole, payload, place, now)]
        elif heard.path == "events":
            return self._event(pole, payload, place)
        return []

    def _event(self, pole: str, event: dict[str, Any], place: Place | None) -> list[Entity]:
        kind = event["type"].removeprefix("smartpole.")
        faults = self._faults.get(pole)
        if kind == "lamp.fault_opened":  # one is open for certain, whatever else is known
            faults = (set() if faults is None else faults) | {event["data"]["fault"]}
        elif kind == "lamp.fault_closed" and faults is not None:
            faults = faults - {event["data"]["fault"]}
        if faults is not None and pole in self._faults:
            self._faults[pole] = faults
        found = entities(event, place, faults)
        if kind in NEED_A_PLACE and place is None:
            raise LookupError(f"{pole}: no info yet, nothing of {kind}")
        if kind in NEED_FAULTS and faults is None:
            raise LookupError(f"{pole}: no lamp/state yet, nothing of {kind}")
        return found


def translate(messages: Iterable[str], poles: Poles, simulation: bool) -> Iterator[Entity | Exception]:
    """Entities for a stream of messages, and what was wrong with those that give none."""
    for text in messages:
        try:
            heard = message(text)
            if simulation or not _of_a_demo(heard):
                yield from poles.translate(heard, datetime.now(UTC))
        except (*MALFORMED, LookupError) as error:
            yield error


def _of_a_demo(heard: Message) -> bool:
    return simulated(heard.payload) if heard.path == "events" else heard.payload.get("simulation") is True


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--info", type=Path, metavar="FILE", help="an info of a pole: the place of those that have sent none"
    )
    parser.add_argument("--simulation", action="store_true", help="messages of a demo too")
    arguments = parser.parse_args()
    place = Place.of(json.loads(arguments.info.read_text())) if arguments.info else None
    poles = Poles(place)

    def written(messages: Iterable[str]) -> Iterator[str | Exception]:
        for found in translate(messages, poles, arguments.simulation):
            yield found if isinstance(found, Exception) else json.dumps(found, ensure_ascii=False)

    return run("ngsi", written)


if __name__ == "__main__":
    sys.exit(main())
