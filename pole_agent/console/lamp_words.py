"""Reasons and modes of the lamp in both languages."""

from __future__ import annotations

from pole_agent.words import Both

REASONS = {
    "failsafe": Both("failsafe", "pengaman (failsafe)"),
    "program": Both("program", "program"),
    "override": Both("override", "perintah (override)"),
    "presence": Both("presence", "kehadiran"),
    "warning": Both("warning", "peringatan"),
    "sweep": Both("sweep", "uji (sweep)"),
}
MODES = {"fixed": Both("fixed", "tetap"), "adaptive": Both("adaptive", "kehadiran boleh menaikkan")}
