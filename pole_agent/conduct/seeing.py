"""What the camera is for, and what it is not for."""

from __future__ import annotations

import hashlib
import json

from pole_agent.conduct.words import days_of, seconds, sentence
from pole_agent.incidents.trajectory import StaticObjects
from pole_agent.settings import Settings
from pole_agent.words import Both

NO_CAMERA = Both("This pole has no camera", "Tiang ini tidak memiliki kamera")


def detected(settings: Settings) -> Both:
    """What the camera is for, on the sign: incidents where there are rules and somebody hears of them, else
    counting.
    """
    if settings.rules and settings.mqtt:
        return Both(
            "A computer in the pole detects people and vehicles and reports incidents.",
            "Komputer di dalam tiang mendeteksi orang dan kendaraan, lalu melaporkan kejadian.",
        )
    return Both(
        "A computer in the pole detects and counts people and vehicles.",
        "Komputer di dalam tiang mendeteksi dan menghitung orang dan kendaraan.",
    )


def not_recognised(settings: Settings) -> Both:
    """What is not done with the picture, for the sign, and what is kept of it where trajectories are.

    The rest is so in every configuration.
    """
    if settings.storage.trajectory_days:
        days = days_of(settings.storage.trajectory_days)
        return Both(
            f"It recognises no faces, records and sends no pictures, keeps paths {days.en}.",
            f"Komputer ini tidak mengenali wajah, merekam, atau mengirim gambar; jalur gerak disimpan {days.id}.",
        )
    return Both(
        "It recognises no faces, makes no recordings and sends no pictures.",
        "Komputer ini tidak mengenali wajah, tidak merekam, dan tidak mengirim gambar.",
    )


def seeing(settings: Settings) -> list[Both]:
    if not settings.cameras:
        return [sentence(NO_CAMERA)]
    count, masks = len(settings.cameras), sum(len(c.masks) for c in settings.cameras)
    names, forgotten = ", ".join(c.name for c in settings.cameras), seconds(StaticObjects.KEPT_S)
    found = [
        Both(
            f"{count} camera{'' if count == 1 else 's'} ({names}): a computer in the pole detects people, bicycles, motorcycles, cars, buses and"
            " trucks, counts them and follows them through the picture.",
            f"{count} kamera ({names}): komputer di dalam tiang mendeteksi orang, sepeda, sepeda motor, mobil, bus, dan truk,"
            " menghitungnya, dan mengikutinya di dalam gambar.",
        ),
        Both(
            f"It does not know who anybody is: no faces, no number plates, no names. Whoever leaves the picture is forgotten within {forgotten.en}.",
            f"Tiang ini tidak mengenali siapa pun: tanpa wajah, tanpa pelat nomor, tanpa nama. Siapa yang keluar dari gambar dilupakan dalam {forgotten.id}.",
        ),
        Both(
            "The agent stores no picture and no sound. Only a technician on the pole's computer can take a single picture, by hand, to adjust a camera.",
            "Agen tidak menyimpan gambar maupun suara. Hanya teknisi pada komputer tiang yang dapat mengambil satu gambar, secara manual, untuk menyetel kamera.",
        ),
    ]
    if settings.page.enabled:
        found.append(_page(settings))
    if masks:
        found.append(
            Both(
                f"{masks} part{'' if masks == 1 else 's'} of the picture {'is' if masks == 1 else 'are'} burned black before anything looks at it.",
                f"{masks} bagian gambar dihitamkan sebelum apa pun melihatnya.",
            )
        )
    plan = _plan(settings)
    found.append(
        Both(
            f"Where zones, lines and masks lie in the picture is plan {plan}.",
            f"Letak zona, garis, dan penutup di dalam gambar: denah {plan}.",
        )
    )
    return found


def _plan(settings: Settings) -> str:
    """A short name of the geometry: it changes when anything is moved, so that the sign's hash does too."""
    places = {
        "masks": {c.name: c.masks for c in settings.cameras},
        "zones": [z.model_dump() for z in settings.zones],
        "lines": [n.model_dump() for n in settings.lines],
    }
    return hashlib.sha256(json.dumps(places, sort_keys=True).encode()).hexdigest()[:8]


def _page(settings: Settings) -> Both:
    """Who may look, and at what."""
    page = settings.page
    if not page.loopback or page.picture == "off":
        return Both(
            "People with an account can see zones, boxes and paths on the pole's own page, never a picture.",
            "Orang yang memiliki akun dapat melihat zona, kotak, dan jalur di halaman tiang, tidak pernah gambar.",
        )
    hidden = Both(
        " What is taken for a person is made unrecognizable in it." if page.picture == "pixelated" else "",
        " Yang dianggap orang disamarkan di dalamnya." if page.picture == "pixelated" else "",
    )
    return Both(
        "People with an account can look at the live picture on the pole's own page, only at the pole or through their own login to its computer."
        f"{hidden.en} Each look is recorded with the name; the picture is not stored.",
        "Orang yang memiliki akun dapat melihat gambar langsung di halaman tiang, hanya di tiang atau lewat login mereka sendiri ke komputernya."
        f"{hidden.id} Setiap penglihatan dicatat dengan nama; gambar tidak disimpan.",
    )
