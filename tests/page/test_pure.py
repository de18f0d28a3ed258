"""The pure rules of the page: whose request it is, who may what, who is logged in, who must wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.page import accounts as accounts_
from pole_agent.page import guard
from pole_agent.page import sessions as sessions_
from pole_agent.page import tries as tries_
from pole_agent.page.accounts import Account, fits, made
from pole_agent.page.rights import APPROVE, JUDGE, LIGHT, ROLES, SETUP, STOP, right_for
from pole_agent.page.sessions import IDLE_S, LONGEST_S, MOST, Sessions
from pole_agent.page.tries import FREE, Tries
from pole_agent.page.tries import LONGEST_S as LONGEST_WAIT_S
from pole_agent.settings import overlay

NAMES = {"127.0.0.1", "localhost", "::1", "pole.example"}
ACCOUNT = Account(role="viewer", salt="ab", hash="cd")


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1", True),
        ("127.0.0.1:8080", True),
        ("localhost:9999", True),
        ("[::1]:8080", True),
        ("POLE.example:443", True),
        ("", False),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("evil.example@127.0.0.1", False),
        ("127.0.0.1@evil.example", False),
        ("127.0.0.1:80:80", False),
        ("127.0.0.1/evil", False),
        ("127.0.0.1:port", False),
        ("[::1", False),
    ],
)
def test_host(host: str, ours: bool) -> None:
    """Only under its own names does the page answer: a foreign name that leads here is somebody's trick."""
    assert guard.is_ours(host, NAMES) is ours


@pytest.mark.parametrize(
    ("origin", "https", "same"),
    [
        ("http://127.0.0.1:8080", False, True),
        ("https://127.0.0.1:8080", True, True),
        ("http://127.0.0.1:8080", True, False),
        ("https://127.0.0.1:8080", False, False),
        ("http://127.0.0.1", False, False),
        ("http://127.0.0.1:8081", False, False),
        ("http://evil.example", False, False),
        ("null", False, False),
        (None, False, False),
    ],
)
def test_origin(origin: str | None, https: bool, same: bool) -> None:
    """A change must come from the page itself: same scheme, host and port."""
    assert guard.same_origin(origin, "127.0.0.1:8080", https=https) is same


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "address"),
    [
        ("10.0.0.7", "", (), "10.0.0.7"),
        ("10.0.0.7", "1.2.3.4", (), "10.0.0.7"),  # anybody can write that header
        ("127.0.0.1", "1.2.3.4", ("127.0.0.1",), "1.2.3.4"),
        ("127.0.0.1", "6.6.6.6, 1.2.3.4", ("127.0.0.1",), "1.2.3.4"),
        ("127.0.0.1", "6.6.6.6, 10.1.1.1", ("127.0.0.1", "10.0.0.0/8"), "6.6.6.6"),
        ("127.0.0.1", "", ("127.0.0.1",), "127.0.0.1"),
        ("127.0.0.1", "nonsense", ("127.0.0.1",), "127.0.0.1"),  # it would stand in the log
        ("127.0.0.1", "1.2.3.4 the officer has logged in", ("127.0.0.1",), "127.0.0.1"),
        ("127.0.0.1", "6.6.6.6\n1.2.3.4", ("127.0.0.1",), "1.2.3.4"),  # a header of the proxy's own
        ("::1", "1.2.3.4", ("127.0.0.0/8",), "::1"),
        ("unknown", "1.2.3.4", ("127.0.0.0/8",), "unknown"),
    ],
)
def test_address(peer: str, forwarded: str, trusted: tuple[str, ...], address: str) -> None:
    """Behind a trusted proxy the address is that of the browser; nobody else can choose one."""
    assert guard.address_of(peer, forwarded.splitlines(), trusted) == address


def test_proxied_by() -> None:
    """Headers that proxies add, one by one."""
    assert set(guard.PROXIED) == {
        "Forwarded", "Via", "X-Real-IP", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP",
        "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Server",
        "X-Forwarded-Scheme", "X-Forwarded-By", "X-Original-Host", "X-Original-URL",
        "X-Envoy-External-Address",
    }  # fmt: skip
    assert guard.name_of("[::1") == "" and not guard.is_near("nonsense", {"Host": "localhost"}, ())
    assert not guard.is_near("127.0.0.1", {}, ()) and guard.is_near("127.0.0.1", {"Host": "[::1]:1"}, ())
    assert not guard.is_near("127.0.0.1", {"Host": "localhost"}, ("127.0.0.0/8",))
    assert guard.is_near("127.0.0.1", {"Host": "localhost"}, ("::/0",)), "of the other family"


def test_own_names() -> None:
    """A page on loopback goes by the names that every machine has for itself."""
    assert {"localhost", "127.0.0.1", "::1"} == guard.LOOPBACK_NAMES
    for host in ("localhost:8080", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST"):
        assert guard.is_ours(host, guard.LOOPBACK_NAMES)


@pytest.mark.parametrize("header", guard.PROXIED)
def test_proxied(header: str) -> None:
    """What a proxy has passed on did not begin at the pole."""
    assert not guard.is_near("127.0.0.1", {"Host": "127.0.0.1:8080", header: "x"}, ())


@pytest.mark.parametrize(
    ("peer", "host", "trusted", "near"),
    [
        ("127.0.0.1", "127.0.0.1:8080", (), True),
        ("127.0.0.1", "localhost:9999", (), True),  # an ssh login with another port
        ("::1", "[::1]:8080", (), True),
        ("127.0.0.1", "127.0.0.1:8080", ("10.0.0.1",), True),
        ("127.0.0.1", "127.0.0.1:8080", ("127.0.0.0/8",), False),  # that is the proxy
        ("127.0.0.1", "127.0.0.5", (), True),
        ("127.0.0.1", "pole.example", (), False),  # a proxy on this machine that says nothing of itself
        ("10.0.0.7", "127.0.0.1:8080", (), False),
        ("", "127.0.0.1:8080", (), False),
    ],
)
def test_near(peer: str, host: str, trusted: tuple[str, ...], near: bool) -> None:
    """At the pole is who comes over loopback, and asks for loopback."""
    assert guard.is_near(peer, {"Host": host}, trusted) is near


@pytest.mark.parametrize(
    ("path", "payload", "right", "may"),
    [
        ("lamp/set", {}, LIGHT, {"technician", "officer"}),
        ("drone/approval", {"decision": "approve"}, APPROVE, {"officer"}),
        ("drone/approval", {"decision": "cancel"}, STOP, {"technician", "officer"}),
        ("drone/approval", {"decision": "deny"}, STOP, {"technician", "officer"}),
        ("drone/approval", {"decision": ["deny"]}, APPROVE, {"officer"}),
        ("drone/approval", {}, APPROVE, {"officer"}),
        ("drone/stop", {"stop": True}, STOP, {"technician", "officer"}),
        ("drone/stop", {}, STOP, {"technician", "officer"}),
        ("drone/stop", {"stop": False}, APPROVE, {"officer"}),
        ("incident/feedback", {}, JUDGE, {"technician", "officer"}),
        ("outbox/resend", {}, None, set()),
        ("clock/accept", {}, None, set()),
        ("drone/progress", {}, None, set()),
        ("drone/conditions", {}, None, set()),
    ],
)
def test_rights(path: str, payload: dict[str, object], right: str | None, may: set[str]) -> None:
    """Who may command what. Only an officer lets a drone fly; nobody speaks for the dispatcher."""
    assert right_for(path, payload) == right
    assert {role for role, rights in ROLES.items() if right in rights} == may
    assert SETUP in ROLES["technician"] and SETUP not in ROLES["officer"] | ROLES["viewer"]


def test_session_ends() -> None:
    """A session ends unused, when it is old, with another password, and without its account."""
    sessions, accounts = Sessions(), {"dewi": ACCOUNT}
    token, _ = sessions.begin("dewi", ACCOUNT, 0.0)
    assert sessions.of(token, accounts, IDLE_S) is not None
    assert sessions.of(token, accounts, 2 * IDLE_S + 0.1) is None
    assert sessions.of(token, accounts, 0.0) is None, "what has ended stays so"
    began = at = 7e5
    token, _ = sessions.begin("dewi", ACCOUNT, began)
    while at + IDLE_S <= began + LONGEST_S:
        at += IDLE_S
        assert sessions.of(token, accounts, at) is not None
    assert sessions.of(token, accounts, began + LONGEST_S + 0.1) is None
    for changed in ({}, {"dewi": Account(role="viewer", salt="ef", hash="cd")}):
        token, _ = sessions.begin("dewi", ACCOUNT, 0.0)
        assert sessions.of(token, changed, 1.0) is None


def test_sessions_bounded() -> None:
    """A storm of logins ends the sessions that were not used longest, never the one in use."""
    sessions, accounts = Sessions(), {"dewi": ACCOUNT}
    mine, _ = sessions.begin("dewi", ACCOUNT, 0.0)
    first, _ = sessions.begin("dewi", ACCOUNT, 0.5)
    for number in range(1, MOST):
        assert sessions.of(mine, accounts, float(number)) is not None
        sessions.begin("dewi", ACCOUNT, float(number))
    assert sessions.of(mine, accounts, float(MOST)) is not None
    assert sessions.of(first, accounts, float(MOST)) is None
    assert sessions.of("", accounts, 1.0) is None and sessions.of("\udcff", accounts, 1.0) is None


def test_sessions_of_one() -> None:
    """An account that logs in again and again ends its own sessions, nobody else's."""
    sessions, accounts = Sessions(), {"dewi": ACCOUNT, "ayu": ACCOUNT}
    mine, _ = sessions.begin("ayu", ACCOUNT, 0.0)
    for number in range(2 * MOST):
        sessions.begin("dewi", ACCOUNT, 1.0 + number / MOST)
    assert sessions.of(mine, accounts, 3.0) is not None


def test_tries_of_loopback() -> None:
    """All addresses of loopback are one: whoever is on the machine has millions of them."""
    tries = Tries()
    for number in range(FREE):
        tries.wrong(f"127.0.{number}.1", 0.0)
    assert tries.wait_s("127.0.0.1", 0.0) > 0 and tries.wait_s("::1", 0.0) > 0
    assert tries.wait_s("10.0.0.7", 0.0) == 0.0


def test_tries() -> None:
    """Each wrong password after the first few costs twice the time, a minute at most; a right one ends it."""
    tries, now, waits = Tries(), 0.0, []
    for _ in range(FREE + 10):
        now += tries.wait_s("10.0.0.7", now)
        assert tries.wait_s("10.0.0.7", now) == 0.0
        tries.wrong("10.0.0.7", now)
        waits.append(tries.wait_s("10.0.0.7", now))
    assert waits[: FREE + 3] == [0.0] * (FREE - 1) + [1.0, 2.0, 4.0, 8.0]
    assert max(waits) == LONGEST_WAIT_S
    assert tries.wait_s("10.0.0.8", now) == 0.0, "nobody else waits"
    tries.right("10.0.0.7")
    assert tries.wait_s("10.0.0.7", now) == 0.0


def test_limits() -> None:
    """What manual and reviewers read, in numbers."""
    assert Sessions().of("", {}, 0.0) is None and Tries().wait_s("10.0.0.7", 0.0) == 0.0
    assert (sessions_.IDLE_S, sessions_.LONGEST_S) == (1800.0, 43_200.0)
    assert (sessions_.MOST, sessions_.MOST_OF_ONE) == (200, 20)
    assert sessions_.TOKEN_BYTES == 32  # 256 bits
    limits = (tries_.FREE, tries_.FIRST_S, tries_.LONGEST_S, tries_.FORGET_S, tries_.MOST, tries_.IPV6_PREFIX)
    assert limits == (5, 1.0, 60.0, 900.0, 1000, 64)
    assert (accounts_.LEAST_PASSWORD, accounts_.COST) == (12, {"n": 16_384, "r": 8, "p": 5})
    assert (overlay.FILE, overlay.BEFORE, overlay.MAX_BYTES) == (
        "overlay.json", "overlay.before.json", 131_072,
    )  # fmt: skip
    assert {role: sorted(rights) for role, rights in ROLES.items()} == {
        "viewer": ["look"],
        "technician": ["judge", "light", "look", "setup", "stop"],
        "officer": ["approve", "judge", "light", "look", "stop"],
    }


def test_tries_are_forgotten() -> None:
    """After a quarter of an hour without a wrong try an address begins anew; the oldest go when there are
    too many.
    """
    tries = Tries()
    for _ in range(FREE + 8):
        tries.wrong("10.0.0.7", 0.0)
    tries.wrong("10.0.0.8", tries_.FORGET_S - 0.1)
    assert tries.wait_s("10.0.0.7", 0.0) > 0
    tries.wrong("10.0.0.8", tries_.FORGET_S)
    assert tries.wait_s("10.0.0.7", 0.0) == 0.0
    crowded = Tries()
    for number in range(tries_.MOST + 1):
        for _ in range(FREE):
            crowded.wrong(f"10.0.{number // 256}.{number % 256}", float(number) / 1000)
    now = tries_.MOST / 1000
    assert crowded.wait_s("10.0.0.0", now) == 0.0, "the oldest went for the newest"
    assert crowded.wait_s("10.0.0.1", 0.001) > 0 and crowded.wait_s(f"10.0.{tries_.MOST // 256}.232", now) > 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:10.0.0.7", "10.0.0.7", True),
        ("::ffff:10.0.0.7", "::ffff:10.0.0.8", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("nonsense", "nonsense", True),
        ("nonsense", "other", False),
        ("10.0.0.7", "10.0.0.8", False),
    ],
)
def test_one_subscriber(one: str, other: str, same: bool) -> None:
    """Which addresses count as one."""
    tries = Tries()
    for _ in range(FREE):
        tries.wrong(one, 0.0)
    assert (tries.wait_s(other, 0.0) > 0) is same


def test_old_sessions_go() -> None:
    """A login clears away the sessions that are over, and leaves the others."""
    sessions, accounts = Sessions(), {"dewi": ACCOUNT}
    old, _ = sessions.begin("dewi", ACCOUNT, 0.0)
    kept, session = sessions.begin("dewi", ACCOUNT, IDLE_S)
    fresh, other = sessions.begin("dewi", ACCOUNT, IDLE_S + 1)
    assert sessions.of(old, accounts, 0.0) is None, "it was over at the last login"
    assert sessions.of(kept, accounts, IDLE_S + 1) is session
    assert session.csrf != other.csrf and kept != fresh and len(kept) >= 43
    assert Sessions().open_csrf != Sessions().open_csrf and len(Sessions().open_csrf) >= 43


@given(st.lists(st.ip_addresses(v=6).map(str), min_size=1, max_size=30))
def test_tries_ipv6(addresses: list[str]) -> None:
    """One subscriber has a whole /64: another address of it is no new start."""
    tries = Tries()
    for address in addresses:
        for _ in range(FREE):
            tries.wrong(address, 0.0)
        prefix = address.rpartition(":")[0] if "::" not in address else None
        assert tries.wait_s(address, 0.0) > 0
        if prefix is not None and "." not in address:
            assert tries.wait_s(f"{prefix}:1", 0.0) > 0
    tries.wrong("::ffff:10.0.0.7", 0.0)
    assert tries.wait_s("fe80::1%eth0", 0.0) >= 0.0


def test_passwords() -> None:
    """A password fits its own account only, and no account that there is not."""
    account = made("viewer", "twelve chars")
    assert fits(account, "twelve chars")
    assert not fits(account, "twelve charS") and not fits(account, "") and not fits(None, "twelve chars")
    assert made("viewer", "twelve chars").hash != account.hash, "each has a salt of its own"
