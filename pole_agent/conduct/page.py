"""The sign at the pole and behind it the statement, as A4 pages:

HTML that a browser prints, with QR codes.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pole_agent.conduct.pictograms import CAMERA, LAMP
from pole_agent.conduct.sign import address, sign
from pole_agent.conduct.style import STYLE
from pole_agent.settings import Settings
from pole_agent.words import Both

if TYPE_CHECKING:
    from pole_agent.conduct import Chapter

TITLE = Both("What this pole does", "Apa yang dilakukan tiang ini")
DRAFT = Both(
    "Draft. To be checked by the privacy officer before it is put up.",
    "Rancangan. Harus diperiksa oleh petugas pelindungan data sebelum dipasang.",
)
COMPARE = Both("Compare this with conduct_sha256 of the pole:", "Bandingkan dengan conduct_sha256 tiang ini:")
MORE = Both("Read more", "Baca selengkapnya")
POLE = Both("Pole", "Tiang")
BREAK = re.compile(r"(?=[.@?&])|(?<=[^/])(?=/[^/])")  # where a line may end within an address
QUANTITY = re.compile(r"(?<=\d) (?=\w)")  # no line ends between a number and what it counts
LONG = 160  # characters of who runs the pole and whom to ask, above which they are printed smaller


def page(settings: Settings, chapters: Sequence[Chapter], digest: str, languages: Sequence[str]) -> str:
    """The pages as HTML: for each language the sign and the statement behind it."""
    pole = settings.pole
    named = qr(
        "\n".join(
            filter(None, (settings.base_topic, pole.operator, pole.contact, f"conduct_sha256 {digest}"))
        )
    )
    linked = qr(url) if (url := address(pole.contact)) else None
    sheets = "".join(
        _sign(settings, digest, language, linked or named, MORE.of(language) if linked else "")
        + _statement(settings, chapters, digest, language, named)
        for language in languages
    )
    return (
        f'<!doctype html>\n<html lang="{languages[0]}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{html.escape(pole.id)}</title>'
        f"<style>{STYLE}</style></head><body>{sheets}</body></html>\n"
    )


def _sign(settings: Settings, digest: str, language: str, code: str, caption: str) -> str:
    """The sign. `code` is the QR code beside whom to ask, `caption` the words under it."""
    pole, said = settings.pole, sign(settings)
    responsible = said.responsible.of(language)
    size = ' class="long"' if len(responsible) > LONG else ""
    amount = " brief" if len(said.sentences) < 3 else " full" if len(said.sentences) > 3 else ""
    asked = html.escape(responsible.removesuffix(pole.contact))
    contact = f"<strong>{BREAK.sub('<wbr>', html.escape(pole.contact))}</strong>" if pole.contact else ""
    sentences = "".join(
        f"<p>{QUANTITY.sub('&nbsp;', html.escape(s.of(language)))}</p>" for s in said.sentences
    )
    where = html.escape(", ".join(filter(None, (f"{POLE.of(language)} {pole.id}", pole.name, pole.site))))
    return (
        f'<p class="note" lang="{language}">{DRAFT.of(language)}</p>'
        f'<section class="sign{amount}{" linked" if caption else ""}" lang="{language}"><header>{CAMERA if settings.cameras else LAMP}'
        f"<h1>{said.heading.of(language)}</h1></header>"
        f"<main>{sentences}</main>"
        f"<aside><p{size}>{asked}{contact}</p><figure>{code}<figcaption>{caption}</figcaption></figure></aside>"
        f"<footer>{where}<small>conduct_sha256 {digest}</small></footer></section>"
    )


def _statement(settings: Settings, chapters: Sequence[Chapter], digest: str, language: str, code: str) -> str:
    """The statement. `code` is a QR code with the name of the pole, its contact and the hash."""
    pole = settings.pole
    body = "".join(
        f"<h2>{html.escape(c.title.of(language))}</h2><ul>{''.join(f'<li>{html.escape(s.of(language))}</li>' for s in c.sentences)}</ul>"
        for c in chapters
    )
    place = html.escape(", ".join(filter(None, (pole.name or pole.id, pole.site))))
    return (
        f'<article lang="{language}"><header><div><h1>{TITLE.of(language)}</h1>{place}<br><span class="draft">{DRAFT.of(language)}</span></div>'
        f"{code}</header><section>{body}</section><footer>{COMPARE.of(language)} {digest}</footer></article>"
    )


def qr(text: str) -> str:
    """A QR code of a text, as SVG."""
    import segno

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=1
    )
    return out.getvalue().decode().strip()
