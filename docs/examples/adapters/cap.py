"""Poles to 112: incidents, drone requests and lamp faults as CAP 1.2 (OASIS Common Alerting Protocol).

    cd docs/examples/adapters
    python cap.py < ../../samples/events-incident-opened.json
    mosquitto_sub -h broker -c -i cap-bridge -q 1 -F %J \\
      -t 'smartpole/+/+/info' -t 'smartpole/+/+/events/#' | python cap.py

Reads events, one JSON object after the other, or the lines of `mosquitto_sub -F %J`, and writes one XML
document a line. A retained `info` that comes before gives the pole's place. It sends nothing anywhere.

An incident that opens is an Alert, what a drone does about it an Update, its end a Cancel of
both. Only incidents of rules that notify "112" are written; --label takes another label, --all everything.
The same event gives the same document and identifier, so a repeated one can be dropped by its identifier.
"""

from __future__ import annotations

import argparse
import sys
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

from cap_alert import Reference, about, alert
from pole_events import MALFORMED, Message, Place, message, run

REMEMBERED = 10_000  # incidents whose documents an Update or Cancel can refer to


def wanted(event: dict[str, Any], label: str | None, known: bool) -> bool:
    """Whether whoever listens to `label` is to hear of it; None: everything. `known`: it belongs to an
    incident that was told.
    """
    return label is None or known or label in event["data"].get("notify", ())


def translate(messages: Iterable[str], label: str | None) -> Iterator[str | Exception]:
    """Documents for a stream of messages, and what was wrong with those that are none."""
    places: dict[str, Place | None] = {}
    told: OrderedDict[str, list[Reference]] = OrderedDict()
    for text in messages:
        try:
            heard = message(text)
            if heard.path == "info":
                places[heard.pole] = Place.of(heard.payload)
            elif heard.path == "events":
                yield from _told(heard, places.get(heard.pole), told, label)
        except MALFORMED as error:
            yield error


def _told(
    heard: Message, place: Place | None, told: OrderedDict[str, list[Reference]], label: str | None
) -> Iterator[str]:
    event = heard.payload
    keys = about(event)
    earlier = list(dict.fromkeys(r for key in keys for r in told.get(key, ())))
    found = alert(event, place, earlier) if wanted(event, label, bool(earlier)) else None
    if found is None:
        return
    yield found.xml
    for key in keys:
        known = told.setdefault(key, [])
        if found.reference not in known:
            known.append(found.reference)
        told.move_to_end(key)
    while len(told) > REMEMBERED:
        told.popitem(last=False)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--label", default="112", help="whose incidents, by the label in `notify`; default: 112"
    )
    parser.add_argument("--all", action="store_true", help="all incidents, lamp faults and drone requests")
    arguments = parser.parse_args()
    label = None if arguments.all else arguments.label
    return run("cap", lambda messages: translate(messages, label))


if __name__ == "__main__":
    sys.exit(main())
