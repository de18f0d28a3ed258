"""Field failure 10: a command that the broker keeps.

Refused, answered, recorded; at every start, and while the pole listens.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pole_agent.uplink.events import PATHS
from tests.conftest import Mosquitto, eventually
from tests.contracts.test_payload_contract import BASE, City

COMMANDS = {
    "lamp/set": {"level": 0.3, "duration_s": 3600, "by": "a dashboard"},
    "drone/approval": {"request_id": "r-1", "decision": "approve", "by": "an officer"},
    "drone/progress": {"request_id": "r-1", "status": "accepted"},
    "diagnose": {},
    "sync": {},
    "drone/stop": {"stop": False, "by": "an officer"},
    "drone/conditions": {"wind_ms": 0.0, "at": "2026-11-24T10:00:00Z"},
    "outbox/resend": {"storeid": "x", "from": 1, "to": 2},
    "incident/feedback": {
        "incident_id": "01a20d2c-5ce5-7046-9dd1-e9f3183805ad",
        "verdict": "true",
        "by": "an officer",
    },
}


@pytest.mark.parametrize("path", PATHS)
def test_a_kept_command_is_never_acted_on(
    path: str, mosquitto: Mosquitto, agent: Callable[..., Any], bench: Callable[..., Path]
) -> None:
    city = City(mosquitto.port)
    config = str(bench(f'[mqtt]\nhost = "127.0.0.1"\nport = {mosquitto.port}\ntls = false\n'))
    payload = json.dumps(COMMANDS[path])

    def refusals() -> list[dict[str, Any]]:
        return [r for r in city.got("reply") if not r["ok"]]

    try:
        city._client.publish(f"{BASE}/{path}", payload, 1, retain=True).wait_for_publish(5)
        process = agent("run", "--config", config, "--log-level", "error")
        eventually(lambda: len(refusals()) == 1, 20)
        process.terminate()
        assert process.wait(10) == 0
        agent("run", "--config", config, "--log-level", "error")
        eventually(lambda: len(refusals()) == 2, 20)
        # And one that is published retained while the pole listens: it looks ordinary without Retain As
        # Published.
        city._client.publish(f"{BASE}/{path}", payload, 1, retain=True).wait_for_publish(5)
        eventually(lambda: len(refusals()) == 3)
        eventually(lambda: len(city.got("events/command/refused")) == 3, 20)
        assert all("retained" in r["error"] for r in refusals())
        assert {e["data"]["path"] for e in city.got("events/command/refused")} == {path}
        assert not [r for r in city.got("reply") if r["ok"]]
        assert not city.got("events/command/accepted")
        assert all(s["reason"] != "override" for s in city.got("lamp/state"))
        # Clearing the topic is no command; after it, the pole starts in peace.
        city._client.publish(f"{BASE}/{path}", b"", 1, retain=True).wait_for_publish(5)
        city.send("lamp/set", level=0.6, duration_s=60, by="me")
        eventually(lambda: any(r["ok"] for r in city.got("reply")))
        assert len(refusals()) == 3
    finally:
        city.close()


def test_every_command_path_is_tried_here() -> None:
    assert set(COMMANDS) == set(PATHS)
