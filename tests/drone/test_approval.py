"""Signed approvals: what is right passes once; forged, replayed, expired, re-targeted and truncated ones
never do.
"""

from __future__ import annotations

import base64
import random
from collections import Counter
from typing import Any

import pytest

from pole_agent.almanac import rfc3339
from pole_agent.drone import ed25519
from pole_agent.drone.approval import (
    LONGEST_S,
    ApprovalRefused,
    Office,
    Standing,
    StandingBook,
    facts_of,
    plan_facts,
    read_signature,
    text,
)

WALL = 1_793_850_000.0
POLE = "smartpole/sumedang/SMD-0042"
DEWI, BUDI = ed25519.new_key(), ed25519.new_key()
OFFICE = Office(
    POLE, {"Dewi": ed25519.public_key_of(DEWI), "Budi": ed25519.public_key_of(BUDI)}, ed25519.verify
)
MESSAGE: dict[str, Any] = {
    "request_id": "01a2-7",
    "origin": "incident",
    "rule": "watch",
    "expires_at": rfc3339(WALL + 600),
    "target": {"latitude": -6.8586, "longitude": 107.9164, "altitude_agl_m": 60.0, "uncertainty_m": 40.0},
}
FACTS = facts_of(MESSAGE)


def signed(
    key: str = DEWI,
    by: str = "Dewi",
    facts: dict[str, str] = FACTS,
    pole: str = POLE,
    nonce: str = "n" * 20,
    until: float = WALL + 300,
) -> dict[str, str]:
    value = ed25519.sign(key, text(pole, facts, by, nonce, rfc3339(until)).encode())
    return {"nonce": nonce, "expires_at": rfc3339(until), "value": value}


def cause(
    payload: Any, by: str = "Dewi", used: frozenset[str] = frozenset(), wall: float | None = WALL
) -> str:
    try:
        OFFICE.check(payload, by, FACTS, used, wall)
    except ApprovalRefused as error:
        return error.cause
    return ""


def test_the_text_that_is_signed_can_be_read() -> None:
    """The text that is signed can be read and is what the manual shows."""
    assert (
        text(POLE, FACTS, "Dewi", "n" * 20, rfc3339(WALL + 300))
        == "pole-agent approval 1\npole: smartpole/sumedang/SMD-0042\nrequest: 01a2-7\nasked by: incident"
        " watch\nplace: -6.858600 107.916400\nradius: 40.0 m\naltitude above ground: 60.0 m\nrequest"
        " expires: 2026-11-05T03:50:00.000Z\napproved by: Dewi\nnonce: nnnnnnnnnnnnnnnnnnnn\napproval"
        " expires: 2026-11-05T03:45:00.000Z\n"
    )


def test_what_an_officer_signs_of_a_request() -> None:
    """Which one, who asked, where, how far around, how high and until when; of a patrol its radius, of an
    incident how unsure it is.
    """
    facts = {
        "request": "01a2-7",
        "asked by": "incident watch",
        "place": "-6.858600 107.916400",
        "radius": "40.0 m",
        "altitude above ground": "60.0 m",
        "request expires": "2026-11-05T03:50:00.000Z",
    }
    assert list(facts_of(MESSAGE).items()) == list(facts.items())
    patrol = MESSAGE | {"origin": "patrol", "rule": "round", "target": MESSAGE["target"] | {"radius_m": 150}}
    assert facts_of(patrol) == facts | {"asked by": "patrol round", "radius": "150.0 m"}
    assert (
        text("p", {}, "Dewi", "n", "e")
        == "pole-agent approval 1\npole: p\napproved by: Dewi\nnonce: n\napproval expires: e\n"
    )


def test_right_approval_passes_and_each_wrong_one_says() -> None:
    """A right approval passes and each wrong one says why."""
    assert cause(signed()) == ""
    assert cause(signed(BUDI, "Budi"), by="Budi") == ""
    assert cause(None) == "unsigned"
    assert cause(signed(), by="Nobody") == "unknown_officer"
    assert cause(signed(), by="Budi") == "forged", "in another's name"
    assert cause(signed(BUDI)) == "forged", "with another's key"
    assert cause(signed(), used=frozenset(["n" * 20])) == "replayed"
    assert cause(signed(until=WALL)) == "expired"
    assert cause(signed(until=WALL + LONGEST_S + 1)) == "expired", "nobody keeps nonces for ever"
    assert cause(signed(), wall=None) == "clock"
    assert cause(signed(pole="smartpole/sumedang/SMD-0043")) == "forged", "for another pole"
    other = facts_of(MESSAGE | {"target": MESSAGE["target"] | {"latitude": -6.8587}})
    assert cause(signed(facts=other)) == "forged", "for another place"
    assert cause(signed() | {"expires_at": rfc3339(WALL + 9999)}) == "forged", "made to last longer"
    assert cause(signed() | {"extra": "x"}) == "malformed"
    assert cause("text") == "malformed"
    assert Office(POLE, {}, ed25519.verify).check(None, "anybody", FACTS, frozenset(), None) is None, (
        "no officers: the broker is trusted"
    )


def test_ten_thousand_wrong_approvals_none_passes() -> None:
    """Ten thousand wrong approvals none passes each is counted."""
    rng = random.Random(6)
    good = signed()
    counted: Counter[str] = Counter()
    for number in range(10_000):
        payload: Any = dict(good)
        by, used = "Dewi", frozenset()  # type: str, frozenset[str]
        match number % 10:
            case 0:  # one bit of the signature
                blob = bytearray(base64.b64decode(good["value"]))
                blob[rng.randrange(64)] ^= 1 << rng.randrange(8)
                payload["value"] = base64.b64encode(blob).decode()
            case 1:  # random bytes
                payload["value"] = base64.b64encode(rng.randbytes(64)).decode()
            case 2:  # truncated, or longer
                payload["value"] = (
                    good["value"][: rng.randrange(88)] if number % 20 else good["value"] + "AAAA"
                )
            case 3:  # another request, place, height or time
                key = rng.choice(list(FACTS))
                payload = signed(facts=FACTS | {key: FACTS[key] + rng.choice(["0", " ", "\n", "x"])})
            case 4:
                used = frozenset([good["nonce"]])
            case 5:
                payload = signed(until=WALL - rng.random() * 1e6)
            case 6:  # another nonce or expiry than was signed
                payload["nonce"] = f"{rng.getrandbits(128):032x}"
            case 7:
                by = rng.choice(["Budi", "dewi", "Dewi ", "", "nobody"])
            case 8:  # a key of the attacker's own
                payload = signed(base64.b64encode(rng.randbytes(32)).decode())
            case 9:  # not even the form
                payload = rng.choice(
                    [
                        None,
                        [],
                        5,
                        {},
                        {"nonce": 5},
                        payload | {"nonce": "short"},
                        payload | {"expires_at": "tomorrow"},
                        "x" * 99,
                    ]
                )
        found = cause(payload, by, used)
        assert found, (number, payload)
        counted[found] += 1
    assert counted.total() == 10_000
    assert {"forged", "replayed", "expired", "malformed", "unsigned", "unknown_officer"} <= set(counted)
    assert cause(good) == "", "and the right one still passes"


@pytest.mark.parametrize("zero", [bytes(32), bytes([1]) + bytes(31)])
def test_a_key_of_small_order_opens_nothing(zero: bytes) -> None:
    office = Office(POLE, {"Dewi": base64.b64encode(zero).decode()}, ed25519.verify)
    for value in (bytes(64), bytes([1]) + bytes(63), zero + bytes(32)):
        forged = signed() | {"value": base64.b64encode(value).decode()}
        with pytest.raises(ApprovalRefused, match="not one of Dewi"):
            office.check(forged, "Dewi", FACTS, frozenset(), WALL)


def test_a_standing_approval_covers_its_plan() -> None:
    """A standing approval covers its plan as it was written until its end."""
    book = StandingBook().approved(
        "round", Standing("at 06:00", "Dewi", WALL + 100), read_signature(signed()), WALL
    )
    found = book.of("round", "at 06:00", WALL + 99)
    assert found is not None
    assert found.by == "Dewi"
    assert book.of("round", "at 06:00", WALL + 100) is None
    assert book.of("round", "at 07:00", WALL) is None, "a changed plan needs a new approval"
    assert book.of("other", "at 06:00", WALL) is None
    revoked = book.revoked("round")
    assert revoked.of("round", "at 06:00", WALL) is None
    assert "n" * 20 in revoked.nonces, "an approval that was revoked cannot be sent again"
    assert StandingBook.load(book.dump()) == book
    assert StandingBook.load(None) == StandingBook()
    assert plan_facts("round", "at 06:00", WALL)["until"] == rfc3339(WALL)
