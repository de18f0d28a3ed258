"""Reasons and modes of the lamp in both languages."""

from __future__ import annotations

from pole_agent.languages import phrase

REASONS = {
    "failsafe": phrase("failsafe"),
    "program": phrase("program"),
    "override": phrase("override"),
    "presence": phrase("presence"),
    "warning": phrase("warning"),
    "sweep": phrase("sweep"),
}
MODES = {"fixed": phrase("fixed"), "adaptive": phrase("adaptive")}
