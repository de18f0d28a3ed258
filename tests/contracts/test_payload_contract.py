"""The contract as files against what the agent really says: all messages of a pole at a real Mosquitto, and
the samples in docs/.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.conftest import CLIP, ROOT, Mosquitto, eventually
from tests.uplink.test_wire import City as Witness
from tests.uplink.test_wire import Heard

CONTRACT = ROOT / "docs" / "contract"
SCHEMAS = json.loads((CONTRACT / "schemas.json").read_text())
ASYNCAPI = json.loads((CONTRACT / "asyncapi.json").read_text())
SAMPLES = sorted((ROOT / "docs" / "samples").glob("*.json"))
BASE = "smartpole/test/T-1"
CONFIG = """
[[camera]]
name = "street"
source = "{clip}"
fps = 10
loop = true
[[zone]]
name = "road"
polygon = [[0, 0.3], [0.45, 0.3], [0.75, 0.1], [1, 0.2], [1, 0.75], [0.6, 0.6], [0, 0.45]]
[[line]]
name = "post"
from = [0.55, 0.25]
to = [0.55, 0.75]
[[rule]]
name = "in"
kind = "presence"
severity = "warning"
notify = ["112"]
[[rule]]
name = "stay"
kind = "loitering"
zone = "road"
dwell_s = 1
severity = "alarm"
drone = true
[[rule]]
name = "cross"
kind = "crossing"
line = "post"
[drone]
enabled = true
night_permit = true
geofence = [[-6.87, 107.90], [-6.87, 107.93], [-6.85, 107.93], [-6.85, 107.90]]
[mqtt]
host = "127.0.0.1"
port = {port}
tls = false
"""


def schema(name: str) -> dict[str, Any]:
    return {"$schema": SCHEMAS["$schema"], "$ref": f"#/$defs/{name}", "$defs": SCHEMAS["$defs"]}


def valid(name: str, document: Any) -> None:
    jsonschema.Draft202012Validator(schema(name), format_checker=jsonschema.FormatChecker()).validate(
        document
    )


def described(definition: dict[str, Any], document: Any, where: str) -> None:
    """Every key of a message stands in the contract: what nobody wrote down, nobody can rely on."""
    if "$ref" in definition:
        definition = SCHEMAS["$defs"][definition["$ref"].rpartition("/")[2]]
    for choice in definition.get("anyOf", []) + definition.get("oneOf", []):
        if jsonschema.Draft202012Validator(choice | {"$defs": SCHEMAS["$defs"]}).is_valid(document):
            return described(choice, document, where)
    if isinstance(document, list):
        for item in document:
            described(definition.get("items", {}), item, where + "[]")
    if isinstance(document, dict) and "properties" in definition:
        for key, value in document.items():
            if key not in definition["properties"] and where.endswith(".parts"):
                continue
            assert key in definition["properties"] or where.startswith("health.parts"), (
                f"{where}.{key} is not in the contract"
            )
            described(definition["properties"].get(key, {}), value, f"{where}.{key}")
    elif isinstance(document, dict) and isinstance(definition.get("additionalProperties"), dict):
        for value in document.values():
            described(definition["additionalProperties"], value, where)
    return None


def check(topic: str, document: Any) -> str:
    """Validate a message by its channel in the AsyncAPI document; returns the channel."""
    for name, channel in ASYNCAPI["channels"].items():
        pattern = re.sub(r"\{\w+\}", "[^/]+", channel["address"])
        if re.fullmatch(pattern, topic):
            payload = ASYNCAPI["components"]["messages"][name]["payload"]["schema"]["$ref"].rpartition("/")[2]
            valid(payload, document)
            described(SCHEMAS["$defs"][payload], document, payload)
            if name == "event":
                kind = document["type"].removeprefix("smartpole.")
                assert topic.endswith("/events/" + kind.replace(".", "/"))
                valid(f"data.{kind}", document["data"])
                described(SCHEMAS["$defs"][f"data.{kind}"], document["data"], kind)
                assert len(json.dumps(document)) < 4096
            return str(name)
    raise AssertionError(f"{topic} is not in the AsyncAPI document")


@pytest.mark.parametrize(
    "path", [p for p in SAMPLES if not p.name.startswith("homeassistant")], ids=lambda p: p.stem
)
def test_the_samples_keep_the_contract(path: Path) -> None:
    document = json.loads(path.read_text())
    if path.stem.startswith("events-"):
        check(f"{BASE}/events/" + document["type"].removeprefix("smartpole.").replace(".", "/"), document)
        return
    topics = {
        "lamp-state": "lamp/state",
        "drone-request-blocked": "drone/request",
        "status-offline": "status",
    }
    check(
        f"{BASE}/{topics.get(path.stem, path.stem.removesuffix('-refused').replace('drone-', 'drone/'))}",
        document,
    )


def test_the_document_refers_to_what_exists() -> None:
    for name, channel in ASYNCAPI["channels"].items():
        assert ASYNCAPI["operations"][name]["channel"]["$ref"] == f"#/channels/{name}"
        assert set(re.findall(r"\{(\w+)\}", channel["address"])) == set(channel["parameters"])
        message = ASYNCAPI["components"]["messages"][name]
        assert message["payload"]["schema"]["$ref"].rpartition("/")[2] in SCHEMAS["$defs"]
    jsonschema.Draft202012Validator.check_schema(SCHEMAS)  # with all its $defs


class City:
    """A subscriber at the broker, and a publisher."""

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.on_message = lambda _c, _u, message: self.heard.append(
            (message.topic, bytes(message.payload))
        )
        self._client.connect("127.0.0.1", port)
        self._client.subscribe(f"{BASE}/#", qos=1)
        self._client.loop_start()

    def send(self, path: str, **payload: Any) -> None:
        self._client.publish(f"{BASE}/{path}", json.dumps(payload), qos=1)

    def got(self, path: str) -> list[dict[str, Any]]:
        return [json.loads(payload) for topic, payload in list(self.heard) if topic == f"{BASE}/{path}"]

    def close(self) -> None:
        self._client.loop_stop()


@pytest.fixture
def city(mosquitto: Mosquitto) -> Iterator[City]:
    made = City(mosquitto.port)
    yield made
    made.close()


def test_what_running_pole_says_is_what_files_say(
    mosquitto: Mosquitto, city: City, agent: Callable[..., Any], bench: Callable[..., Path]
) -> None:
    """What a running pole says is what the files say."""
    witness = Witness(mosquitto.port)
    agent("run", "--config", str(bench(CONFIG.format(clip=CLIP, port=mosquitto.port))))
    eventually(lambda: city.got("status"), within_s=20)
    city.send("diagnose", by="test")
    city.send("lamp/set", level=0.7, duration_s=30, by="test", command_id="c-1")
    city.send("lamp/set", level=0.7, duration_s=30, by="test", command_id="c-1")
    city.send("lamp/set", level=7)
    city.send("lamp/set", resume=True)
    eventually(lambda: any(r["state"] == "pending_approval" for r in city.got("drone/request")), within_s=40)
    city.send(
        "drone/approval",
        request_id=city.got("drone/request")[-1]["request_id"],
        decision="approve",
        by="Duty officer",
    )
    eventually(lambda: city.got("drone/order"), within_s=20)
    city.send("drone/stop", stop=True, by="Duty officer", reason="a helicopter")
    eventually(lambda: city.got("drone/cancel"), within_s=20)
    eventually(
        lambda: city.got("events/incident/closed") and city.got("health") and city.got("active"), within_s=40
    )
    own = ("lamp/set", "drone/approval", "drone/stop", "diagnose")
    seen = {check(topic, json.loads(payload)) for topic, payload in city.heard if not topic.endswith(own)}
    assert {
        "status",
        "info",
        "active",
        "event",
        "lampState",
        "droneRequest",
        "droneOrder",
        "droneCancel",
        "health",
        "reply",
    } <= seen
    kinds = {json.loads(p)["type"].removeprefix("smartpole.") for t, p in city.heard if "/events/" in t}
    assert {
        "incident.opened",
        "incident.closed",
        "lamp.overridden",
        "lamp.resumed",
        "command.refused",
        "drone.changed",
    } <= kinds
    eventually(lambda: city.got("diagnosis"), within_s=20)
    heard = [message for message in witness.all() if not message.topic.endswith(own)]
    witness.close()
    assert sent_as_written(heard) == {
        name for name, operation in ASYNCAPI["operations"].items() if operation["action"] == "send"
    }


def sent_as_written(heard: list[Heard]) -> set[str]:
    """Each message has the QoS, the retain flag, the expiry and the content type of its channel.

    Returns the channels.
    """
    seen: set[str] = set()
    for message in heard:
        name = check(message.topic, json.loads(message.payload))
        binding = ASYNCAPI["operations"][name]["bindings"]["mqtt"]
        # The first of a connection is acknowledged, whatever it is: only that tells whether the broker takes
        # it.
        qos = 1 if name not in seen else binding["qos"]
        kind = "application/cloudevents+json; charset=UTF-8" if name == "event" else "application/json"
        assert (message.qos, message.retain, message.content_type) == (qos, binding["retain"], kind), (
            message.topic
        )
        if name == "droneOrder":
            assert message.expiry_s is not None
            assert 0 < message.expiry_s <= 600
        else:
            assert message.expiry_s is None, message.topic
        seen.add(name)
    return seen


@pytest.mark.parametrize(
    ("name", "payload", "good"),
    [
        ("lamp_set", {"state": "ON", "brightness": 128, "transition": 2.5}, True),
        ("lamp_set", {"resume": True}, True),
        ("lamp_set", {"default_duration_s": 1800}, True),
        ("lamp_set", {"resume": True, "level": 1}, False),
        ("lamp_set", {"level": 1.5}, False),
        ("lamp_set", {"duration_s": 60}, False),
        ("drone_approval", {"request_id": "r", "decision": "approve", "by": "x"}, True),
        ("drone_approval", {"request_id": "r", "decision": "approve"}, False),
        ("drone_approval", {"patrol": "round", "decision": "cancel", "by": "x"}, True),
        (
            "drone_approval",
            {"patrol": "round", "decision": "approve", "until": "2027-01-01T00:00:00Z", "by": "x"},
            True,
        ),
        ("drone_approval", {"patrol": "round", "decision": "approve", "by": "x"}, False),
        ("drone_approval", {"patrol": "round", "request_id": "r", "decision": "deny", "by": "x"}, False),
        (
            "drone_approval",
            {"request_id": "r", "decision": "approve", "until": "2027-01-01T00:00:00Z", "by": "x"},
            False,
        ),
        ("drone_stop", {"stop": True, "by": "x"}, True),
        ("drone_stop", {"stop": True}, False),
        ("drone_stop", {"stop": "yes", "by": "x"}, False),
        ("drone_progress", {"request_id": "r", "status": "in_progress", "step": "on scene"}, True),
        ("drone_progress", {"request_id": "r", "status": "landed"}, False),
        ("drone_conditions", {"wind_ms": 3, "at": "2026-11-24T10:00:00Z"}, True),
        ("drone_conditions", {"wind_ms": 3}, False),
        ("drone_conditions", {"wind_ms": 999, "at": "2026-11-24T10:00:00Z"}, False),
        ("drone_conditions", {"rain": True, "dock": "idle", "at": "2026-11-24T10:00:00Z"}, True),
    ],
)
def test_schemas_of_commands_say_what_agent_takes(name: str, payload: dict[str, Any], good: bool) -> None:
    """The schemas of commands say what the agent takes."""
    from pole_agent.drone.commands import read_decision, read_progress, read_stop
    from pole_agent.drone.conditions import read_conditions
    from pole_agent.errors import CommandRefused
    from pole_agent.lamp.commands import read

    readers: dict[str, Callable[[dict[str, Any]], object]] = {
        "lamp_set": lambda p: read(p, 0.0),
        "drone_approval": read_decision,
        "drone_progress": read_progress,
        "drone_stop": read_stop,
        "drone_conditions": read_conditions,
    }
    assert jsonschema.Draft202012Validator(schema(name)).is_valid(payload) is good
    try:
        readers[name](payload)
        taken = True
    except CommandRefused:
        taken = False
    assert taken is good
