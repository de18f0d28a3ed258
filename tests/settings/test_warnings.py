"""What is allowed in pole.toml and deserves a word, each with a value on both sides; and what a file name in
it means.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from pole_agent.errors import ConfigError
from pole_agent.settings.advice import warnings
from pole_agent.settings.load import keep_last_good, last_good, load, parse, schema

POLE = '[pole]\nid = "A"\nsite = "b"\nlatitude = 0.0\nlongitude = 0.0\n'
CAMERA = '[[camera]]\nsource = "rtsp://x"\n'
MQTT = '[mqtt]\nhost = "broker"\n'
LAMP = "[lamp]\npin = 18\n"
DRONE = "[drone]\nenabled = true\nnight_permit = true\ngeofence = [[0, 0], [0, 1], [1, 1]]\n"
FENCE = "drone.geofence: is missing; every request will be blocked by that gate"
NIGHT = "drone.night_permit: is false; between sunset and sunrise every request will be blocked by that gate"
AUTOMATIC = (
    'drone.approval: is "automatic", which is for simulation only; every message says so, and no real drone'
    " may obey"
)
OFFICER = (
    "drone.officer: no officer is configured; anyone who may write to drone/approval at the broker can"
    " approve flights"
)
SIGNED = f'[[drone.officer]]\nname = "Dewi"\npublic_key = "{base64.b64encode(bytes(32)).decode()}"\n'
LOW = "lamp.pin: GPIO{} is pulled high at power-on: dark until the agent starts; use a pin from 9 to 27"
RELAY = (
    "lamp.relay: GPIO{} switches the coil on, and the lamp off, while it is not driven; see docs/wiring.md"
)
STEPS = '[[lamp.program]]\nat = "sunset"\nlevel = 1\n[[lamp.program]]\nat = "{}"\nlevel = 0.5\n'
CALENDAR = '[[lamp.calendar]]\nprogram = "default"\n'
ALWAYS = "lamp.calendar[{}]: has neither days nor dates, so it always applies; the rules below it never do"
MASK = "camera[{}].masks[{}]: has no area; it covers no more than its outline"
WHOLE, LINE = "[[0, 0], [0.01, 0], [0, 0.01]]", "[[0.1, 0.1], [0.5, 0.5], [0.9, 0.9]]"
PLAIN = "mqtt.tls: is false for {}; passwords and events can be read on the way"
METRICS = "metrics.host: {} is not the pole itself; anyone who reaches it can read the numbers"

MANY = (
    "rule: the alarm rules of this pole together may send {} alarms an hour; an operator bears about 6 of all"
    " poles (EEMUA 191); lower max_alarms_per_h or a severity"
)
ALARM = '[[rule]]\nname = "{}"\nkind = "presence"\nseverity = "{}"\nmax_alarms_per_h = {}\n'


def lamp(more: str) -> str:
    return CAMERA + MQTT + LAMP + more


def drone(more: str = "", mqtt: str = MQTT) -> str:
    return CAMERA + mqtt + more


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (lamp(""), []),
        (lamp(ALARM.format("a", "alarm", 6)), []),
        (lamp(ALARM.format("a", "alarm", 7)), [MANY.format(7)]),
        (lamp(ALARM.format("a", "alarm", 3) + ALARM.format("b", "alarm", 4)), [MANY.format(7)]),
        (lamp(ALARM.format("a", "alarm", 3) + ALARM.format("b", "warning", 9)), []),
        (CAMERA + LAMP, ["mqtt: no broker is configured; events stay on the pole"]),
        (MQTT + LAMP, ["camera: no camera is configured; the lamp follows its program"]),
        (CAMERA + MQTT + "tls = false\n", [PLAIN.format("broker")]),
        (CAMERA + '[mqtt]\nhost = "10.0.0.1"\ntls = false\n', [PLAIN.format("10.0.0.1")]),
        (CAMERA + '[mqtt]\nhost = "localhost"\ntls = false\n', []),
        (CAMERA + '[mqtt]\nhost = "127.0.0.9"\ntls = false\n', []),
        (CAMERA + '[mqtt]\nhost = "localhost"\ntls = true\n', []),
        *(
            (lamp(f'[metrics]\nenabled = true\nhost = "{h}"\n'), [])
            for h in ("127.0.0.1", "::1", "localhost")
        ),
        (lamp('[metrics]\nenabled = true\nhost = "0.0.0.0"\n'), [METRICS.format("0.0.0.0")]),
        (lamp('[metrics]\nenabled = false\nhost = "0.0.0.0"\n'), []),
        (lamp("active_low = false\n"), ["lamp.active_low: is false; an undriven pin means a dark street"]),
        (CAMERA + MQTT + "[lamp]\npin = 8\n", [LOW.format(8)]),
        (CAMERA + MQTT + "[lamp]\npin = 0\n", [LOW.format(0)]),
        (CAMERA + MQTT + "[lamp]\npin = 9\n", []),
        (CAMERA + MQTT + '[lamp]\npin = 8\nbackend = "mock"\n', []),
        (
            CAMERA + MQTT + "[lamp]\npin = 8\nactive_low = false\n",
            ["lamp.active_low: is false; an undriven pin means a dark street"],
        ),
        (lamp("[lamp.relay]\npin = 8\nactive_low = false\n"), [RELAY.format(8)]),
        (lamp("[lamp.relay]\npin = 8\nactive_low = true\n"), []),
        (lamp("[lamp.relay]\npin = 9\nactive_low = false\n"), []),
        (lamp("[lamp.relay]\npin = 9\nactive_low = true\n"), [RELAY.format(9)]),
        (lamp("floor = 0.2\nmin_level = 0.2\n"), []),
        (
            lamp("floor = 0.2\nmin_level = 0.21\n"),
            ["lamp.floor: 20% is below min_level, so the floor is 21%"],
        ),
        (lamp("floor = 0.0\nmin_level = 0.3\n"), []),
        (lamp(STEPS.format("22:00")), []),
        (
            lamp(STEPS.format("sunset")),
            ['lamp.program "default": has 2 steps at sunset; the last one counts'],
        ),
        (
            lamp(STEPS.format("22:00") + STEPS.format("sunset")),
            ['lamp.program "default": has 3 steps at sunset; the last one counts'],
        ),
        (lamp(STEPS.format('sunset"\nname = "late')), []),
        (lamp(CALENDAR), []),
        (lamp(CALENDAR + CALENDAR), [ALWAYS.format(0)]),
        (lamp(CALENDAR * 3), [ALWAYS.format(0), ALWAYS.format(1)]),
        (lamp(CALENDAR + 'days = "mon"\n' + CALENDAR), []),
        (lamp(CALENDAR + 'dates = "08-17"\n' + CALENDAR), []),
        (lamp(CALENDAR + 'days = "mon"\n' + CALENDAR + CALENDAR), [ALWAYS.format(1)]),
        (lamp('[[lamp.control]]\nkind = "max"\nlevel = 0.2\n'), []),
        (lamp('[[lamp.control]]\nkind = "min"\nlevel = 0.1\n'), []),
        (
            lamp('[[lamp.control]]\nkind = "max"\nlevel = 0.1\n'),
            ["lamp.control[0].level: a maximum of 10% is below the floor of 20%"],
        ),
        (lamp("clo = [[0, 0.9], [100, 0.9], [200, 0.8]]\n"), []),
        (
            lamp("clo = [[0, 0.8], [100, 0.9]]\n"),
            ["lamp.clo: the shares rise; a lamp gives less light as it ages"],
        ),
        (CAMERA + f"masks = [{WHOLE}]\n" + MQTT, []),
        (
            CAMERA + CAMERA.replace("]]\n", ']]\nname = "b"\n') + f"masks = [{WHOLE}, {LINE}]\n" + MQTT,
            [MASK.format(1, 1)],
        ),
        (CAMERA + f"masks = [{LINE}, {WHOLE}]\n" + MQTT, [MASK.format(0, 0)]),
        (CAMERA + "masks = [[[0, 0], [0.001, 0], [0, 0.0021]]]\n" + MQTT, []),
        (CAMERA + "masks = [[[0, 0], [0.001, 0], [0, 0.0019]]]\n" + MQTT, [MASK.format(0, 0)]),
        (drone(DRONE.replace("true", "false")), []),
        (drone(DRONE + SIGNED), []),
        (drone(DRONE), [OFFICER]),
        (drone(DRONE, '[mqtt]\nhost = "localhost"\n'), []),
        (CAMERA + DRONE, ["mqtt: no broker is configured; events stay on the pole"]),
        (drone("[drone]\nenabled = true\n" + SIGNED), [FENCE, NIGHT]),
        (drone("[drone]\nenabled = true\nnight_permit = true\n" + SIGNED), [FENCE]),
        (drone(DRONE.replace("night_permit = true\n", "") + SIGNED), [NIGHT]),
        (drone(DRONE + 'approval = "automatic"\n'), [AUTOMATIC]),
        (drone(DRONE + 'approval = "required"\n' + SIGNED), []),
    ],
)
def test_what_deserves_a_word(text: str, told: list[str]) -> None:
    """Each by itself is said in full, and nothing else; what is right, or off, is not."""
    assert warnings(parse(POLE + text)) == told


# --- file names

NAMED = [
    ("storage", "state_dir", "s"),
    ("camera", "source", "clip.mp4"),
    ("camera", "password_file", "secret"),
    ("detector", "model", "model.toml"),
    ("mqtt", "password_file", "secret"),
    ("mqtt", "ca_file", "ca.pem"),
    ("mqtt", "cert_file", "cert.pem"),
    ("mqtt", "key_file", "key.pem"),
    ("drone", "geofence", "fence.geojson"),
    ("drone", "exclusions", "kkop.geojson"),
]
TABLES = {"camera": "[[camera]]\n", "mqtt": MQTT}
BESIDE = {
    "password_file": 'source = "rtsp://x"\n',
    "cert_file": 'key_file = "k"\n',
    "key_file": 'cert_file = "c"\n',
}


def named(section: str, key: str, value: str, folder: Path | None) -> str:
    beside = BESIDE.get(key, "") if (section, key) != ("mqtt", "password_file") else ""
    table = TABLES.get(section, "[" + section + "]\n")
    found = parse(f'{POLE}{table}{beside}{key} = "{value}"\n', folder=folder)
    return str(getattr(found.cameras[0] if section == "camera" else getattr(found, section), key))


@pytest.mark.parametrize(("section", "key", "name"), NAMED)
def test_a_file_name_is_relative_to_its_file(section: str, key: str, name: str) -> None:
    """Whatever names a file is found from where pole.toml lies; what is whole stays, and without a folder all
    stays.
    """
    assert named(section, key, name, Path("/etc/pole")) == f"/etc/pole/{name}"
    assert named(section, key, f"deep/{name}", Path("/etc/pole")) == f"/etc/pole/deep/{name}"
    assert named(section, key, f"/srv/{name}", Path("/etc/pole")) == f"/srv/{name}"
    assert named(section, key, name, Path("etc")) == str(Path.cwd() / "etc" / name)
    assert named(section, key, name, None) == name


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("camera", "source", "rtsp://x"),
        ("camera", "source", "http://x/y.mp4"),
        ("detector", "model", "nanodet-g-street-384-int8"),
    ],
)
def test_what_is_no_file_name_stays(section: str, key: str, value: str) -> None:
    """The address of a camera, the name of a model."""
    assert named(section, key, value, Path("/etc/pole")) == value


def test_a_source_from_a_credential_stays() -> None:
    """It names what systemd hands over, in a folder that only systemd knows."""
    value = "$CREDENTIALS_DIRECTORY/mqtt"
    assert named("mqtt", "password_file", value, Path("/etc/pole")) == value


def test_each_camera_has_its_own_file() -> None:
    """The second and the third too; a list that is none, and a table that is none, are told as that."""
    cameras = "".join(f'[[camera]]\nname = "{n}"\nsource = "{n}.mp4"\n' for n in "abc")
    found = parse(POLE + cameras, folder=Path("/etc"))
    assert [c.source for c in found.cameras] == ["/etc/a.mp4", "/etc/b.mp4", "/etc/c.mp4"]
    for text, path in (
        ('camera = ["a.mp4"]\n', "camera[0]"),
        ('mqtt = "secret"\n', "mqtt"),
        ("storage = []\n", "storage"),
    ):
        with pytest.raises(ConfigError) as error:
            parse(text + POLE, folder=Path("/etc"))
        assert path in {p.path for p in error.value.problems}


# --- what cannot be in a text


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('[pole]\nid = "a\\u0000"\n', "pole.id"),
        ('[[camera]]\nsource = "x"\n[[camera]]\nsource = "\\u0000"\n', "camera[1].source"),
        ('[mqtt]\nhost = "b"\n[drone]\n[[drone.officer]]\nname = "\\u0000"\n', "drone.officer[0].name"),
        ('[[rule]]\nnotify = ["a", "b\\u0000"]\n', "rule[0].notify[1]"),
        ('id = "\\u0000"\n', "id"),
    ],
)
def test_where_a_nul_is(text: str, path: str) -> None:
    """It is named with the key that holds it, in a table, in a list and in a list of tables."""
    with pytest.raises(ConfigError) as error:
        parse(text)
    assert [str(p) for p in error.value.problems] == [f"{path}: contains a NUL character"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = 1\nb = “x”\nc = 2\n", 'a curly quote; write "'),
        ("a = ‘x’\nb = 1\n", "a curly quote; write '"),
        ("a = 1\nb =\u00a01\n", "a no-break space; write an ordinary one"),
        ("a = 1\n\nb = \u200b1", "a zero-width space; delete it"),
        ("a = “x", 'a curly quote; write "'),
        ("a = 1\nb = x\nc = “y”\n", ""),
        ("a = x\nb = “y”\n", ""),
        ("# “fine”\nb = x\n", ""),
        ("# “fine”\n[b\n", ""),
        ("[b", ""),
        ('["line 999"]\n["line 999"]\n', ""),  # the reader of TOML repeats the key
    ],
)
def test_only_the_line_that_is_wrong_is_looked_at(text: str, told: str) -> None:
    """A character that cannot be seen is named where it is the trouble: also in the last line, and not in
    another one.
    """
    with pytest.raises(ConfigError, match="not valid TOML") as error:
        parse(text)
    (problem,) = error.value.problems
    assert problem.path == "pole.toml"
    assert str(problem).partition("; this line holds ")[2] == told


def test_a_key_may_have_twenty_dots() -> None:
    """No more: the reader of TOML would take minutes for a long one. The line is said."""
    with pytest.raises(ConfigError) as error:
        parse("a." * 19 + "a = 1\n")
    assert "too many dots" not in str(error.value)
    for key in (
        "a." * 20 + "a = 1\n",
        "a . " * 20 + "a = 1\n",
        '"b"' + ".a" * 20 + " = 1\n",
        "[" + "a." * 20 + "a]\n",
    ):
        with pytest.raises(ConfigError, match=r"a key with too many dots \(line 3\)"):
            parse("x = 1\n\n" + key)


def test_the_schema_has_the_keys_of_the_file() -> None:
    """An editor shows its title, and completes what is written in pole.toml."""
    document = schema()
    assert document["title"] == "pole.toml of pole-agent"
    assert {"pole", "camera", "zone", "rule", "lamp"} <= set(document["properties"])


# --- where the last good copy lies


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('state_dir = "{}"', True),
        ("\t state_dir\t=\t'{}'", True),
        ('x = 1 # state_dir = "{}"', False),
        ('my_state_dir = "{}"', False),
        ("state_dir = {}", False),
        ('state_dir = "{}', False),
    ],
)
def test_the_folder_is_read_by_eye(
    line: str, found: bool, bench: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is broken anywhere, even no UTF-8, still names its state directory, on a line of its own
    and in quotes.
    """
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    path = bench()
    good = load(path)
    keep_last_good(good)
    path.write_bytes(b"[pole\xff\n" + line.format(good.settings.storage.state_dir).encode() + b"\n")
    copy = last_good(path)
    assert (copy is not None and copy.settings == good.settings) is found
    if line.startswith('state_dir = "') and found:
        path.write_bytes(b'[pole\nstate_dir = "state"\n')
        assert last_good(path) is not None, "relative to the file"


def test_the_folder_of_a_copy_is_made(bench: Callable[..., Path], tmp_path: Path) -> None:
    """With the folders above it; the copy names its files as the file does that it is of."""
    path = bench()
    path.write_text(path.read_text().replace(str(tmp_path / "state"), str(tmp_path / "a" / "b")))
    keep_last_good(load(path))
    assert (tmp_path / "a" / "b" / "last-good.toml").read_text() == path.read_text()
