"""When the clock is believed: each limit of the evidence, each field that a restart carries over, each word
of a doubt.
"""

from __future__ import annotations

import json
import os
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Literal

import pytest

from pole_agent.clock import ManualClock, SystemClock
from pole_agent.health.clock_memory import FILE_NAME, LAST_KNOWN, Memory, keep_time, last_known, load, save
from pole_agent.health.evidence import STORED, Jump, against, plausible, said
from pole_agent.health.trust import TimeKeeper, boot_id

NOW = 1_795_500_000.0
RELEASE, LATEST = 1_790_000_000.0, 1_790_000_000.0 + 30 * 365 * 86_400.0
DAY_S, HOUR_S = 86_400.0, 3600.0


class Pole:
    """A keeper on a manual clock, and a time server that answers as it is told.

    What it was asked for is in `asked`.
    """

    def __init__(
        self,
        trust: Literal["auto", "system", "clip"] = "auto",
        *,
        heard: bool = False,
        chip: bool = False,
        wall: float = NOW,
        now: float = 100.0,
        memory: Memory | None = None,
        boot: str = "boot",
    ) -> None:
        self.clock = ManualClock(wall=wall, monotonic=now)
        self.heard, self.chip = heard, chip
        self.asked: list[float] = []
        self.asked_chip: list[float] = []
        self.keeper = TimeKeeper(self.clock, trust, boot, self.told, self.from_chip, lambda: "nobody", memory)

    def told(self, after: float) -> bool:
        self.asked.append(after)
        return self.heard

    def from_chip(self, after: float) -> bool:
        self.asked_chip.append(after)
        return self.chip

    def jump(self, seconds: float) -> None:
        self.clock.set_wall(self.clock.wall() + seconds)

    def later(self, seconds: float) -> bool:
        self.clock.move_to(self.clock.monotonic() + seconds)
        return self.keeper.check()


# --- evidence, each limit


@pytest.mark.parametrize(
    ("wall", "kinds"),
    [
        (RELEASE - 1, ["release"]),
        (RELEASE, []),
        (LATEST, []),
        (LATEST + 1, ["late"]),
        (0.0, ["release"]),
        (1e18, ["late"]),
    ],
)
def test_what_a_clock_can_read_at_all(wall: float, kinds: list[str]) -> None:
    """From this release on and for thirty years; nobody can accept anything else."""
    found = list(against(wall, 0.0, {}, None, "", False))
    assert [a.kind for a in found] == kinds
    assert not any(a.can_be_false for a in found)
    assert plausible(wall) is (kinds == [])
    pole = Pole("system", wall=wall)
    assert bool(pole.keeper.accept()) is bool(kinds), "a person is refused what cannot be"
    assert pole.keeper.trusted is (kinds == [])


@pytest.mark.parametrize(("behind_s", "speaks"), [(0.0, False), (120.0, False), (120.5, True), (-1e6, False)])
def test_how_far_behind_a_bound_is_too_far(behind_s: float, speaks: bool) -> None:
    """Two minutes are borne; the bound moves along with the monotonic clock."""
    bounds = {"stored": NOW - 50.0 + behind_s}
    for passed in (0.0, 1e6):
        found = list(against(NOW + passed, 50.0 + passed, bounds, None, "", False))
        assert [(a.kind, a.can_be_false) for a in found] == ([("stored", True)] if speaks else [])


def test_everything_that_speaks_against_it_in_order() -> None:
    """Everything that speaks against it in its order.

    The gravest first, and only what another wrong clock can have caused may be given up.
    """
    bounds = {"stored": NOW, "known": NOW, "certificate x": NOW, "earlier": NOW}
    found = list(against(1000.0, 0.0, bounds, Jump(-300.4, 90.0), "the sun", True))
    assert [(a.kind, a.can_be_false) for a in found] == [
        ("release", False),
        ("certificate x", True),
        ("earlier", True),
        ("known", True),
        ("stored", True),
        ("jump", False),
        ("sun", False),
        ("broker", True),
    ]
    words = {a.kind: a.words for a in found}
    assert words["known"].endswith("behind the last known time: it is 2026-11-24 06:00 UTC at least")
    assert words["stored"].endswith("behind what is stored: it is 2026-11-24 06:00 UTC at least")
    assert words["certificate x"].endswith(
        "behind the start of the certificate x: it is 2026-11-24 06:00 UTC at least"
    )
    assert words["jump"] == "the clock jumped by -300 s; it is not trusted for another 2 minutes"
    assert words["sun"] == "the sun"
    (jump,) = against(NOW, 89.0, {}, Jump(5.0, 90.0), "", False)
    assert jump.words.endswith("for another 1 minutes"), "never less than one"
    assert (said(1e300), said(0.0)) == (f"{1e300:.0f} s", "1970-01-01 00:00 UTC")


# --- jumps


@pytest.mark.parametrize(
    ("seconds", "jumped"), [(119.0, False), (120.0, False), (121.0, True), (-120.0, False), (-121.0, True)]
)
@pytest.mark.parametrize("trust", ["auto", "system"])
def test_how_far_a_jump_is_one(trust: Literal["auto", "system"], seconds: float, jumped: bool) -> None:
    """Two minutes are a correction, more is a jump; noticed at the next question, without a check."""
    pole = Pole(trust, heard=True)
    assert pole.keeper.trusted
    pole.jump(seconds)
    assert pole.keeper.trusted is not jumped
    assert pole.keeper.kind == ("trusted" if not jumped else "jump" if seconds > 0 else "known")


@pytest.mark.parametrize(
    ("trust", "uptime_s", "lasts_s"),
    [("auto", 100.0, 900.0), ("auto", 1e6, 900.0), ("system", 3600.0, 900.0), ("system", 3601.0, 86_400.0)],
)
def test_how_long_a_jump_is_doubted(
    trust: Literal["auto", "system"], uptime_s: float, lasts_s: float
) -> None:
    """A quarter of an hour; a day where no time server is asked and the boot is over an hour ago, when nobody
    sets a clock.
    """
    pole = Pole(trust, heard=True, now=uptime_s)
    pole.jump(8 * HOUR_S)
    assert not pole.keeper.trusted
    assert pole.later(lasts_s - 1) is False
    assert not pole.keeper.trusted
    assert pole.later(1.0) is True
    assert pole.keeper.trusted


def test_a_clock_that_jumps_back_is_what_it_was() -> None:
    """Within two minutes of where it was trusted nothing has happened; further away it has."""
    for rest, trusted in ((0.0, True), (120.0, True), (-120.0, True), (121.0, False), (-121.0, False)):
        pole = Pole("system")
        pole.jump(5000.0)
        assert not pole.keeper.trusted
        pole.jump(-5000.0 + rest)
        pole.later(10.0)
        assert pole.keeper.trusted is trusted, rest


def test_after_a_jump_only_what_is_heard_later_counts() -> None:
    """The server is asked for a word after the jump, less the seconds in which it is noticed; before any jump
    for any word.
    """
    pole = Pole(heard=True)
    assert pole.asked == [0.0]
    pole.jump(5000.0)
    pole.heard = False
    assert not pole.keeper.trusted
    at = pole.clock.wall()
    pole.later(901.0)
    assert pole.asked[-1] == at - 20.0
    assert pole.asked_chip == [at - 20.0], "and the chip of the boot is asked for the same time"
    assert not pole.keeper.trusted
    assert pole.keeper.reason == "nobody"
    pole.heard = True
    assert pole.later(10.0) is True
    assert pole.later(10.0) is False, "it became trusted before"


@pytest.mark.parametrize("first", ["store", "photocell", "nobody"])
def test_a_jump_is_one_whoever_speaks_first(first: str) -> None:
    """Evidence that comes before anybody looked at the clock hides no jump: an old word counts no more."""
    pole = Pole(heard=True)
    pole.jump(-5000.0)
    match first:
        case "store":
            pole.keeper.remember(STORED, NOW)
        case "photocell":
            pole.keeper.sun_says("it is dark at noon", aside=False)
    assert not pole.keeper.trusted
    pole.keeper.sun_says("", aside=False)
    pole.jump(5000.0)
    pole.later(901.0)
    assert pole.asked[-1] == NOW + 881.0, "20 s before the jump back was seen"


def test_the_first_setting_after_a_boot_is_no_jump() -> None:
    """From 1970 to now before anybody was trusted: nothing to doubt, the first word counts."""
    pole = Pole(wall=1000.0)
    pole.jump(NOW - 1000.0)
    assert not pole.keeper.trusted
    pole.heard = True
    assert pole.later(10.0) is True
    assert pole.asked[-1] == 0.0


def test_while_evidence_speaks_only_fresh_word_counts() -> None:
    """While evidence speaks only a fresh word counts.

    A server that was heard more than three hours ago says nothing about a clock that is contradicted now.
    """
    pole = Pole(heard=True)
    pole.keeper.remember("stored", NOW + DAY_S)
    pole.later(10.0)
    assert pole.asked[-1] == pole.clock.wall() - 3 * HOUR_S


def test_a_trusted_clock_is_left_alone() -> None:
    """Nobody is asked while nothing speaks against it, and with "system" nobody ever."""
    pole = Pole(heard=True)
    pole.later(10.0)
    assert len(pole.asked) == 1
    assert pole.keeper.source() == "nobody", "still the word of the server"
    pole = Pole("system")
    pole.jump(5000.0)
    pole.later(10.0)
    assert (pole.asked, pole.asked_chip) == ([], [])


def test_a_clip_has_the_time_that_it_has() -> None:
    """No jump, no evidence, no server."""
    pole = Pole("clip", wall=5.0)
    pole.keeper.remember("stored", NOW)
    pole.jump(1e6)
    assert pole.keeper.trusted
    assert pole.keeper.evidence() == []
    assert pole.asked == []


def test_a_jump_while_somebody_was_asked_is_seen() -> None:
    """What is concluded is of the clock after the question, not before it."""
    pole = Pole()

    def told(after: float) -> bool:
        pole.jump(0.0 if after else -NOW)
        return True

    pole.keeper._told = told
    assert pole.later(10.0) is False
    assert pole.keeper.kind == "release"


# --- who says it


def test_who_vouches_for_the_clock() -> None:
    """A server, a chip, the operating system, or nobody; a chip is only asked where no server was heard."""
    assert Pole(heard=True).keeper.source() == "nobody", "the words of the servers, whoever they are"
    both = Pole(heard=True, chip=True)
    assert (both.keeper.source(), both.asked_chip) == ("nobody", [])
    chip = Pole(chip=True)
    assert (chip.keeper.trusted, chip.keeper.source()) == (True, "set from the clock chip at boot")
    system = Pole("system")
    assert (system.keeper.trusted, system.keeper.source()) == (True, "trusted as it is (clock.trust)")
    none = Pole()
    assert (none.keeper.trusted, none.keeper.kind, none.keeper.reason) == (False, "unheard", "nobody")
    assert heard_kind(Pole(heard=True)) == ("trusted", "")


def test_a_keeper_that_was_told_nothing() -> None:
    """Without a chip none is believed; nobody was heard, nothing was agreed with, given up or accepted."""
    keeper = TimeKeeper(ManualClock(wall=NOW, monotonic=100.0), "auto", "boot", lambda _: False)
    assert (keeper.trusted, keeper.kind, keeper.reason) == (
        False,
        "unheard",
        "no time server was heard since boot",
    )
    assert (keeper.document()["agreed_s"], keeper.released, keeper.cell_aside, keeper.accepted_sun()) == (
        0,
        0,
        False,
        False,
    )
    assert keeper.source() == keeper.reason
    assert keeper.memory().agreed_wall == 0.0


def heard_kind(pole: Pole) -> tuple[str, str]:
    return pole.keeper.kind, pole.keeper.reason


@pytest.mark.parametrize(("ahead_s", "trusted"), [(119.0, True), (120.0, True), (121.0, False), (-1e6, True)])
def test_what_is_stored_rules_at_once(ahead_s: float, trusted: bool) -> None:
    """A moment that has passed, and the clock is behind it: no check is waited for."""
    pole = Pole("system")
    pole.keeper.remember("stored", NOW + ahead_s)
    assert pole.keeper.trusted is trusted
    assert pole.keeper.kind == ("trusted" if trusted else "stored")


def test_the_latest_of_a_kind_counts() -> None:
    """An earlier moment after a later one takes nothing back, and none is none."""
    pole = Pole("system")
    for wall in (NOW + 500.0, NOW + 10.0, 0.0, -5.0):
        pole.keeper.remember("stored", wall)
    assert pole.keeper.document()["surely"]["stored"] == NOW + 500.0
    fresh = Pole("system")
    fresh.keeper.remember("stored", 0.0)
    assert "stored" not in fresh.keeper.document()["surely"]


def test_what_the_photocell_says_is_believed() -> None:
    """What the photocell says is believed while it says it.

    Its words end the trust at once, its silence lets it come back; an untrusted clock has its own reason.
    """
    pole = Pole("system")
    pole.keeper.sun_says("", aside=True)
    assert pole.keeper.trusted
    assert pole.keeper.cell_aside
    pole.keeper.sun_says("light at midnight", aside=False)
    assert not pole.keeper.trusted
    assert not pole.keeper.cell_aside
    assert heard_kind(pole) == ("sun", "light at midnight")
    assert pole.later(10.0) is False
    pole.keeper.sun_says("", aside=False)
    assert pole.later(10.0) is True


@pytest.mark.parametrize(("set_by_s", "trusted"), [(0.0, False), (119.0, False), (121.0, True)])
def test_the_certificate_of_the_broker(set_by_s: float, trusted: bool) -> None:
    """It counts until the clock was set onwards by more than two minutes."""
    pole = Pole("system", wall=NOW)
    pole.keeper.broker_says(too_early=True)
    pole.keeper.broker_says(too_early=True)
    pole.later(1.0)
    assert heard_kind(pole)[0] == "broker"
    pole.jump(set_by_s)
    pole.later(1.0)
    assert pole.keeper.trusted is trusted


# --- what contradicts both is given up after a day


def test_server_that_agrees_for_day_outweighs_old() -> None:
    """A server that agrees for a day outweighs old evidence.

    Counted in looks of at most a minute, only while it is heard; then the evidence is gone and told as
    released.
    """
    pole = Pole(heard=True)
    pole.keeper.remember("stored", NOW + 30 * DAY_S)
    assert not pole.keeper.trusted
    pole.later(10.0)
    for _ in range(1439):
        assert pole.later(60.0) is False
    assert pole.keeper.document()["agreed_s"] == 1439 * 60
    assert pole.keeper.released == 0
    assert pole.later(59.0) is False
    assert pole.later(1.0) is True
    assert pole.keeper.released == 1
    assert pole.keeper.document()["agreed_s"] == 0
    assert list(pole.keeper.document()["surely"]) == ["known"]


def test_long_pauses_count_as_a_minute() -> None:
    """A process that slept was not listening."""
    pole = Pole(heard=True)
    pole.keeper.remember("stored", NOW + 30 * DAY_S)
    pole.later(10.0)
    pole.later(5 * HOUR_S)
    assert pole.keeper.document()["agreed_s"] == 60
    pole.heard = False
    pole.later(30.0)
    pole.heard = True
    pole.later(30.0)
    assert pole.keeper.document()["agreed_s"] == 60, "the first look after a silence begins anew"
    pole.later(30.0)
    assert pole.keeper.document()["agreed_s"] == 90


def test_what_cannot_be_false_is_never_given_up() -> None:
    """A clock before the release stays wrong, whoever agrees with it."""
    pole = Pole(heard=True, wall=1e9)
    pole.keeper.remember("stored", NOW)
    for _ in range(1500):
        pole.later(60.0)
    assert (pole.keeper.trusted, pole.keeper.released, pole.keeper.document()["agreed_s"]) == (False, 0, 0)


def test_a_jump_begins_the_count_anew() -> None:
    """Who agreed with the clock before the jump does not agree with the one after it."""
    pole = Pole(heard=True)
    pole.keeper.remember("stored", NOW + 30 * DAY_S)
    for _ in range(100):
        pole.later(60.0)
    assert pole.keeper.document()["agreed_s"] > 5000
    pole.jump(1000.0)
    assert not pole.keeper.trusted
    assert pole.keeper.document()["agreed_s"] == 0


# --- a person


def test_a_person_accepts_the_clock_against_everything() -> None:
    """A person accepts the clock against everything but the absurd.

    Jump, store, sun and certificates are given up, once; with "auto" a server has still to be heard.
    """
    for trust, trusted in (("system", True), ("auto", False)):
        pole = Pole(trust, heard=True)  # type: ignore[arg-type]
        pole.jump(-5000.0)
        pole.keeper.remember("stored", NOW + DAY_S)
        pole.keeper.remember("certificate x", NOW + DAY_S)
        pole.keeper.sun_says("light", aside=False)
        pole.keeper.broker_says(too_early=True)
        pole.heard = False
        assert pole.keeper.accept() == ""
        assert pole.keeper.trusted is trusted
        assert trusted or pole.asked[-1] == 0.0, "who was heard before counts again"
        assert pole.keeper.evidence() == []
        assert pole.keeper.cell_aside
        assert pole.keeper.released == 1
        assert [pole.keeper.accepted_sun(), pole.keeper.accepted_sun()] == [True, False], "asked once"
        pole.keeper.remember("certificate x", NOW + DAY_S)
        assert pole.keeper.evidence() == [], "the same certificate says nothing any more"
        pole.keeper.remember("certificate x", NOW + 2 * DAY_S)
        assert [a.kind for a in pole.keeper.evidence()] == ["certificate x"]


def test_only_certificates_of_later_are_given_up() -> None:
    """One that began before what a person says, or at that moment, goes on to be evidence."""
    pole = Pole("system")
    starts = {"certificate past": NOW - 3600.0, "certificate now": NOW, "certificate future": NOW + 3600.0}
    for kind, start in starts.items():
        pole.keeper.remember(kind, start)
    assert pole.keeper.accept() == ""
    for kind, start in starts.items():
        pole.keeper.remember(kind, start)
    assert set(pole.keeper.document()["surely"]) == {"known", "certificate past", "certificate now"}


def test_a_clock_set_after_a_yes_is_no_jump() -> None:
    """Where nobody was heard yet, whoever is heard first is believed: nothing of before the yes
    is doubted.
    """
    pole = Pole(heard=True)
    pole.jump(5000.0)
    pole.heard = False
    assert pole.keeper.accept() == ""
    assert not pole.keeper.trusted
    pole.jump(5000.0)
    pole.heard = True
    assert pole.later(10.0) is True
    assert pole.asked[-1] == 0.0


def test_a_yes_ends_the_count_of_agreement() -> None:
    """What was agreed with before a person said yes is no reason to give up what comes after it."""
    pole = Pole(heard=True)
    pole.keeper.remember("stored", NOW + 30 * DAY_S)
    for _ in range(11):
        pole.later(10.0)
    assert pole.keeper.document()["agreed_s"] == 100
    pole.heard = False
    pole.keeper.accept()
    assert (pole.keeper.trusted, pole.keeper.document()["agreed_s"]) == (False, 0)
    assert pole.keeper.memory().agreed_s == 0.0


def test_a_jump_that_nobody_noticed_is_accepted_too() -> None:
    """It happened just before the person said yes."""
    pole = Pole("system")
    pole.jump(5000.0)
    assert pole.keeper.accept() == ""
    assert pole.keeper.trusted
    assert pole.keeper.evidence() == []


# --- what is told


def test_document_of_trusted_clock_and_of_one_in_doubt() -> None:
    """The document of a trusted clock and of one in doubt. Every field."""
    pole = Pole("system")
    assert pole.keeper.document() == {
        "wall": NOW,
        "trusted": True,
        "reason": "",
        "kind": "trusted",
        "against": [],
        "source": "trusted as it is (clock.trust)",
        "surely": {"known": NOW},
        "release": RELEASE,
        "agreed_s": 0,
        "cell_aside": False,
    }
    pole.keeper.remember("stored", NOW + 500.26)
    found = pole.keeper.document()
    assert (found["trusted"], found["kind"], found["surely"]) == (
        False,
        "stored",
        {"known": NOW, "stored": NOW + 500.3},
    )
    assert found["against"] == [{"kind": "stored", "words": found["reason"]}]


def test_a_stamp_is_of_every_clock() -> None:
    """Its quality is that of the trust; a clock that was moved on purpose tells nobody the time."""
    pole = Pole("system", now=100.0)
    assert pole.keeper.stamp(90.0) == type(pole.keeper.stamp(0.0))(90.0, "boot", NOW - 10.0, "synced")
    pole.jump(5000.0)
    assert pole.keeper.stamp(90.0).quality == "unsynced"
    assert TimeKeeper(SystemClock(0.0), "clip", "b").tells_time
    demo = TimeKeeper(SystemClock(3600.0), "clip", "b")
    assert (demo.trusted, demo.tells_time) == (True, False)


def test_the_boot_has_a_name() -> None:
    """That of the kernel."""
    assert boot_id() == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


# --- what a restart carries over, every field

KEPT = Memory(NOW, "boot", 90.0, NOW - 100.0, NOW - 100.0, NOW - 100.0, 0.0, 0.0, 0.0, False, "", {})


@pytest.mark.parametrize(
    ("kept", "trusted", "kind"),
    [
        ({}, True, "trusted"),
        ({"known": NOW + 119}, True, "trusted"),
        ({"known": NOW + 121}, False, "known"),
        ({"known": 0.0, "least": NOW - 100 + 121}, False, "known"),
        ({"known": 0.0, "least": NOW - 100 + 119}, True, "trusted"),
        ({"known": NOW + 500, "least": NOW - 500}, False, "known"),
        ({"least": NOW + 500, "boot_id": "other"}, True, "trusted"),
        ({"offset": NOW - 100 - 121}, False, "jump"),
        ({"offset": NOW - 100 + 121}, False, "jump"),
        ({"offset": NOW - 100 - 119}, True, "trusted"),
        ({"offset": None}, True, "trusted"),
        ({"offset": NOW - 9000, "boot_id": "other"}, True, "trusted"),
        ({"offset": NOW - 9000, "monotonic": 100.0}, False, "jump"),
        ({"offset": NOW - 9000, "monotonic": 101.0}, True, "trusted"),
        ({"behind_s": 500.0}, False, "earlier"),
        ({"behind_s": 119.0}, True, "trusted"),
        ({"behind_s": 500.0, "read": NOW - 700.0}, True, "trusted"),
        ({"behind_s": 500.0, "read": NOW - 700.0, "boot_id": "other"}, False, "earlier"),
    ],
)
def test_each_field_that_speaks_against_the_clock(kept: dict[str, Any], trusted: bool, kind: str) -> None:
    """Each field that speaks against the clock after a restart.

    With a value on each side of its limit, in the same boot and in another.
    """
    pole = Pole("system", memory=replace(KEPT, **kept))
    assert (pole.keeper.trusted, pole.keeper.kind) == (trusted, kind)


def test_the_other_fields_after_a_restart() -> None:
    """The hours of agreement unless the clock went back, the photocell that is set aside, the certificates
    that were given up.
    """
    memory = replace(
        KEPT,
        known=NOW + 9000,
        agreed_s=4000.0,
        agreed_wall=NOW + 120,
        cell_aside=True,
        false_starts={"certificate x": NOW + 9e5},
    )
    pole = Pole(memory=memory)
    assert pole.keeper.document()["agreed_s"] == 4000
    assert pole.keeper.cell_aside
    pole.keeper.remember("certificate x", NOW + 9e5)
    assert [a.kind for a in pole.keeper.evidence()] == ["known"]
    assert Pole(memory=replace(memory, agreed_wall=NOW + 121)).keeper.document()["agreed_s"] == 0
    assert not Pole(memory=replace(memory, cell_aside=False)).keeper.cell_aside


@pytest.mark.parametrize(
    ("kept", "surely"),
    [
        ({}, {"known": NOW}),
        ({"known": 0.0, "least": None}, {}),
        ({"known": 1.0, "least": None}, {"known": 1.0}),
        ({"known": 0.5, "least": None}, {"known": 0.5}),
        ({"known": 1.0, "least": None, "behind_s": 0.5}, {"known": 1.0, "earlier": NOW + 0.5}),
        ({"known": 1.0, "least": None, "behind_s": 1.0}, {"known": 1.0, "earlier": NOW + 1.0}),
        ({"known": 1.0, "least": 50.0, "boot_id": "other"}, {"known": 1.0}),
        ({"known": 1.0, "least": 50.0}, {"known": 150.0}),
    ],
)
def test_what_is_surely_so_after_a_restart(kept: dict[str, Any], surely: dict[str, float]) -> None:
    """Only what was kept, and nothing made of what was not."""
    assert Pole(memory=replace(KEPT, **kept)).keeper.document()["surely"] == surely


def test_in_auto_restart_asks_again_even_in_same_boot() -> None:
    """In auto a restart asks again even in the same boot.

    That it was trusted before is not enough where a server is to be heard.
    """
    assert not Pole(memory=KEPT).keeper.trusted
    assert Pole(memory=KEPT, heard=True).keeper.trusted


def test_what_a_trusted_keeper_gives_to_the_next() -> None:
    """The time, the boot, the offset; nothing of doubts."""
    pole = Pole("system", now=100.4)
    assert pole.keeper.memory() == Memory(NOW, "boot", 100, round(NOW - 100.4))
    pole.keeper.sun_says("", aside=True)
    assert pole.keeper.memory().cell_aside


def test_what_a_doubting_keeper_gives_to_the_next() -> None:
    """Every field; the next in the same boot and in the next one doubts as well."""
    pole = Pole(heard=True)
    pole.keeper.remember("stored", NOW + 5000.0)
    for _ in range(11):
        pole.later(10.0)
    offset = NOW - 100.0
    kept = pole.keeper.memory()
    assert kept == Memory(
        offset + 210 + 5000,
        "boot",
        210,
        offset,
        offset + 5000,
        offset,
        5000.0,
        100.0,
        NOW + 110,
        False,
        pole.keeper.reason,
        {},
    )
    for boot in ("boot", "next"):
        after = Pole(heard=True, wall=NOW + 120, now=220.0, memory=kept, boot=boot)
        assert not after.keeper.trusted
        assert after.keeper.document()["agreed_s"] == 100
    unheard = Pole()
    assert unheard.keeper.memory() == Memory(0.0, "boot", 100, None, None, round(NOW - 100))
    near = Pole()
    near.keeper.remember("stored", NOW + 120)
    assert near.keeper.memory().behind_s == 0.0


# --- the files


def test_every_field_of_the_memory_comes_back(tmp_path: Path) -> None:
    """Each by itself, with a value that is not its default."""
    values: dict[str, Any] = {
        "known": NOW,
        "boot_id": "b",
        "monotonic": 1.5,
        "offset": 2.5,
        "least": 3.5,
        "read": 4.5,
        "behind_s": 5.5,
        "agreed_s": 6.5,
        "agreed_wall": 7.5,
        "cell_aside": True,
        "reason": "why",
        "false_starts": {"a": 1.0},
    }
    assert set(values) == {f.name for f in fields(Memory)}
    for name, value in values.items():
        folder = tmp_path / name
        folder.mkdir()
        memory = replace(Memory(boot_id="x", reason=""), **{name: value})
        save(folder, memory)
        assert load(folder) == memory


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("boot_id", ["x", ""], [1, None, True, ["x"]]),
        ("monotonic", [1, 2.5, -1], [True, "1", None, float("nan"), float("inf")]),
        ("offset", [None, 1.5], ["x", True, float("nan"), []]),
        ("least", [None, 1.5], ["x", False]),
        ("cell_aside", [True, False], [1, 0, None, "yes"]),
        ("false_starts", [{}, {"a": 1}], [[], {"a": "b"}, {"a": True}, {"a": 1, "b": None}, 5]),
    ],
)
def test_a_field_that_cannot_be_true_is_as_none(
    tmp_path: Path, name: str, good: list[Any], bad: list[Any]
) -> None:
    """It has its default, and the others are read all the same."""
    for value in good:
        (tmp_path / FILE_NAME).write_text(json.dumps({"reason": "kept", name: value}))
        assert load(tmp_path) == replace(Memory(reason="kept"), **{name: value})
    for value in bad:
        (tmp_path / FILE_NAME).write_text(
            json.dumps({"reason": "kept", name: value, "known": 5.0, "other": 1})
        )
        assert load(tmp_path) == Memory(reason="kept")


def test_the_card_is_spared_where_nothing_is_new(tmp_path: Path) -> None:
    """Only a newer time touches the file of the time; only other words write the other file, by a new one."""
    memory = Memory(NOW, "boot", 5.0, 1.0)
    save(tmp_path, memory)
    file = tmp_path / FILE_NAME
    first = file.stat().st_ino
    save(tmp_path, replace(memory, known=NOW + 60, monotonic=65.0))
    assert (file.stat().st_ino, last_known(tmp_path)) == (first, NOW + 60)
    save(tmp_path, replace(memory, known=0.0))
    assert last_known(tmp_path) == NOW + 60, "no time is no news"
    keeps_open = file.open()
    save(tmp_path, replace(memory, known=NOW + 60, offset=2.0))
    assert file.stat().st_ino != first, "replaced, not written over"
    assert '"offset": 1.0' in keeps_open.read()
    keeps_open.close()
    assert load(tmp_path).offset == 2.0
    assert sorted(p.name for p in tmp_path.iterdir()) == [FILE_NAME, LAST_KNOWN]


def test_the_last_known_time_is_that_of_its_file(tmp_path: Path) -> None:
    """Both its times are set, and a second one replaces the first."""
    for wall in (NOW, NOW - 50.0):
        keep_time(tmp_path, wall)
        stat = os.stat(tmp_path / LAST_KNOWN)
        assert (stat.st_mtime, stat.st_atime, last_known(tmp_path)) == (wall, wall, wall)
