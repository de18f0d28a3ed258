"""What leaves the pole, what never does, and how long things stay on it."""

from __future__ import annotations

from pole_agent.settings import Settings
from pole_agent.words import Both

EVENT_WORDS = {
    "traffic": Both("counts of traffic", "hitungan lalu lintas"), "health": Both("the state of the pole", "keadaan tiang"),
    "command": Both("who commanded what", "siapa memerintahkan apa"), "lamp": Both("the lamp's hours and energy", "jam dan energi lampu"),
    "incident": Both("incidents", "kejadian"), "drone": Both("drone requests", "permintaan drone"),
}  # fmt: skip


def leaving(settings: Settings) -> list[Both]:
    mqtt = settings.mqtt
    if mqtt is None:
        return [Both("Nothing: no receiver is configured.", "Tidak ada: penerima belum diatur.")]
    safe = Both("encrypted", "terenkripsi") if mqtt.tls else Both("without encryption", "tanpa enkripsi")
    found = [
        Both(f"Numbers, {safe.en}, to {mqtt.host}:", f"Angka-angka, {safe.id}, ke {mqtt.host}:"),
        Both(
            "incidents: which rule, when, in which zone, what kind of object, how long, and up to eight points of its path in the picture;",
            "kejadian: aturan mana, kapan, di zona mana, jenis objek apa, berapa lama, dan paling banyak delapan titik lintasannya di dalam gambar;",
        ),
        Both(
            "how many objects of each kind there are now, and how many came in five minutes;",
            "berapa banyak objek tiap jenis saat ini, dan berapa yang datang dalam lima menit;",
        ),
        Both(
            "the lamp's level and energy, the state of the pole, and every command with its author.",
            "tingkat dan energi lampu, keadaan tiang, dan setiap perintah beserta pemberinya.",
        ),
    ]
    if settings.metrics.enabled:
        host = settings.metrics.host
        found.append(
            Both(f"Technical numbers, without incidents, to whoever reaches {host} port {settings.metrics.port}.",
                 f"Angka teknis, tanpa kejadian, bagi siapa yang dapat mencapai {host} porta {settings.metrics.port}.")
        )  # fmt: skip
    return found


def never_leaving(settings: Settings) -> list[Both]:
    return [
        Both(
            "Pictures, parts of pictures, sound, faces, number plates, names, the look of anybody: the part of the program that talks to the outside"
            " cannot see a picture.",
            "Gambar, potongan gambar, suara, wajah, pelat nomor, nama, rupa siapa pun: bagian program yang berbicara ke luar"
            " tidak dapat melihat gambar.",
        )
    ]


def keeping(settings: Settings) -> list[Both]:
    days = {word: limit / 86_400 for word, limit in settings.storage.ttl_s.items()}
    known = [f"{EVENT_WORDS[w].en} {d:g} days" for w, d in days.items() if w in EVENT_WORDS]
    dikenal = [f"{EVENT_WORDS[w].id} {d:g} hari" for w, d in days.items() if w in EVENT_WORDS]
    return [
        Both(
            f"What waits to be sent: {', '.join(known)}; alarms until they are received. What was received is deleted after three days.",
            f"Yang menunggu dikirim: {', '.join(dikenal)}; alarm sampai diterima. Yang sudah diterima dihapus setelah tiga hari.",
        ),
        Both(
            f"All of it takes at most {settings.storage.max_mb} MB; when that is full, the oldest and least important goes first, and is counted.",
            f"Semuanya paling banyak {settings.storage.max_mb} MB; bila penuh, yang tertua dan paling tidak penting dihapus dahulu, dan dihitung.",
        ),
        Both(
            "How long the receiver keeps it is for its operator to say.",
            "Berapa lama penerima menyimpannya dinyatakan oleh pengelolanya.",
        ),
    ]
