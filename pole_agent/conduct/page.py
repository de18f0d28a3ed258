"""The statement as an A4 page, a draft for the sign at the pole: HTML that a browser prints, with a QR code."""

from __future__ import annotations

import html
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pole_agent.settings import Settings

if TYPE_CHECKING:
    from pole_agent.conduct import Chapter

TITLES = {"en": "What this pole does", "id": "Apa yang dilakukan tiang ini"}
DRAFT = {
    "en": "Draft. To be checked by the privacy officer before it is put up.",
    "id": "Rancangan. Harus diperiksa oleh petugas pelindungan data sebelum dipasang.",
}
SCAN = {"en": "Compare this with conduct_sha256 of the pole:", "id": "Bandingkan dengan conduct_sha256 tiang ini:"}
STYLE = """
@page { size: A4; margin: 12mm }
body { font: 9pt/1.28 'DejaVu Sans', Arial, sans-serif; color: #111; margin: 0 auto; max-width: 186mm }
article { break-after: page }
article:last-child { break-after: auto }
header { display: flex; gap: 6mm; align-items: flex-start; border-bottom: 1.2mm solid #111; padding-bottom: 3mm }
header div { flex: 1 }
header svg { width: 27mm; height: 27mm; flex: none }
h1 { font-size: 20pt; margin: 0 0 1mm }
section { columns: 2; column-gap: 7mm; margin-top: 3mm }
h2 { font-size: 11pt; margin: 3mm 0 0.8mm; break-after: avoid }
h2:first-child { margin-top: 0 }
ul { margin: 0; padding-left: 4.5mm }
li { margin: 0.4mm 0; break-inside: avoid }
.draft { font-weight: bold }
footer { margin-top: 4mm; border-top: 0.3mm solid #111; padding-top: 1.5mm; font-size: 7.6pt; overflow-wrap: anywhere }
"""


def page(settings: Settings, chapters: Sequence[Chapter], digest: str, languages: Sequence[str]) -> str:
    """The page as HTML, one sheet a language. The QR code holds the name of the pole, its contact and the hash of the statement."""
    pole = settings.pole
    code = _qr("\n".join(filter(None, (settings.base_topic, pole.operator, pole.contact, f"conduct_sha256 {digest}"))))
    articles = []
    for language in languages:
        body = "".join(
            f"<h2>{html.escape(c.title.of(language))}</h2><ul>{''.join(f'<li>{html.escape(s.of(language))}</li>' for s in c.sentences)}</ul>"
            for c in chapters
        )
        place = html.escape(", ".join(filter(None, (pole.name or pole.id, pole.site))))
        articles.append(
            f'<article lang="{language}"><header><div><h1>{TITLES[language]}</h1>{place}<br><span class="draft">{DRAFT[language]}</span></div>'
            f"{code}</header><section>{body}</section><footer>{SCAN[language]} {digest}</footer></article>"
        )
    return (
        f'<!doctype html>\n<html lang="{languages[0]}"><head><meta charset="utf-8"><title>{html.escape(pole.id)}</title>'
        f"<style>{STYLE}</style></head><body>{''.join(articles)}</body></html>\n"
    )


def _qr(text: str) -> str:
    import segno

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=1)
    return out.getvalue().decode().strip()
