"""The command line as a user meets it: processes, exit codes, what is printed."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from pole_agent import __version__
from pole_agent.cli import COMMANDS
from pole_agent.settings.load import load, schema
from tests.cli import call
from tests.conftest import ROOT, Mosquitto, eventually, free_port, mosquitto_program

Start = Callable[..., "subprocess.Popen[str]"]


def test_python_starts_it() -> None:
    """`python -m pole_agent` is the command, with its exit status."""
    done = subprocess.run(
        [sys.executable, "-m", "pole_agent", "--version"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=100,
    )
    assert (done.returncode, done.stdout) == (0, f"pole-agent {__version__}\n")
    assert (
        subprocess.run(
            [sys.executable, "-m", "pole_agent", "fly"], capture_output=True, cwd=ROOT, timeout=100
        ).returncode
        == 2
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches(command: str) -> None:
    done = call(command, "--help")
    assert done.returncode == 0
    assert len(done.stdout) > 200


def test_bad_usage_is_2() -> None:
    assert call("fly").returncode == 2
    assert call("check", "--config", "nowhere.toml").returncode == 2


def test_init_writes_what_check_accepts(tmp_path: Path, street_clip: Path) -> None:
    out = tmp_path / "pole.toml"
    place = ("--latitude=-6.8586", "--longitude", "107.9164")
    done = call(
        "init",
        "--id",
        "P-1",
        "--site",
        "s",
        *place,
        "--camera",
        str(street_clip),
        "--mqtt",
        "127.0.0.1:1883",
        "--out",
        str(out),
    )
    assert done.returncode == 0, done.stderr
    settings = load(out).settings
    assert (settings.pole.id, settings.mqtt and settings.mqtt.port, settings.lamp.backend) == (
        "P-1",
        1883,
        "mock",
    )
    assert call("init", "--id", "P-2", "--out", str(out)).returncode == 2, "never overwrites unasked"
    checked = call("check", "--config", str(out))
    assert (checked.returncode, checked.stderr) == (0, "")


def test_check_reports_every_problem_at_once(bench: Callable[..., Path]) -> None:
    done = call(
        "check",
        "--config",
        str(
            bench(
                '[[camera]]\nsource = "none.mp4"\n[detector]\nmodel = "none"\n[drone]\ngeofence ='
                ' "none.geojson"\n'
            )
        ),
    )
    assert done.returncode == 2
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == [
        "camera[0].source",
        "detector.model",
        "drone.geofence",
    ]


def test_the_schema_file_is_current() -> None:
    assert json.loads((ROOT / "config" / "pole.schema.json").read_text()) == schema(), "run: scripts/schema"


def test_lamp_drone_and_outbox_talk_to_running_agent(
    agent: Start, bench: Callable[..., Path], tmp_path: Path
) -> None:
    """Lamp drone and outbox talk to the running agent."""
    config = str(bench())
    process = agent("run", "--config", config)
    eventually(lambda: (tmp_path / "state" / "control.sock").exists())
    done = call("lamp", "--config", config, "--json", "set", "0.6", "--for", "60", "--reason", "test")
    assert done.returncode == 0, done.stderr
    state = json.loads(done.stdout)
    eventually(lambda: json.loads(call("lamp", "--config", config, "--json").stdout)["reason"] == "override")
    assert json.loads(call("lamp", "--config", config, "--json").stdout)["level"] == 0.6
    assert state["program"] == "default"
    assert (state["override"]["reason"], state["override"]["by"].startswith("local:")) == ("test", True)
    refused = call("lamp", "--config", config, "set", "0.6", "--for", "999999")
    assert (refused.returncode, refused.stderr.strip()) == (
        1,
        "pole-agent: duration_s must be a number from 1 to 43200",
    )
    assert call("drone", "--config", config, "list").stdout == "no requests\n"
    stats = json.loads(call("outbox", "--config", config, "--json", "stats").stdout)
    assert stats["last_sequence"] == 3, "the override, the record of its command, and the refusal"
    listed = call("outbox", "--config", config, "list").stdout
    assert "command.refused" in listed
    process.kill()
    process.wait()
    exported = call("outbox", "--config", config, "export")
    kinds = [json.loads(line)["type"] for line in exported.stdout.splitlines()]
    assert kinds == ["smartpole.lamp.overridden", "smartpole.command.accepted", "smartpole.command.refused"]
    assert call("lamp", "--config", config).returncode == 1, "no agent runs"


def test_an_override_survives_a_kill(agent: Start, bench: Callable[..., Path], tmp_path: Path) -> None:
    config = str(bench())
    first = agent("run", "--config", config)
    eventually(lambda: (tmp_path / "state" / "control.sock").exists())
    assert call("lamp", "--config", config, "set", "0.6", "--for", "600").returncode == 0
    assert call("outbox", "--config", config, "stats").returncode == 0
    first.kill()
    first.wait()
    (tmp_path / "state" / "control.sock").unlink()
    agent("run", "--config", config)
    eventually(lambda: (tmp_path / "state" / "control.sock").exists())
    eventually(lambda: json.loads(call("lamp", "--config", config, "--json").stdout)["level"] == 0.6)


def test_retire_clears_everything_that_broker_keeps(
    mosquitto: Mosquitto, agent: Start, bench: Callable[..., Path], tmp_path: Path
) -> None:
    """Retire clears everything that the broker keeps."""
    import paho.mqtt.client as paho
    from paho.mqtt.enums import CallbackAPIVersion

    def retained() -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        end = threading.Event()

        def hear(_client: object, _userdata: object, message: paho.MQTTMessage) -> None:
            if message.topic == "end":
                end.set()
            elif message.retain:
                found[message.topic] = bytes(message.payload)

        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.on_message = hear
        client.on_connect = lambda c, *_: c.subscribe("#", qos=1)
        # Comes back behind everything that is retained
        client.on_subscribe = lambda c, *_: c.publish("end", b"x", qos=1)
        client.connect("127.0.0.1", mosquitto.port)
        client.loop_start()
        assert end.wait(10)
        client.disconnect()
        client.loop_stop()
        return found

    config = str(
        bench(f'[mqtt]\nhost = "127.0.0.1"\nport = {mosquitto.port}\ntls = false\nhomeassistant = true\n')
    )
    process = agent("run", "--config", config)
    eventually(lambda: len(retained()) == 8, within_s=20)
    running = call("retire", "--config", config, "--yes")
    assert (running.returncode, "stop it first" in running.stderr) == (1, True)
    process.terminate()
    process.wait(10)
    assert retained()
    done = call("retire", "--config", config, "--yes")
    assert done.returncode == 0, done.stderr
    assert retained() == {}


def test_demo_of_three_poles_fills_broker(
    agent: Start, mosquitto_with: Callable[[str], Mosquitto], tmp_path: Path
) -> None:
    """A demo of three poles fills a broker with password and says goodbye."""
    passwords = tmp_path / "passwords"
    passwords.touch(0o600)
    subprocess.run(
        ["mosquitto_passwd", "-b", str(passwords), "me", "s3cret@home"], check=True, capture_output=True
    )
    broker = mosquitto_with(f"allow_anonymous false\npassword_file {passwords}")
    heard: dict[str, dict[str, str]] = {}
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.username_pw_set("me", "s3cret@home")
    client.on_message = lambda _c, _u, m: heard.setdefault(m.topic.split("/")[-1], {}).update(
        {m.topic.split("/")[2]: m.payload.decode()}
    )
    client.connect("127.0.0.1", broker.port)
    client.subscribe([("smartpole/+/+/status", 1), ("smartpole/+/+/info", 1)])
    client.loop_start()
    names = {f"DEMO-{n}" for n in (1, 2, 3)}
    try:
        process = agent("demo", "--poles", "3", "--mqtt", f"mqtt://me:s3cret%40home@127.0.0.1:{broker.port}")
        eventually(
            lambda: {n for n, s in heard.get("status", {}).items() if "online" in s} == names, within_s=60
        )
        eventually(lambda: set(heard.get("info", {})) == names)
        places = {json.loads(i)["location"]["longitude"] for i in heard["info"].values()}
        assert len(places) == 3
        process.terminate()
        said = "".join(process.communicate(timeout=20))
        assert process.returncode == 0, said
        eventually(lambda: {n for n, s in heard["status"].items() if "stopped" in s} == names)
        assert "s3cret" not in said
    finally:
        client.loop_stop()


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv (util-linux)")
def test_a_killed_demo_leaves_no_broker(agent: Start) -> None:
    """Its Mosquitto ends with it."""
    if mosquitto_program() is None:
        pytest.skip("needs Mosquitto: sudo apt install mosquitto")
    port = free_port()

    def answers() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return True
        return False

    process = agent("demo", "--no-page", "--port", str(port))
    eventually(answers, 60)
    process.kill()
    eventually(lambda: not answers(), 20)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--poles", "0"), "--poles: invalid number 0"),
        (("--poles", "2", "--once"), "--poles: cannot be combined with --once"),
        (("--mqtt", "http://x"), "--mqtt: invalid broker address 'http://x'"),
        (("--mqtt", "mqtt://host:99999"), "invalid broker address 'mqtt://host:99999'"),
        (("--mqtt", "mqtt://user:pass@host:0"), "--mqtt: invalid broker address this"),
        (("--mqtt", "mqtt://x", "--ca-file", "ca.pem"), "--ca-file: only with mqtts://"),
    ],
)
def test_the_demo_refuses_what_it_cannot_do(agent: Start, arguments: tuple[str, ...], text: str) -> None:
    process = agent("demo", *arguments)
    assert process.wait(20) == 2
    assert text in process.communicate()[1]


@pytest.mark.parametrize("given", [["--clip", "viewer:hidden@camera"], ["--threads", "99"]])
def test_bench_of_something_impossible_is_one_sentence(given: list[str]) -> None:
    """A bench of something impossible is one sentence without a password."""
    done = call("bench", *given)
    assert done.returncode == 2
    assert done.stderr.startswith(f"pole-agent: {given[0]}: ")
    assert done.stderr.count("\n") == 1
    assert "hidden" not in done.stdout + done.stderr
