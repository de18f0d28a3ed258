"""Who may change what of a configuration."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.remote.policy import Authority, changes, refused
from pole_agent.settings import Settings
from pole_agent.settings.load import parse

ONE, TWO, HAND = Authority.ONE_KEY, Authority.TWO_KEYS, Authority.HAND
BASE = """
[pole]
id = "A"
site = "s"
latitude = -6.8
longitude = 107.9
[[camera]]
name = "street"
source = "rtsp://10.0.0.5/1"
username = "u"
password_file = "$CREDENTIALS_DIRECTORY/pole_camera"
masks = [[[0.0, 0.0], [0.1, 0.0], [0.1, 0.1]]]
[[zone]]
name = "yard"
polygon = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]
[[zone]]
name = "road"
polygon = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]
[[rule]]
name = "stays"
kind = "loitering"
zone = "yard"
drone = true
[[rule]]
name = "passes"
kind = "presence"
zone = "road"
[lamp]
pin = 18
[mqtt]
host = "broker.example"
password_file = "$CREDENTIALS_DIRECTORY/pole_mqtt"
[drone]
enabled = true
geofence = [[-6.87, 107.90], [-6.87, 107.93], [-6.85, 107.93], [-6.85, 107.90]]
[[drone.officer]]
name = "Ani"
public_key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
"""


def with_(*changed: tuple[str, str]) -> Settings:
    text = BASE
    for was, now in changed:
        assert was in text
        text = text.replace(was, now, 1)
    return parse(text)


def most(after: Settings) -> Authority:
    return max(change.needs for change in changes(parse(BASE), after))


MASK = "masks = [[[0.0, 0.0], [0.1, 0.0], [0.1, 0.1]]]"
CASES = [
    (ONE, [('id = "A"', 'id = "A"\nname = "Jl. Asia"')]),
    (ONE, [('name = "road"\npolygon = [[0.0, 0.0]', 'name = "road"\npolygon = [[0.5, 0.0]')]),
    (ONE, [('name = "passes"', 'name = "passes-by"\nseverity = "alarm"\nnotify = ["112"]')]),
    (ONE, [('username = "u"', 'username = "u"\nfps = 2')]),
    (ONE, [(MASK, MASK[:-1] + ", [[0.5, 0.5], [0.6, 0.5], [0.6, 0.6]]]")]),
    (ONE, [("[lamp]", '[lamp]\nprogram = [{at = "sunset", level = 0.3}, {at = "sunrise", level = 0.0}]')]),
    (ONE, [("[lamp]", '[lamp]\ncalendar = [{program = "default", days = "sat"}]')]),
    # Two of three
    (TWO, [(MASK, "masks = []")]),
    (TWO, [(MASK, "masks = [[[0.0, 0.0], [0.05, 0.0], [0.05, 0.05]]]")]),
    (TWO, [('kind = "loitering"', 'kind = "presence"')]),
    (TWO, [('name = "yard"\npolygon = [[0.0, 0.0]', 'name = "yard"\npolygon = [[0.5, 0.0]')]),
    (TWO, [('zone = "road"', 'zone = "road"\ndrone = true')]),
    (TWO, [("[lamp]", '[lamp]\nprogram = [{at = "sunset", level = 0.1}]')]),
    (TWO, [("[lamp]", "[lamp]\nactive_low = false")]),
    (TWO, [("[lamp]", "[lamp]\nfloor = 0.0")]),
    (TWO, [("[lamp]", '[lamp]\ncontrol = [{kind = "max", level = 0.0}]')]),
    (TWO, [("[mqtt]", "[page]\nenabled = true\n[mqtt]")]),
    (TWO, [("[mqtt]", "[metrics]\nenabled = true\n[mqtt]")]),
    (TWO, [("enabled = true\ngeofence", "enabled = true\nnight_permit = true\ngeofence")]),
    (TWO, [("rtsp://10.0.0.5/1", "rtsp://10.0.0.5/2")]),
    (
        TWO,
        [
            ("[[zone]]", '[[camera]]\nname = "back"\nsource = "/dev/video1"\n[[zone]]'),
            ('"yard"\np', '"yard"\ncamera = "street"\np'),
            ('"road"\np', '"road"\ncamera = "street"\np'),
        ],
    ),
    (TWO, [("broker.example", "other.example"), ("pole_mqtt", "pole_mqtt2")]),
    (TWO, [("[lamp]", '[detector]\nmodel = "nanodet-g-320-int8"\n[lamp]')]),
    # Only at the pole
    (HAND, [('id = "A"', 'id = "B"')]),
    (HAND, [('site = "s"', 'site = "t"')]),
    (HAND, [("[mqtt]", '[mqtt]\nprefix = "other"')]),
    (HAND, [("[mqtt]", '[mqtt]\nca_file = "$CREDENTIALS_DIRECTORY/pole_ca"')]),
    (HAND, [("[mqtt]", '[storage]\nstate_dir = "/tmp/x"\n[mqtt]')]),
    (HAND, [('name = "Ani"', 'name = "Budi"')]),
    (HAND, [('public_key = "A', 'public_key = "B')]),
    (HAND, [("broker.example", "other.example")]),
    (HAND, [("[mqtt]", "[mqtt]\nport = 8884")]),
    (HAND, [("[mqtt]", "[mqtt]\ntls = false")]),
    (HAND, [("pole_mqtt", "../../etc/shadow")]),
    (HAND, [('"$CREDENTIALS_DIRECTORY/pole_mqtt"', '"/etc/shadow"')]),
    (HAND, [("broker.example", "other.example"), ("pole_mqtt", "pole_camera")]),
    (HAND, [("rtsp://10.0.0.5/1", "rtsp://10.0.0.6/1")]),
    (HAND, [("rtsp://10.0.0.5/1", "http://10.0.0.5/1")]),
    (HAND, [("rtsp://10.0.0.5/1", "/var/lib/pole-agent/pole.db")]),
    (HAND, [("rtsp://10.0.0.5/1", "file://h/etc/passwd")]),
    (HAND, [("[lamp]", '[detector]\nmodel = "/tmp/card.toml"\n[lamp]')]),
    (HAND, [("[drone]", '[drone]\nexclusions = "/etc/passwd"')]),
    (HAND, [("[lamp]", '[lamp]\nfeedback = {file = "/etc/passwd"}')]),
]


@pytest.mark.parametrize(("needs", "changed"), CASES, ids=[f"{n.name}-{c[0][1][-30:]}" for n, c in CASES])
def test_who_may_change_what(needs: Authority, changed: list[tuple[str, str]]) -> None:
    after = with_(*changed)
    assert most(after) == needs
    assert bool(refused(parse(BASE), after, Authority.ONE_KEY)) == (needs > ONE)
    assert bool(refused(parse(BASE), after, Authority.TWO_KEYS)) == (needs > TWO)
    assert not refused(parse(BASE), after, Authority.HAND)


def test_what_is_the_same_needs_nobody() -> None:
    assert changes(parse(BASE), parse(BASE + "\n# a comment\n")) == []


def test_to_leave_the_broker_needs_a_hand() -> None:
    text = BASE.replace(
        '[mqtt]\nhost = "broker.example"\npassword_file = "$CREDENTIALS_DIRECTORY/pole_mqtt"\n', ""
    )
    assert [c.needs for c in changes(parse(BASE), parse(text)) if c.key == "mqtt"] == [HAND]


LEVEL = st.floats(0, 1, allow_nan=False)


@given(
    before=LEVEL,
    after=LEVEL,
    at=st.sampled_from(["sunset", "22:00", "dusk", "dawn", "sunrise", "sunrise-00:15"]),
)
def test_one_key_keeps_the_floor(before: float, after: float, at: str) -> None:
    def program(level: float) -> Settings:
        return with_(("[lamp]", f'[lamp]\nprogram = [{{at = "{at}", level = {level!r}}}]'))

    below = after < 0.2 and after != before and at not in ("dawn", "sunrise", "sunrise-00:15")
    assert bool(refused(program(before), program(after), Authority.ONE_KEY)) == below
