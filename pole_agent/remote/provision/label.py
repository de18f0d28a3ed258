"""The label of a pole, a page of A6: who it is, in letters and as a QR code. Everything on it is public."""

from __future__ import annotations

import html
import io

import segno

from pole_agent.settings import Settings

STYLE = (
    "@page{size:A6;margin:8mm}body{font:14pt sans-serif;margin:0;text-align:center}"
    "h1{font-size:26pt;margin:0;overflow-wrap:anywhere}p{margin:2mm 0}svg{width:60mm;height:60mm}"
)


def facts(settings: Settings) -> list[str]:
    """What the label says, and all that it says."""
    pole = settings.pole
    return [text for text in (pole.id, pole.site, pole.name, pole.operator, pole.contact) if text]


def page(settings: Settings) -> str:
    head, *rest = facts(settings)
    out = io.BytesIO()
    code = segno.make("\n".join([head, *rest]), error="m", micro=False)
    code.save(out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=2)
    below = "".join(f"<p>{html.escape(text)}</p>" for text in rest)
    return (
        f'<!doctype html><html><head><meta charset="utf-8"><title>{html.escape(head)}</title>'
        f"<style>{STYLE}</style></head><body><h1>{html.escape(head)}</h1>"
        f"{out.getvalue().decode().strip()}{below}</body></html>\n"
    )
