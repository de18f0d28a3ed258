"""One problem hides no other: not a wrong kind beside it, not a table that is wrong, not a file that is
missing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pole_agent.errors import ConfigError
from pole_agent.settings.load import parse
from tests.cli import call

POLE = '[pole]\nid = "A"\nsite = "b"\nlatitude = 0.0\nlongitude = 0.0\n'
CAMERA = '[[camera]]\nsource = "rtsp://x"\n'
ZONE = '[[zone]]\nname = "road"\npolygon = [[0, 0], [1, 0], [1, 1]]\n'
CASES = {
    "a wrong kind and an unknown zone": (
        CAMERA + ZONE + '[[rule]]\nname = "r"\nkind = "loitring"\nzone = "raod"\n',
        ["rule[0].kind", "rule[0].zone"],
    ),
    "a wrong kind in the same rule as clashing heights": (
        CAMERA + '[[rule]]\nname = "r"\nkind = 3\nmin_height = 0.9\nmax_height = 0.1\n',
        ["rule[0].kind", "rule[0]"],
    ),
    "a wrong pin and two programs": (
        '[lamp]\npin = true\npwm_device = "x"\n[[lamp.program]]\nat = "sunset"\nlevel = 2\n'
        '[[lamp.calendar]]\nprogram = "late"\ndays = "sunn"\n',
        ["lamp.pin", "lamp.program[0].level", "lamp.calendar[0].days", "lamp", "lamp.calendar[0].program"],
    ),
    "a camera that is none and a zone of another": (
        '[[camera]]\nname = "a"\nsource = 3\n[[camera]]\nname = "a"\nsource = "rtsp://x"\n'
        '[[zone]]\nname = "z"\ncamera = "b"\npolygon = [[0, 0], [1, 0]]\n',
        ["camera[0].source", "zone[0].polygon", "camera", "zone[0].camera"],
    ),
    "a pole without anything": (
        '[lamp]\nlevle = 1\n[mqtt]\ntls = "yes"\n',
        ["lamp.levle", "mqtt.host", "mqtt.tls"],
    ),
    "a certificate of the wrong kind is one problem": (
        '[mqtt]\nhost = "b"\ncert_file = 3\nkey_file = "k"\n',
        ["mqtt.cert_file"],
    ),
    "a sensor of the wrong kind is one problem": ("[lamp.photocell]\npin = 4.5\n", ["lamp.photocell.pin"]),
    "a patrol and the heights": (
        '[drone]\nalt_agl_m = 90\nmax_alt_agl_m = 60\nttl_s = "x"\n'
        '[[drone.patrol]]\nname = "round"\nat = ["06:00", "6:00", "nine"]\ndays = "mon..sunn"\n',
        ["drone.patrol[0].at[1]", "drone.patrol[0].at[2]", "drone.patrol[0].days", "drone.ttl_s", "drone"],
    ),
    "several entries of one table": (
        "[storage]\nkeep_days = { trafic = 3, lamp = -1, drone = 1, helth = 2 }\n",
        ["storage.keep_days.trafic", "storage.keep_days.lamp", "storage.keep_days.helth"],
    ),
    "a drone that is off, and another kind": (
        CAMERA + '[[rule]]\nname = "r"\nkind = "presence"\ndrone = true\nseverity = "hgih"\n',
        ["rule[0].severity", "rule[0].drone"],
    ),
    "tables that are none": ('camera = 3\nlamp = "on"\nmqtt = []\n', ["camera", "lamp", "mqtt"]),
    "a list of what is no table": ("rule = [3]\n", ["rule[0]", "rule[0]"]),
}


@pytest.mark.parametrize("name", CASES)
def test_every_problem_is_told_once(name: str) -> None:
    text, paths = CASES[name]
    with pytest.raises(ConfigError) as error:
        parse(text + POLE if name.startswith(("tables", "a list")) else POLE + text)
    assert sorted(p.path for p in error.value.problems) == sorted(paths), [
        str(p) for p in error.value.problems
    ]


def test_check_looks_at_files_too_when_something_else(bench: Callable[..., Path]) -> None:
    """Check looks at files too when something else is wrong."""
    more = (
        'pin = true\n[[camera]]\nsource = "none.mp4"\npassword_file = "none"\n[detector]\nmodel = "none"\n'
        '[drone]\ngeofence = "none.geojson"\nttl_s = 1\n'
    )
    done = call("check", "--config", str(bench(more)))
    assert done.returncode == 2
    paths = [line.split(": ")[1] for line in done.stderr.splitlines()]
    assert paths == [
        "lamp.pin",
        "drone.ttl_s",
        "camera[0].password_file",
        "camera[0].source",
        "detector.model",
        "drone.geofence",
    ]


def test_check_does_not_look_at_what_is_wrong_already(bench: Callable[..., Path]) -> None:
    done = call(
        "check", "--config", str(bench('[[camera]]\nsource = true\n[mqtt]\nhost = "x"\nca_file = 3\n'))
    )
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == ["camera[0].source", "mqtt.ca_file"]
