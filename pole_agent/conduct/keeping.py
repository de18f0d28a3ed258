"""What leaves the pole, what never does, and how long things stay on it."""

from __future__ import annotations

from pole_agent.conduct.words import days_of, listed, number, seconds
from pole_agent.incidents.traffic import WINDOW_S
from pole_agent.incidents.trajectory import PATH_POINTS
from pole_agent.settings import Settings
from pole_agent.store.incidents import KEEP_VERDICTS
from pole_agent.store.lamp_log import KEEP_LAMP_LOG
from pole_agent.store.outbox import KEEP_DELIVERED_S
from pole_agent.store.state import KEEP_CLOSED_REQUESTS, KEEP_COMMANDS
from pole_agent.trajectories.retention import MAX_MB_A_DAY
from pole_agent.words import Both

DAY_S = 86_400
EVENTS = {
    "traffic": Both("counts of traffic", "hitungan lalu lintas"),
    "health": Both("the state of the pole", "keadaan tiang"),
    "command": Both("who commanded what", "siapa memerintahkan apa"),
    "lamp": Both("the lamp's hours and energy", "jam dan energi lampu"),
    "incident": Both("incidents", "kejadian"),
    "drone": Both("drone requests", "permintaan drone"),
}


def leaving(settings: Settings) -> list[Both]:
    found = _to_the_broker(settings)
    if settings.metrics.enabled:
        host = settings.metrics.host
        found.append(
            Both(
                f"Technical numbers, without incidents, to whoever reaches {host} port {settings.metrics.port}.",
                f"Angka teknis, tanpa kejadian, bagi siapa yang dapat mencapai {host} porta {settings.metrics.port}.",
            )
        )
    return found or [Both("Nothing: no receiver is configured.", "Tidak ada: penerima belum diatur.")]


def _to_the_broker(settings: Settings) -> list[Both]:
    mqtt, window = settings.mqtt, seconds(WINDOW_S)
    if mqtt is None:
        return []
    safe = Both("encrypted", "terenkripsi") if mqtt.tls else Both("without encryption", "tanpa enkripsi")
    found = [
        Both(f"Numbers and words, {safe.en}, to {mqtt.host}:", f"Angka dan kata, {safe.id}, ke {mqtt.host}:"),
        Both(
            f"incidents: which rule, when, in which zone, what kind of object, how long, and up to {PATH_POINTS} points of its path in the picture;",
            f"kejadian: aturan mana, kapan, di zona mana, jenis objek apa, berapa lama, dan paling banyak {PATH_POINTS} titik lintasannya di dalam gambar;",
        ),
        Both(
            f"how many objects of each kind there are now, and how many came in {window.en};",
            f"berapa banyak objek tiap jenis saat ini, dan berapa yang datang dalam {window.id};",
        ),
        Both(
            "where the pole stands, its rules, and the outlines of zones, lines and masks;",
            "letak tiang, aturannya, dan garis tepi zona, garis, dan penutup;",
        ),
    ]
    if settings.drone.enabled:
        found.append(
            Both(
                "drone requests and orders: place, height, time, cause, and who approved;",
                "permintaan dan perintah drone: tempat, ketinggian, waktu, sebab, dan siapa yang menyetujui;",
            )
        )
    found.append(
        Both(
            "the lamp's level and energy, the state of the pole and its parts, and every command with its author.",
            "tingkat dan energi lampu, keadaan tiang dan bagian-bagiannya, dan setiap perintah beserta pemberinya.",
        )
    )
    return found


def never_leaving(settings: Settings) -> list[Both]:
    return [
        Both(
            "Pictures, parts of pictures, sound, faces, number plates, who somebody is or how somebody looks: the part of the program that talks"
            " to the outside cannot see a picture.",
            "Gambar, potongan gambar, suara, wajah, pelat nomor, siapa seseorang atau bagaimana rupanya: bagian program yang berbicara ke luar"
            " tidak dapat melihat gambar.",
        )
    ]


def never_sent() -> Both:
    """The same for the sign of a pole without a camera. It is so in every configuration."""
    return Both("It sends no pictures and no sound.", "Tiang ini tidak mengirim gambar maupun suara.")


def kept_here(settings: Settings) -> list[Both]:
    """How long the pole keeps what it reports of people, for the sign.

    Alarms wait for as long as it takes.
    """
    if not settings.rules:
        return []
    longest = max(
        limit for word, limit in settings.storage.ttl_s.items() if word.partition(".")[0] == "incident"
    )
    unsent, received = days_of(longest / DAY_S), seconds(KEEP_DELIVERED_S)
    alarms = any(rule.severity == "alarm" for rule in settings.rules)
    besides = Both(", except alarms", ", kecuali alarm") if alarms else Both("", "")
    if settings.mqtt is None:
        return [
            Both(
                f"It deletes incidents after {unsent.en}{besides.en}.",
                f"Kejadian dihapus dari tiang setelah {unsent.id}{besides.id}.",
            )
        ]
    return [
        Both(
            f"It deletes its reports {received.en} after sending, unsent ones after {unsent.en}{besides.en}.",
            f"Laporan dihapus dari tiang {received.id} setelah terkirim, yang belum terkirim setelah {unsent.id}{besides.id}.",
        )
    ]


def trajectories(settings: Settings) -> list[Both]:
    """What is kept so that rules can be rehearsed."""
    if not (settings.cameras and settings.storage.trajectory_days):
        return []
    days, most = days_of(settings.storage.trajectory_days), number(MAX_MB_A_DAY)
    return [
        Both(
            f"Where people and vehicles went, so that rules can be tried out: what kind of object, its place and size in the picture, several times"
            f" a second, without pictures and without knowing who. It stays on the pole, is deleted after {days.en}, takes at most {most.en} MB a day"
            f" and camera, and goes first when space is short.",
            f"Ke mana orang dan kendaraan bergerak, agar aturan dapat diuji: jenis objek, letak dan ukurannya di gambar, beberapa kali sedetik, tanpa"
            f" gambar dan tanpa mengetahui siapa. Data ini tetap di tiang, dihapus setelah {days.id}, paling banyak {most.id} MB sehari tiap kamera,"
            f" dan dihapus lebih dahulu bila ruang kurang.",
        )
    ]


def keeping(settings: Settings) -> list[Both]:
    waiting = listed([_kept(word, limit / DAY_S) for word, limit in sorted(settings.storage.ttl_s.items())])
    received = seconds(KEEP_DELIVERED_S)
    return [
        Both(
            f"What waits to be sent: {waiting.en}; alarms until they are received. What was received is deleted after {received.en}.",
            f"Yang menunggu dikirim: {waiting.id}; alarm sampai diterima. Yang sudah diterima dihapus setelah {received.id}.",
        ),
        Both(
            f"By number: the last {KEEP_COMMANDS} commands, {KEEP_CLOSED_REQUESTS} drone requests, {KEEP_LAMP_LOG} changes of the light, and"
            f" {KEEP_VERDICTS} verdicts on each rule.",
            f"Menurut jumlah: {KEEP_COMMANDS} perintah, {KEEP_CLOSED_REQUESTS} permintaan drone, {KEEP_LAMP_LOG} perubahan lampu, dan"
            f" {KEEP_VERDICTS} penilaian tiap aturan yang terakhir.",
        ),
        Both(
            f"All of it takes at most {settings.storage.max_mb} MB; when that is full, the oldest and least important goes first, and is counted.",
            f"Semuanya paling banyak {settings.storage.max_mb} MB; bila penuh, yang tertua dan paling tidak penting dihapus dahulu, dan dihitung.",
        ),
        *trajectories(settings),
        Both(
            "While the pole does not know the date, nothing is deleted for its age.",
            "Selama tiang tidak mengetahui tanggal, tidak ada yang dihapus karena usianya.",
        ),
        Both(
            "How long the receiver keeps it is for its operator to say.",
            "Berapa lama penerima menyimpannya dinyatakan oleh pengelolanya.",
        ),
    ]


def _kept(word: str, for_days: float) -> Both:
    what, days = EVENTS.get(word, Both(f'"{word}"', f'"{word}"')), days_of(for_days)
    return Both(f"{what.en} {days.en}", f"{what.id} {days.id}")
