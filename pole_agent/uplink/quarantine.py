"""What the broker does not take is set aside: kept, tried again now and then, and in the way of nobody. Pure.
Times are monotonic seconds.

A broker says no in two ways. It refuses a message with a reason code; or it hangs up, or never acknowledges,
and what was in flight then may be the cause. Whatever was in flight at three losses one after the other is
*suspected*, and tried alone. When the connection is lost again, it is set aside. Once several messages of a
topic were set aside, it is the topic: all of it waits, and only one message of it is tried, at pauses that
grow. A message that is taken opens its topic again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

# Losses in a row with the message in flight: a line that breaks now and then suspects nobody
SUSPECT_AFTER = 3
REFUSALS, HANGUPS = 5, 2  # in a row on one topic: then it is the topic, not the message
# Set aside one by one; beyond that, whole topics. Keeps memory and work flat
MAX_EVENTS, MAX_TOPICS = 500, 64
REFUSED_S = (5.0, 600.0)  # the first pause of a topic, and the longest: each is twice the one before
HUNG_S = (60.0, 3600.0)  # an attempt costs the connection
AFTERMATH_S = 1.0  # a connection that ends so soon after a refusal ended because of it
EVENT_S = 600.0  # a single event is tried again after that
MAX_TOLD = 5

Key = int | str  # the number of an event, or the key of a notice


@dataclass(slots=True)
class Hold:
    """Why something waits, and until when. `tries`: how often it was tried in vain."""

    topic: str
    reason: str
    hung: bool
    until: float
    pause: float
    tries: int = 1


class Quarantine:
    """What waits: events one by one (by number), and whole topics (of events and of notices)."""

    def __init__(self) -> None:
        self.events: dict[int, Hold] = {}
        self.topics: dict[str, Hold] = {}
        self.suspects: dict[Key, str] = {}  # key -> topic: to be tried alone
        self._strikes: dict[Key, int] = {}
        self._last: tuple[str, int | None, float] | None = None  # what was refused last, and when
        self._runs: dict[str, int] = {}  # topic -> messages in a row that were not taken
        self.empty = True  # asked for each message that is acknowledged

    def accepted(self, topic: str, key: Key | None = None) -> bool:
        """The broker took a message. True: its topic is open again."""
        self._runs.pop(topic, None)
        if key is not None:
            self._forget(key)
        opened = self.topics.pop(topic, None) is not None
        if opened:
            self.hurry()  # somebody mended the rights
        self._settle()
        return opened

    def hurry(self) -> None:
        """Things may be otherwise now: one message of each topic that was refused is to be tried soon."""
        for hold in self.topics.values():
            if not hold.hung:
                hold.until = float("-inf")

    def refused(self, topic: str, seq: int | None, reason: str, now: float, *, hung: bool = False) -> bool:
        """The broker did not take a message: an event, or a notice (None), whose topic waits at once.

        True: that is news.
        """
        news = topic not in self._runs and topic not in self.topics
        self._last = None if hung else (topic, seq, now)
        run = self._runs[topic] = self._runs.get(topic, 0) + 1
        if (
            seq is None
            or topic in self.topics
            or run >= (HANGUPS if hung else REFUSALS)
            or len(self.events) >= MAX_EVENTS
        ):
            self._hold_topic(topic, reason, now, hung)
        else:
            self._forget(seq)
            self.events[seq] = Hold(topic, reason, hung, now + EVENT_S, EVENT_S)
        self._settle()
        return news

    def lost(
        self, in_flight: Mapping[Key, str], reason: str, now: float, *, tried: bool, sure: bool
    ) -> list[str]:
        """The connection is gone, with these in flight (key -> topic, the first that left first). Returns the
        topics that are news.

        `tried`: one of them was tried alone, the first. `sure`: nothing was wrong with the line, the broker
        just acknowledged nothing.
        """
        if tried or (
            len(in_flight) == 1 and self._strikes.get(next(iter(in_flight)), 0) >= SUSPECT_AFTER - 1
        ):
            key, topic = next(iter(in_flight.items()))
            self._forget(key)
            return (
                [topic]
                if self.refused(topic, key if isinstance(key, int) else None, reason, now, hung=True)
                else []
            )
        if self._last is not None and now - self._last[2] <= AFTERMATH_S:
            topic, seq, _ = self._last  # some brokers say no first, and hang up then
            self.refused(topic, seq, reason, now, hung=True)
            return []
        self._strikes = {key: SUSPECT_AFTER if sure else self._strikes.get(key, 0) + 1 for key in in_flight}
        self.suspects |= {
            key: topic
            for key, topic in in_flight.items()
            if self._strikes[key] >= SUSPECT_AFTER and topic not in self.topics
        }
        self._settle()
        return []

    def due(self, now: float) -> list[str]:
        """Topics of which one message is to be tried now."""
        return [topic for topic, hold in self.topics.items() if hold.until <= now]

    def release(self, now: float) -> bool:
        """Events that waited long enough: refused ones go as usual, the others are to be tried alone.

        True: some go as usual.
        """
        ready = {seq: hold for seq, hold in self.events.items() if hold.until <= now}
        for seq, hold in ready.items():
            del self.events[seq]
            if hold.hung:
                self.suspects[seq] = hold.topic
        self._settle()
        return not all(hold.hung for hold in ready.values())

    def pass_over(self, key: Key) -> None:
        """A suspect that is not there any more."""
        self._forget(key)
        self._settle()

    def next_at(self) -> float:
        """When something is to be tried; infinite while nothing waits."""
        return min(
            (hold.until for hold in (*self.topics.values(), *self.events.values())), default=float("inf")
        )

    def start_over(self) -> None:
        """Another store: its numbers mean other events."""
        self.events.clear()
        self._strikes.clear()
        self.suspects = {key: topic for key, topic in self.suspects.items() if isinstance(key, str)}
        self._settle()

    def why(self, base: str = "", wanted: Callable[[str], bool] = lambda topic: True) -> str:
        """What waits and why, in one line; "" when nothing does.

        `wanted`: which topics are meant; they are told without `base`.
        """
        waits = {
            hold.topic: hold.reason
            for hold in (*self.events.values(), *self.topics.values())
            if wanted(hold.topic)
        }
        by_reason: dict[str, list[str]] = {}
        for topic, reason in sorted(waits.items()):
            by_reason.setdefault(reason, []).append(topic.removeprefix(f"{base}/"))
        return "; ".join(f"{_some(topics)}: {reason}" for reason, topics in by_reason.items())

    def _hold_topic(self, topic: str, reason: str, now: float, hung: bool) -> None:
        if topic not in self.topics and len(self.topics) >= MAX_TOPICS:
            del self.topics[min(self.topics, key=lambda t: self.topics[t].until)]
        before = self.topics.get(topic)
        # Else it was in flight already: no attempt
        if before is None or now >= before.until or (hung and not before.hung):
            self.topics[topic] = _longer(before, topic, reason, now, hung)
        # From here on the topic waits as a whole.
        for seq in [seq for seq, hold in self.events.items() if hold.topic == topic]:
            del self.events[seq]
        self.suspects = {key: of for key, of in self.suspects.items() if of != topic}

    def _forget(self, key: Key) -> None:
        self._strikes.pop(key, None)
        self.suspects.pop(key, None)
        if isinstance(key, int):
            self.events.pop(key, None)

    def _settle(self) -> None:
        while len(self._runs) > MAX_TOPICS:
            del self._runs[next(iter(self._runs))]
        self.empty = not (self.events or self.topics or self.suspects or self._runs or self._strikes)


def _longer(before: Hold | None, topic: str, reason: str, now: float, hung: bool) -> Hold:
    first, longest = HUNG_S if hung else REFUSED_S
    pause = first if before is None else min(longest, max(first, before.pause * 2))
    return Hold(topic, reason, hung, now + pause, pause, 1 if before is None else before.tries + 1)


def _some(topics: list[str]) -> str:
    """In one word: what stands before a colon is left as it is in every language."""
    return ",".join(topics[:MAX_TOLD]) + (f",+{len(topics) - MAX_TOLD}" if len(topics) > MAX_TOLD else "")
