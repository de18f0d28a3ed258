"""What is set aside, which version is spoken, what is asked for, how much is in flight, what the own status
means: the pure parts.
"""

from __future__ import annotations

import json
import logging
from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from pole_agent.uplink.filters import BULK_TRIES, CLOSED_AGAIN_S, REFUSED_AGAIN_S, Filters
from pole_agent.uplink.pace import MIN_WINDOW, Pace
from pole_agent.uplink.presence import CHECK_S, ECHO_S, MISSES, QUIET_S, SLOWEST_S, Heard, Presence
from pole_agent.uplink.quarantine import (
    EVENT_S,
    HUNG_S,
    MAX_EVENTS,
    MAX_TOPICS,
    REFUSALS,
    REFUSED_S,
    SUSPECT_AFTER,
    Quarantine,
)
from pole_agent.uplink.quiet import MAX_LINES, Quiet
from pole_agent.uplink.versions import AGAIN_S, SILENT_CLOSES, Versions

A, B = "p/events/a/x", "p/events/b/x"


def test_three_losses_make_a_suspect() -> None:
    """Three losses make a suspect one more alone sets it aside and the second its topic."""
    q = Quarantine()
    for _ in range(SUSPECT_AFTER):
        assert not q.suspects
        assert q.lost({1: A, 2: A, 3: B}, "gone", 0.0, tried=False, sure=False) == []
    assert q.suspects == {1: A, 2: A, 3: B}
    assert q.lost({1: A}, "gone", 0.0, tried=True, sure=False) == [A]
    assert (set(q.events), q.topics, q.suspects) == ({1}, {}, {2: A, 3: B})
    q.accepted(B, 3)
    q.lost({2: A}, "gone", 0.0, tried=True, sure=False)
    assert (q.events, list(q.topics), q.suspects) == ({}, [A], {})
    assert q.due(HUNG_S[0] - 1) == []
    assert q.due(HUNG_S[0]) == [A]
    assert q.accepted(A) is True
    assert q.empty


def test_line_that_breaks_now_and_then_suspects_nobody() -> None:
    """A line that breaks now and then suspects nobody."""
    q = Quarantine()
    for n in range(100):
        # Each time others are in flight: the ones before went through
        q.lost({n: A, n + 1: A}, "gone", float(n), tried=False, sure=False)
        assert not q.suspects
    assert len(q._strikes) == 2


def test_what_the_broker_refused_just() -> None:
    """What the broker refused just before it hung up is to blame not what was in flight."""
    q = Quarantine()
    for n in range(5):
        q.refused(A, n, "no", float(n))
        q.lost({7: B}, "gone", n + 0.5, tried=False, sure=False)
    assert (list(q.topics), q.suspects) == ([A], {})
    assert q.topics[A].hung


def test_after_refusals_in_a_row_the_topic_waits() -> None:
    """After refusals in a row the topic waits and the pause grows."""
    q = Quarantine()
    assert [q.refused(A, n, "no", 0.0) for n in range(REFUSALS)] == [True] + [False] * (REFUSALS - 1)
    for n in range(40):
        q.refused(A, 10 + n, "no", 0.1)  # those that were in flight with them
    pauses, now = [], 0.0
    for _ in range(10):
        pauses.append(q.next_at() - now)
        now = q.next_at()
        q.refused(A, 99, "no", now)
    assert pauses == [min(REFUSED_S[1], REFUSED_S[0] * 2**n) for n in range(10)]
    assert (q.events, A in q.why()) == ({}, True)


def test_one_refused_event_among_others_is_tried_again() -> None:
    """One refused event among others is tried again after ten minutes."""
    q = Quarantine()
    q.refused(A, 1, "too large", 0.0)
    q.accepted(A, 2)
    assert set(q.events) == {1}
    assert q.release(EVENT_S - 1) is False
    assert q.release(EVENT_S) is True
    assert q.empty


def test_when_one_topic_is_taken_again_other_refused() -> None:
    """When one topic is taken again the other refused ones are tried at once."""
    q = Quarantine()
    for n in range(REFUSALS):
        q.refused(A, n, "no", 0.0)
    q.refused(B, None, "no", 0.0)
    q.refused("p/hung", None, "gone", 0.0, hung=True)
    assert q.due(0.0) == []
    q.accepted(A)
    assert q.due(0.0) == [B]


topics, keys = st.sampled_from([A, B, "p/info", "p/health"]), st.integers(0, 5000)
moves = st.lists(
    st.one_of(
        st.tuples(st.just("refused"), topics, keys),
        st.tuples(st.just("accepted"), topics, keys),
        st.tuples(st.just("lost"), topics, st.lists(keys, min_size=1, max_size=40)),
        st.tuples(st.just("tried"), topics, keys),
        st.tuples(st.just("release"), topics, keys),
    ),
    max_size=200,
)


@given(moves, st.integers(0, 3))
def test_whatever_happens_it_stays_small(story: list[tuple[str, str, object]], seed: int) -> None:
    """Whatever happens it stays small and nothing waits for ever."""
    q, now = Quarantine(), 0.0
    for what, topic, value in story:
        now += 1.0
        if what == "refused":
            q.refused(topic, int(value), "no", now)  # type: ignore[call-overload]
        elif what == "accepted":
            q.accepted(topic, int(value))  # type: ignore[call-overload]
        elif what == "lost":
            q.lost(dict.fromkeys(value, topic), "gone", now, tried=False, sure=seed == 0)  # type: ignore[call-overload]
        elif what == "tried":
            q.lost({int(value): topic}, "gone", now, tried=True, sure=False)  # type: ignore[call-overload]
        else:
            q.release(now)
        assert len(q.events) <= MAX_EVENTS
        assert len(q.topics) <= MAX_TOPICS
        assert len(q.suspects) <= 40 + MAX_EVENTS
        assert not any(hold.topic in q.topics for hold in q.events.values()), "a topic waits as a whole"
        assert all(hold.until <= now + HUNG_S[1] for hold in (*q.topics.values(), *q.events.values()))
    now += 2 * HUNG_S[1]
    q.release(now)
    for topic in q.due(now):
        assert q.accepted(topic)
    assert not q.topics
    assert not q.events


def test_120000_refused_events_stay_small() -> None:
    """120000 refused events of 100 topics stay small."""
    q = Quarantine()
    for n in range(120_000):
        q.refused(f"p/events/t{n % 100}/x", n, "no", n / 1000)
    assert len(q.events) + len(q.topics) + len(q._runs) <= MAX_EVENTS + 3 * MAX_TOPICS
    assert len(q.why()) < 400


def test_five_closes_without_a_word_make_it_3_1_1() -> None:
    """Five closes without a word make it 3 1 1 for an hour."""
    v = Versions("auto")
    assert [v.closed(True, 0.0) for _ in range(SILENT_CLOSES)] == [False] * (SILENT_CLOSES - 1) + [True]
    assert (v.modern(1.0), v.modern(AGAIN_S), v.again_at()) == (False, True, AGAIN_S)
    assert [v.closed(False, 1.0) for _ in range(SILENT_CLOSES)][-1], "neither does it take 3.1.1: back to 5"
    assert v.modern(1.0)


def test_a_broken_link_a_broker_known_in_5() -> None:
    """A broken link a broker known in 5 and a fixed version never fall back."""
    v = Versions("auto")
    for _ in range(20):
        for _ in range(SILENT_CLOSES - 1):
            assert not v.closed(True, 0.0)
        v.broken()
    assert v.modern(0.0)
    v.answered(True)
    assert not any(v.closed(True, 0.0) for _ in range(50))
    five, old = Versions("5"), Versions("3.1.1")
    assert not any(five.closed(True, 0.0) or five.unsupported(0.0) for _ in range(50))
    assert (five.modern(0.0), old.modern(1e9), old.again_at()) == (True, False, float("inf"))


def test_what_broker_closes_at_is_set_aside() -> None:
    """What the broker closes at is set aside one by one the first are kept."""
    f = Filters(["lamp/set", "drone/stop", "c", "d"])
    for _ in range(BULK_TRIES):
        assert f.groups(0.0) == [["lamp/set", "drone/stop", "c", "d"]]
        f.closed(["lamp/set", "drone/stop", "c", "d"], 0.0)
    assert f.groups(0.0) == [["lamp/set"], ["drone/stop"], ["c"], ["d"]]
    f.closed(["c"], 0.0)
    f.closed(["d"], 0.0)
    assert f.groups(1.0) == [["lamp/set"], ["drone/stop"]]
    assert (list(f.missing), f.again(CLOSED_AGAIN_S)) == (["c", "d"], [["c"], ["d"]])
    f.refused("lamp/set", "quota", 0.0)
    assert f.again(REFUSED_AGAIN_S) == [["lamp/set"]]
    f.granted("c")
    assert "c" not in f.missing


def drive(pace: Pace, acks_per_s: float, base_s: float, acks: int) -> float:
    """So many acknowledgements on a line of this rate, each at least so long after its message; the longest
    one waited at the end.
    """
    flying, now, free_at, took = deque[float](), 0.0, 0.0, 0.0
    for _ in range(acks):
        while len(flying) < pace.window:
            flying.append(now)
        sent = flying.popleft()
        now = free_at = max(free_at + 1 / acks_per_s, sent + base_s)
        took = now - sent
        pace.acknowledged(took)
    return took


def test_the_window_follows_the_line() -> None:
    fast, far, slow, one = Pace(40), Pace(40), Pace(40), Pace(1)
    drive(fast, 1000.0, 0.05, 1000)
    assert fast.window == 40
    drive(far, 50.0, 3.0, 3000)
    assert far.window == 40, "a long way is no slow line"
    assert drive(slow, 1.0, 0.1, 60) <= 5.0, "one acknowledgement a second: a live alarm waits for few"
    assert slow.window < 10
    drive(slow, 1000.0, 0.05, 3000)
    assert slow.window == 40, "it opens again"
    drive(one, 0.1, 10.0, 100)
    assert one.window == 1
    assert MIN_WINDOW >= 1


ME, OTHER = "boot-1", "boot-0"


def word(state: str, boot: str = ME, birth: int = 3, reason: str = "") -> bytes:
    return json.dumps({"state": state, "boot_id": boot, "birth": birth, "reason": reason}).encode()


def present() -> Presence:
    p = Presence(ME)
    p.begin(3)
    assert p.heard(word("offline", OTHER, 2, "lost"), 0.0) is Heard.NOTHING, "kept since the last boot"
    p.said(0.0, echo=True)
    assert p.heard(word("online"), 1.0) is Heard.OURS
    return p


def test_a_late_will_or_a_cleared_status_is_repaired() -> None:
    for untrue in (word("offline", reason="lost"), b"", b"junk", word("offline", OTHER, 2, "lost")):
        p = present()
        assert p.heard(untrue, 10.0) is Heard.WRONG
        assert p.look(10.0) is True
        p.said(10.0, echo=True)
        assert p.heard(word("online"), 10.1) is Heard.OURS
        assert p.look(11.0) is False


def test_who_fights_for_the_status_is_answered_rarely() -> None:
    """Who fights for the status is answered ever more rarely."""
    p, repairs, now = present(), 0, 0.0
    while now < 3600:
        now += 0.1
        p.heard(word("offline", reason="lost"), now)
        if p.look(now):
            repairs += 1
            p.said(now, echo=True)
            p.heard(word("online"), now)
    assert repairs <= 70
    quiet = now + QUIET_S * 2
    p.heard(word("offline", reason="lost"), quiet)
    assert p.look(quiet), "after a quiet time at once"


def test_twin_is_known_by_its_words_second_will_too() -> None:
    """A twin is known by its words a second will too."""
    assert present().heard(word("online", OTHER, 1), 2.0) is Heard.TWIN
    assert present().heard(word("offline", OTHER, 1, "stopped"), 2.0) is Heard.TWIN
    p = present()
    assert p.heard(word("offline", OTHER, 1, "lost"), 2.0) is Heard.WRONG
    assert p.heard(word("offline", OTHER, 2, "lost"), 3.0) is Heard.TWIN


def test_an_echo_that_does_not_come_is_told() -> None:
    """An echo that does not come is told and asked for ever more rarely."""
    p, said, now = Presence(ME), 0, 0.0
    p.begin(1)
    p.said(now, echo=True)
    while now < 3600:
        now += 1.0
        if p.look(now):
            said += 1
            p.said(now, echo=True)
    assert p.unheard
    assert said <= 3600 / SLOWEST_S + 8
    assert MISSES * ECHO_S < 60, "within a minute"
    assert p.heard(word("online"), now) is Heard.OURS
    assert not p.unheard
    assert p.next_at() == now + CHECK_S


def test_the_log_is_bounded() -> None:
    quiet, let = Quiet(), 0
    for n in range(100_000):
        record = logging.LogRecord("x", logging.INFO, "", 0, f"kind {n % 50} %s", ("a",), None)
        record.created = n * 0.01
        let += quiet.filter(record)
    assert let <= (1000 / 60 + 1) * MAX_LINES
