"""The sign at the pole: at most five short sentences, as true as the statement behind them, and an address in
the QR code.
"""

from __future__ import annotations

import html
import re

import pytest

from pole_agent.conduct import conduct, digest, lines
from pole_agent.conduct.page import page, qr
from pole_agent.conduct.sign import address, sign
from pole_agent.settings import Settings
from pole_agent.settings.load import parse
from pole_agent.words import PAIR
from tests.conftest import ROOT

MAX_SENTENCES, MAX_WORDS, MAX_WORDS_IN_ALL = 5, 16, 70
POLE = '[pole]\nid = "P-1"\nsite = "s"\nlatitude = 0\nlongitude = 0\n'
RUN = f'{POLE}operator = "Dinas Kominfo"\ncontact = "112"\n[lamp]\nbackend = "mock"\n'
CAMERA = '[[camera]]\nsource = "rtsp://a"\n'
RULE = '[[rule]]\nname = "r"\nkind = "presence"\n'
ALARM = f'{RULE}severity = "alarm"\n'
CITY = '[mqtt]\nhost = "h"\n'
DRONE = "[drone]\nenabled = true\n"
SIMULATED = f'{DRONE}approval = "automatic"\n'
TWO = '[[camera]]\nname = "a"\nsource = "rtsp://a"\n[[camera]]\nname = "b"\nsource = "rtsp://b"\n'
KEPT = "[storage]\nkeep_days = { incident = 5 }\n"
PATHS = "[storage]\ntrajectory_days = 7\n"
FILES = [ROOT / "config" / "pole.toml", *sorted((ROOT / "config" / "sites").glob("*.toml"))]
TEXTS = {
    "bare": f'{POLE}[lamp]\nbackend = "mock"\n',
    "no camera": RUN,
    "no camera, drone": RUN + DRONE,
    "camera": RUN + CAMERA,
    "two cameras": RUN + TWO,
    "no receiver": RUN + CAMERA + RULE,
    "no receiver, alarm": RUN + CAMERA + ALARM,
    "receiver": RUN + CITY + CAMERA + RULE,
    "receiver, no rule": RUN + CITY + CAMERA,
    "alarm": RUN + CITY + CAMERA + ALARM,
    "drone": RUN + CITY + CAMERA + ALARM + DRONE,
    "bare drone": f'{POLE}[lamp]\nbackend = "mock"\n{CITY}{CAMERA}{ALARM}{DRONE}',
    "simulated drone": RUN + CITY + CAMERA + ALARM + SIMULATED,
    "kept days": RUN + CITY + KEPT + CAMERA + ALARM,
    "kept days by type": RUN + CITY + KEPT.replace("5", '5, "incident.opened" = 0.5') + CAMERA + ALARM,
    "paths": RUN + CITY + PATHS + CAMERA + ALARM + DRONE,
    "half a day": RUN + CITY + KEPT.replace("5", "0.5") + CAMERA + ALARM,
} | {file.stem: file.read_text() for file in FILES}


def written(settings: Settings, language: str) -> list[str]:
    """The sentences of the sign; who runs the pole and whom to ask is the last."""
    said = sign(settings)
    return [s.of(language) for s in (*said.sentences, said.responsible)]


def text(more: str, language: str = "en") -> str:
    settings = parse(more)
    return "\n".join([sign(settings).heading.of(language), *written(settings, language)])


@pytest.mark.parametrize("language", PAIR)
@pytest.mark.parametrize("name", TEXTS)
def test_it_is_read_in_ten_seconds(name: str, language: str) -> None:
    """At most five sentences and few words; what the operator is called and where to ask counts as one word
    each.
    """
    settings = parse(TEXTS[name])
    sentences = written(settings, language)
    assert 1 < len(sentences) <= MAX_SENTENCES
    for each in (settings.pole.operator, settings.pole.contact):
        sentences = [s.replace(each, "NAME") if each else s for s in sentences]
    words = [len(s.split()) for s in (*sentences, sign(settings).heading.of(language))]
    assert max(words) <= MAX_WORDS, sentences
    assert sum(words) <= MAX_WORDS_IN_ALL
    assert all(len(re.findall(r"[.!?](\s|$)", s)) <= 1 for s in sentences)
    assert "mencari" not in " ".join(sentences)


@pytest.mark.parametrize("name", TEXTS)
def test_it_says_what_the_statement_says(name: str) -> None:
    """Every number, name and claim of the sign stands in the statement too."""
    settings = parse(TEXTS[name])
    for language in PAIR:
        statement = "\n".join(lines(conduct(settings), language))
        shown = "\n".join([sign(settings).heading.of(language), *written(settings, language)])
        assert set(re.findall(r"\d+(?:[.,]\d+)?", shown)) <= set(re.findall(r"\d+(?:[.,]\d+)?", statement))
        for words in (settings.pole.operator, settings.pole.contact, "pole.operator", "pole.contact"):
            assert (words in shown) == (words in statement)
    for language, claims in CLAIMS.items():
        statement = "\n".join(lines(conduct(settings), language))
        shown = "\n".join([sign(settings).heading.of(language), *written(settings, language)])
        for short, long in claims:
            assert short not in shown or long in statement, short


CLAIMS: dict[str, list[tuple[str, str]]] = {
    "en": [
        ("This pole has no camera", "This pole has no camera."),
        ("detects people and vehicles", "a computer in the pole detects people, bicycles"),
        ("detects and counts people and vehicles", "a computer in the pole detects people, bicycles"),
        ("reports incidents", "incidents: which rule, when"),
        ("recognises no faces", "no faces, no number plates, no names"),
        ("makes no recordings", "stores no picture and no sound"),
        ("sends no pictures", "Pictures, parts of pictures, sound, faces"),
        ("no sound", "Pictures, parts of pictures, sound, faces"),
        ("after sending", "What was received is deleted after"),
        ("except alarms", "alarms until they are received"),
        ("a person approves every flight", "A person approves every flight"),
        ("nobody is asked, and nothing may fly", "Simulation: nobody is asked, and nothing may fly."),
    ],
    "id": [
        ("Tiang ini tidak memiliki kamera", "Tiang ini tidak memiliki kamera."),
        ("mendeteksi orang dan kendaraan", "komputer di dalam tiang mendeteksi orang, sepeda"),
        ("mendeteksi dan menghitung orang dan kendaraan", "komputer di dalam tiang mendeteksi orang, sepeda"),
        ("melaporkan kejadian", "kejadian: aturan mana, kapan"),
        ("tidak mengenali wajah", "tanpa wajah, tanpa pelat nomor, tanpa nama"),
        ("tidak merekam", "tidak menyimpan gambar maupun suara"),
        ("tidak mengirim gambar", "Gambar, potongan gambar, suara, wajah"),
        ("setelah terkirim", "Yang sudah diterima dihapus setelah"),
        ("kecuali alarm", "alarm sampai diterima"),
        ("seorang petugas menyetujui setiap penerbangan", "Seorang petugas menyetujui setiap penerbangan"),
        ("tidak ada yang ditanya", "Simulasi: tidak ada yang ditanya, dan tidak boleh ada yang terbang."),
    ],
}


@pytest.mark.parametrize(
    ("name", "en", "indonesian"),
    [
        (
            "bare",
            "Who runs it is not configured (pole.operator); a contact is not configured (pole.contact).",
            "kontaknya belum diatur",
        ),
        (
            "no camera",
            "This pole has no camera\nIt sends no pictures",
            "Tiang ini tidak memiliki kamera\nTiang ini tidak mengirim gambar",
        ),
        ("camera", "There is a camera on this pole", "Ada kamera di tiang ini"),
        ("two cameras", "There are 2 cameras on this pole", "Ada 2 kamera di tiang ini"),
        (
            "camera",
            "detects and counts people and vehicles.",
            "mendeteksi dan menghitung orang dan kendaraan.",
        ),
        (
            "receiver",
            "detects people and vehicles and reports incidents.",
            "mendeteksi orang dan kendaraan, lalu melaporkan kejadian.",
        ),
        (
            "no receiver",
            "It deletes incidents after 90 days.",
            "Kejadian dihapus dari tiang setelah 90 hari.",
        ),
        ("no receiver, alarm", "after 90 days, except alarms.", "setelah 90 hari, kecuali alarm."),
        (
            "receiver",
            "3 days after sending, unsent ones after 90 days.",
            "3 hari setelah terkirim, yang belum terkirim setelah 90 hari.",
        ),
        (
            "kept days",
            "unsent ones after 5 days, except alarms.",
            "yang belum terkirim setelah 5 hari, kecuali alarm.",
        ),
        (
            "kept days by type",
            "unsent ones after 5 days, except alarms.",
            "yang belum terkirim setelah 5 hari, kecuali alarm.",
        ),
        ("half a day", "unsent ones after 0.5 days", "setelah 0,5 hari"),
        (
            "drone",
            "The pole may ask for a drone; a person approves every flight.",
            "Tiang ini dapat meminta drone; seorang petugas",
        ),
        (
            "simulated drone",
            "Drones are simulated: nobody is asked",
            "Drone hanya disimulasikan: tidak ada yang ditanya",
        ),
        (
            "camera",
            "This pole is run by Dinas Kominfo; questions and complaints: 112",
            "dikelola oleh Dinas Kominfo; pertanyaan",
        ),
    ],
)
def test_what_the_settings_say_is_on_it(name: str, en: str, indonesian: str) -> None:
    assert en in text(TEXTS[name])
    assert indonesian in text(TEXTS[name], "id")


@pytest.mark.parametrize(
    ("name", "not_said"),
    [
        ("no camera", "detects"),
        ("no camera", "incident"),
        ("camera", "report"),
        ("receiver, no rule", "report"),
        ("no receiver", "sending"),
        ("receiver", "alarm"),
        ("alarm", "drone"),
        ("simulated drone", "approves"),
    ],
)
def test_what_is_not_so_is_not_on_it(name: str, not_said: str) -> None:
    assert not_said not in text(TEXTS[name])


def test_the_hash_knows_what_the_sign_says() -> None:
    """Two poles with the same hash have the same sign."""
    signs: dict[str, str] = {}
    for each in TEXTS.values():
        assert signs.setdefault(digest(parse(each)), text(each)) == text(each)


@pytest.mark.parametrize(
    ("contact", "found"),
    [
        ("https://example.go.id/tiang", "https://example.go.id/tiang"),
        ("112, HTTP://example.go.id.", "HTTP://example.go.id"),
        ("(lihat https://example.go.id/a?b=c)", "https://example.go.id/a?b=c"),
        ("privasi@example.go.id", None),
        ("112", None),
        ("https:// is missing", None),
        ("", None),
    ],
)
def test_the_address_in_a_contact_is_found(contact: str, found: str | None) -> None:
    assert address(contact) == found


@pytest.mark.parametrize("contact", ["https://example.go.id/tiang?a=1&b=2", "112 & <privasi>"])
def test_the_code_on_it_holds_the_address(contact: str) -> None:
    """The QR code holds the address, else the same as that of the statement; both are on the page of each
    language.
    """
    settings = parse(RUN.replace('"112"', f'"{contact}"') + CAMERA)
    name = digest(settings)
    sheet = page(settings, conduct(settings), name, PAIR)
    named = qr(f"smartpole/s/P-1\nDinas Kominfo\n{contact}\nconduct_sha256 {name}")
    signs = re.findall(r'<section class="sign.*?</section>', sheet, re.DOTALL)
    assert [qr(contact) in s for s in signs] == [contact.startswith("http")] * 2
    assert [named in s for s in signs] == [not contact.startswith("http")] * 2
    assert [named in s for s in re.findall(r"<article.*?</article>", sheet, re.DOTALL)] == [True, True]
    assert html.escape(contact) in re.sub("<wbr>", "", signs[0])


@pytest.mark.parametrize("name", TEXTS)
def test_the_page_begins_with_it(name: str) -> None:
    """The sign comes first, with a pictogram, all its sentences and the pole; nothing on the page comes from
    elsewhere.
    """
    settings = parse(TEXTS[name])
    sheet = page(settings, conduct(settings), digest(settings), PAIR)
    assert re.findall(r'<section class="sign|<article', sheet) == ['<section class="sign', "<article"] * 2
    for language, shown in zip(
        PAIR, re.findall(r'<section class="sign.*?</section>', sheet, re.DOTALL), strict=True
    ):
        assert shown.count('<svg class="pictogram"') == 1
        plain = html.unescape(re.sub(r"<[^>]+>", "", shown)).replace("\xa0", " ")
        for sentence in (sign(settings).heading.of(language), *written(settings, language), settings.pole.id):
            assert sentence in plain
    assert not re.search(r"src=|href=|url\(|@import", sheet)
