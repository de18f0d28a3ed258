"""Numbers for Prometheus: the format, and the port of a real agent."""

from __future__ import annotations

import json
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pole_agent.health.metrics import text
from tests.conftest import ROOT, eventually, free_port

HEALTH = json.loads((ROOT / "docs" / "samples" / "health.json").read_text())
# The lines of the exposition format, as Prometheus documents it.
SAMPLE = re.compile(r'[a-z0-9_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[0-9.e+-]+')
COMMENT = re.compile(r"# (HELP [a-z0-9_]+ \S.*|TYPE [a-z0-9_]+ (gauge|counter))")


def samples(body: str) -> dict[str, float]:
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in body.splitlines()
        if not line.startswith("#")
    }


def test_every_line_is_of_the_format() -> None:
    """Every line is of the format and no sample comes twice."""
    body = text(HEALTH, "1.2.3")
    assert body.endswith("\n")
    lines = body.splitlines()
    for line in lines:
        assert (COMMENT if line.startswith("#") else SAMPLE).fullmatch(line), line
    assert len(set(lines)) == len(lines)
    found = samples(body)
    assert found['pole_agent_info{version="1.2.3"}'] == 1
    assert found['pole_agent_part_ok{part="camera:street"}'] == 1
    assert found['pole_agent_part_number{part="detector",key="runs"}'] == 42
    assert found['pole_agent_outbox_waiting{severity="alarm"}'] == 0
    assert found['pole_agent_verdicts{rule="staying",verdict="false"}'] == 1
    assert found["pole_agent_memory_bytes"] == pytest.approx(154.1 * 1048576)
    assert not any(name.startswith("pole_agent_temperature") for name in found), "unknown is left out"


def test_a_store_that_does_not_answer_leaves_the_rest() -> None:
    found = samples(text(HEALTH | {"outbox": None, "rules": None}, "1"))
    assert "pole_agent_uptime_seconds" in found
    assert not any("outbox" in name for name in found)


def ask(port: int, path: str = "/metrics") -> tuple[int, str, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, "", ""


def test_a_running_agent_answers_on_its_port(agent: Callable[..., Any], bench: Callable[..., Path]) -> None:
    """A running agent answers on its port and bears bad guests."""
    port = free_port()
    agent("run", "--config", str(bench(f"[metrics]\nenabled = true\nport = {port}\n")))

    def up() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    eventually(up)
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(5)]  # they say nothing
    for request in (b"\x00" * 20_000, b"POST /metrics HTTP/1.1\r\n\r\n", b"GET\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port)) as guest:
            guest.sendall(request)
            guest.settimeout(5)
            try:
                answer = guest.recv(200)
            except ConnectionResetError:
                answer = b""
            assert b"200 OK" not in answer
    status, content_type, body = ask(port)
    assert (status, content_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert samples(body)["pole_agent_clock_trusted"] == 1
    assert ask(port, "/")[0] == 404
    for guest in silent:
        guest.close()


def test_it_is_off_by_default(agent: Callable[..., Any], bench: Callable[..., Path]) -> None:
    from pole_agent.settings.load import load

    assert load(bench()).settings.metrics.enabled is False
