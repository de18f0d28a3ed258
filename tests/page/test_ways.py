"""Every route, for everybody: one way in, and nobody comes further than their right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pole_agent.page.rights import LOOK, ROLES, SETUP
from pole_agent.page.routes import OPEN
from tests.page.served import ROLES as WHO
from tests.page.served import Browser, raw, serving

FILLED = {"{camera}": "street", "{question}": "lamp"}
BODIES = {
    "/api/command": {"path": "lamp/set", "payload": {"level": 0.5}},
    "/api/login": {"name": "the viewer", "password": "x" * 12},
}


def filled(path: str) -> str:
    for name, value in FILLED.items():
        path = path.replace(name, value)
    return path


@pytest.mark.parametrize("who", ["nobody", *WHO])
async def test_every_route(tmp_path: Path, who: str) -> None:
    """Each line of the table of routes, with each role: open to all, refused without a login, refused without
    the right, else answered.
    """
    async with serving(tmp_path) as served, Browser(served) as browser:
        if who != "nobody":
            assert await browser.login(who) == 200
        rights = ROLES.get(who, frozenset())
        routes = [r for r in served.page.routes.values() if r.path != "/api/logout"]
        assert {r.right for r in routes} == {OPEN, LOOK, SETUP}, "a new right needs a line here"
        for route in routes:
            if route.method == "GET":
                status, _ = await browser.get(filled(route.path))
            else:
                status, _ = await browser.post(route.path, BODIES.get(route.path, {}))
            where = f"{route.method} {route.path} as {who}"
            if route.right == OPEN:
                assert status in (200, 401 if route.path == "/api/login" else 200), where
            elif who == "nobody":
                assert status == 401, where
            elif route.right not in rights:
                assert status == 403, where
            elif route.path == "/api/picture/{camera}":
                assert status == 403, f"{where}: this page has no pictures"
            elif route.path == "/api/commission/report":
                assert status == 404, f"{where}: nothing is signed off"
            elif route.path == "/api/command":
                assert status == (200 if "light" in rights else 403), where
            else:
                assert status in (200, 409, 422), where
        may = "light" in rights
        assert len(served.commands) == may
        assert all(by == f"page:the {who}" for _, _, by in served.commands)
        assert served.reloads == 0


@pytest.mark.parametrize(
    ("path", "payload", "roles"),
    [
        ("lamp/set", {"level": 1}, {"technician", "officer"}),
        ("drone/approval", {"request_id": "r", "decision": "approve"}, {"officer"}),
        ("drone/approval", {"request_id": "r", "decision": "cancel"}, {"technician", "officer"}),
        ("drone/stop", {"stop": True}, {"technician", "officer"}),
        ("drone/stop", {"stop": False}, {"officer"}),
        ("incident/feedback", {"incident_id": "i", "verdict": "false"}, {"technician", "officer"}),
        ("outbox/resend", {"from": 1, "to": 2}, set()),
        ("clock/accept", {}, set()),
        ("drone/progress", {"request_id": "r", "status": "ok"}, set()),
    ],
)
async def test_commands(tmp_path: Path, path: str, payload: dict[str, object], roles: set[str]) -> None:
    """A command reaches the agent only from a role that may, and in the name of who is logged in, whatever
    name it carries.
    """
    async with serving(tmp_path) as served:
        for role in WHO:
            served.commands.clear()
            async with Browser(served) as browser:
                await browser.login(role)
                command = {"path": path, "payload": payload | {"by": "somebody else"}}
                status, _ = await browser.post("/api/command", command)
            assert (status == 200) is (role in roles)
            if role in roles:
                ((sent, body, by),) = served.commands
                assert (sent, json.loads(body)["by"], by) == (path, f"the {role}", f"page:the {role}")
            else:
                assert not served.commands


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": None},
        {"X-CSRF-Token": "wrong"},
        {"X-CSRF-Token": None},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data"},
    ],
)
async def test_forged(tmp_path: Path, headers: dict[str, str | None]) -> None:
    """What another page makes a browser send changes nothing: foreign origin, no token, a form."""
    async with serving(tmp_path) as served, Browser(served) as browser:
        await browser.login("officer")
        command = {"path": "drone/stop", "payload": {"stop": True}}
        assert (await browser.post("/api/command", command, headers))[0] == 403
        assert not served.commands
        assert (await browser.post("/api/command", command))[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "", "evil@127.0.0.1"])
async def test_rebinding(tmp_path: Path, host: str) -> None:
    """Under a foreign name (DNS rebinding) nothing is served, not even the page itself."""
    async with serving(tmp_path) as served, Browser(served) as browser:
        await browser.login("viewer")
        for path in ("/", "/api/me", "/api/ask/lamp"):
            status, content = await browser.get(path, Host=host)
            assert status in (400, 421), path
            assert b"the viewer" not in (
                content if isinstance(content, bytes) else json.dumps(content).encode()
            )


@pytest.mark.parametrize(
    "path",
    [
        "/../server.py", "/..%2f..%2fserver.py", "/%2e%2e/accounts.py", "/vendor/../../server.py",
        "//etc/passwd", "/static/app.js", "/app.js/", "/api", "/api/", "/api/nothing", "/api/ask/../me",
        "/page-accounts.json", "/api/picture/..%2f..%2fetc%2fpasswd", "/words/../en.py", "/words/xx.json",
        "/api/ask/outbox.page", "/api/ask/why.lamp%00",
    ],
)  # fmt: skip
async def test_no_other_file(tmp_path: Path, path: str) -> None:
    """Only what stands in the table is served; the path goes out as it stands, unlike from a browser."""
    async with serving(tmp_path) as served:
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        answer = await raw(served, request.encode())
        assert answer.split()[1] in (b"400", b"401", b"403", b"404"), answer[:80]
        assert b"import" not in answer and b"root:" not in answer and b"salt" not in answer


async def test_headers(tmp_path: Path) -> None:
    """Every answer, also a refusal, has the policy that keeps foreign scripts, frames and caches out."""
    import aiohttp

    async with serving(tmp_path) as served, aiohttp.ClientSession() as session:
        for path in ("/", "/app.js", "/api/me", "/api/ask/lamp", "/nothing"):
            async with session.get(served.origin + path) as response:
                policy = response.headers["Content-Security-Policy"]
                assert policy.startswith("default-src 'none'; script-src 'self';"), path
                assert "unsafe" not in policy and "http" not in policy
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                assert response.headers["X-Frame-Options"] == "DENY"
                assert response.headers["Server"] == "pole-agent"


async def test_nothing_secret(tmp_path: Path) -> None:
    """No route tells a password, a file of one, or a source, whatever the role."""
    async with serving(tmp_path) as served:
        for role in WHO:
            async with Browser(served) as browser:
                await browser.login(role)
                for route in served.page.routes.values():
                    if route.method == "GET" and route.path.startswith("/api/") and route.path != "/api/live":
                        _, content = await browser.get(filled(route.path))
                        told = json.dumps(content) if not isinstance(content, bytes) else content.decode()
                        for secret in ("admin", "credentials", "rtsp://", "10.0.0.9", "salt", "hash"):
                            assert secret not in told, f"{route.path} as {role}"


async def test_html_in_names(tmp_path: Path) -> None:
    """HTML in a name stays text: what is answered is JSON, and says so."""
    import aiohttp

    async with serving(tmp_path) as served, aiohttp.ClientSession() as session:
        served.live = {"incidents": [{"rule": "<script>alert(1)</script>"}]}
        name = "<img src=x onerror=alert(1)>"
        headers = {"Origin": served.origin}
        async with session.post(
            served.origin + "/api/login", json={"name": name, "password": "x"}, headers=headers
        ) as response:
            assert response.content_type == "application/json"
            assert name not in await response.text()
