"""The statement of conduct: true to the settings, the same for the same settings, in two languages."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from pole_agent.conduct import conduct, digest, lines
from pole_agent.conduct.page import page
from pole_agent.conduct.sign import sign
from pole_agent.conduct.words import dates, days, names, percent, seconds, span, time_of_day
from pole_agent.settings.load import parse
from pole_agent.words import PAIR
from tests.cli import call
from tests.commands.test_commands import Start
from tests.conftest import ROOT, eventually

EXAMPLE = (ROOT / "config" / "pole.toml").read_text()
BARE = '[pole]\nid = "P-1"\nsite = "s"\nlatitude = 0\nlongitude = 0\n[lamp]\nbackend = "mock"\n'
CITY = '[mqtt]\nhost = "h"\n'
OFFICER = '[[drone.officer]]\nname = "{}"\npublic_key = "{}"\n'
FIRST_KEY, SECOND_KEY = (
    base64.b64encode(bytes(SigningKey(bytes([n]) * 32).verify_key)).decode() for n in (1, 2)
)
CAMERA = '[[camera]]\nsource = "rtsp://a"\n'
ASKING = '[[camera]]\nsource = "rtsp://a"\n[[rule]]\nname = "asks"\nkind = "presence"\ndrone = true\n'


def said(text: str, language: Any = "en") -> str:
    return "\n".join(lines(conduct(parse(text)), language))


@pytest.mark.parametrize(
    ("more", "en", "indonesian"),
    [
        ("", "This pole has no camera.", "Tiang ini tidak memiliki kamera."),
        ("", "Nothing: no receiver is configured.", "Tidak ada: penerima belum diatur."),
        ("", "Nothing: there is no rule.", "Tidak ada: tidak ada aturan."),
        (
            f"{CITY}[drone]\nenabled = true\n",
            "drone requests and orders: place, height, time, cause, and who approved;",
            "permintaan dan perintah drone: tempat, ketinggian, waktu, sebab, dan siapa yang menyetujui;",
        ),
        (
            f"{CAMERA}[page]\nenabled = true\n",
            "People with an account can look at the live picture on the pole's own page, only at the pole",
            "Orang yang memiliki akun dapat melihat gambar langsung di halaman tiang, hanya di tiang",
        ),
        (
            f'{CAMERA}[page]\nenabled = true\npicture = "pixelated"\n',
            "What is taken for a person is made unrecognizable in it. Each look is recorded with the name;",
            "Yang dianggap orang disamarkan di dalamnya. Setiap penglihatan dicatat dengan nama;",
        ),
        (
            f'{CAMERA}[page]\nenabled = true\npicture = "off"\n',
            "People with an account can see zones, boxes and paths on the pole's own page, never a picture.",
            "Orang yang memiliki akun dapat melihat zona, kotak, dan jalur di halaman tiang, tidak pernah",
        ),
        (
            f'{CAMERA}[page]\nenabled = true\nhost = "10.0.0.7"\ncert_file = "c"\nkey_file = "k"\n',
            "People with an account can see zones, boxes and paths on the pole's own page, never a picture.",
            "Orang yang memiliki akun dapat melihat zona, kotak, dan jalur di halaman tiang, tidak pernah",
        ),
        (
            f"[drone]\nenabled = true\n{OFFICER.format('A', FIRST_KEY)}",
            "with a signature that this pole checks (1 officer can).",
            "dengan tanda tangan yang diperiksa tiang ini (1 petugas berwenang).",
        ),
        (
            f"[drone]\nenabled = true\n{OFFICER.format('A', FIRST_KEY)}{OFFICER.format('B', SECOND_KEY)}",
            "with a signature that this pole checks (2 officers can).",
            "dengan tanda tangan yang diperiksa tiang ini (2 petugas berwenang).",
        ),
        (
            f"[drone]\nenabled = true\n{ASKING}",
            'asked for by: "asks". The pole asks',
            'diminta oleh: "asks". Tiang hanya meminta',
        ),
        ("floor = 0.3\n", "no darker than 30 %", "tidak lebih gelap dari 30 %"),
        (
            "button = { pin = 22, off_s = 900 }\n",
            "switches it off for 15 minutes.",
            "mematikannya selama 15 menit.",
        ),
        ("failsafe_level = 0.7\n", "it shines at 70 %", "lampu menyala 70 %"),
        (
            '[mqtt]\nhost = "h"\ntls = false\n',
            "Numbers and words, without encryption, to h:",
            "Angka dan kata, tanpa enkripsi, ke h:",
        ),
        (
            "[drone]\nenabled = true\n",
            "A person approves every flight.",
            "Seorang petugas menyetujui setiap penerbangan.",
        ),
        ("[drone]\nenabled = true\n", "by day only", "hanya siang hari"),
        (
            "[drone]\nenabled = true\nnight_permit = true\n",
            "with a permit, at night",
            "malam hari dengan izin",
        ),
        (
            '[drone]\nenabled = true\napproval = "automatic"\n',
            "nothing may fly",
            "tidak boleh ada yang terbang",
        ),
        (
            (
                '[drone]\nenabled = true\n[[drone.patrol]]\nname = "round"\nat = ["06:00",'
                ' "sunset+00:30"]\ndays = "mon..fri"\n'
            ),
            (
                'Patrol "round": on Monday to Friday at 06:00 and 30 minutes after sunset, up to 1000 m'
                " around the pole."
            ),
            (
                'Patroli "round": pada hari Senin sampai Jumat pukul 06.00 dan 30 menit sesudah matahari'
                " terbenam, sampai 1000 m di sekitar"
            ),
        ),
        ("[storage]\nkeep_days = { incident = 5 }\n", "incidents 5 days", "kejadian 5 hari"),
        (
            '[storage]\nkeep_days = { "incident.opened" = 1 }\n',
            '"incident.opened" 1 day',
            '"incident.opened" 1 hari',
        ),
        (
            "[drone]\nenabled = true\n",
            "not approved within 10 minutes is void",
            "tidak disetujui dalam 10 menit batal",
        ),
        (
            '[drone]\nenabled = true\n[[drone.patrol]]\nname = "r"\nat = ["06:00"]\n',
            "Patrols may be approved in advance",
            "Patroli dapat disetujui di muka",
        ),
        ("[metrics]\nenabled = true\n", "Technical numbers", "Angka teknis"),
        ("floor = 0\n", "switch it off, also at night", "mematikannya, juga pada malam hari"),
        (
            'program = [{ at = "sunset", level = 0.05 }]\n',
            "Between dusk and dawn it is at least 20 %",
            "Antara akhir senja dan fajar sekurangnya 20 %",
        ),
        (
            'program = [{ at = "sunset", level = 0.05 }]\n',
            "10 % from sunset",
            "10 % mulai saat matahari terbenam",
        ),
        ('photocell = { file = "/x" }\n', "a light sensor decides", "sensor cahaya menentukan"),
        (
            'calendar = [{ program = "default" }]\n',
            "Each night that has no other program",
            "Setiap malam tanpa program lain",
        ),
        (
            '[[lamp.control]]\nkind = "min"\nlevel = 0.625\nwhen = "alarm"\nhold_s = 90\n',
            "90 seconds longer",
            "sekurangnya 62,5 % setiap waktu",
        ),
    ],
)
def test_what_the_settings_say_is_said(more: str, en: str, indonesian: str) -> None:
    assert en in said(BARE + more)
    assert indonesian in said(BARE + more, "id")


@pytest.mark.parametrize(
    ("more", "not_said"),
    [
        ("floor = 0\n", "Only who is at the pole"),
        ("part_night = true\n", "whatever the program says"),
        ("active_low = false\n", "the wiring keeps it lit"),
        ("[metrics]\nenabled = true\n", "Nothing: no receiver"),
        ('[drone]\nenabled = true\napproval = "automatic"\n', "approve"),
        ("", "drone requests and orders"),
        ("[drone]\nenabled = true\n", "is asked for by"),
        ("[drone]\nenabled = true\n", "signature"),
        ("", "A button"),
    ],
)
def test_what_is_not_so_is_not_said(more: str, not_said: str) -> None:
    assert not_said not in said(BARE + more)


def test_daylight_is_said_where_presence_raises_light() -> None:
    """Daylight is said where presence raises the light by day."""
    rule = (
        '[[camera]]\nsource = "rtsp://a"\n[[rule]]\nname = "r"\nkind = "presence"\nlamp = { level = 1.0 }\n'
    )
    assert "In the dark, what the rule" in said(BARE + rule)
    assert "By day and night, what the rule" in said(BARE + "boost_in_daylight = true\n" + rule)


def test_hash_knows_where_zones_lines_and_masks_lie() -> None:
    """The hash knows where zones lines and masks lie."""

    def of(mask: float, zone: float, line: float) -> str:
        corner = "[0, 0], [1, 0]"
        camera = f'[[camera]]\nsource = "rtsp://a"\nmasks = [[{corner}, [1, {mask}]]]\n'
        zones = f'[[zone]]\nname = "z"\npolygon = [{corner}, [1, {zone}]]\n'
        return digest(parse(f'{BARE}{camera}{zones}[[line]]\nname = "l"\nfrom = [0, 0]\nto = [1, {line}]\n'))

    assert len({of(1, 1, 1), of(0.1, 1, 1), of(1, 0.1, 1), of(1, 1, 0.1)}) == 4


def test_every_rule_is_said_with_who_hears_of_it() -> None:
    text = said(EXAMPLE)
    for rule in parse(EXAMPLE).rules:
        assert f'"{rule.name}"' in text
        assert all(label in text for label in rule.notify)
    kinds = ("presence", "loitering", "crowd", "stopped", "crossing", "wrong_way")
    for kind in kinds:
        place = 'line = "l"\ndirection = "forward"\n' if kind in kinds[4:] else ""
        line = '[[line]]\nname = "l"\nfrom = [0, 0]\nto = [1, 1]\n'
        rule_text = f'[[camera]]\nsource = "rtsp://a"\n{line}[[rule]]\nname = "r"\nkind = "{kind}"\n{place}'
        for language in PAIR:
            assert '"r"' in said(BARE + rule_text, language)


def test_it_is_a_function_of_the_settings_alone() -> None:
    first, again = parse(EXAMPLE), parse(EXAMPLE + "\n# a comment\n")
    assert digest(first) == digest(again)
    for old, new in (("level = 0.8", "level = 0.7"), ("dwell_s = 60", "dwell_s = 61"), ('"112"', '"113"')):
        assert old in EXAMPLE
        assert digest(parse(EXAMPLE.replace(old, new, 1))) != digest(first), old


def test_no_secret_and_no_address_of_a_camera_is_in_it() -> None:
    camera = (
        '[[camera]]\nsource = "rtsp://10.1.2.3/secret-path"\nusername = "viewer"\npassword_file ='
        ' "/etc/secret.password"\n'
    )
    mqtt = '[mqtt]\nhost = "h"\nusername = "broker-user"\npassword_file = "/etc/other"\n'
    for language in PAIR:
        text = said(BARE + camera + mqtt, language)
        assert not [word for word in ("10.1.2.3", "secret", "viewer", "broker-user", "/etc/") if word in text]


def test_sign_holds_everything_and_escapes_what_people() -> None:
    """The sign holds everything and escapes what people write."""
    settings = parse(BARE.replace('id = "P-1"', 'id = "P-1"\nname = "<b>Jl. & Co</b>"\ncontact = "+62 1"'))
    chapters = conduct(settings)
    sheet = page(settings, chapters, digest(settings), PAIR)
    assert "<b>Jl" not in sheet
    assert sheet.count("<article") == 2
    articles = re.findall(r"<article.*?</article>", sheet, re.DOTALL)
    assert "".join(articles).count("<svg") == 2
    shown = html.unescape(re.sub(r"<[^>]+>", "\n", "".join(articles)))
    for chapter in chapters:
        for sentence in chapter.sentences:
            assert sentence.en in shown
            assert sentence.id in shown
    assert digest(settings) in shown


def test_trajectories_are_stated() -> None:
    """Where trajectories are kept, statement and sign say what and for how long, and the hash is another."""
    text = BARE + '[[camera]]\nsource = "rtsp://a"\n'
    without, kept = parse(text), parse(text + "[storage]\ntrajectory_days = 7\n")
    assert digest(without) != digest(kept)
    said = [s for chapter in conduct(kept) for s in chapter.sentences if "paths" in s.en or "went" in s.en]
    (sentence,) = said
    assert "deleted after 7 days" in sentence.en
    assert "at most 5 MB a day" in sentence.en
    assert "dihapus setelah 7 hari" in sentence.id
    assert any("keeps paths 7 days" in s.en for s in sign(kept).sentences)
    assert not any("paths" in s.en for s in sign(without).sentences)
    assert digest(parse(BARE)) == digest(parse(BARE + "[storage]\ntrajectory_days = 7\n"))


@given(st.floats(0, 1), st.floats(0.1, 1e6))
def test_numbers_are_said_without_noise(share: float, time_s: float) -> None:
    assert all(len(text) <= 8 for text in percent(round(share, 3)))
    assert seconds(round(time_s, 1)).en.split()[1].rstrip("s") in ("second", "minute", "hour", "day")


def test_words() -> None:
    assert seconds(1).en == "1 second"
    assert seconds(5400).en == "90 minutes"
    assert time_of_day("sunset-00:15").id == "15 menit sebelum matahari terbenam"
    assert span("22:00..05:00").en == "from 22:00 to 05:00"
    assert days("sat,sun").id == "pada hari Sabtu dan Minggu"
    assert days("fri..mon").en == "on Monday and Friday to Sunday"
    assert days("mon..wed,thu..sun") == ("every day", "setiap hari")
    assert time_of_day("06:05").id == "pukul 06.05"
    assert names(["a", "b", "c"]).en == "a, b and c"


def test_running_pole_says_same_and_its_info_names_it(
    agent: Start, bench: Callable[..., Path], tmp_path: Path
) -> None:
    """The running pole says the same and its info names it."""
    config = bench()
    agent("run", "--config", str(config))
    eventually(lambda: (tmp_path / "state" / "control.sock").exists())
    told = json.loads(call("explain", "--config", str(config), "--json").stdout)
    assert told["running"] is True
    assert told["conduct_sha256"] == digest(parse(config.read_text(), folder=config.parent))
    config.write_text(
        config.read_text() + "\n[clock]\n" if "[clock]" not in config.read_text() else config.read_text()
    )
    config.write_text(config.read_text().replace('id = "T-1"', 'id = "T-2"'))
    done = call("explain", "--config", str(config))
    assert done.returncode == 1
    assert "another configuration" in done.stderr


@pytest.mark.parametrize(
    ("text", "en", "indonesian"),
    [
        ("08-17", "on 17 August", "pada tanggal 17 Agustus"),
        ("08-16..08-17", "from 16 August to 17 August", "dari 16 Agustus sampai 17 Agustus"),
        (
            "2027-12-24..2028-01-02",
            "from 24 December 2027 to 2 January 2028",
            "dari 24 Desember 2027 sampai 2 Januari 2028",
        ),
    ],
)
def test_dates_on_the_sign_are_words(text: str, en: str, indonesian: str) -> None:
    assert dates(text) == (en, indonesian)
