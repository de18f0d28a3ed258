"""The report of a commissioning that is signed off (berita acara), as A4 pages: HTML that a browser prints.
Pure.
"""

from __future__ import annotations

import html
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from pole_agent.almanac import from_rfc3339
from pole_agent.commissioning.answers import CHOICES
from pole_agent.commissioning.record import Record
from pole_agent.commissioning.style import STYLE
from pole_agent.conduct.page import qr
from pole_agent.languages import in_language
from pole_agent.words import Both

TITLE = Both("Commissioning report", "Berita acara pengujian dan pengoperasian tiang")
ROWS = (
    ("pole", Both("Pole", "Tiang")),
    ("name", Both("Name", "Nama")),
    ("version", Both("Software", "Perangkat lunak")),
    ("config_sha256", Both("Configuration (SHA-256)", "Konfigurasi (SHA-256)")),
)
STATES = {
    "ok": Both("passed", "lulus"),
    "warn": Both("remark", "catatan"),
    "fail": Both("FAILED", "GAGAL"),
}
OUTCOMES = {
    "passed": Both("The pole has passed and may go into service.", "Tiang lulus dan boleh dioperasikan."),
    "with_defects": Both(
        "The pole goes into service with defects, because: ", "Tiang dioperasikan dengan cacat, karena: "
    ),
}
HEAD = (Both("Step", "Langkah"), Both("Result", "Hasil"), Both("Finding", "Temuan"))
BEGUN, DONE, BY = (
    Both("Begun", "Dimulai"),
    Both("Signed off", "Ditandatangani"),
    Both("Technician", "Teknisi"),
)
FOR = Both("For the city", "Untuk kota")
ANSWERS = Both("Answered: ", "Jawaban: ")
PLACE = Both("place, date, signature", "tempat, tanggal, tanda tangan")
HASH = Both(
    "SHA-256 of the record; the pole has told the city the same:",
    "SHA-256 catatan; tiang memberitahukan hash yang sama kepada kota:",
)
SIGNED = Both("Signed with Ed25519, public key: ", "Ditandatangani dengan Ed25519, kunci publik: ")


def page(record: Record, titles: Mapping[str, Callable[[str], str]], languages: Sequence[str]) -> str:
    """The pages, one part a language. `titles`: of the steps, in their order. The record is signed off."""
    assert record.signed_off is not None
    parts = "".join(_part(record, titles, language) for language in languages)
    pole = html.escape(str(record.about["pole"]))
    return (
        f'<!doctype html>\n<html lang="{languages[0]}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{pole}</title>'
        f"<style>{STYLE}</style></head><body>{parts}</body></html>\n"
    )


def _part(record: Record, titles: Mapping[str, Callable[[str], str]], language: str) -> str:
    done, digest = record.signed_off or {}, record.digest()
    about = "".join(
        f"<dt>{label.of(language)}</dt><dd>{html.escape(str(record.about[key]))}</dd>"
        for key, label in ROWS
        if record.about.get(key)
    )
    for label, at in ((BEGUN, record.about["begun_at"]), (DONE, done["at"])):
        about += f"<dt>{label.of(language)}</dt><dd>{_here(record, at, '%Y-%m-%d %H:%M %Z')}</dd>"
    about += f"<dt>{BY.of(language)}</dt><dd>{html.escape(done['by'])}</dd>"
    outcome = OUTCOMES[done["outcome"]].of(language) + html.escape(done["despite"] or "")
    rows = "".join(
        _row(number, titles[name](language), record, name, language)
        for number, name in enumerate(titles, 1)
        if name in record.results
    )
    head = "".join(f"<th>{word.of(language)}</th>" for word in HEAD)
    code = qr(f"{record.about['pole']}\nrecord_sha256 {digest}")
    signature = record.signature
    signed = (
        f"<small>{SIGNED.of(language)}{html.escape(signature['public_key'])}</small>" if signature else ""
    )
    hands = "".join(
        f"<div>{who}<small>{PLACE.of(language)}</small></div>"
        for who in (f"{BY.of(language)}: {html.escape(done['by'])}", FOR.of(language))
    )
    return (
        f'<section lang="{language}"><header><div><h1>{TITLE.of(language)}</h1>'
        f"{html.escape(str(record.about['pole']))}</div>{code}</header><dl>{about}</dl>"
        f'<p class="outcome">{outcome}</p>'
        f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{rows}</tbody></table>"
        f'<div class="hands">{hands}</div><small>{HASH.of(language)} {digest}</small>{signed}</section>'
    )


def _here(record: Record, at: str, how: str) -> str:
    """A time of the record as people read it at the pole."""
    zone = zoneinfo.ZoneInfo(record.about["timezone"])
    return html.escape(datetime.fromtimestamp(from_rfc3339(at), zone).strftime(how))


def _row(number: int, title: str, record: Record, name: str, language: str) -> str:
    result = record.results[name]
    state = str(result["state"])
    words = html.escape(in_language(str(result["words"]), language))
    given = result["answers"]
    said = ", ".join(CHOICES[a].of(language) if a in CHOICES else str(a) for a in given.values())
    at = _here(record, result["at"], "%Y-%m-%d %H:%M")
    answers = f"<small>{ANSWERS.of(language)}{html.escape(said)}</small>" if said else ""
    return (
        f'<tr class="{state}"><td>{number}</td><td>{html.escape(title)}</td>'
        f"<td><strong>{STATES[state].of(language)}</strong><small>{at}</small></td>"
        f"<td>{words}{answers}</td></tr>"
    )
