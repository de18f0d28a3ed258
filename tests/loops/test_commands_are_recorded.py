"""Every command leaves a record: who had what done. Floods and weather stations are counted, to the last."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.errors import CommandRefused
from pole_agent.incidents.feedback import rates, read_feedback
from pole_agent.store.database import Database
from pole_agent.store.incidents import KEEP_VERDICTS
from pole_agent.store.rows import Entry
from pole_agent.uplink.command import read
from pole_agent.uplink.counted import Counted
from pole_agent.vocabulary import RecordEvent, Severity, Stamp
from tests.conftest import Mosquitto, eventually
from tests.contracts.test_payload_contract import City, check

INCIDENT = "01a20d2c-5ce5-7046-9dd1-{:012d}"
STAMP = Stamp(0.0, "boot", 1.79e9, "synced")


@given(st.lists(st.floats(0, 100), max_size=60), st.integers(0, 5), st.floats(1, 50))
def test_told_and_counted_make_the_whole(pauses: list[float], free: int, window_s: float) -> None:
    counted, now, told = Counted(free, window_s), 0.0, 0
    for pause in pauses:
        now += pause
        if (more := counted.surplus(now)) is not None:
            told += more["count"]
        told += counted.admits(now, {"n": 1})
    if (more := counted.surplus(float("inf"))) is not None:
        told += more["count"]
    assert told == len(pauses)


# --- verdicts


def database(tmp_path: Path) -> Database:
    numbers = iter(range(1, 1_000_000))
    made = Database(tmp_path / "pole.db", 64, lambda: f"e{next(numbers)}")
    with made.transaction():
        for number in range(300):
            data = {
                "incident_id": INCIDENT.format(number),
                "rule": "loitering" if number < 200 else "crossing",
            }
            made.append(
                [Entry(f"x{number}", RecordEvent("incident.closed", Severity.INFO, data, 0.0), STAMP)]
            )
        running = {"incident_id": INCIDENT.format(900), "rule": "open"}
        event = RecordEvent(
            "incident.opened", Severity.INFO, running, 0.0, opens=INCIDENT.format(900), silent=True
        )
        made.append([Entry("x900", event, STAMP)])
    return made


def test_the_rule_of_an_incident_is_found(tmp_path: Path) -> None:
    """The rule of an incident is found and that of a stranger is not."""
    made = database(tmp_path)
    assert made.rule_of(INCIDENT.format(3)) == "loitering"
    assert made.rule_of(INCIDENT.format(250)) == "crossing"
    assert made.rule_of(INCIDENT.format(900)) == "open"
    assert made.rule_of(INCIDENT.format(777)) is None


def test_a_later_word_replaces_an_earlier(tmp_path: Path) -> None:
    """A later word replaces an earlier one and the last hundred make the rate."""
    made = database(tmp_path)
    with made.transaction():
        for number in range(200):
            made.judge(
                INCIDENT.format(number), "loitering", false=number >= 150, by="officer", wall=1.79e9 + number
            )
        made.judge(INCIDENT.format(199), "loitering", false=False, by="chief", wall=1.79e9 + 500)
    assert made.verdicts() == {"loitering": (51, KEEP_VERDICTS - 51)}
    assert rates(made.verdicts(), {}) == {
        "loitering": {"true": 51, "false": 49, "false_alarm_rate": 0.49, "false_per_night": 0.0}
    }


def test_false_alarms_a_night(tmp_path: Path) -> None:
    """What was called false within a week counts, to the second, and for its own rule only."""
    made = database(tmp_path)
    with made.transaction():
        for number, wall in enumerate((999.9, 1000.0, 1001.0, 1002.0)):
            made.judge(INCIDENT.format(number), "loitering", false=True, by="officer", wall=wall)
        made.judge(INCIDENT.format(150), "loitering", false=False, by="officer", wall=1003.0)
        made.judge(INCIDENT.format(250), "crossing", false=False, by="officer", wall=1003.0)
    assert made.false_since(1000.0) == {"loitering": 3}
    told = rates(made.verdicts(), made.false_since(1000.0))
    assert {rule: said["false_per_night"] for rule, said in told.items()} == {
        "crossing": 0.0,
        "loitering": 0.43,
    }


@pytest.mark.parametrize(
    ("payload", "by", "text"),
    [
        ({"incident_id": INCIDENT.format(1), "verdict": "false"}, "", "by is required"),
        ({"incident_id": INCIDENT.format(1), "verdict": False}, "me", "verdict must be"),
        ({"incident_id": INCIDENT.format(1), "verdict": "maybe"}, "me", "verdict must be"),
        ({"incident_id": '%" OR 1', "verdict": "true"}, "me", "invalid incident_id"),
        ({"incident_id": None, "verdict": "true"}, "me", "invalid incident_id"),
        ({"incident_id": INCIDENT.format(1), "verdict": "true", "rule": "x"}, "me", "unknown key rule"),
        ({"ru\nle": "x"}, "me", r"unknown key ru\\nle"),
    ],
)
def test_bad_feedback_is_refused_in_words(payload: dict[str, Any], by: str, text: str) -> None:
    with pytest.raises(CommandRefused, match=text):
        read_feedback(payload, by)


def test_a_damaged_incident_is_a_stranger(tmp_path: Path) -> None:
    made = database(tmp_path)
    made._db.execute("UPDATE incidents SET data = '{broken'")
    assert made.rule_of(INCIDENT.format(900)) is None


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_none_is_refused(number: str) -> None:
    with pytest.raises(CommandRefused, match="an invalid number"):
        read(b'{"wind_ms": 1, "x": %s}' % number.encode())


# --- a whole pole


def test_a_running_pole_keeps_verdicts(
    mosquitto: Mosquitto, agent: Callable[..., Any], bench: Callable[..., Path], tmp_path: Path
) -> None:
    """A running pole keeps verdicts and records every command."""
    (tmp_path / "state").mkdir()
    database(tmp_path / "state").close()
    city = City(mosquitto.port)
    try:
        agent(
            "run",
            "--config",
            str(bench(f'[mqtt]\nhost = "127.0.0.1"\nport = {mosquitto.port}\ntls = false\n')),
        )
        eventually(lambda: city.got("status"), within_s=20)
        city.send(
            "incident/feedback",
            incident_id=INCIDENT.format(3),
            verdict="false",
            by="officer",
            command_id="v-1",
        )
        city.send("incident/feedback", incident_id=INCIDENT.format(4), verdict="true", by="officer")
        city.send("incident/feedback", incident_id=INCIDENT.format(777), verdict="true", by="officer")
        city._client.publish("smartpole/test/T-1/drone/conditions", b'{"wind_ms": 1, "x": NaN}', 1)
        for number in range(5):
            city.send("drone/conditions", wind_ms=1.0 + number, at="2026-11-24T10:00:00Z")
        city.send("lamp/set", level=0.6, duration_s=60, by="officer", reason="festival")
        eventually(lambda: len(city.got("reply")) >= 10)
        eventually(lambda: len(city.got("events/command/accepted")) >= 4, within_s=20)
        first = city.got("events/command/accepted")
        assert [(e["data"]["path"], e["data"]["by"]) for e in first] == [
            ("incident/feedback", "officer"),
            ("incident/feedback", "officer"),
            ("drone/conditions", ""),
            ("lamp/set", "officer"),
        ]
        assert first[0]["data"]["command_id"] == "v-1"
        assert first[3]["data"]["body"] == {"level": 0.6, "duration_s": 60, "reason": "festival"}
        refused = [r for r in city.got("reply") if not r["ok"]]
        assert ["unknown incident" in r["error"] or "an invalid number" in r["error"] for r in refused] == [
            True,
            True,
        ]
        assert [r["rule"] for r in city.got("reply") if "rule" in r] == ["loitering", "loitering"]
    finally:
        city.close()


def test_what_was_only_counted_is_told_when_pole_stops(
    mosquitto: Mosquitto, agent: Callable[..., Any], bench: Callable[..., Path], tmp_path: Path
) -> None:
    """What was only counted is told when the pole stops."""
    city = City(mosquitto.port)
    try:
        process = agent(
            "run",
            "--config",
            str(bench(f'[mqtt]\nhost = "127.0.0.1"\nport = {mosquitto.port}\ntls = false\n')),
        )
        eventually(lambda: city.got("status"), within_s=20)
        for _ in range(5):
            city.send("drone/conditions", wind_ms=1.0, at="2026-11-24T10:00:00Z")
        eventually(lambda: len(city.got("reply")) == 5)
        process.terminate()
        assert process.wait(10) == 0
    finally:
        city.close()
    stored = Database(tmp_path / "state" / "pole.db", 64, str, read_only=True)
    counted = [json.loads(e.data) for e in stored.list_events(100) if e.kind == "command.accepted"]
    assert [(c["path"], c.get("count")) for c in counted] == [
        ("drone/conditions", None),
        ("drone/conditions", 4),
    ]
    stored.close()


def test_a_reply_is_never_sent_to_another_pole(
    mosquitto: Mosquitto, agent: Callable[..., Any], bench: Callable[..., Path]
) -> None:
    """MQTT 5 lets a command name where the reply goes. Another pole's command topic is no such place."""
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties

    city = City(mosquitto.port)
    other: list[bytes] = []
    try:
        city._client.message_callback_add("smartpole/test/T-2/#", lambda *a: other.append(a[2].payload))
        city._client.message_callback_add("desk/#", lambda *a: city.heard.append((a[2].topic, a[2].payload)))
        city._client.subscribe([("smartpole/test/T-2/#", 1), ("desk/#", 1)])
        agent(
            "run",
            "--config",
            str(bench(f'[mqtt]\nhost = "127.0.0.1"\nport = {mosquitto.port}\ntls = false\n')),
        )
        eventually(lambda: city.got("status"), within_s=20)
        for topic in ("smartpole/test/T-2/lamp/set", "desk/7"):
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.ResponseTopic = topic
            city._client.publish("smartpole/test/T-1/lamp/set", b'{"resume":true}', 1, properties=properties)
        eventually(lambda: any(topic == "desk/7" for topic, _ in city.heard))
        assert len(city.got("reply")) == 2
        assert not other
    finally:
        city.close()


def test_the_record_keeps_the_contract() -> None:
    event = {
        "specversion": "1.0",
        "id": "x",
        "source": "/smartpole/test/T-1",
        "type": "smartpole.command.accepted",
        "time": "2026-11-24T10:00:00.000Z",
        "datacontenttype": "application/json",
        "storeid": "s",
        "sequence": "000000000001",
        "bootid": "b",
        "timequality": "synced",
        "severity": "info",
        "replayed": False,
        "data": {
            "path": "lamp/set",
            "by": "",
            "command_id": None,
            "local": False,
            "body": {"resume": True},
            "count": 3,
            "window_s": 60.0,
        },
    }
    assert check("smartpole/test/T-1/events/command/accepted", event) == "event"
