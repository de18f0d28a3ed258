"""What the camera is for, and what it is not for."""

from __future__ import annotations

from pole_agent.settings import Settings
from pole_agent.words import Both


def seeing(settings: Settings) -> list[Both]:
    if not settings.cameras:
        return [Both("This pole has no camera.", "Tiang ini tidak memiliki kamera.")]
    count, masks = len(settings.cameras), sum(len(c.masks) for c in settings.cameras)
    names = ", ".join(c.name for c in settings.cameras)
    found = [
        Both(
            f"{count} camera{'' if count == 1 else 's'} ({names}): a computer in the pole looks for people, bicycles, motorcycles, cars, buses and"
            " trucks, counts them and follows them through the picture.",
            f"{count} kamera ({names}): komputer di dalam tiang mencari orang, sepeda, sepeda motor, mobil, bus, dan truk,"
            " menghitungnya, dan mengikutinya di dalam gambar.",
        ),
        Both(
            "It does not know who anybody is: no faces, no number plates, no names. Whoever leaves the picture is forgotten within an hour.",
            "Tiang ini tidak mengenali siapa pun: tanpa wajah, tanpa pelat nomor, tanpa nama. Siapa yang keluar dari gambar dilupakan dalam satu jam.",
        ),
        Both(
            "The agent stores no picture and no sound. Only a technician at the pole can take a single picture, by hand, to adjust a camera.",
            "Agen tidak menyimpan gambar maupun suara. Hanya teknisi di tiang yang dapat mengambil satu gambar, secara manual, untuk menyetel kamera.",
        ),
    ]
    if masks:
        found.append(
            Both(
                f"{masks} part{'' if masks == 1 else 's'} of the picture {'is' if masks == 1 else 'are'} burned black before anything looks at it.",
                f"{masks} bagian gambar dihitamkan sebelum apa pun melihatnya.",
            )
        )
    return found
