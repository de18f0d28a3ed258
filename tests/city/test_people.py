"""Accounts, sessions, and the slowing of guesses."""

from __future__ import annotations

from pathlib import Path

import pytest
from city import people
from city.people import PeopleError, Sessions, Tries

PASSWORD = "correct horse battery"


def test_accounts_are_kept_for_their_owner_only(tmp_path: Path) -> None:
    people.add(tmp_path, "rini", people.made("officer", PASSWORD))
    people.add(tmp_path, "budi", people.made("viewer", PASSWORD))
    assert (tmp_path / people.FILE).stat().st_mode & 0o777 == 0o600
    accounts = people.read(tmp_path)
    assert {name: account.role for name, account in accounts.items()} == {"budi": "viewer", "rini": "officer"}
    assert PASSWORD not in (tmp_path / people.FILE).read_text()
    assert people.fits(accounts["rini"], PASSWORD)
    assert not people.fits(accounts["rini"], PASSWORD + "x")
    assert not people.fits(None, PASSWORD)
    assert accounts["rini"].hash != accounts["budi"].hash


@pytest.mark.parametrize(
    ("role", "password"), [("king", PASSWORD), ("viewer", "short"), ("viewer", "x" * 201)]
)
def test_what_is_no_account(role: str, password: str) -> None:
    with pytest.raises(PeopleError):
        people.made(role, password)


@pytest.mark.parametrize("name", ["", " a", "a\n", "x" * 101, "-"])
def test_what_is_no_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(PeopleError):
        people.add(tmp_path, name, people.NOBODY)


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}', '{"a": {"role": "admin"}}'])
def test_a_damaged_file_lets_nobody_in(tmp_path: Path, text: str) -> None:
    (tmp_path / people.FILE).write_text(text)
    with pytest.raises(PeopleError):
        people.read(tmp_path)


def test_sessions_end() -> None:
    accounts = {"rini": people.NOBODY}
    sessions = Sessions()
    token = sessions.begin("rini", people.NOBODY, 0.0)
    assert sessions.of(token, accounts, people.IDLE_S) is not None
    assert sessions.of(token + "x", accounts, 1.0) is None
    assert sessions.of(token, accounts, 2 * people.IDLE_S + 1) is None
    for now in range(0, int(people.LONGEST_S), 1800):
        token = token if now else sessions.begin("rini", people.NOBODY, 0.0)
        assert sessions.of(token, accounts, now) is not None
    assert sessions.of(token, accounts, people.LONGEST_S + 1) is None
    token = sessions.begin("rini", people.NOBODY, 0.0)
    changed = {"rini": people.Account(role="viewer", salt="11" * 16, hash="00" * 32)}
    assert sessions.of(token, changed, 1.0) is None
    assert sessions.of(sessions.begin("rini", people.NOBODY, 0.0), {}, 1.0) is None


def test_many_sessions_end_the_oldest() -> None:
    sessions, accounts = Sessions(), {"rini": people.NOBODY}
    tokens = [sessions.begin("rini", people.NOBODY, float(n)) for n in range(people.MOST_SESSIONS + 1)]
    assert sessions.of(tokens[0], accounts, 300.0) is None
    assert sessions.of(tokens[1], accounts, 300.0) is not None


def test_guesses_become_slow_for_one_and_not_for_ever() -> None:
    tries = Tries()
    for now in range(5):
        assert tries.wait_s("a", float(now)) == 0
        tries.wrong("a", float(now))
    assert tries.wait_s("a", 4.0) == 1
    for now in range(20):
        tries.wrong("a", 5.0 + now)
    assert tries.wait_s("a", 24.0) == 60
    assert tries.wait_s("b", 24.0) == 0
    assert tries.wait_s("a", 85.0) == 0
    tries.right("a")
    assert tries.wait_s("a", 24.0) == 0
