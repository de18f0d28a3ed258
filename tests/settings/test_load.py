"""pole.toml: every problem with its key path, and the last good copy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.errors import ConfigError
from pole_agent.settings.advice import warnings
from pole_agent.settings.load import keep_last_good, load, load_or_last_good, parse

ROOT = Path(__file__).resolve().parents[2]
MINIMAL = '[pole]\nid = "A"\nsite = "b"\nlatitude = 0.0\nlongitude = 0.0\n'
CAMERA = '[[camera]]\nsource = "rtsp://x"\n'


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as error:
        parse(MINIMAL + text)
    return [str(p) for p in error.value.problems]


def test_twelve_lines_are_enough() -> None:
    settings = parse(MINIMAL + CAMERA + '[lamp]\npin = 18\n[mqtt]\nhost = "broker"\n')
    assert (settings.mqtt and settings.mqtt.port, settings.cameras[0].name, settings.base_topic) == (
        8883,
        "street",
        "smartpole/b/A",
    )


def test_drone_enabled_alone_is_valid() -> None:
    assert parse(MINIMAL + "[drone]\nenabled = true\n").drone.geofence is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[lamp]\npni = 3\n", "lamp.pni: unknown key; did you mean pin?"),
        ("[lmap]\n", "lmap: unknown key; did you mean lamp?"),
        ("[lamp]\npin = 99\n", "lamp.pin: expected less than or equal to 27; got 99"),
        (
            CAMERA + '[[zone]]\nname = "z"\npolygon = [[0.1, 0.1], [0.2, 0.2]]\n',
            "zone[0].polygon: expected a polygon of at least 3 points, got 2",
        ),
        (
            CAMERA + '[[zone]]\nname = "z"\npolygon = [[0.1, 0.1], [0.2, 0.2], [0.3, 0.3]]\n',
            "zone[0].polygon: the polygon has no area",
        ),
        (
            CAMERA + '[[rule]]\nname = "r"\nkind = "presence"\nzone = "nowhere"\n',
            'rule[0].zone: unknown zone "nowhere"',
        ),
        (CAMERA + '[[rule]]\nname = "r"\nkind = "crossing"\n', 'rule[0]: kind = "crossing" needs line'),
        (
            CAMERA + '[[rule]]\nname = "r"\nkind = "presence"\nactive = "dusk"\n',
            "rule[0].active: invalid time span 'dusk'",
        ),
        (
            CAMERA + '[[rule]]\nname = "r"\nkind = "presence"\ndrone = true\n',
            "rule[0].drone: is true, but [drone] enabled is false",
        ),
        ('[[lamp.program]]\nat = "noon"\nlevel = 1\n', "lamp.program[0].at: invalid time of day 'noon'"),
        (CAMERA + CAMERA, 'camera: the name "street" is used 2 times'),
        (
            '[[lamp.calendar]]\nprogram = "default"\ndays = "mon..sunn"\n',
            "lamp.calendar[0].days: invalid weekday 'sunn' in 'mon..sunn'",
        ),
        (
            '[[lamp.calendar]]\nprogram = "default"\ndays = "friday"\n',
            "lamp.calendar[0].days: invalid weekday 'friday' in 'friday'",
        ),
        (
            CAMERA + '[[zone]]\nname = "z"\npolygon = [[0.1, 0.1], [0.5, 0.5], [0.1, 0.1]]\n',
            "zone[0].polygon: the polygon has no area",
        ),
        (
            '[page]\nenabled = true\nhost = "0.0.0.0"\n',
            "page: 0.0.0.0 can be reached from other machines: set",
        ),
        ('[page]\ncert_file = "c"\n', "page: cert_file and key_file are needed together"),
        (
            '[page]\ntrusted_proxies = ["x"]\n',
            "page.trusted_proxies[0]: invalid network 'x'; expected an address",
        ),
    ],
)
def test_a_problem_names_its_key_path(text: str, expected: str) -> None:
    """A problem names its key path and what is allowed."""
    assert any(p.startswith(expected) for p in problems(text)), problems(text)


def test_all_problems_are_reported_at_once() -> None:
    assert len(problems("[lamp]\npin = 99\nfade_s = -1\n[detector]\nthreads = 0\n")) == 3


def test_broken_toml_says_where() -> None:
    with pytest.raises(ConfigError, match=r"not valid TOML.*line 1"):
        parse("[pole\n")


@given(st.text(max_size=200))
def test_any_text_is_settings_or_a_config_error(text: str) -> None:
    with pytest.raises(ConfigError):
        parse(text)


def test_a_starting_agent_uses_the_last_good_copy(bench: Callable[..., Path], tmp_path: Path) -> None:
    path = bench()
    (tmp_path / "state").mkdir()
    good = load(path)
    keep_last_good(good)
    path.write_text(path.read_text().replace("longitude", "longitud"))
    loaded = load_or_last_good(path)
    assert loaded.settings == good.settings
    assert "pole.longitud: unknown key" in loaded.degraded
    (tmp_path / "state" / "last-good.toml").unlink()
    with pytest.raises(ConfigError):
        load_or_last_good(path)


def test_plaintext_beyond_loopback_warns() -> None:
    assert any("mqtt.tls" in w for w in warnings(parse(MINIMAL + '[mqtt]\nhost = "10.0.0.1"\ntls = false\n')))
    assert not any(
        "mqtt.tls" in w for w in warnings(parse(MINIMAL + '[mqtt]\nhost = "127.0.0.1"\ntls = false\n'))
    )


def test_the_shipped_examples_are_valid() -> None:
    shipped, demo = (
        load(ROOT / "config" / "pole.toml").settings,
        load(ROOT / "pole_agent" / "demo" / "pole.toml").settings,
    )
    assert (shipped.pole.id, demo.pole.id) == ("SMD-0042", "DEMO-1")
    assert shipped.lamp.active_low, "the safe wiring"


def test_a_zone_that_crosses_itself_is_one() -> None:
    """Its signed halves cancel out; it goes around both."""
    bow = '[[zone]]\nname = "z"\npolygon = [[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]]\n'
    assert parse(MINIMAL + CAMERA + bow).zones[0].name == "z"


def test_mask_without_area_warns_and_one_that_crosses() -> None:
    """A mask without area warns and one that crosses itself does not."""
    flat, bow = "[[0.1, 0.1], [0.5, 0.5], [0.9, 0.9]]", "[[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]]"
    told = [w for w in warnings(parse(MINIMAL + CAMERA + f"masks = [{bow}, {flat}]\n")) if "masks" in w]
    assert told == ["camera[0].masks[1]: has no area; it covers no more than its outline"]
