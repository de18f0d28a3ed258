"""A pole that died together with its broker is seen; one whom only we do not hear is not blamed."""

from __future__ import annotations

from typing import Any

import pytest
from city.presence import Ear, Word, ear_of, last_sign, presence
from city.reading import rfc3339

NOW = 1_800_000_000.0
EAR = Ear(at=NOW, since=NOW - 3600)


def words(**told: tuple[float, bool, dict[str, Any]]) -> dict[str, Word]:
    """By path: seconds ago, retained, document."""
    return {
        path: Word(path=path, came=NOW - ago, retained=retained, document=document)
        for path, (ago, retained, document) in told.items()
    }


def health(ago: float, trusted: bool = True) -> dict[str, Any]:
    return {"at": rfc3339(NOW - ago), "clock": {"trusted": trusted}}


ONLINE, OFFLINE = {"state": "online"}, {"state": "offline"}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, "unknown"),
        ({"health": (5, False, {})}, "unknown"),
        ({"status": (5, False, OFFLINE)}, "offline"),
        ({"status": (9000, True, {})}, "offline"),  # the topic was cleared
        ({"status": (3000, False, ONLINE), "health": (30, False, {})}, "online"),
        ({"status": (3000, False, ONLINE), "health": (179, False, {})}, "online"),
        ({"status": (3000, False, ONLINE), "health": (181, False, {})}, "silent"),
        ({"status": (3000, False, ONLINE), "active": (5, False, {})}, "online"),  # any live word counts
        # What the broker kept proves nothing, but what a trusted clock wrote into it does
        ({"status": (60, True, ONLINE), "health": (60, True, health(70))}, "online"),
        ({"status": (60, True, ONLINE), "health": (60, True, health(5000))}, "silent"),
        ({"status": (60, True, ONLINE), "health": (60, True, health(5000, trusted=False))}, "online"),
        ({"status": (200, True, ONLINE), "health": (200, True, health(5000, trusted=False))}, "silent"),
        ({"status": (200, True, ONLINE), "health": (200, True, health(5) | {"at": "nonsense"})}, "silent"),
        # A clock ahead of ours gives no more life than the word itself
        ({"status": (500, True, ONLINE), "health": (500, True, health(-90_000))}, "silent"),
    ],
)  # fmt: skip
def test_what_a_pole_is(told: dict[str, Any], expected: str) -> None:
    assert presence(words(**told), EAR, NOW) == expected


def test_while_we_do_not_hear_nobody_is_silent() -> None:
    """Neither when the writer is dead, nor when the broker was away and poles still come back."""
    told = words(status=(5000, False, ONLINE), health=(700, False, {}))
    assert presence(told, Ear(at=NOW - 690, since=NOW - 9000), NOW) == "online"
    assert presence(told, Ear(at=NOW, since=None), NOW) == "online"
    assert presence(told, Ear(at=NOW, since=NOW - 100), NOW) == "online"
    assert presence(told, Ear(at=NOW, since=NOW - 181), NOW) == "silent"


def test_an_ear_that_is_not_heard_itself() -> None:
    ear = ear_of({"at": rfc3339(NOW), "connected": True, "since": rfc3339(NOW - 50), "why": ""})
    assert ear == Ear(at=NOW, since=NOW - 50)
    assert [ear.hears(NOW + later) for later in (0, 29, 31)] == [True, True, False]
    assert not ear_of(
        {"at": rfc3339(NOW), "connected": False, "since": rfc3339(NOW), "why": "refused"}
    ).hears(NOW)
    assert ear_of({"at": 5}) == Ear()


def test_without_words_there_is_no_sign() -> None:
    assert last_sign([]) is None
    assert last_sign(words(status=(5, True, ONLINE)).values()) is None
