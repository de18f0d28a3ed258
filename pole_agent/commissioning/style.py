"""How the report looks: on A4 paper, and on a screen."""

from __future__ import annotations

STYLE = """
@page { size: A4; margin: 14mm }
body { font: 9.5pt/1.35 'DejaVu Sans', Arial, sans-serif; color: #111; margin: 0 auto; max-width: 182mm }
section { break-after: page }
header { display: flex; gap: 6mm; border-bottom: 1.2mm solid #111; padding-bottom: 3mm }
header div { flex: 1 }
header svg { width: 26mm; height: 26mm; flex: none }
h1 { font-size: 18pt; margin: 0 0 1mm }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.6mm 5mm; margin: 4mm 0 }
dt { color: #444 }
dd { margin: 0; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100% }
th, td { border: 0.25mm solid #888; padding: 1mm 1.6mm; text-align: left; vertical-align: top }
td { overflow-wrap: anywhere }
tr { break-inside: avoid }
td:first-child { text-align: right; width: 7mm }
td strong, td:nth-child(3) small { white-space: nowrap }
.fail { background: #f6d5d2 }
.warn { background: #fbeec9 }
.outcome { font-size: 12pt; font-weight: bold; margin: 4mm 0 }
.hands { display: flex; gap: 14mm; margin-top: 8mm; break-inside: avoid }
.hands div { flex: 1; border-top: 0.3mm solid #111; padding-top: 1mm; margin-top: 22mm }
small { display: block; color: #444; overflow-wrap: anywhere }
@media screen { body { padding: 4mm } section { margin-bottom: 14mm } }
"""
