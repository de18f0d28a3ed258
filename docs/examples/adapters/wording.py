"""The words of the adapters in Indonesian and English. What is not known here stays as the pole said it."""

from __future__ import annotations

from pole_events import clean

LANGUAGES = ("id", "en")

KINDS = {
    "presence": ("ada orang atau kendaraan", "somebody or something is there"),
    "loitering": ("berlama-lama", "loitering"),
    "crowd": ("kerumunan", "crowd"),
    "crossing": ("melintasi garis", "line crossed"),
    "wrong_way": ("melawan arah", "wrong way"),
    "stopped": ("kendaraan berhenti", "stopped vehicle"),
}
CLASSES = {
    "person": ("orang", "person"),
    "bicycle": ("sepeda", "bicycle"),
    "motorcycle": ("sepeda motor", "motorcycle"),
    "two_wheeler": ("kendaraan roda dua", "two-wheeler"),
    "car": ("mobil", "car"),
    "bus": ("bus", "bus"),
    "truck": ("truk", "truck"),
    "vehicle": ("kendaraan", "vehicle"),
}
FAULTS = {
    "lamp_failure": ("lampu mati", "lamp failure"),
    "dimming_failure": ("peredupan gagal", "dimming failure"),
    "unexpectedly_on": ("menyala tanpa perintah", "unexpectedly on"),
    "cycling": ("menyala-mati berulang", "lamp cycling"),
    "day_burner": ("menyala pada siang hari", "day burner"),
    "photocell_stuck": ("sensor cahaya macet", "photocell stuck"),
}
DRONE = {
    "detected": ("terdeteksi", "detected"),
    "suppressed": ("tidak diminta", "suppressed"),
    "requested": ("diminta", "requested"),
    "blocked": ("tertahan", "blocked"),
    "pending_approval": ("menunggu persetujuan", "waiting for approval"),
    "approved": ("disetujui", "approved"),
    "denied": ("ditolak petugas", "denied by an officer"),
    "expired": ("kedaluwarsa", "expired"),
    "sent": ("perintah dikirim", "order sent"),
    "accepted": ("diterima pengendali", "accepted by the dispatcher"),
    "rejected": ("ditolak pengendali", "rejected by the dispatcher"),
    "timeout": ("tidak dijawab", "not answered"),
    "in_progress": ("sedang terbang", "in flight"),
    "paused": ("dijeda", "paused"),
    "ok": ("selesai", "done"),
    "partially_done": ("selesai sebagian", "partly done"),
    "failed": ("gagal", "failed"),
    "canceled": ("dibatalkan", "canceled"),
}
SENTENCES = {
    "opened": ("{kind}: {label}", "{kind}: {label}"),
    "closed": ("selesai: {kind}, {label}", "over: {kind}, {label}"),
    "summarized": ("{count} alarm lain dari satu aturan", "{count} more alarms of one rule"),
    "fault": ("lampu jalan: {fault}", "street light: {fault}"),
    "fault-over": ("lampu jalan pulih: {fault}", "street light recovered: {fault}"),
    "drone": ("drone: {state}", "drone: {state}"),
    "what": (
        "{headline}. Aturan {rule}, kamera {camera}, tempat {place}. Waktu {time}. Tiang {pole}.",
        "{headline}. Rule {rule}, camera {camera}, place {place}. Time {time}. Pole {pole}.",
    ),
    "lasted": ("Berlangsung {seconds} detik.", "It lasted {seconds} s."),
    "reason": ("Keterangan: {reason}.", "Reason: {reason}."),
    "unsure": (
        "Jam tiang belum dipercaya: waktu mungkin salah.",
        "The pole's clock is not trusted: the time may be wrong.",
    ),
    "look-first": (
        "Periksa dahulu: program yang mendeteksi, belum ada orang yang melihat.",
        "Look first: a program detected it, no person has seen it.",
    ),
    "no-danger": ("Tidak perlu tindakan lagi.", "No further action is needed."),
    "repair": ("Kirim teknisi lampu.", "Send a lamp technician."),
    "around": ("sekitar tiang {pole}", "around pole {pole}"),
    "target": ("sasaran drone, dari tiang {pole}", "target of the drone, from pole {pole}"),
    "authorised": ("Hanya untuk petugas yang berwenang.", "For authorised officers only."),
}
BOOK = {**KINDS, **CLASSES, **FAULTS, **DRONE}


def word(name: object, language: str) -> str:
    """A word of the contract in this language."""
    pair = BOOK.get(str(name))
    return pair[LANGUAGES.index(language)] if pair else clean(name)


def sentence(code: str, language: str, **facts: object) -> str:
    """A sentence with its facts, which are made safe here."""
    said = {name: clean(fact) for name, fact in facts.items()}
    return SENTENCES[code][LANGUAGES.index(language)].format(**said)
