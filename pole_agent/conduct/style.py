"""How the sign and the statement look: on A4 paper, and on a screen."""

from __future__ import annotations

STYLE = """
@page { size: A4; margin: 12mm }
body { font: 9pt/1.28 'DejaVu Sans', Arial, sans-serif; color: #111; margin: 0 auto; max-width: 186mm }
.sign { display: flex; flex-direction: column; box-sizing: border-box; height: 272mm; break-before: page; break-after: page;
  padding: 1.5mm; border-radius: 5mm; background: #0b3d91; font-family: Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif;
  print-color-adjust: exact; -webkit-print-color-adjust: exact }
.sign header { display: flex; gap: 10mm; align-items: center; color: #fff; padding: 9mm 10mm }
.sign .pictogram { width: 58mm; height: 58mm; flex: none }
.sign h1 { font-size: 36pt; line-height: 1.12; margin: 0; text-wrap: balance }
.sign main { flex: 1; background: #fff; display: flex; flex-direction: column; justify-content: space-evenly; gap: 2mm; padding: 2mm 10mm }
.sign main p { font-size: 23pt; line-height: 1.22; margin: 0; padding-left: 6mm; border-left: 2mm solid #0b3d91; text-wrap: balance }
.sign.brief h1 { font-size: 31pt }
.sign.brief main p { font-size: 34pt }
.sign.full header { padding: 7mm 10mm }
.sign.full .pictogram { width: 46mm; height: 46mm }
.sign.full h1 { font-size: 34pt }
.sign.full main p { font-size: 21pt; line-height: 1.2 }
.sign aside { display: flex; gap: 8mm; align-items: center; padding: 6mm 10mm; border-top: 0.6mm solid #0b3d91; background: #fff }
.sign aside p { flex: 1; font-size: 17pt; line-height: 1.25; margin: 0; overflow-wrap: anywhere }
.sign aside p.long { font-size: 12pt }
.sign aside strong { display: block; font-size: 1.3em; margin-top: 2mm }
.sign.linked aside strong { font-size: 1.05em }
.sign aside p.long strong { font-size: 1.1em }
.sign figure { flex: none; margin: 0; text-align: center }
.sign figure svg { display: block; width: 42mm; height: 42mm }
.sign figcaption { font-size: 11pt }
.sign footer { padding: 2.5mm 10mm; border-radius: 0 0 3.5mm 3.5mm; background: #e8eef8; font-size: 10pt; overflow-wrap: anywhere }
.sign footer small { display: block; font-size: 7pt; color: #444 }
.note { font-weight: bold; text-align: center }
article header { display: flex; gap: 6mm; align-items: flex-start; border-bottom: 1.2mm solid #111; padding-bottom: 3mm }
article header div { flex: 1 }
article header svg { width: 27mm; height: 27mm; flex: none }
article h1 { font-size: 20pt; margin: 0 0 1mm }
article section { columns: 2; column-gap: 7mm; margin-top: 3mm }
h2 { font-size: 11pt; margin: 3mm 0 0.8mm; break-after: avoid }
h2:first-child { margin-top: 0 }
ul { margin: 0; padding-left: 4.5mm }
li { margin: 0.4mm 0; break-inside: avoid; overflow-wrap: anywhere }
.draft { font-weight: bold }
article footer { margin-top: 4mm; border-top: 0.3mm solid #111; padding-top: 1.5mm; font-size: 7.6pt; overflow-wrap: anywhere }
@media print { .note { display: none } }
@media screen {
  body { padding: 4mm }
  article { margin: 12mm 0 }
}
@media screen and (max-width: 180mm) {
  .sign { height: auto }
  .sign header, .sign aside { flex-direction: column; align-items: flex-start; gap: 4mm }
  .sign .pictogram, .sign.full .pictogram { width: 30mm; height: 30mm }
  .sign h1, .sign.full h1, .sign.brief h1 { font-size: 24pt }
  .sign main p, .sign.full main p, .sign.brief main p { font-size: 17pt; margin: 3mm 0 }
  article section { columns: 1 }
}
"""
