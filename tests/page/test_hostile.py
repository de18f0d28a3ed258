"""Slow, broken and hostile clients: each costs itself, and nobody else."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from pole_agent.page.pictures import Pictures
from tests.page.served import LIMITS, Browser, Served, raw, serving

ALLOWED = (b"", b"400", b"403", b"404", b"405", b"411", b"413", b"414", b"421", b"431")


def post(served: Served) -> str:
    """The head of a login, without its end."""
    host = served.origin.removeprefix("http://")
    head = f"POST /api/login HTTP/1.1\r\nHost: {host}\r\nOrigin: {served.origin}\r\n"
    return head + "Content-Type: application/json\r\n"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x00\xff\xfe garbage\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"A: b\r\n" * 5000 + b"\r\n",
        b"POST /api/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"TRACE / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
        b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
        b"PUT /api/command HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        b"DELETE /api/me HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    ],
)  # fmt: skip
async def test_garbage(tmp_path: Path, request_bytes: bytes) -> None:
    """What is no proper request is refused, never answered with anything of the pole; others go on."""
    async with serving(tmp_path) as served, Browser(served) as browser:
        answer = await raw(served, request_bytes)
        status = answer.split(b" ")[1] if answer else b""
        assert status in (b"", b"400", b"403", b"404", b"405", b"411", b"413", b"414", b"421", b"431"), (
            answer[:200]
        )
        assert (await browser.get("/api/me"))[0] == 200


async def test_flood_of_garbage(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever comes, and however much of it: the log gets a line, not one for each."""
    async with serving(tmp_path) as served:
        caplog.clear()
        for _ in range(20):
            await raw(served, b"GET / HTTP/1.1\r\nX\x01\r\n\r\n")
        assert len([r for r in caplog.records if r.levelno >= logging.INFO]) <= 1


async def test_large_body(tmp_path: Path) -> None:
    """A body beyond the limit is refused before it is read to its end."""
    async with serving(tmp_path) as served, Browser(served) as browser:
        status, _ = await browser.post("/api/login", {"name": "x" * LIMITS.body_bytes, "password": "x"})
        assert status == 413
        assert (await browser.get("/api/me"))[0] == 200


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 50_000, "1e999", '"\\ud800"', "{}" * 3])
async def test_odd_json(tmp_path: Path, body: str) -> None:
    """JSON that is too deep, or odd, is refused."""
    async with serving(tmp_path) as served, Browser(served) as browser:
        await browser.login("technician")
        headers = {"Content-Type": "application/json", "X-CSRF-Token": browser.csrf}
        headers["Origin"] = served.origin
        where = served.origin + "/api/setup/check"
        async with browser._session.post(where, data=body, headers=headers) as response:
            assert response.status == 422
        if len(body) < 1000:
            where = served.origin + "/api/login"
            async with browser._session.post(where, data=body, headers=headers) as response:
                assert response.status == 422


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (f"Content-Length: {LIMITS.body_bytes - 1}\r\n", b"413"),
        ("Content-Length: 20001\r\n", b"413"),
        ("Transfer-Encoding: chunked\r\n", b"411"),
        ("Content-Encoding: gzip\r\nContent-Length: 2\r\n", b"415"),
        ("Content-Encoding: deflate\r\nContent-Length: 2\r\n", b"415"),
    ],
)
async def test_body_of_a_stranger(tmp_path: Path, head: str, status: bytes) -> None:
    """Before a login a large body is not waited for: all connections together would hold much memory. What is
    packed is not unpacked.
    """
    async with serving(tmp_path) as served:
        answer = await raw(served, f"{post(served)}{head}Connection: close\r\n\r\n".encode())
        assert answer.split()[1] == status


async def test_odd_bytes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What is no text, or no number, is refused where it stands: nothing fails, and the log stays quiet."""
    pictures = Pictures(["street"], pixelated=False)
    async with serving(tmp_path, pictures) as served, Browser(served) as browser:
        await browser.login("technician")
        caplog.clear()
        command = {"path": "drone/stop", "payload": {"stop": True}}
        assert (await browser.post("/api/command", command, {"X-CSRF-Token": "\udcff"}))[0] == 403
        for after in ("9" * 5000, "-1", "x", "%D9%A3"):
            assert (await browser.get(f"/api/picture/street?after={after}"))[0] == 204
        overlays: tuple[dict[str, object], ...] = (
            {"zone": [{"name": "\ud800"}]},
            {"\ud800": 1},
            {"masks": {"\ud800": []}},
        )
        for overlay in overlays:
            assert (await browser.post("/api/setup/check", {"overlay": overlay}))[0] == 422
        assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []


async def test_slow_body(tmp_path: Path) -> None:
    """A body that does not come is not waited for."""
    async with serving(tmp_path) as served, Browser(served) as browser:
        request = post(served) + "Content-Length: 100\r\nConnection: close\r\n\r\n{"
        answer = await raw(served, request.encode(), LIMITS.body_s + 20)
        assert answer.split()[1] == b"408"
        assert (await browser.get("/api/me"))[0] == 200


async def test_half_open(tmp_path: Path) -> None:
    """Connections that ask nothing are bounded, and closed; who is already served goes on."""
    async with serving(tmp_path) as served, Browser(served) as browser:
        await browser.login("viewer")
        address, count = ("127.0.0.1", served.page.port), LIMITS.connections + 20
        opened = [await asyncio.open_connection(*address) for _ in range(count)]
        try:
            assert (await browser.get("/api/me"))[0] == 200, "its connection is kept alive"
            assert served.page.connections <= LIMITS.connections
            async with asyncio.timeout(LIMITS.idle_s + 20):
                assert await asyncio.gather(*(reader.read() for reader, _ in opened)) == [b""] * count
            assert (await browser.get("/api/ask/lamp"))[0] == 200
        finally:
            for _, writer in opened:
                writer.close()


async def stream(response: aiohttp.ClientResponse) -> AsyncIterator[dict[str, object]]:
    async for line in response.content:
        if line.startswith(b"data: "):
            yield json.loads(line[6:])


async def test_stream(tmp_path: Path) -> None:
    """What is now comes when it changes; it ends with the session."""
    async with serving(tmp_path) as served, Browser(served) as browser:
        await browser.login("viewer")
        async with browser._session.get(served.origin + "/api/live") as response:
            events = stream(response)
            assert await anext(events) == {"at": "now"}
            served.live = {"at": "later"}
            await served.clock.advance(1)
            assert await anext(events) == {"at": "later"}
            await browser.post("/api/logout", {})
            with pytest.raises(StopAsyncIteration):
                async with asyncio.timeout(10):
                    await anext(events)


async def test_slow_reader(tmp_path: Path) -> None:
    """A viewer that takes nothing is let go, and the others see everything."""
    async with serving(tmp_path) as served, Browser(served) as browser:
        await browser.login("viewer")
        cookies = "; ".join(f"{c.key}={c.value}" for c in browser._session.cookie_jar)
        _, writer = await asyncio.open_connection("127.0.0.1", served.page.port, limit=1024)
        request = f"GET /api/live HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookies}\r\n\r\n"
        writer.write(request.encode())
        await writer.drain()
        assert isinstance(writer.transport, asyncio.Transport)
        writer.transport.pause_reading()

        async def busy() -> None:
            number = 0
            while True:
                number += 1
                served.live = {"at": number, "much": "x" * 500_000}
                await served.clock.advance(1)
                await asyncio.sleep(0.05)

        making = asyncio.create_task(busy())
        try:
            async with browser._session.get(served.origin + "/api/live", read_bufsize=1 << 22) as response:
                seen = 0
                async with asyncio.timeout(40):
                    while served.page.connections > 1 or seen < 10:
                        await anext(aiter(response.content.iter_any()))
                        seen += 1
        finally:
            making.cancel()
            writer.close()
