"""The sign at the pole in words: a heading and at most five short sentences that a passer-by reads in ten
seconds.

Each sentence stands beside the longer one of the statement that it shortens, and comes from the same settings
and constants.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pole_agent.conduct.drones import flights
from pole_agent.conduct.identity import responsible
from pole_agent.conduct.keeping import kept_here, never_sent
from pole_agent.conduct.seeing import NO_CAMERA, detected, not_recognised
from pole_agent.settings import Settings
from pole_agent.words import Both

URL = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sign:
    """What is written on the sign, in both languages.

    `responsible` is the last sentence; it ends with the contact, if one is configured.
    """

    heading: Both
    sentences: tuple[Both, ...]
    responsible: Both


def sign(settings: Settings) -> Sign:
    sentences = (
        [detected(settings), not_recognised(settings), *kept_here(settings)]
        if settings.cameras
        else [never_sent()]
    )
    return Sign(_heading(len(settings.cameras)), (*sentences, *flights(settings)), responsible(settings.pole))


def address(contact: str) -> str | None:
    """The web address in a contact, for the QR code; None where it holds none."""
    found = URL.search(contact)
    return found[0] if found else None


def _heading(cameras: int) -> Both:
    if not cameras:
        return NO_CAMERA
    if cameras == 1:
        return Both("There is a camera on this pole", "Ada kamera di tiang ini")
    return Both(f"There are {cameras} cameras on this pole", f"Ada {cameras} kamera di tiang ini")
