"""What one transaction of a writer says to the books. Pure.

Writers compete for the events, so each hears a part of a store. None of them keeps books: beside its events
it commits a word of what it heard, and the one keeper takes the words over. So no writer waits for another.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from city.books import Book, Changes, Ranges, Span

Key = tuple[str, str]  # source and store
MOST_RANGES = 200_000  # of one store; who makes more holes than that is no pole


@dataclass(slots=True)
class Heard:
    """`spans`: numbers that came or are explained; `new`: how many events were; `ended`: why nothing more of
    a store comes; `told`: how far a store goes, by its pole.
    """

    spans: dict[Key, Ranges] = field(default_factory=dict)
    new: dict[Key, int] = field(default_factory=dict)
    ended: dict[Key, str] = field(default_factory=dict)
    told: dict[Key, int] = field(default_factory=dict)

    def note(self, key: Key, span: Span, new: int = 0) -> None:
        self.spans.setdefault(key, Ranges()).add(*span)
        if new:
            self.new[key] = self.new.get(key, 0) + new

    def __bool__(self) -> bool:
        return bool(self.spans or self.ended or self.told)

    def dump(self) -> str:
        """As JSON, for the table `heard`."""
        document = {
            "spans": [[*key, ranges.spans, self.new.get(key, 0)] for key, ranges in self.spans.items()],
            "ended": [[*key, why] for key, why in self.ended.items()],
            "told": [[*key, last] for key, last in self.told.items()],
        }
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def load(text: str) -> Heard:
    """What `dump` wrote."""
    found, heard = json.loads(text), Heard()
    for source, store, spans, new in found["spans"]:
        heard.spans[source, store] = Ranges((first, last) for first, last in spans)
        heard.new[source, store] = new
    heard.ended = {(source, store): why for source, store, why in found["ended"]}
    heard.told = {(source, store): last for source, store, last in found["told"]}
    return heard


def take_over(books: dict[Key, Book], heard: Heard, changes: dict[Key, Changes]) -> None:
    """Into the books. What it changes in them is noted for the database."""
    for key, ranges in heard.spans.items():
        book, change = books.setdefault(key, Book()), changes.setdefault(key, Changes())
        for span in ranges.spans:
            if len(book.ranges) < MOST_RANGES:
                change.note(book.ranges.add(*span))
        if book.ended is not None:
            book.after += heard.new.get(key, 0)
    for key, why in heard.ended.items():
        books.setdefault(key, Book()).ended = why
        changes.setdefault(key, Changes())
    for key, last in heard.told.items():
        if last > books.setdefault(key, Book()).last:
            books[key].told = last
            changes.setdefault(key, Changes())
