"""Login and logout: wrong passwords cost time, and nobody else's session or stop."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from pole_agent.cli import main
from pole_agent.page import accounts as book
from pole_agent.page.sessions import IDLE_S
from pole_agent.page.tries import FREE
from tests.page.served import PASSWORD, Browser, serving


async def test_login(tmp_path: Path) -> None:
    """The cookie cannot be read by a script, goes to this page only, and ends with the logout."""
    async with serving(tmp_path) as served, aiohttp.ClientSession() as session:
        headers = {"Origin": served.origin}
        sent = {"name": "the officer", "password": PASSWORD}
        async with session.post(served.origin + "/api/login", json=sent, headers=headers) as response:
            cookie = response.headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Secure" not in cookie
    async with serving(tmp_path) as served, Browser(served) as browser:
        assert (await browser.get("/api/ask/lamp"))[0] == 401
        assert await browser.login("officer") == 200
        assert (await browser.get("/api/ask/lamp"))[0] == 200
        assert (await browser.post("/api/logout", {}))[0] == 200
        assert (await browser.get("/api/ask/lamp"))[0] == 401


async def test_logout_is_known(tmp_path: Path) -> None:
    """A cookie that was kept is worth nothing after the logout, nor after half an hour without a request."""
    async with serving(tmp_path) as served, Browser(served) as browser:
        await browser.login("viewer")
        cookies = {c.key: c.value for c in browser._session.cookie_jar}
        async with aiohttp.ClientSession(cookies=cookies) as copy:
            async with copy.get(served.origin + "/api/ask/lamp") as response:
                assert response.status == 200
            await browser.post("/api/logout", {})
            async with copy.get(served.origin + "/api/ask/lamp") as response:
                assert response.status == 401
        await browser.login("viewer")
        await served.clock.advance(IDLE_S + 1)
        assert (await browser.get("/api/ask/lamp"))[0] == 401


@pytest.mark.parametrize(
    "sent",
    [
        {"name": "the officer", "password": "wrong password"},
        {"name": "nobody", "password": PASSWORD},
        {"name": "the officer", "password": ""},
        {"name": "the officer\x00", "password": PASSWORD},
        {"name": "THE OFFICER", "password": PASSWORD},
        {"name": "the officer", "password": PASSWORD + "\udcff"},
    ],
)
async def test_wrong(tmp_path: Path, sent: dict[str, str]) -> None:
    """Wrong name or wrong password: the same answer."""
    async with serving(tmp_path) as served, Browser(served) as browser:
        status, content = await browser.post("/api/login", sent)
        assert (status, content) == (401, {"error": "wrong name or password"})


@pytest.mark.parametrize("sent", [{}, {"name": 1, "password": []}, {"name": "x"}, [], "x", 7])
async def test_malformed(tmp_path: Path, sent: object) -> None:
    """What is no login is refused."""
    async with serving(tmp_path) as served, Browser(served) as browser:
        assert (await browser.post("/api/login", sent))[0] == 422


async def test_storm(tmp_path: Path) -> None:
    """A storm of wrong passwords is slowed, at this address; who is logged in from it can still stop flights,
    and look. When the time is over, the right password is let in.
    """
    async with serving(tmp_path) as served, Browser(served) as officer, Browser(served) as attacker:
        await officer.login("officer")
        wrong = {"name": "the officer", "password": "wrong password"}
        answers = await asyncio.gather(*(attacker.post("/api/login", wrong) for _ in range(30)))
        found = [status for status, _ in answers]
        assert found.count(401) <= FREE + 1 and set(found) == {401, 429}
        stop = {"path": "drone/stop", "payload": {"stop": True}}
        assert (await officer.post("/api/command", stop))[0] == 200
        assert (await officer.get("/api/ask/lamp"))[0] == 200
        assert await attacker.login("officer") == 429
        await served.clock.advance(61)
        assert await attacker.login("officer") == 200


async def test_known_browser(tmp_path: Path) -> None:
    """Who has logged in with this browser before comes in during a storm from the same address; the browser
    opens nothing by itself, is worth nothing for another account, and its own wrong tries are slowed.
    """
    async with serving(tmp_path) as served, Browser(served) as officer, Browser(served) as attacker:
        await officer.login("officer")
        await officer.post("/api/logout", {})
        assert (await officer.get("/api/ask/lamp"))[0] == 401
        for _ in range(FREE):
            assert await attacker.login("officer", "wrong password") == 401
        assert await attacker.login("officer") == 429
        assert await officer.login("viewer") == 429
        assert await officer.login("officer") == 200
        await officer.post("/api/logout", {})
        for _ in range(FREE):
            assert await officer.login("officer", "wrong password") == 401
        assert await officer.login("officer") == 429


def typed(folder: Path, password: str, *words: str) -> subprocess.CompletedProcess[str]:
    """`pole-agent page user …`, with a password on its standard input."""
    command = [sys.executable, "-m", "pole_agent", "page", "user", *words, "--state-dir", str(folder)]
    return subprocess.run(command, input=f"{password}\n", capture_output=True, text=True, timeout=60)


async def test_accounts_change(tmp_path: Path) -> None:
    """`pole-agent page user` works beside the running page: a new password, or a removal, ends sessions."""

    async def done(password: str, *words: str) -> int:
        """Beside the page: who waits for a slow machine's command in its loop finds the connection closed."""
        return (await asyncio.to_thread(typed, tmp_path, password, *words)).returncode

    async with serving(tmp_path) as served, Browser(served) as browser:
        await browser.login("viewer")
        assert await done("another password", "passwd", "the viewer") == 0
        assert (await browser.get("/api/ask/lamp"))[0] == 401
        assert await browser.login("viewer") == 401
        assert await browser.login("viewer", "another password") == 200
        assert await done("", "remove", "the viewer") == 0
        assert (await browser.get("/api/ask/lamp"))[0] == 401
        assert await done("a third password", "add", "dewi", "--role", "officer") == 0
        status, _ = await browser.post("/api/login", {"name": "dewi", "password": "a third password"})
        assert status == 200


async def test_no_answer_is_told(tmp_path: Path) -> None:
    """Where the agent answers commands no more, after too many that it refused, the page says so."""
    async with serving(tmp_path) as served, Browser(served) as browser:
        served.floods = True
        await browser.login("technician")
        order = {"path": "lamp/set", "payload": {"level": 0.5, "duration_s": 60}}
        status, told = await browser.post("/api/command", order)
        assert status == 422
        assert told["ok"] is False and "too many" in told["error"]


async def test_no_accounts_yet(tmp_path: Path) -> None:
    """Nobody has made one: nobody comes in, and nothing fails."""
    async with serving(tmp_path) as served, Browser(served) as browser:
        (tmp_path / book.FILE).unlink()
        assert book.read(tmp_path) == {}
        assert await browser.login("viewer") == 401


@pytest.mark.parametrize(
    ("words", "password", "code", "said"),
    [
        (["add", "dewi", "--role", "viewer"], "short", 1, "expected 12 to 200 characters"),
        (["add", "dewi", "--role", "viewer"], "x" * 201, 1, "expected 12 to 200 characters"),
        (["add", " dewi", "--role", "viewer"], "x" * 12, 2, "invalid name"),
        (["add", "the viewer", "--role", "officer"], "x" * 12, 1, "already"),
        (["passwd", "nobody"], "x" * 12, 1, "unknown account nobody"),
        (["remove", "nobody"], "", 1, "unknown account nobody"),
    ],
)
def test_command_refuses(tmp_path: Path, words: list[str], password: str, code: int, said: str) -> None:
    """The command says what is wrong, and changes nothing."""
    book.write(tmp_path, {"the viewer": book.made("viewer", PASSWORD)})
    before = (tmp_path / book.FILE).read_bytes()
    done = typed(tmp_path, password, *words)
    assert (done.returncode, done.stdout) == (code, "") and said in done.stderr
    assert (tmp_path / book.FILE).read_bytes() == before


def test_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is for its owner only, holds no password, and a damaged one is an error with its path."""
    book.write(tmp_path, {"dewi": book.made("viewer", PASSWORD)})
    file = tmp_path / book.FILE
    assert file.stat().st_mode & 0o777 == 0o600 and PASSWORD not in file.read_text()
    assert main(["page", "user", "list", "--state-dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out.split() == ["dewi", "viewer"]
    for damaged in (
        "{",
        "[]",
        '{"dewi": {}}',
        '{"dewi": {"role": "king", "salt": "00", "hash": "00"}}',
        "null",
        '{"ani": {"role": "viewer", "salt": %s, "hash": 1e999}}' % ("9" * 400),
    ):
        file.write_text(damaged)
        assert main(["page", "user", "list", "--state-dir", str(tmp_path)]) == 1
        assert str(file) in capsys.readouterr().err


async def test_damaged_accounts(tmp_path: Path) -> None:
    """With a damaged file nobody is let in, and the page goes on; once mended, everybody is again."""
    async with serving(tmp_path) as served, Browser(served) as browser:
        whole = (tmp_path / book.FILE).read_bytes()
        (tmp_path / book.FILE).write_bytes(b"{")
        assert await browser.login("viewer") == 401
        (tmp_path / book.FILE).unlink()
        assert await browser.login("viewer") == 401
        (tmp_path / book.FILE).write_bytes(whole)
        assert await browser.login("viewer") == 200
