"""A web server that is slow, endless, broken or somebody else: an end comes, with a sentence."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from pathlib import Path

import pytest
import trustme

from pole_agent.errors import ConfigError, RemoteError
from pole_agent.remote.budget import MB, Budget
from pole_agent.remote.fetching import Patience, Web
from pole_agent.remote.sources import NotThere
from tests.remote.conftest import HASTY, PATIENT
from tests.remote.web import Handler, Site, served

BIG = bytes(range(256)) * 4096  # 1 MB


@pytest.fixture
def site(tmp_path: Path) -> Site:  # type: ignore[misc]
    (tmp_path / "targets").mkdir()
    (tmp_path / "targets" / "big").write_bytes(BIG)
    with served(tmp_path) as site:
        yield site


def read(site: Site, start: int = 0, patience: Patience = PATIENT) -> tuple[int, bytes]:
    with contextlib.closing(Web(site.address, patience=patience)) as web:
        begins, chunks = web.target("big", start)
        return begins, b"".join(chunks)


def test_a_file_comes_whole_and_from_the_middle(site: Site) -> None:
    """Whole, and from a byte on; a server without ranges sends the whole, and says so by its answer."""
    assert read(site) == (0, BIG)
    assert read(site, 1000) == (1000, BIG[1000:])
    site.mischief["big"] = lambda h: h.say(200, BIG)
    assert read(site, 1000) == (0, BIG)
    site.mischief["big"] = lambda h: h.say(416, b"") if h.headers.get("Range") else h.say(200, BIG)
    assert read(site, 1000) == (0, BIG)


def test_another_range_than_asked_for(site: Site) -> None:
    site.mischief["big"] = lambda h: h.say(206, BIG, {"Content-Range": "bytes 0-9/10"})
    with pytest.raises(RemoteError, match="206"):
        read(site, 1000)


def test_one_connection_for_all(site: Site) -> None:
    """A missing file and an error do not cost a new connection; a server that closes it, one more."""
    web = Web(site.address)
    for _ in range(2):
        with pytest.raises(NotThere):
            list(web.metadata("9.root.json"))
        first = web._connection.sock
        assert first is not None
        assert b"".join(web.target("big", 0)[1]) == BIG
        assert web._connection.sock is first
        first.shutdown(socket.SHUT_RDWR)
    web.close()


def head(text: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\n{text}".encode()


@pytest.mark.parametrize(
    ("first", "each"),
    [
        (b"", b"H"),
        (head("X-A: "), b"a"),
        (head("X-A: b\r\n"), b"X-A: b\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (head("Content-Length: 1000000\r\n\r\n"), b"a"),
        (head("Transfer-Encoding: chunked\r\n\r\n"), b"1\r\na\r\n"),
        (head("Transfer-Encoding: chunked\r\n\r\n1;"), b"a"),
        (head("Transfer-Encoding: chunked\r\n\r\n0\r\n"), b"X-A: b\r\n"),
        (head("\r\n"), b"a"),
        (b"HTTP/1.1 500 Failed\r\nContent-Length: 9999\r\n\r\n", b"a"),
    ],
    ids=[
        "line",
        "field",
        "fields",
        "100",
        "body",
        "chunks",
        "chunk size",
        "trailers",
        "to the end",
        "error page",
    ],
)
def test_slow_retrieval(site: Site, first: bytes, each: bytes) -> None:
    """A byte now and then keeps a connection alive for ever: it ends after the second that was allowed."""
    site.mischief["big"] = lambda h: h.drip(first, each, 0.05)
    begun = time.monotonic()
    with pytest.raises(RemoteError, match=r"less than 2000 bytes a second|answers 500"):
        read(site, patience=HASTY)
    assert time.monotonic() - begun < 5


def test_a_silent_server(site: Site) -> None:
    site.mischief["big"] = lambda h: h.drip(b"", b"", 0.5)
    begun = time.monotonic()
    with pytest.raises(RemoteError):
        read(site, patience=HASTY)
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000,
        b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 999 ?\r\nContent-Length: 0\r\n\r\n",
        b"",
    ],
)
def test_a_broken_answer(site: Site, answer: bytes) -> None:
    def mischief(handler: Handler) -> None:
        handler.wfile.write(answer)
        handler.close_connection = True

    site.mischief["big"] = mischief
    with pytest.raises(RemoteError):
        read(site)


def test_no_redirect_is_followed(site: Site, tmp_path: Path) -> None:
    """Neither to another host nor to the same one: the address is what a hand wrote."""
    with served(tmp_path) as other:
        site.mischief["big"] = lambda h: h.say(302, b"", {"Location": f"{other.address}/targets/big"})
        with pytest.raises(RemoteError, match="sends elsewhere"):
            read(site)
        assert not other.asked


def test_the_environment_names_no_proxy(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert read(site) == (0, BIG)


def test_tls_is_verified(tmp_path: Path) -> None:
    """The authority of ca_file, and the name in the certificate; another of either is refused."""
    (tmp_path / "metadata").mkdir()
    (tmp_path / "metadata" / "timestamp.json").write_bytes(b"{}")
    authority, other = trustme.CA(), trustme.CA()
    for ca, file in ((authority, "ca.pem"), (other, "other.pem")):
        ca.cert_pem.write_to_path(str(tmp_path / file))
    for name, ca_file, works in (
        ("127.0.0.1", "ca.pem", True),
        ("127.0.0.1", "other.pem", False),
        ("127.0.0.1", "", False),
        ("example.org", "ca.pem", False),
    ):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        with served(tmp_path, context) as site:
            web = Web(site.address, tmp_path / ca_file if ca_file else None)
            if works:
                assert b"".join(web.metadata("timestamp.json")) == b"{}"
            else:
                with pytest.raises(RemoteError, match="certificate"):
                    list(web.metadata("timestamp.json"))
            web.close()


def test_a_slow_handshake_ends(tmp_path: Path) -> None:
    """A server that takes the connection and never speaks TLS."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        web = Web(f"https://127.0.0.1:{server.getsockname()[1]}", patience=HASTY)
        begun = time.monotonic()
        with pytest.raises(RemoteError):
            list(web.metadata("timestamp.json"))
        assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "address",
    ["ftp://a/b", "http://", "https://user:word@host/x", "file:///etc", "http://host/a?b=c", "//host/a", "x"],
)
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(ConfigError, match="repository: invalid address"):
        Web(address)


def test_the_budget_of_a_day(site: Site, tmp_path: Path) -> None:
    """What is spent is spent for the day, over restarts; a tenth is kept from what is large."""
    file = tmp_path / "budget.json"

    def get(budget: Budget) -> None:
        web = Web(site.address, spend=budget.spend)
        try:
            b"".join(web.target("big", 0)[1])
        finally:
            web.close()
            budget.save()

    budget = Budget(file, 3 * MB, "2027-03-01")
    get(budget)
    get(budget)
    assert len(BIG) * 2 < budget.used < len(BIG) * 2 + 4000
    budget = Budget(file, 3 * MB, "2027-03-01")
    with budget.keeping_some(), pytest.raises(RemoteError, match="3 MB of today"):
        get(budget)
    assert 2.7 * MB < Budget(file, 3 * MB, "2027-03-01").used < 2.8 * MB
    Budget(file, 3 * MB, "2027-03-01").spend(200_000)
    with pytest.raises(RemoteError, match="3 MB of today"):
        get(Budget(file, 3 * MB, "2027-03-01"))
    assert Budget(file, 3 * MB, "2027-03-02").used == 0
    for spoiled in (b"", b"{}", b'{"day": "2027-03-01", "bytes": []}', b"[" * 99_999):
        file.write_bytes(spoiled)
        assert Budget(file, 3 * MB, "2027-03-01").used == 0
