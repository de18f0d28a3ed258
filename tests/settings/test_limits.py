"""pole.toml at each of its limits: the last value that is taken and the first that is not, and what is meant
where nothing is written.
"""

from __future__ import annotations

from typing import Any

import pytest

from pole_agent.errors import ConfigError
from pole_agent.settings import Settings
from pole_agent.settings.examine import examine
from pole_agent.settings.load import parse
from tests.settings.test_kinds import document, problems, toml

CLOSED, OPEN = True, False
# Table, key, least, most, and whether these two are taken. None: there is no end.
NUMBERS: list[tuple[str, str, float | None, float | None, bool, bool]] = [
    ("pole", "latitude", -90, 90, CLOSED, CLOSED),
    ("pole", "longitude", -180, 180, CLOSED, CLOSED),
    ("storage", "max_mb", 4, 65536, CLOSED, CLOSED),
    ("storage", "batch_s", 0, 30, OPEN, CLOSED),
    ("camera[]", "fps", 0, 60, OPEN, CLOSED),
    ("camera[]", "heading_deg", 0, 360, CLOSED, OPEN),
    ("camera[]", "hfov_deg", 0, 180, OPEN, OPEN),
    ("camera[]", "range_m", 0, 1000, OPEN, CLOSED),
    ("detector", "min_score", 0.1, 1, CLOSED, OPEN),
    ("detector", "threads", 1, 16, CLOSED, CLOSED),
    ("zone[]", "enter_s", 0, 60, CLOSED, CLOSED),
    ("zone[]", "leave_s", 0, 60, CLOSED, CLOSED),
    ("rule[]", "min_height", 0, 1, CLOSED, OPEN),
    ("rule[]", "max_height", 0, 1, OPEN, CLOSED),
    ("rule[]", "dwell_s", 0, 86_400, CLOSED, CLOSED),
    ("rule[]", "count", 1, 1000, CLOSED, CLOSED),
    ("rule[]", "max_alarms_per_h", 1, 3600, CLOSED, CLOSED),
    ("rule[].lamp", "level", 0, 1, CLOSED, CLOSED),
    ("rule[].lamp", "hold_s", 0, 3600, CLOSED, CLOSED),
    ("lamp", "pin", 0, 27, CLOSED, CLOSED),
    ("lamp", "frequency_hz", 100, 10_000, CLOSED, CLOSED),
    ("lamp", "rated_w", 0, 2000, OPEN, CLOSED),
    ("lamp", "fade_s", 0, 60, CLOSED, CLOSED),
    ("lamp", "fade_down_s", 0, 600, CLOSED, CLOSED),
    ("lamp", "min_level", 0, 1, OPEN, CLOSED),
    ("lamp", "floor", 0, 1, CLOSED, CLOSED),
    ("lamp", "failsafe_level", 0.1, 1, CLOSED, CLOSED),
    ("lamp", "virtual_output", 0, 1, OPEN, CLOSED),
    ("lamp.program[]", "level", 0, 1, CLOSED, CLOSED),
    ("lamp.control[]", "level", 0, 1, CLOSED, CLOSED),
    ("lamp.control[]", "hold_s", 0, 3600, CLOSED, CLOSED),
    ("lamp.relay", "pin", 0, 27, CLOSED, CLOSED),
    ("lamp.relay", "min_off_s", 5, 3600, CLOSED, CLOSED),
    ("lamp.photocell", "scale", 0, None, OPEN, CLOSED),
    ("lamp.photocell", "on_lux", 0, 40, CLOSED, OPEN),
    ("lamp.photocell", "off_lux", 20, None, OPEN, CLOSED),
    ("lamp.photocell", "window_min", 0, 120, OPEN, CLOSED),
    ("lamp.feedback", "scale", 0, None, OPEN, CLOSED),
    ("lamp.feedback", "lit_above_w", 0, None, OPEN, CLOSED),
    ("lamp.button", "off_s", 10, 43_200, CLOSED, CLOSED),
    ("mqtt", "port", 1, 65_535, CLOSED, CLOSED),
    ("metrics", "port", 1, 65_535, CLOSED, CLOSED),
    ("page", "port", 1, 65_535, CLOSED, CLOSED),
    ("drone", "cooldown_s", 0, 86_400, CLOSED, CLOSED),
    ("drone", "ttl_s", 10, 86_400, CLOSED, CLOSED),
    ("drone", "min_score", 0, 1, CLOSED, CLOSED),
    ("drone", "max_requests_per_day", 1, 96, CLOSED, CLOSED),
    ("drone", "max_false_alarm_rate", 0, 1, CLOSED, CLOSED),
    ("drone", "alt_agl_m", 0, 120, OPEN, CLOSED),
    ("drone", "max_alt_agl_m", 0, 120, OPEN, CLOSED),
    ("drone", "max_wind_ms", 0, 50, OPEN, CLOSED),
    ("drone", "max_rain_mm_h", 0, 500, CLOSED, CLOSED),
    ("drone", "min_temperature_c", -60, 60, CLOSED, CLOSED),
    ("drone", "max_temperature_c", -60, 80, CLOSED, CLOSED),
    ("drone", "min_battery_pct", 0, 100, OPEN, CLOSED),
    ("drone", "conditions_max_age_s", 5, 3600, CLOSED, CLOSED),
    ("drone", "answer_s", 10, 3600, CLOSED, CLOSED),
    ("drone", "silence_s", 60, 14_400, CLOSED, CLOSED),
    ("drone.patrol[]", "radius_m", 0, 10_000, OPEN, CLOSED),
    ("drone.patrol[]", "window_s", 60, 21_600, CLOSED, CLOSED),
]
WHOLE = {
    "max_mb",
    "threads",
    "count",
    "max_alarms_per_h",
    "pin",
    "frequency_hz",
    "port",
    "max_requests_per_day",
}


def told(table: str, key: str, value: object) -> list[str]:
    """What is wrong with this value at this key of a document that is right else."""
    return problems(document(tuple(table.split(".")), key, value))


@pytest.mark.parametrize(
    ("table", "key", "least", "most", "first", "last"), NUMBERS, ids=[f"{t}.{k}" for t, k, *_ in NUMBERS]
)
def test_a_number_at_its_limits(
    table: str, key: str, least: float | None, most: float | None, first: bool, last: bool
) -> None:
    """On the limit and a step beyond it."""
    step = 1 if key in WHOLE else 0.0001
    if least is not None:
        assert (told(table, key, least) == []) is first
        assert told(table, key, least + step) == []
        assert told(table, key, least - step) != []
    if most is not None:
        assert (told(table, key, most) == []) is last
        assert told(table, key, most - step) == []
        assert told(table, key, most + step) != []
    else:
        assert told(table, key, 1e12) == []


def points(count: int) -> list[list[float]]:
    """So many on a round."""
    from math import cos, pi, sin

    return [
        [round(0.5 + 0.4 * cos(2 * pi * n / count), 6), round(0.5 + 0.4 * sin(2 * pi * n / count), 6)]
        for n in range(count)
    ]


def tables(count: int, **table: Any) -> list[dict[str, Any]]:
    return [{"name": f"n{n}", **table} for n in range(count)]


LENGTHS: list[tuple[str, str, int, int, Any]] = [
    ("zone[]", "polygon", 3, 64, points),
    ("camera[]", "masks", 0, 200, lambda n: [points(4)] * n),
    ("drone", "geofence", 3, 1000, points),
    ("rule[]", "classes", 1, 20, lambda n: ["person"] * n),
    ("rule[]", "notify", 0, 8, lambda n: ["x"] * n),
    (
        "drone.patrol[]",
        "at",
        1,
        48,
        lambda n: [f"{h:02}:{m:02}" for h in range(12) for m in (0, 10, 20, 30, 40)][:n],
    ),
    (
        "lamp",
        "program",
        1,
        96,
        lambda n: [{"at": f"{m // 60:02}:{m % 60:02}", "level": 1.0} for m in range(n)],
    ),
    ("pole", "groups", 0, 16, lambda n: [f"g{k}" for k in range(n)]),
    ("lamp", "calendar", 0, 64, lambda n: [{"program": "default"}] * n),
    ("lamp", "control", 0, 16, lambda n: [{"kind": "max", "level": 1.0}] * n),
    ("lamp", "clo", 0, 32, lambda n: [[1.0 + h, 0.9] for h in range(n)]),
    ("drone", "patrol", 0, 16, lambda n: tables(n, at=["06:00"])),
    ("drone", "officer", 0, 64, lambda n: tables(n, public_key="A" * 43 + "=")),
    ("", "camera", 1, 16, lambda n: tables(n, source="rtsp://x")),
    ("", "zone", 0, 64, lambda n: tables(n, polygon=points(3))),
    ("", "line", 0, 64, lambda n: [{"name": f"n{k}", "from": [0, 0], "to": [1, 1]} for k in range(n)]),
    ("", "rule", 0, 64, lambda n: tables(n, kind="presence", camera="street")),
]


@pytest.mark.parametrize(
    ("table", "key", "least", "most", "make"), LENGTHS, ids=[f"{t}.{k}" for t, k, *_ in LENGTHS]
)
def test_a_list_at_its_limits(table: str, key: str, least: int, most: int, make: Any) -> None:
    """As many as may be, one more, and one too few."""

    def of(count: int) -> list[str]:
        whole = document(tuple(table.split(".")) if table else (), key, make(count))
        if key == "camera":
            whole.pop("rule", None)
        return problems(whole)

    assert of(most) == []
    assert of(least) == []
    if most not in (20, 200):  # those two have no end
        assert any(f"at most {most}" in t for t in of(most + 1))
    if least and key != "camera":
        assert of(least - 1) != []


TEXTS: list[tuple[str, str, int, int]] = [
    ("pole", "id", 1, 64),
    ("pole", "site", 1, 64),
    ("pole", "name", 0, 200),
    ("pole", "operator", 0, 200),
    ("pole", "contact", 0, 200),
    ("pole", "area_code", 0, 32),
    ("camera[]", "name", 1, 64),
    ("zone[]", "name", 1, 64),
    ("mqtt", "prefix", 1, 64),
    ("drone.officer[]", "name", 1, 100),
]


@pytest.mark.parametrize(("table", "key", "least", "most"), TEXTS, ids=[f"{t}.{k}" for t, k, *_ in TEXTS])
def test_a_text_at_its_limits(table: str, key: str, least: int, most: int) -> None:
    """Its longest and one more, its shortest and one less."""
    assert told(table, key, "x" * most) == []
    assert told(table, key, "x" * (most + 1)) != []
    assert told(table, key, "x" * least) == []
    if least:
        assert told(table, key, "") != []


@pytest.mark.parametrize("text", ["a b", "a/b", "a+", "#", "ä", "a\n", "$x", ""])
def test_what_goes_into_a_topic_has_plain_letters(text: str) -> None:
    """A blank, a slash or a wildcard in a name would be another topic."""
    for key in ("id", "site"):
        assert told("pole", key, text) != []
    assert told("mqtt", "prefix", text) != []


@pytest.mark.parametrize("text", ["_all", "_", "_group", "a b", "a/b", "", "x" * 65])
def test_no_pole_has_the_name_of_many(text: str) -> None:
    """What begins with an underscore is a topic for many poles."""
    words = ["use letters, digits, _ and - only, 1 to 64 of them, and begin with no _"]
    assert [told("pole", key, text) for key in ("id", "site")] == [
        [f"pole.{key}: {words[0]}"] for key in ("id", "site")
    ]
    assert told("pole", "groups", ["north", text]) == [f"pole.groups[1]: {words[0]}"]
    assert told("pole", "groups", ["a_", "-", "A", "a"]) == []
    assert told("pole", "groups", ["a", "b", "a"]) == ['pole.groups: the group "a" is named twice']


@pytest.mark.parametrize("value", [-0.0001, 1.0001])
def test_a_point_lies_in_the_picture(value: float) -> None:
    """Zones, lines and masks alike."""
    assert told("zone[]", "polygon", [[0, 0], [1, 0], [1, value]]) != []
    assert told("camera[]", "masks", [[[0, 0], [1, 0], [value, 1]]]) != []
    for key in ("from", "to"):
        assert told("line[]", key, [value, 0.5]) != []


@pytest.mark.parametrize(("side", "fine"), [(0.0141, False), (0.0142, True)])
def test_a_zone_has_an_area(side: float, fine: bool) -> None:
    """A hundredth of the picture's side, squared, and no less."""
    assert (told("zone[]", "polygon", [[0, 0], [side, 0], [0, side]]) == []) is fine


def test_a_line_has_a_length() -> None:
    """Two points that are one are none."""
    assert told("line[]", "to", [0, 0]) == ['line[0]: "from" and "to" are the same point']
    assert told("line[]", "to", [0, 0.001]) == []


def settled(text: str) -> Settings:
    return parse(
        '[pole]\nid = "A"\nsite = "b"\nlatitude = 0.0\nlongitude = 0.0\n[[camera]]\nsource = "rtsp://x"\n'
        + text
    )


def test_what_is_meant_where_nothing_is_written() -> None:
    """An upgrade changes no pole whose file says nothing of it: each value here is one that somebody relies
    on.
    """
    got = settled(
        '[[zone]]\nname = "z"\npolygon = [[0,0],[1,0],[1,1]]\n[[rule]]\nname = "r"\nkind ='
        ' "presence"\n[mqtt]\nhost = "h"\n'
    )
    assert (got.storage.max_mb, got.storage.batch_s, str(got.storage.state_dir)) == (
        256,
        5,
        "/var/lib/pole-agent",
    )
    assert got.storage.ttl_s == {
        "traffic": 14 * 86_400,
        "health": 7 * 86_400,
        "command": 30 * 86_400,
        "lamp": 90 * 86_400,
        "incident": 90 * 86_400,
        "drone": 90 * 86_400,
    }
    assert (got.clock.trust, got.clock.rtc, got.pole.timezone, got.pole.supply) == (
        "auto",
        False,
        "UTC",
        "always",
    )
    camera = got.cameras[0]
    assert (camera.name, camera.fps, camera.loop, camera.transport, camera.masks) == (
        "street",
        5,
        False,
        "auto",
        (),
    )
    assert (camera.hfov_deg, camera.range_m, camera.heading_deg, camera.picture) == (70, 50, None, None)
    assert (got.detector.model, got.detector.min_score, got.detector.threads) == (
        "nanodet-g-street-384-int8",
        0.4,
        2,
    )
    zone, rule = got.zones[0], got.rules[0]
    assert (zone.camera, zone.enter_s, zone.leave_s) == (None, 0.2, 1.0)
    assert (rule.dwell_s, rule.count, rule.active, rule.severity, rule.announce) == (
        0,
        1,
        "always",
        "info",
        "close",
    )
    assert (rule.classes, rule.direction, rule.max_alarms_per_h, rule.notify, rule.lamp, rule.drone) == (
        ("person",),
        "any",
        6,
        (),
        None,
        False,
    )
    assert (rule.min_height, rule.max_height) == (0, 1)
    lamp = got.lamp
    assert (lamp.backend, lamp.pin, lamp.active_low, lamp.frequency_hz, lamp.rated_w, lamp.curve) == (
        "gpio",
        18,
        True,
        1000,
        60,
        "linear",
    )
    assert (lamp.fade_s, lamp.fade_down_s, lamp.min_level, lamp.floor, lamp.failsafe_level) == (
        2,
        None,
        0.1,
        0.2,
        1.0,
    )
    assert (lamp.part_night, lamp.boost_in_daylight, lamp.virtual_output, lamp.clo) == (False, False, 1.0, ())
    assert [(s.at, s.level, s.name) for s in lamp.program] == [
        ("sunset", 1.0, "default"),
        ("sunrise", 0.0, "default"),
    ]
    drone = got.drone
    assert (drone.enabled, drone.approval, drone.night_permit, drone.geofence, drone.exclusions) == (
        False,
        "required",
        False,
        None,
        None,
    )
    assert (
        drone.cooldown_s,
        drone.ttl_s,
        drone.min_severity,
        drone.min_score,
        drone.max_requests_per_day,
    ) == (900, 600, "info", 0, 24)
    assert (drone.alt_agl_m, drone.max_alt_agl_m, drone.altitude_m) == (60, 120, 60)
    assert (drone.conditions_max_age_s, drone.answer_s, drone.silence_s) == (300, 120, 1800)
    assert (drone.require_dock_idle, drone.require_no_maintenance) == (False, False)
    assert got.mqtt is not None
    assert (got.mqtt.tls, got.mqtt.port, got.mqtt.protocol, got.mqtt.prefix, got.mqtt.homeassistant) == (
        True,
        8883,
        "auto",
        "smartpole",
        False,
    )
    assert (got.metrics.enabled, got.metrics.host, got.metrics.port) == (False, "127.0.0.1", 9745)
    assert (got.page.enabled, got.page.host, got.page.port) == (False, "127.0.0.1", 8080)
    assert (got.base_topic, settled("").prefix, settled("").base_topic) == (
        "smartpole/b/A",
        "smartpole",
        "smartpole/b/A",
    )


@pytest.mark.parametrize(
    ("kind", "dwell_s", "count"),
    [
        ("presence", 0, 1),
        ("loitering", 30, 1),
        ("crowd", 0, 5),
        ("stopped", 30, 1),
        ("crossing", 0, 1),
        ("wrong_way", 0, 1),
    ],
)
@pytest.mark.parametrize(
    ("severity", "announce"), [("info", "close"), ("warning", "open"), ("alarm", "open")]
)
def test_what_a_rule_means_by_its_kind(
    kind: str, dwell_s: float, count: int, severity: str, announce: str
) -> None:
    """How long, how many, and when it is told; what is written counts."""
    line = 'line = "l"\ndirection = "forward"\n' if kind in ("crossing", "wrong_way") else ""
    text = (
        f'[[line]]\nname = "l"\nfrom = [0, 0]\nto = [1, 1]\n[[rule]]\nname = "r"\nkind = "{kind}"\nseverity ='
        f' "{severity}"\n{line}'
    )
    rule = settled(text).rules[0]
    assert (rule.dwell_s, rule.count, rule.announce, rule.level.word) == (dwell_s, count, announce, severity)
    rule = settled(text + 'dwell_s = 7\ncount = 3\nannounce = "close"\n').rules[0]
    assert (rule.dwell_s, rule.count, rule.announce) == (7, 3, "close")


@pytest.mark.parametrize(
    ("kind", "more", "problem"),
    [
        ("crossing", "", 'rule[0]: kind = "crossing" needs line = "<name of a [[line]]>"'),
        (
            "wrong_way",
            'direction = "forward"',
            'rule[0]: kind = "wrong_way" needs line = "<name of a [[line]]>"',
        ),
        ("crossing", 'line = "l"\nzone = "z"', 'rule[0]: kind = "crossing" watches a line; remove zone'),
        ("presence", 'line = "l"', 'rule[0]: kind = "presence" watches a zone; remove line'),
        ("stopped", 'line = "l"\nzone = "z"', 'rule[0]: kind = "stopped" watches a zone; remove line'),
        (
            "wrong_way",
            'line = "l"',
            'rule[0]: kind = "wrong_way" needs direction = "forward" or "backward": the way that is wrong',
        ),
        ("presence", "min_height = 0.5\nmax_height = 0.5", "rule[0]: min_height must be below max_height"),
        ("presence", "min_height = 0.5\nmax_height = 0.51", ""),
        ("presence", 'zone = "z"', ""),
        ("crossing", 'line = "l"', ""),
        ("wrong_way", 'line = "l"\ndirection = "backward"', ""),
        ("presence", "drone = true", "rule[0].drone: is true, but [drone] enabled is false"),
        ("presence", "drone = true\n[drone]\nenabled = true", ""),
        ("presence", "drone = false\n[drone]\nenabled = false", ""),
    ],
)
def test_what_fits_a_rule(kind: str, more: str, problem: str) -> None:
    """A line for what crosses, a zone for the rest."""
    places = (
        '[[line]]\nname = "l"\nfrom = [0, 0]\nto = [1, 1]\n[[zone]]\nname = "z"\npolygon ='
        " [[0,0],[1,0],[1,1]]\n"
    )
    assert found(f'{places}[[rule]]\nname = "r"\nkind = "{kind}"\n{more}\n') == ([problem] if problem else [])


def found(text: str, cameras: str = '[[camera]]\nsource = "rtsp://x"\n') -> list[str]:
    try:
        parse('[pole]\nid = "A"\nsite = "b"\nlatitude = 0.0\nlongitude = 0.0\n' + cameras + text)
    except ConfigError as error:
        return [str(p) for p in error.problems]
    return []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            '[lamp]\nbackend = "pwm"\npin = 17',
            "lamp: GPIO17 has no hardware PWM; use 12, 13, 18, 19, or give pwm_device and pwm_channel",
        ),
        ('[lamp]\nbackend = "pwm"\npin = 17\npwm_device = "d"\npwm_channel = 15', ""),
        *((f'[lamp]\nbackend = "pwm"\npin = {pin}', "") for pin in (12, 13, 18, 19)),
        ('[lamp]\npwm_device = "d"', "lamp: pwm_device and pwm_channel belong together; give both or none"),
        ("[lamp]\npwm_channel = 0", "lamp: pwm_device and pwm_channel belong together; give both or none"),
        (
            '[lamp]\npwm_device = "d"\npwm_channel = 16',
            "lamp.pwm_channel: expected less than or equal to 15; got 16",
        ),
        ("[lamp]\npin = 4\n[lamp.relay]\npin = 4", "lamp: relay.pin and pin are both GPIO4"),
        (
            "[lamp]\npin = 4\n[lamp.relay]\npin = 5\n[lamp.button]\npin = 5",
            "lamp: button.pin and relay.pin are both GPIO5",
        ),
        (
            (
                "[lamp]\npin = 4\n[lamp.relay]\npin = 5\n[lamp.button]\npin = 6\n[lamp.feedback]\npin ="
                " 7\n[lamp.photocell]\npin = 8"
            ),
            "",
        ),
        ("[lamp.photocell]\non_lux = 1", "lamp.photocell: give either pin or file"),
        ('[lamp.photocell]\npin = 4\nfile = "/f"', "lamp.photocell: give either pin or file"),
        ('[lamp.feedback]\nfile = "f"', 'lamp.feedback: file: write the full path of "f", starting with /'),
        ('[lamp.feedback]\nfile = "/f"', ""),
        (
            "[lamp.photocell]\npin = 4\non_lux = 40",
            (
                "lamp.photocell: off_lux must be above on_lux: otherwise the lamp would switch on and off"
                " between them"
            ),
        ),
        ("[lamp]\nclo = [[0, 1], [0, 0.9]]", "lamp.clo: the hours must rise from point to point"),
        ("[lamp]\nclo = [[5, 1], [4, 0.9]]", "lamp.clo: the hours must rise from point to point"),
        ("[lamp]\nclo = [[0, 1], [1, 0.9]]", ""),
        (
            '[mqtt]\nhost = "h"\ncert_file = "c"',
            "mqtt: cert_file and key_file belong together; give both or none",
        ),
        (
            '[mqtt]\nhost = "h"\nkey_file = "c"',
            "mqtt: cert_file and key_file belong together; give both or none",
        ),
        (
            '[mqtt]\nhost = "h"\nca_file = "c"\ntls = false',
            "mqtt: ca_file and cert_file need tls = true; with tls = false they are not used",
        ),
        (
            '[mqtt]\nhost = "h"\ncert_file = "c"\nkey_file = "k"\ntls = false',
            "mqtt: ca_file and cert_file need tls = true; with tls = false they are not used",
        ),
        ('[mqtt]\nhost = "h"\ncert_file = "c"\nkey_file = "k"\nca_file = "a"', ""),
        ("[drone]\nalt_agl_m = 61\nmax_alt_agl_m = 60", "drone: alt_agl_m = 61 is above max_alt_agl_m = 60"),
        ("[drone]\nalt_agl_m = 60\nmax_alt_agl_m = 60", ""),
        ("[drone]\nmax_alt_agl_m = 30", ""),
        ('[drone]\napproval = "automatic"', ""),
        (
            '[drone]\napproval = "automatic"\n[[drone.officer]]\nname = "x"\npublic_key = "'
            + "A" * 43
            + '="',
            (
                'drone: approval = "automatic" asks nobody; remove [[drone.officer]], or write approval ='
                ' "required"'
            ),
        ),
        (
            "[drone]\n" + '[[drone.patrol]]\nname = "p"\nat = ["06:00"]\n' * 2,
            'drone: patrol: the name "p" is used 2 times',
        ),
        (
            '[[drone.patrol]]\nname = "p"\nat = ["06:00", "06:00"]',
            "drone.patrol[0].at: a time is given twice",
        ),
        (
            '[[drone.officer]]\nname = "x"\npublic_key = "' + "A" * 42 + '=="',
            (
                "drone.officer[0].public_key: invalid Ed25519 public key; expected 32 bytes in base64; make"
                " one with: pole-agent drone key"
            ),
        ),
        ("[pole2]", "pole2: unknown key; did you mean pole?"),
    ],
)
def test_what_fits_together(text: str, problem: str) -> None:
    """Two values that are right each, and cannot both hold."""
    assert found(text + "\n") == ([problem] if problem else [])


def test_what_is_asked_for_is_never_above_the_maximum() -> None:
    """A default height gives way to a lower maximum."""
    assert settled("[drone]\nmax_alt_agl_m = 30\n").drone.altitude_m == 30
    assert settled("[drone]\nalt_agl_m = 90\n").drone.altitude_m == 90


# --- names between tables

TWO = '[[camera]]\nname = "a"\nsource = "rtsp://x"\n[[camera]]\nname = "b"\nsource = "rtsp://x"\n'
ONE = '[[camera]]\nsource = "rtsp://x"\n'
ZONE = '[[zone]]\nname = "{}"\npolygon = [[0, 0], [1, 0], [1, 1]]\n{}\n'
LINE = '[[line]]\nname = "{}"\nfrom = [0, 0]\nto = [1, 1]\n{}\n'
RULE = '[[rule]]\nname = "r"\nkind = "presence"\n{}\n'


@pytest.mark.parametrize(
    ("cameras", "text", "expected"),
    [
        (ONE, ZONE.format("z", ""), []),
        (ONE, ZONE.format("z", 'camera = "street"'), []),
        (
            ONE,
            ZONE.format("z", 'camera = "a"'),
            ['zone[0].camera: unknown camera "a"; known: "street"'],
        ),
        (TWO, ZONE.format("z", ""), ['zone[0].camera: there are 2 cameras; name one of: "a", "b"']),
        (TWO, LINE.format("n", ""), ['line[0].camera: there are 2 cameras; name one of: "a", "b"']),
        (TWO, ZONE.format("z", 'camera = "b"') + LINE.format("n", 'camera = "a"'), []),
        ("", ZONE.format("z", ""), ["zone[0].camera: there are 0 cameras; name one of: none"]),
        ("", RULE.format(""), ["rule[0]: needs a [[camera]]; none is configured"]),
        ("", RULE.format('camera = "a"'), ['rule[0].camera: unknown camera "a"; known: none']),
        (TWO, RULE.format(""), ['rule[0].camera: there are 2 cameras; name one of: "a", "b"']),
        (TWO, RULE.format('camera = "b"'), []),
        (TWO, RULE.format('camera = "c"'), ['rule[0].camera: unknown camera "c"; known: "a", "b"']),
        (TWO, ZONE.format("z", 'camera = "b"') + RULE.format('zone = "z"'), []),
        (
            ONE,
            RULE.format('zone = "road"') + ZONE.format("roda", ""),
            ['rule[0].zone: unknown zone "road"; known: "roda"; did you mean roda?'],
        ),
        (
            ONE,
            RULE.format('line = "n"'),
            [
                'rule[0]: kind = "presence" watches a zone; remove line',
                'rule[0].line: unknown line "n"; known: none',
            ],
        ),
        (ONE + ONE, "", ['camera: the name "street" is used 2 times']),
        (ONE, ZONE.format("z", "") * 3, ['zone: the name "z" is used 3 times']),
        (ONE, LINE.format("n", "") * 2, ['line: the name "n" is used 2 times']),
        (ONE, RULE.format("") * 2, ['rule: the name "r" is used 2 times']),
        (ONE, ZONE.format("n", "") + LINE.format("n", ""), []),
        (
            ONE,
            '[[lamp.program]]\nname = "late"\nat = "sunset"\nlevel = 1.0\n',
            [
                'lamp.program: missing program "default"; it applies on every night that no calendar rule'
                " names"
            ],
        ),
        (
            ONE,
            '[[lamp.calendar]]\nprogram = "late"\n',
            ['lamp.calendar[0].program: unknown program "late"; known: "default"'],
        ),
        (ONE, '[[lamp.calendar]]\nprogram = "default"\n', []),
        (
            ONE,
            (
                '[[lamp.program]]\nat = "sunset"\nlevel = 1.0\n[[lamp.program]]\nname = "late"\nat ='
                ' "sunset"\nlevel = 1.0\n[[lamp.calendar]]\nprogram = "default"\n[[lamp.calendar]]\nprogram ='
                ' "late"\n[[lamp.calendar]]\nprogram = "lat"\n'
            ),
            ['lamp.calendar[2].program: unknown program "lat"; known: "default", "late"; did you mean late?'],
        ),
    ],
)
def test_names_that_are_used_and_given(cameras: str, text: str, expected: list[str]) -> None:
    """Each is given once, and what is used is there."""
    assert found(text, cameras) == expected


def test_a_rule_looks_through_the_camera_of_its_place() -> None:
    """Its own, that of its zone or line, or the only one."""
    text = (
        ZONE.format("z", 'camera = "b"')
        + LINE.format("n", 'camera = "b"')
        + RULE.format('zone = "z"')
        + '[[rule]]\nname = "s"\nkind = "crossing"\nline = "n"\n[[rule]]\nname = "t"\nkind ='
        ' "presence"\ncamera = "a"\n' + '[[rule]]\nname = "u"\nkind = "presence"\nzone = "z"\ncamera = "a"\n'
    )
    settings = parse('[pole]\nid = "A"\nsite = "b"\nlatitude = 0.0\nlongitude = 0.0\n' + TWO + text)
    assert [settings.camera_of(rule) for rule in settings.rules] == ["b", "b", "a", "a"]
    one = settled(ZONE.format("z", "") + RULE.format('zone = "z"'))
    assert one.camera_of(one.rules[0]) == "street"


# --- words


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            '[lamp]\ncurve = "' + "x" * 57 + '"',
            f'lamp.curve: expected one of "linear", "dali"; got "{"x" * 57}"',
        ),
        (
            '[lamp]\ncurve = "' + "x" * 58 + '"',
            f'lamp.curve: expected one of "linear", "dali"; got "{"x" * 56}…',
        ),
        (
            '[clock]\ntrust = "sytem"',
            'clock.trust: expected one of "auto", "system"; got "sytem"; did you mean system?',
        ),
        ("[lamp]\npin = 1.5", "lamp.pin: expected a whole number; got 1.5"),
        ("[lamp]\nfade_s = nan", "lamp.fade_s: expected a finite number; got NaN"),
        ("[lamp]\nfade_s = []", "lamp.fade_s: expected a number; got []"),
        ("[lamp]\nactive_low = 1", "lamp.active_low: expected true or false; got 1"),
        ('[[zone]]\nname = "z"\npolygon = 5', "zone[0].polygon: expected a list; got 5"),
        (
            '[[zone]]\nname = "z"\npolygon = [[0,0],[1,0],[1,1,1]]',
            "zone[0].polygon[2]: expected a point with two numbers, got 3",
        ),
        (
            '[[zone]]\nname = "z"\npolygon = [[0,0],[1,0],[1]]',
            "zone[0].polygon[2][1]: is missing: a point has two numbers",
        ),
        (
            '[[zone]]\nname = "z y"\npolygon = [[0,0],[1,0],[1,1]]',
            "zone[0].name: use letters, digits, _ and - only, 1 to 64 of them",
        ),
        (
            '[[rule]]\nname = "r"\nkind = "presence"\nclasses = []',
            "rule[0].classes: expected a list of at least 1, got 0",
        ),
        (
            '[[drone.officer]]\nname = "a\\tb"\npublic_key = "' + "A" * 43 + '="',
            "drone.officer[0].name: contains a character that is not allowed here",
        ),
        ("[mqtt]", "mqtt.host: is required"),
        ('[lamp."a b"]', 'lamp."a b": unknown key; known: '),
        ("storage = 5", "storage: expected a table; got 5"),
        ("[storage.keep_days]\nlamp = 0", "storage.keep_days.lamp: expected greater than 0; got 0"),
        (
            "[storage.keep_days]\nlamp = 3651",
            "storage.keep_days.lamp: expected less than or equal to 3650; got 3651",
        ),
        (
            '[[camera]]\nname = "c"\nsource = "rtsp://x"\npicture = "0x5"',
            'camera[1].picture: invalid picture size; expected width and height like "640x480"',
        ),
        ('[[camera]]\nname = "c"\nsource = "rtsp://x"\npicture = "99999x99999"', ""),
        (
            '[[camera]]\nname = "c"\nsource = "rtsp://x"\npicture = "100000x5"',
            'camera[1].picture: invalid picture size; expected width and height like "640x480"',
        ),
        ("[page]\nenabled = true", ""),
        ('[page]\nenabled = true\nhost = "::1"', ""),
        ('[page]\nhost = "0.0.0.0"', ""),
        ('[page]\nenabled = true\nhost = "0.0.0.0"\ntrusted_proxies = ["10.0.0.0/8"]', ""),
        ('[page]\nenabled = true\nhost = "10.0.0.7"\ncert_file = "c"\nkey_file = "k"', ""),
    ],
)
def test_a_problem_in_words(text: str, problem: str) -> None:
    """The key, what is expected and what is there; nothing of the machinery."""
    if text == "storage = 5":
        with pytest.raises(ConfigError) as error:
            parse(text + '\n[pole]\nid = "A"\nsite = "b"\nlatitude = 0.0\nlongitude = 0.0\n')
        assert [str(p) for p in error.value.problems] == [problem]
        return
    told = found(text + "\n")
    assert [t[: len(problem)] if problem.endswith(": ") else t for t in told] == (
        [problem] if problem else []
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[lamp.relay]\npin = 4\nfoo = 1",
            ["lamp.relay.foo: unknown key; known: pin, active_low, min_off_s"],
        ),
        (
            '[[rule]]\nname = "r"\nkind = "presence"\nlamp = { lvl = 1 }',
            ["rule[0].lamp.lvl: unknown key; did you mean level?"],
        ),
        (
            '[[drone.officer]]\nname = "x"\npubic_key = "y"',
            [
                "drone.officer[0].public_key: is required",
                "drone.officer[0].pubic_key: unknown key; did you mean public_key?",
            ],
        ),
        (
            '[[drone.patrol]]\nname = "x"\nat = ["06:00"]\nzzz = 1',
            ["drone.patrol[0].zzz: unknown key; known: name, at, days, radius_m, window_s"],
        ),
        (
            "[zzz]",
            [
                "zzz: unknown key; known: pole, storage, clock, camera, detector, zone, line, rule,"
                " lamp, mqtt, drone, metrics, page"
            ],
        ),
    ],
)
def test_what_is_known_at_the_place_of_an_unknown_key(text: str, expected: list[str]) -> None:
    """The keys of that table as they are written, or the one that was meant."""
    assert found(text + "\n") == expected


def test_what_is_left_when_what_is_wrong_is_taken_out() -> None:
    """Each wrong value, and no more than it: the rest is what it was, so that the files it names can be
    looked at too.
    """
    document = {
        "pole": {"id": "A", "site": "b", "latitude": 0.0, "longitude": 0.0},
        "camera": [{"source": True}, {"name": "b", "source": "rtsp://y"}],
        "mqtt": {"host": "x", "ca_file": 3, "ports": 1},
        "zone": [{"name": "z", "polygon": [[0, 0], [1, 0], [1, "x"]], "camera": "b"}],
        "lamp": {"photocell": {"pin": "x"}, "pin": 5, "program": [{"at": "sunset", "level": 9}]},
        "rule": [3, {"name": "r", "kind": "x"}],
    }
    before = repr(document)
    left = examine(document)
    assert repr(document) == before
    assert left.spoilt == {
        "camera[0].source",
        "mqtt.ca_file",
        "mqtt.ports",
        "zone[0].polygon",
        "lamp.photocell.pin",
        "lamp.photocell",
        "lamp.program[0].level",
        "rule[0]",
        "rule[1].kind",
    }
    assert sorted(p.path for p in left.problems) == [
        "camera[0].source",
        "lamp.photocell.pin",
        "lamp.program[0].level",
        "mqtt.ca_file",
        "mqtt.ports",
        "rule[0]",
        "rule[0].camera",
        "rule[1].camera",
        "rule[1].kind",
        "zone[0].polygon[2][1]",
    ]
    rest = left.settings
    assert rest is not None
    assert [(c.name, c.source) for c in rest.cameras] == [("street", "rtsp://x"), ("b", "rtsp://y")]
    assert rest.mqtt is not None
    assert (rest.mqtt.host, rest.mqtt.ca_file, rest.lamp.pin, rest.lamp.photocell) == ("x", None, 5, None)
    assert [(z.name, z.camera, z.polygon) for z in rest.zones] == [("z", "b", ((0, 0), (1, 0), (1, 1)))]
    assert [(s.at, s.level) for s in rest.lamp.program] == [("sunset", 1.0)]
    assert [(r.name, r.kind) for r in rest.rules] == [("x", "presence"), ("r", "presence")]


def test_a_size_is_two_numbers() -> None:
    """Width first."""
    text = '[[camera]]\nname = "c"\nsource = "clip.mp4"\npicture = "640x480"\n'
    assert [(c.size, c.live) for c in settled(text).cameras] == [(None, True), ((640, 480), False)]
    assert settled('[[camera]]\nname = "c"\nsource = "/dev/video0"\n').cameras[1].live


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("localhost.example", False),
    ],
)
def test_which_host_is_this_machine(host: str, loopback: bool) -> None:
    """Plain text is for this machine only; its port is another one."""
    mqtt = settled(f'[mqtt]\nhost = "{host}"\ntls = false\n').mqtt
    assert mqtt is not None
    assert (mqtt.loopback, mqtt.port) == (loopback, 1883)


def test_every_document_here_is_right() -> None:
    """Every document here is right but for its value.

    What the tables above start from has no problem of its own.
    """
    for table, key, least, most, _, _ in NUMBERS:
        middle = (least or 0) + 1 if most is None else ((least or 0) + most) / 2
        value: float = int(middle) if key in WHOLE else middle
        assert told(table, key, value) == [], (table, key, toml(value))
