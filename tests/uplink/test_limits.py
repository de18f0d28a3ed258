"""The pure parts of the uplink, with a value on each side of each of their limits."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from pole_agent.uplink.backoff import Backoff
from pole_agent.uplink.filters import Filters
from pole_agent.uplink.outgoing import Outgoing
from pole_agent.uplink.own_words import ABSURD, BEHIND, STRANGER, Finding, Known, judge, last_words_of
from pole_agent.uplink.pace import Pace
from pole_agent.uplink.presence import Heard, Presence
from pole_agent.uplink.quarantine import Quarantine
from pole_agent.uplink.quiet import Quiet
from pole_agent.uplink.versions import Versions

A, B, C = "p/events/a/x", "p/events/b/x", "p/info"
FOR_EVER = float("inf")


# --- backoff


def test_each_wait_may_be_twice_the_one_before() -> None:
    """At the worst draw the waits are 1, 2, 4 … and 50 s for ever."""
    backoff = Backoff(lambda: 1.0)
    assert [backoff.next() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 50, 50]
    assert {backoff.next() for _ in range(2000)} == {50}


def test_a_wait_is_drawn_from_nothing_to_its_ceiling() -> None:
    """Half a draw is half the ceiling, and none is a tenth of a second: nobody hammers a broker."""
    half, none = Backoff(lambda: 0.5), Backoff(lambda: 0.0)
    assert [half.next() for _ in range(3)] == [0.5, 1, 2]
    assert [none.next() for _ in range(9)] == [0.1] * 9


def test_all_waits_but_the_first_have_a_least() -> None:
    """Of the ceiling, which grows as it is told."""
    none = Backoff(lambda: 0.0, 10.0, 50.0, 3.0, 0.4)
    assert [none.next() for _ in range(4)] == pytest.approx([0.1, 12.0, 20.0, 20.0])
    none.reset()
    assert none.next() == 0.1


@pytest.mark.parametrize(("first_s", "then"), [(8.0, 8.0), (9.0, 9.0), (4.0, 8.0), (3.9, 7.8)])
def test_ease_goes_no_lower_than_the_first(first_s: float, then: float) -> None:
    backoff = Backoff(lambda: 1.0, first_s)
    for _ in range(9):
        backoff.next()
    backoff.ease()
    assert backoff.next() == then


@pytest.mark.parametrize(("tries", "then"), [(0, 1), (1, 2), (2, 4), (3, 8), (4, 8), (9, 8)])
def test_what_was_worth_something_eases(tries: int, then: float) -> None:
    """After a connection that achieved something the ceiling is 8 s at most, and not less than it was on its
    way to.
    """
    backoff = Backoff(lambda: 1.0)
    for _ in range(tries):
        backoff.next()
    backoff.ease()
    assert backoff.next() == then
    backoff.reset()
    assert backoff.next() == 1


# --- which topics to ask for


def test_one_broken_line_is_no_reason_to_ask() -> None:
    """One broken line is no reason to ask one by one. The second close at the SUBSCRIBE with all is."""
    f = Filters(["a", "b", "c"])
    f.closed(["a", "b", "c"], 0.0)
    assert f.groups(0.0) == [["a", "b", "c"]]
    f.closed(["a", "b", "c"], 0.0)
    assert f.groups(0.0) == [["a"], ["b"], ["c"]]
    assert (dict(f.missing), f.next_at()) == ({}, FOR_EVER)


def test_the_next_look_is_at_the_first_that_is_due() -> None:
    """Of two that are missing, and two are many: a SUBSCRIBE with both is one with all."""
    f = Filters(["a", "b"])
    f.closed(["a"], 0.0)
    f.refused("b", "no", 0.0)
    assert f.next_at() == 600.0
    assert f.again(FOR_EVER) == [["a"], ["b"]]
    f = Filters(["a", "b"])
    f.closed(["a", "b"], 0.0)
    assert (f.groups(0.0), f.missing) == ([["a", "b"]], {})


def test_a_refusal_as_a_whole_asks_one_by_one() -> None:
    """Asked once for each topic from then on."""
    f = Filters(["a", "b"])
    f.split()
    assert f.groups(0.0) == [["a"], ["b"]]


@pytest.mark.parametrize(("how", "again_s"), [("refused", 600.0), ("closed", 3600.0)])
def test_a_missing_topic_is_asked_for_again(how: str, again_s: float) -> None:
    """After ten minutes when it was refused, after an hour when it cost the connection; until then the others
    are asked for one by one.
    """
    f = Filters(["a", "b"])
    if how == "refused":
        f.refused("b", "not authorized", 5.0)
        assert f.missing == {"b": "not authorized"}
    else:
        f.closed(["b"], 5.0)
        assert f.missing == {"b": "the broker closed the connection at this SUBSCRIBE, or did not answer"}
    at = 5.0 + again_s
    assert f.next_at() == at
    assert (f.again(at - 0.1), f.groups(at - 0.1)) == ([], [["a"]])
    assert (f.again(at), f.groups(at)) == ([["b"]], [["a", "b"]])
    f.granted("b")
    assert (dict(f.missing), f.again(FOR_EVER), f.next_at()) == ({}, [], FOR_EVER)


def test_nothing_is_asked_for_while_all_is_missing() -> None:
    """No empty SUBSCRIBE: that is a protocol error."""
    f = Filters(["a"])
    f.refused("a", "no", 0.0)
    assert f.groups(0.0) == []
    assert f.groups(600.0) == [["a"]]


MANY = [["_all/x", "_all/y"], ["_group/g/x", "_group/g/y"], ["_group/h/x", "_group/h/y"]]
G, H = MANY[1:]


def test_addresses_of_many_are_asked_for_apart() -> None:
    """After the own topics, which no broker with an older list of rights shall hold against us."""
    f = Filters(["a", "b"], MANY)
    assert f.groups(0.0) == [["a", "b"], *MANY]
    f.split()
    assert f.groups(0.0) == [["a"], ["b"], *([path] for group in MANY for path in group)]


def test_a_close_at_many_costs_two_connections() -> None:
    """Then all of them are set aside for an hour, and the own topics are asked for as ever."""
    f = Filters(["a", "b"], MANY)
    f.closed(MANY[0], 5.0)
    assert (f.groups(5.0), f.missing) == ([["a", "b"], *MANY], {})
    f.closed(MANY[0], 5.0)
    assert f.missing.keys() == {path for group in MANY for path in group}
    assert (f.groups(3604.9), f.again(3604.9), f.anew()) == ([["a", "b"]], [], [["a"], ["b"]])
    assert f.again(3605.0) == [*MANY[1:], MANY[0]]


def test_a_closed_group_takes_no_granted_one_along() -> None:
    """An hour later it is asked for behind the others, and once it is granted it has its place again."""
    f = Filters(["a"], MANY)
    for path in MANY[0]:
        f.granted(path)
    f.closed(G, 0.0)
    f.closed(G, 0.0)
    assert f.missing.keys() == {*G, *H}
    assert f.groups(0.0) == [["a"], MANY[0]]
    assert f.again(3600.0) == [H, G]
    for path in (*H, *G):
        f.granted(path)
    assert (f.groups(0.0), f.missing, f.next_at()) == ([["a"], *MANY], {}, FOR_EVER)
    f.closed(G, 0.0)
    assert f.missing == {}, "the first since it was granted"


def test_many_that_are_refused_are_asked_again() -> None:
    """Without a word to the own topics; what is granted of an address is heard."""
    f = Filters(["a"], MANY[:1])
    f.granted("_all/x")
    f.refused("_all/y", "not authorized", 0.0)
    assert (f.groups(0.0), f.again(600.0)) == ([["a"], ["_all/x"]], [["_all/y"]])
    assert (f.is_of_many(["_all/y"]), f.is_of_many(["a"])) == (True, False)


# --- the window


def test_the_window_opens_by_one_for_each_answer() -> None:
    """From 10 to 40 in thirty acknowledgements, and no further."""
    pace = Pace(40)
    windows = []
    for _ in range(32):
        windows.append(pace.window)
        pace.acknowledged(0.1)
    assert windows == [*range(10, 41), 40]


@pytest.mark.parametrize(("most", "first"), [(1, 1), (2, 2), (10, 10), (11, 10), (40, 10)])
def test_the_window_starts_within_the_receive_maximum(most: int, first: int) -> None:
    """Ten in flight, less where the broker bears less, and never more than it bears."""
    pace = Pace(most)
    assert pace.window == first
    for _ in range(100):
        pace.acknowledged(0.1)
    assert pace.window == most
    for _ in range(1000):
        pace.acknowledged(60.0)
    assert pace.window == min(2, most)


@pytest.mark.parametrize(
    ("least_s", "took_s", "late"),
    [(0.1, 2.0, False), (0.1, 2.01, True), (3.0, 6.0, False), (3.0, 6.01, True)],
)
def test_late_is_beyond_two_seconds_and_twice_least(least_s: float, took_s: float, late: bool) -> None:
    """Late is beyond two seconds and twice the least.

    A queue shows by an acknowledgement that takes longer than both; a full window of them halves it.
    """
    pace = Pace(12)
    pace.acknowledged(least_s)
    pace.acknowledged(least_s)
    assert pace.window == 12
    for _ in range(11):
        pace.acknowledged(took_s)
    assert pace.window == 12
    pace.acknowledged(took_s)
    assert pace.window == (6 if late else 12)


def test_after_first_late_one_it_grows_by_full_windows() -> None:
    """After the first late one it grows by full windows.

    Five good answers at a window of five make it six; ten late ones at the start make five of ten, nine do
    not.
    """
    pace = Pace(40)
    pace.acknowledged(3.0)
    assert pace.window == 11, "the first is the measure"
    for _ in range(10):
        pace.acknowledged(7.0)
    assert pace.window == 11
    pace.acknowledged(7.0)
    assert pace.window == 5
    for window in (5, 6, 7):
        for _ in range(window):
            assert pace.window == window
            pace.acknowledged(3.0)
    assert pace.window == 8


# --- the own status, heard back

ME, OTHER = "boot-1", "boot-0"


def word(state: str = "online", boot: Any = ME, birth: Any = 3, reason: str = "") -> bytes:
    return json.dumps({"state": state, "boot_id": boot, "birth": birth, "reason": reason}).encode()


def present() -> Presence:
    p = Presence(ME)
    p.begin(3)
    p.said(0.0, echo=True)
    assert p.heard(word(), 1.0) is Heard.OURS
    return p


def test_word_that_does_not_come_back_is_missed_twice() -> None:
    """A word that does not come back is missed twice.

    After 20 s it is said again, after 40 it is told; then ever more rarely, every ten minutes at last.
    """
    p = Presence(ME)
    assert (p.next_at(), p.unheard, p.look(1e9)) == (FOR_EVER, False, False), "before the first connection"
    p.begin(1)
    assert p.next_at() == FOR_EVER
    assert not p.look(1e9)
    now, pauses, told = 0.0, [], []
    for _ in range(9):
        p.said(now, echo=True)
        pauses.append(p.next_at() - now)
        assert not p.look(now + pauses[-1] - 0.1)
        now += pauses[-1]
        assert p.look(now)
        assert not p.look(now), "once"
        told.append(p.unheard)
    assert pauses == [20, 20, 40, 80, 160, 320, 600, 600, 600]
    assert told == [False] + [True] * 8
    assert p.heard(word(), now) is Heard.OURS
    assert (p.misses, p.unheard, p.next_at()) == (0, False, now + 1800)
    assert p.look(now + 1800), "a word is said again, to hear whether it still comes back"
    assert p.misses == 0


def test_without_the_promise_of_an_echo_none_is_missed() -> None:
    """A broker that does not let us listen to our status is asked every half hour, and nothing counts as
    missed.
    """
    p = Presence(ME)
    p.begin(1)
    p.said(5.0, echo=False)
    assert p.next_at() == 1805
    assert p.look(1805.0)
    assert p.misses == 0


def test_later_word_does_not_take_miss_of_earlier_one() -> None:
    """A later word does not take the miss of an earlier one.

    What we say while a word is out is not what we wait for.
    """
    p = Presence(ME)
    p.begin(1)
    p.said(0.0, echo=True)
    p.say_again(2, 3.0)
    assert p.next_at() == 3.0
    assert not p.look(2.9)
    assert p.look(3.0)
    p.said(3.0, echo=True)
    assert p.next_at() == 23.0
    assert p.look(23.0)
    assert p.misses == 1


def test_echo_of_older_word_does_not_make_it_right() -> None:
    """The echo of an older word does not make it right.

    What has changed since is still to be said; once it was, the echo ends it.
    """
    p = present()
    p.say_again(9, 5.0)
    assert p.heard(word(), 6.0) is Heard.OURS
    assert p.look(6.0)
    p.said(6.0, echo=True)
    p.heard(b"", 7.0)
    p.heard(word(), 7.0)
    assert not p.look(8.0)
    p.say_again(10, 8.0)
    p.begin(11)
    assert not p.look(9.0), "another connection says it anyway"


def test_a_new_connection_starts_without_a_miss() -> None:
    """A new connection starts without a miss but knows a twin.

    Misses are of a connection; that we were heard once is of this life.
    """
    p = present()
    p.said(10.0, echo=True)
    assert p.look(30.0)
    assert p.misses == 1
    p.begin(4)
    assert (p.misses, p.next_at(), p.heard_ourselves) == (0, FOR_EVER, True)
    assert p.heard(word("offline"), 31.0) is Heard.NOTHING, (
        "what the broker has kept comes before our first word"
    )
    assert p.heard(word(boot=OTHER), 32.0) is Heard.TWIN


@pytest.mark.parametrize(
    ("payload", "fresh", "known"),
    [
        (word(), Heard.OURS, Heard.OURS),
        (word("offline"), Heard.NOTHING, Heard.WRONG),
        (word("away"), Heard.NOTHING, Heard.WRONG),
        (b"", Heard.NOTHING, Heard.WRONG),
        (b"junk", Heard.NOTHING, Heard.WRONG),
        (b"[1]", Heard.NOTHING, Heard.WRONG),
        (b"[" * 100_000, Heard.NOTHING, Heard.WRONG),
        (word(boot=OTHER), Heard.NOTHING, Heard.TWIN),
        (word("offline", OTHER, 2, "stopped"), Heard.NOTHING, Heard.TWIN),
        (word("offline", OTHER, 3, "lost"), Heard.NOTHING, Heard.WRONG),
        (word("offline", OTHER, 4, "lost"), Heard.NOTHING, Heard.TWIN),
        (word("offline", OTHER, None, "lost"), Heard.NOTHING, Heard.TWIN),
        (word("online", OTHER, 2, "lost"), Heard.NOTHING, Heard.TWIN),
    ],
)
def test_what_a_status_means(payload: bytes, fresh: Heard, known: Heard) -> None:
    """Before our own word came back it says nothing; then a wrong one is repaired, and another's
    is a twin's.
    """
    p = Presence(ME)
    p.begin(3)
    assert p.heard(payload, 1.0) is fresh
    assert present().heard(payload, 2.0) is known


def test_the_second_late_will_of_one_boot_is_a_twins() -> None:
    """One connection leaves one will."""
    p = present()
    assert p.heard(word("offline", "x", 1, "lost"), 2.0) is Heard.WRONG
    assert p.heard(word("offline", "y", 1, "lost"), 3.0) is Heard.WRONG
    assert p.heard(word("offline", "x", 2, "lost"), 4.0) is Heard.TWIN


def test_repairs_come_ever_more_rarely() -> None:
    """2, 4, … 60 s apart while somebody fights; at once after more than ten quiet minutes, and a second fault
    moves no repair.
    """
    p, at = present(), [100.0]
    assert p.heard(b"", 100.0) is Heard.WRONG
    assert p.look(100.0)
    for _ in range(8):
        assert p.heard(b"", at[-1]) is Heard.WRONG
        due = p.next_at()
        p.heard(b"", due - 0.1)
        assert p.next_at() == due
        assert not p.look(due - 0.1)
        assert p.look(due)
        at.append(due)
    assert [b - a for a, b in itertools.pairwise(at)] == [2, 4, 8, 16, 32, 60, 60, 60]
    last = at[-1]
    p.heard(b"", last + 600)
    assert p.look(last + 600)
    p.heard(b"", last + 601)
    assert p.next_at() == last + 660, "not quiet for long enough: still a minute"
    assert p.look(last + 660)
    quiet = last + 660 + 600.1
    p.heard(b"", quiet)
    assert p.look(quiet)
    p.heard(b"", quiet)
    assert p.next_at() == quiet + 2


def test_our_own_word_ends_a_repair() -> None:
    """What is right again is not said again."""
    p = present()
    p.heard(b"", 10.0)
    p.heard(word(), 10.0)
    assert p.next_at() == 1810
    p.heard(b"", 11.0)
    p.said(11.0, echo=True)
    assert p.next_at() == 31.0


# --- what waits


def refuse(q: Quarantine, topic: str, count: int, now: float = 0.0, *, hung: bool = False) -> list[bool]:
    return [q.refused(topic, n, "no", now, hung=hung) for n in range(1, count + 1)]


@pytest.mark.parametrize(("hung", "most"), [(False, 4), (True, 1)])
def test_one_more_of_a_topic_makes_it_the_topic(hung: bool, most: int) -> None:
    """Four refused events wait by themselves, the fifth makes all of their topic wait; of hang-ups it is the
    second.
    """
    q = Quarantine()
    assert refuse(q, A, most, hung=hung) == [True] + [False] * (most - 1), "the first is news"
    assert (len(q.events), dict(q.topics)) == (most, {})
    assert {h.until for h in q.events.values()} == {600.0}
    q.refused(A, 99, "no", 1.0, hung=hung)
    assert (q.events, list(q.topics)) == ({}, [A])
    hold = q.topics[A]
    assert (hold.until, hold.pause, hold.tries, hold.hung) == (
        (61.0, 60.0, 1, True) if hung else (6.0, 5.0, 1, False)
    )


def test_a_taken_one_breaks_the_run() -> None:
    """Refusals count in a row."""
    q = Quarantine()
    for n in range(0, 40, 4):
        for m in range(4):
            q.refused(A, n + m, "no", 0.0)
        assert not q.accepted(A, n), "it was open"
        assert n not in q.events
    assert not q.topics
    assert len(q.events) == 30


def test_a_notice_waits_at_once() -> None:
    """A state has no number: its topic waits at the first no."""
    q = Quarantine()
    assert q.refused(C, None, "no", 0.0)
    assert list(q.topics) == [C]
    assert not q.refused(C, None, "no", 99.0), "no news any more"


@pytest.mark.parametrize(
    ("hung", "pauses"),
    [
        (False, [5, 10, 20, 40, 80, 160, 320, 600, 600]),
        (True, [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]),
    ],
)
def test_pause_of_topic_doubles_up_to_its_longest(hung: bool, pauses: list[float]) -> None:
    """The pause of a topic doubles up to its longest.

    An attempt that costs the connection is made every hour at last, the others every ten minutes.
    """
    q, now, seen = Quarantine(), 0.0, []
    for tries in range(1, 10):
        q.refused(C, None, "no", now, hung=hung)
        hold = q.topics[C]
        assert (hold.tries, hold.pause) == (tries, hold.until - now)
        seen.append(hold.pause)
        assert q.due(hold.until - 0.1) == []
        assert q.due(hold.until) == [C]
        assert q.next_at() == hold.until
        now = hold.until
    assert seen == pauses


def test_a_late_no_is_no_attempt_but_a_hang_up_is() -> None:
    """What was in flight before the topic waited changes nothing; that it hangs up at the topic is learned at
    once.
    """
    q = Quarantine()
    q.refused(C, None, "no", 0.0)
    q.refused(C, None, "no", 4.9)
    assert (q.topics[C].until, q.topics[C].tries) == (5.0, 1)
    q.refused(C, None, "gone", 4.9, hung=True)
    assert (q.topics[C].until, q.topics[C].tries, q.topics[C].hung, q.topics[C].reason) == (
        64.9,
        2,
        True,
        "gone",
    )
    q.refused(C, None, "gone", 5.0, hung=True)
    assert q.topics[C].until == 64.9
    q.refused(C, None, "no", 64.9)
    assert (q.topics[C].pause, q.topics[C].hung) == (120.0, False), (
        "a no after a hang-up: the pause is not shorter for that"
    )


@pytest.mark.parametrize(("losses", "suspected"), [(1, False), (2, False), (3, True)])
def test_the_third_loss_in_a_row_makes_suspects(losses: int, suspected: bool) -> None:
    """A line that broke twice suspects nobody."""
    q = Quarantine()
    for _ in range(losses):
        assert q.lost({1: A, "k": C}, "gone", 0.0, tried=False, sure=False) == []
    assert q.suspects == ({1: A, "k": C} if suspected else {})
    assert not q.empty


def test_what_was_not_in_flight_again_is_forgotten() -> None:
    """In a row: who went through meanwhile is no suspect."""
    q = Quarantine()
    q.lost({1: A, 2: A}, "gone", 0.0, tried=False, sure=False)
    q.lost({2: A, 3: A}, "gone", 10.0, tried=False, sure=False)
    q.lost({1: A, 3: A}, "gone", 20.0, tried=False, sure=False)
    assert q.suspects == {}
    q.lost({1: A, 3: A}, "gone", 30.0, tried=False, sure=False)
    assert q.suspects == {3: A}


def test_sure_alone_and_lost_twice_is_set_aside() -> None:
    """Whoever was sure alone twice and lost is set aside.

    One in flight alone at the third loss needs no trial; at the second it does.
    """
    q = Quarantine()
    assert q.lost({1: A}, "gone", 0.0, tried=False, sure=False) == []
    assert q.lost({1: A}, "gone", 5.0, tried=False, sure=False) == []
    assert (q.events, q.suspects) == ({}, {})
    assert q.lost({1: A}, "gone", 10.0, tried=False, sure=False) == [A]
    assert (set(q.events), q.events[1].until, q.events[1].hung, q.suspects) == ({1}, 610.0, True, {})


def test_a_line_that_was_well_suspects_at_once() -> None:
    """Nothing was acknowledged though the broker answered: the first loss is enough, and the trial sets it
    aside.
    """
    q = Quarantine()
    q.lost({1: A, 2: B}, "silent", 0.0, tried=False, sure=True)
    assert q.suspects == {1: A, 2: B}
    assert q.lost({1: A, 2: B}, "silent", 50.0, tried=True, sure=True) == [A]
    assert (set(q.events), q.suspects) == ({1}, {2: B})


def test_a_tried_notice_takes_its_topic_along() -> None:
    """It has no number to set aside."""
    q = Quarantine()
    assert q.lost({"k": C}, "gone", 0.0, tried=True, sure=False) == [C]
    assert (list(q.topics), q.topics[C].hung, q.topics[C].until) == ([C], True, 60.0)
    assert q.lost({"k": C}, "gone", 60.0, tried=True, sure=False) == []


@pytest.mark.parametrize(("after_s", "blamed"), [(1.0, True), (1.01, False)])
def test_who_hangs_up_within_a_second_of_a_no(after_s: float, blamed: bool) -> None:
    """It hung up because of what it refused; later it did not."""
    q = Quarantine()
    q.refused(A, 1, "no", 10.0)
    assert q.lost({7: B}, "gone", 10.0 + after_s, tried=False, sure=True) == []
    assert (q.topics.get(A) is not None, q.suspects) == ((True, {}) if blamed else (False, {7: B}))
    if blamed:
        assert q.topics[A].reason == "gone"


def test_a_suspect_that_is_refused_waits() -> None:
    """A suspect that is refused waits and is no suspect. It stands in one place only."""
    q = Quarantine()
    q.lost({1: A, 2: A}, "gone", 0.0, tried=False, sure=True)
    q.refused(A, 1, "no", 99.0)
    assert (set(q.events), q.suspects) == ({1}, {2: A})


def test_a_topic_that_waits_has_no_suspects() -> None:
    """They wait with it."""
    q = Quarantine()
    q.lost({1: A, 20: B}, "gone", 0.0, tried=False, sure=True)
    refuse(q, A, 5)
    assert q.suspects == {20: B}
    q.lost({3: A, 4: B}, "gone", 99.0, tried=False, sure=True)
    assert q.suspects == {20: B, 4: B}


@pytest.mark.parametrize(("hung", "usual"), [(False, True), (True, False)])
def test_an_event_waits_ten_minutes(hung: bool, usual: bool) -> None:
    """Then a refused one goes as usual, and one that cost the connection is tried alone."""
    q = Quarantine()
    q.refused(A, 1, "no", 5.0, hung=hung)
    assert q.next_at() == 605.0
    assert not q.release(604.9)
    assert set(q.events) == {1}
    assert q.release(605.0) is usual
    assert (q.events, q.suspects) == ({}, {1: A} if hung else {})
    assert not q.release(9e9), "nothing more"


def test_one_of_each_kind_is_released_as_usual() -> None:
    """Some of them go: the reader has to look again."""
    q = Quarantine()
    q.refused(A, 1, "no", 0.0)
    q.refused(B, 2, "gone", 0.0, hung=True)
    assert q.release(600.0)


def test_a_taken_message_opens_its_topic() -> None:
    """A taken message opens its topic and hurries the refused.

    Somebody mended the rights; what costs the connection is not hurried.
    """
    q = Quarantine()
    q.refused(A, None, "no", 0.0)
    q.refused(B, None, "no", 0.0)
    q.refused(C, None, "gone", 0.0, hung=True)
    assert not q.accepted("p/other")
    assert q.due(1.0) == []
    assert q.accepted(A)
    assert q.due(1.0) == [B]
    assert not q.accepted(A), "it is open"
    assert q.refused(A, 1, "no", 2.0), "and news again"


def test_at_most_500_events_and_64_topics_wait() -> None:
    """The 501st makes its topic wait; the 65th topic takes the place of the one that is due first."""
    q = Quarantine()
    for n in range(500):
        q.refused(f"p/events/t{n % 125}/x", n, "no", 0.0)
    assert (len(q.events), len(q.topics)) == (500, 0)
    q.refused("p/events/more/x", 501, "no", 0.0)
    assert (len(q.events), list(q.topics)) == (500, ["p/events/more/x"])
    q = Quarantine()
    for n in range(64):
        q.refused(f"p/t{n}", None, "no", 64.0 - n)
    assert len(q.topics) == 64
    q.refused("p/more", None, "no", 100.0)
    assert len(q.topics) == 64
    assert "p/t63" not in q.topics, "it was due first"
    q.refused("p/more", None, "no", 900.0)
    assert len(q.topics) == 64


def test_another_store_means_other_numbers() -> None:
    """Topics and notices are the same ones; events, strikes and suspected numbers are not."""
    q = Quarantine()
    q.refused(B, 5, "no", 0.0)
    q.refused(C, None, "no", 0.0)
    q.lost({1: A, "k": "p/active"}, "gone", 99.0, tried=False, sure=True)
    q.start_over()
    assert (q.events, list(q.topics), q.suspects) == ({}, [C], {"k": "p/active"})
    q.lost({1: A, 2: A}, "gone", 200.0, tried=False, sure=False)
    assert q.suspects == {"k": "p/active"}, "it starts anew"


def test_empty_is_when_nothing_is_remembered() -> None:
    """The hot path asks it for each acknowledgement."""
    q = Quarantine()
    assert q.empty
    q.refused(A, 1, "no", 0.0)
    assert not q.empty
    q.accepted(A, 1)
    assert q.empty
    q.lost({1: A, 2: A}, "gone", 9.0, tried=False, sure=False)
    assert not q.empty
    q.pass_over(1)
    assert not q.empty
    q.pass_over(2)
    assert q.empty
    q.lost({1: A, 2: A}, "gone", 9.0, tried=False, sure=True)
    q.pass_over(2)
    assert q.suspects == {1: A}
    q.pass_over(1)
    assert q.empty
    q.refused(C, None, "no", 9.0)
    q.accepted(C)
    assert q.empty
    assert q.next_at() == FOR_EVER


@pytest.mark.parametrize(
    ("count", "told"),
    [(1, "t0: no"), (5, "t0,t1,t2,t3,t4: no"), (6, "t0,t1,t2,t3,t4,+1: no"), (9, "t0,t1,t2,t3,t4,+4: no")],
)
def test_at_most_five_topics_are_named(count: int, told: str) -> None:
    """The others are counted."""
    q = Quarantine()
    for n in range(count):
        q.refused(f"p/t{n}", None, "no", 0.0)
    assert q.why("p") == told


def test_what_waits_is_told_by_reason() -> None:
    """What waits is told by reason and only what was asked for.

    Events and topics alike; nothing waits: nothing is said.
    """
    q = Quarantine()
    assert q.why("p") == ""
    q.refused("p/info", None, "too large", 0.0)
    q.refused(B, 1, "no", 0.0)
    q.refused(A, 2, "no", 0.0)
    assert q.why("p") == "events/a/x,events/b/x: no; info: too large"
    assert q.why("p", lambda topic: "/events/" not in topic) == "info: too large"


# --- the log


def lines(quiet: Quiet, *times: tuple[float, str]) -> list[str]:
    said = []
    for at, words in times:
        record = logging.LogRecord("x", logging.INFO, "", 0, words + " %s", ("a",), None)
        record.created = at
        if quiet.filter(record):
            said.append(record.getMessage())
    return said


def test_four_lines_of_kind_and_sixteen() -> None:
    """Four lines of a kind and sixteen in all in a minute.

    The next one that gets through says how many were left out.
    """
    assert lines(Quiet(), *((n, "k") for n in range(5))) == ["k a"] * 4
    assert len(lines(Quiet(), *((n, f"k{n}") for n in range(17)))) == 16
    quiet = Quiet()
    lines(quiet, *((n, "k") for n in range(7)))
    assert lines(quiet, (8, "other"), (9, "other")) == ["other a (3 lines were left out)", "other a"]


@pytest.mark.parametrize(("at", "through"), [(59.9, False), (60.0, True)])
def test_a_minute_later_it_may_speak_again(at: float, through: bool) -> None:
    """Also when the wall clock was set back: else it would be silent for as long."""
    quiet = Quiet()
    lines(quiet, *((0.0, "k") for n in range(4)))
    assert bool(lines(quiet, (at, "k"))) is through
    quiet = Quiet()
    lines(quiet, *((1000.0, "k") for _ in range(4)))
    assert lines(quiet, (1000.0, "k")) == []
    assert lines(quiet, (500.0, "k")) == ["k a (1 lines were left out)"]


# --- which version


def test_fifth_close_without_word_changes_version() -> None:
    """The fifth close without a word changes the version.

    Five in a row, for an hour; and in 3.1.1 five lead back.
    """
    v = Versions("auto")
    assert not v.deciding
    assert [(v.closed(True, 10.0), v.deciding) for _ in range(5)] == [(False, True)] * 4 + [(True, False)]
    assert [v.modern(at) for at in (10.0, 3609.9, 3610.0)] == [False, False, True]
    assert v.again_at() == 3610.0
    assert [(v.closed(False, 20.0), v.deciding) for _ in range(5)] == [(False, False)] * 4 + [(True, False)]
    assert v.modern(20.0)
    assert v.again_at() == FOR_EVER


@pytest.mark.parametrize("mend", ["broken", "answered"])
def test_a_sign_of_life_starts_the_count_anew(mend: str) -> None:
    """Four closes, something else, four closes: that is no pattern."""
    v = Versions("auto")
    for _ in range(3):
        assert not any(v.closed(True, 0.0) for _ in range(4))
        v.broken() if mend == "broken" else v.answered(False)
    assert v.modern(0.0)


def test_broker_that_knows_no_5_is_asked_again() -> None:
    """A broker that knows no 5 is asked again each hour.

    And one that is seen in 5 is never left for a close again.
    """
    v = Versions("auto")
    assert v.unsupported(100.0)
    assert (v.modern(3699.0), v.modern(3700.0), v.again_at()) == (False, True, 3700.0)
    v.postpone(3700.0)
    assert (v.modern(7299.0), v.again_at()) == (False, 7300.0)
    v.answered(False)
    assert (v.modern(4000.0), v.knows_5) == (False, False)
    v.answered(True)
    assert (v.modern(4000.0), v.knows_5, v.again_at()) == (True, True, FOR_EVER)
    assert not any(v.closed(True, 4000.0) for _ in range(20))


@pytest.mark.parametrize(("protocol", "modern"), [("5", True), ("3.1.1", False)])
def test_a_configured_version_is_kept(protocol: str, modern: bool) -> None:
    """Whatever the broker says or answers."""
    v = Versions(protocol)
    v.answered(modern)
    assert not v.unsupported(0.0)
    assert not any(v.closed(modern, 0.0) for _ in range(20))
    assert (v.modern(0.0), v.modern(1e12), v.again_at()) == (modern, modern, FOR_EVER)
    v.answered(True)
    assert v.modern(0.0) is modern


# --- the own words, as the broker has kept them

KNOWN = Known("a1", 105, 100, 7, "boot", ("a0",), True, 60.0)


def said(**changes: Any) -> bytes:
    return json.dumps({"birth": 6, "boot_id": "boot", "storeid": "a1", "sequence": 100} | changes).encode()


def went_back(sequence: int, birth: int = 6) -> Finding:
    return Finding("store_went_back", "a1", True, ((101, sequence),) if sequence > 100 else (), birth, BEHIND)


@pytest.mark.parametrize(
    ("changes", "since_s", "finding"),
    [
        ({"sequence": 2300}, 60.0, went_back(2300)),  # 1000 and 20 a second can have come
        ({"sequence": 2301}, 60.0, Finding(alarm=ABSURD)),
        ({"sequence": 1100}, 0.0, went_back(1100)),
        ({"sequence": 1101}, 0.0, Finding(alarm=ABSURD)),
        ({"sequence": 1100}, -500.0, went_back(1100)),
        ({"sequence": 1_000_100}, None, went_back(1_000_100)),
        ({"sequence": 1_000_101}, None, Finding(alarm=ABSURD)),
        ({"sequence": 1_000_100}, 1e9, went_back(1_000_100)),
        ({"sequence": 1_000_101}, 1e9, Finding(alarm=ABSURD)),
        ({"birth": 1_000_007}, 60.0, went_back(100, 1_000_007)),
        ({"birth": 1_000_008}, 60.0, Finding(alarm=ABSURD)),
        ({"birth": 0}, 60.0, None),
        ({"birth": -1}, 60.0, Finding(alarm=ABSURD)),
        ({"birth": False}, 60.0, Finding(alarm=ABSURD)),
        ({"sequence": 0}, 60.0, None),
        ({"sequence": 1 << 53, "storeid": "a0"}, 60.0, None),
        ({"sequence": (1 << 53) + 1, "storeid": "a0"}, 60.0, Finding(alarm=ABSURD)),
        ({"storeid": "b" * 64}, 60.0, Finding(alarm=STRANGER)),
        ({"storeid": "b" * 65}, 60.0, Finding(alarm=ABSURD)),
        ({"storeid": ""}, 60.0, Finding(alarm=ABSURD)),
        ({"storeid": "b"}, 60.0, Finding(alarm=STRANGER)),
        ({"storeid": "é"}, 60.0, Finding(alarm=ABSURD)),
        ({"storeid": "b b"}, 60.0, Finding(alarm=ABSURD)),
        ({"storeid": None, "birth": 6}, 60.0, None),
        ({"storeid": None, "birth": 7}, 60.0, Finding(births=7)),
        ({"birth": 7, "reason": "lost", "sequence": 100}, 60.0, Finding(births=7)),
        ({"birth": 7, "reason": "lost", "sequence": 101}, 60.0, went_back(101, 7)),
        ({"birth": 7, "reason": "stopped"}, 60.0, went_back(100, 7)),
    ],
)
def test_a_kept_status_at_each_limit(
    changes: dict[str, Any], since_s: float | None, finding: Finding | None
) -> None:
    """No number of somebody else makes a loss that could not be."""
    known = replace(KNOWN, since_newest_s=since_s)
    assert judge(said(**changes), known) == finding


@pytest.mark.parametrize(
    ("known", "changes", "finding"),
    [
        (
            ("n1", 0, 0, 1, "boot", (), False, None),
            {"storeid": None, "birth": 1},
            ("store_missing", None, False, ((1, 100),), 1, ""),
        ),
        (
            ("n1", 0, 0, 2, "boot", (), False, None),
            {"storeid": None, "birth": 2},
            ("", None, False, (), 2, ""),
        ),
        (
            ("n1", 0, 0, 1, "boot", (), True, None),
            {"storeid": None, "birth": 1},
            ("", None, False, (), 1, ""),
        ),
        (
            ("n1", 0, 0, 1, "boot", (), False, None),
            {"sequence": 10**6},
            ("store_missing", "a1", False, ((1, 10**6),), 6, ""),
        ),
        (("n1", 0, 0, 1, "boot", (), False, None), {"sequence": 10**6 + 1}, ("", None, False, (), 0, ABSURD)),
        (("n1", 0, 0, 1, "boot", ("a0",), False, None), {}, ("", None, False, (), 0, STRANGER)),
        (("n1", 0, 0, 1, "boot", (), True, None), {}, ("", None, False, (), 0, STRANGER)),
    ],
)
def test_a_kept_status_of_another_store(
    known: tuple[Any, ...], changes: dict[str, Any], finding: tuple[Any, ...]
) -> None:
    """Only a store that the city has never heard of can follow one that is missing."""
    assert judge(said(**changes), Known(*known)) == Finding(*finding)


@pytest.mark.parametrize(
    ("payload", "last"),
    [
        ({"state": "offline", "storeid": "a1"}, True),
        ({"state": "online", "storeid": "a1"}, False),
        ({"state": "offline", "storeid": "zz"}, False),
        ({"state": "offline"}, False),
        ({"storeid": "a1"}, False),
        (["offline"], False),
    ],
)
def test_whose_last_word_it_is(payload: Any, last: bool) -> None:
    """Only an offline of a store of ours is; what cannot be read is nobody's."""
    assert last_words_of(json.dumps(payload).encode(), frozenset({"a1", "a0"})) is last
    assert not last_words_of(b"{", frozenset({"a1"}))


@pytest.mark.parametrize(
    "make", [lambda: judge(b"[" * 100_000, KNOWN), lambda: judge(b'"x"', KNOWN), lambda: judge(b"{}", KNOWN)]
)
def test_what_cannot_be_read_finds_nothing(make: Callable[[], object]) -> None:
    """Whoever can write the status can write anything there."""
    assert make() is None


# --- which event goes next


@dataclass(frozen=True)
class Row:
    seq: int
    level: int = 0


@pytest.mark.parametrize("where", ["flying", "acknowledged", "marking", "aside"])
def test_what_is_under_way_is_not_offered_again(where: str) -> None:
    """Wherever it stands between leaving and being marked; once it is marked, the store does not give it any
    more.
    """
    aside: set[int] = set()
    out = Outgoing[Row](aside)
    out.offer([Row(1), Row(2)], 1000)
    row = out.take()
    assert row == Row(1)
    if where == "aside":
        out.refused(1)
        aside.add(1)
    if where in ("acknowledged", "marking"):
        assert out.acknowledged(1) == 1
    if where == "marking":
        assert out.to_mark() == [1]
    out.rewind()
    assert out.limit() == 1001, "those that are known come again"
    out.offer([Row(1), Row(2)], 1001)
    assert (out.take(), out.take()) == (Row(2), None)
    assert out.depart(Row(1)) is (where == "aside")
    out.marked([1])
