"""The adapters as programs: standard input to standard output, and behind a real broker."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import paho.mqtt.publish as publish
import pytest
from lxml import etree
from pole_events import documents

from tests.adapters import standards
from tests.conftest import ROOT, Mosquitto

ADAPTERS = ROOT / "docs" / "examples" / "adapters"
SAMPLES = ROOT / "docs" / "samples"
POLE = "smartpole/sumedang/DEMO-1"


def run(program: str, *arguments: str, text: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, ADAPTERS / program, *arguments], input=text, capture_output=True, timeout=30
    )


@pytest.mark.parametrize("program", ["cap.py", "ngsi.py"])
def test_help_teaches(program: str) -> None:
    """What it reads, what it writes, a line to paste, and that nothing is sent."""
    said = run(program, "--help").stdout.decode()
    for words in ("mosquitto_sub", "Reads events", "It\nsends nothing", "samples/"):
        assert words.replace("\n", " ") in " ".join(said.split()), words


def test_a_sample_becomes_an_alert() -> None:
    done = run("cap.py", text=(SAMPLES / "events-incident-opened.json").read_bytes())
    assert (done.returncode, done.stderr) == (0, b"")
    assert standards.cap().validate(etree.fromstring(done.stdout))
    assert done.stdout.count(b"\n") == 1


def test_all_samples_at_once() -> None:
    """Indented documents, one after the other, in one stream."""
    text = b"".join(path.read_bytes() for path in sorted(SAMPLES.glob("events-*.json")))
    assert len(run("cap.py", "--all", text=text).stdout.splitlines()) == 5
    done = run("ngsi.py", "--info", str(SAMPLES / "info.json"), text=text)
    entities = [json.loads(line) for line in done.stdout.splitlines()]
    assert [entity["type"] for entity in entities].count("ItemFlowObserved") == 3
    assert all(standards.models()[entity["type"]].errors(entity) == [] for entity in entities)
    assert b"no lamp/state yet" in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize("program", ["cap.py", "ngsi.py"])
def test_garbage_does_not_end_the_stream(program: str) -> None:
    """Bytes that are no text, no JSON and no event each cost one line on standard error."""
    good = json.dumps(json.loads((SAMPLES / "events-incident-opened.json").read_text())).encode()
    done = run(program, text=b"\n".join([b"\xff\xfe{", b"{", b"[]", b'{"source": 1}', b"{}", good]))
    assert len(done.stdout.splitlines()) == 1
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert 3 <= len(done.stderr.splitlines()) <= 5


def test_documents_are_told_apart() -> None:
    """Lines, indented objects, blank lines and cut ones."""
    found = list(documents(['{"a": 1}\n', "\n", "{\n", '  "b": {}\n', "}\n", "{\n", '{"c": 1}\n', "x"]))
    assert found == ['{"a": 1}\n', '{\n  "b": {}\n}\n', "{\n", '{"c": 1}\n', "x"]


@pytest.mark.mosquitto
@pytest.mark.skipif(
    not shutil.which("mosquitto_sub"), reason="needs mosquitto_sub: apt install mosquitto-clients"
)
def test_from_a_broker(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """The pipe of the manual: retained info first, then each event as it comes."""
    info = (SAMPLES / "info.json").read_text()
    publish.single(f"{POLE}/info", info, 1, True, "127.0.0.1", mosquitto.port)
    topics = [
        word for topic in ("info", "lamp/state", "events/#") for word in ("-t", f"smartpole/+/+/{topic}")
    ]
    heard = subprocess.Popen(
        ["mosquitto_sub", "-p", str(mosquitto.port), "-q", "1", "-F", "%J", *topics], stdout=subprocess.PIPE
    )
    adapter = subprocess.Popen(
        [sys.executable, ADAPTERS / "cap.py"], stdin=heard.stdout, stdout=subprocess.PIPE
    )
    assert heard.stdout is not None
    assert adapter.stdout is not None
    try:
        event = (SAMPLES / "events-incident-opened.json").read_text()
        # Retained, so that it does not matter who is first; poles never do that.
        publish.single(f"{POLE}/events/incident/opened", event, 1, True, "127.0.0.1", mosquitto.port)
        line = adapter.stdout.readline()
        assert standards.cap().validate(etree.fromstring(line))
        assert b"<circle>-6.858600,107.916400 0.050</circle>" in line
    finally:
        for process in (heard, adapter):
            process.kill()
            process.wait()
        heard.stdout.close()
        adapter.stdout.close()
