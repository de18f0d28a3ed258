"""Does the broker let this pole in, and with what?

Told by its own answer to a login, which the doctor makes under a name of its own.
"""

from __future__ import annotations

from typing import Literal

from pole_agent.doctor.finding import AS_ROOT, Finding
from pole_agent.errors import LinkLost
from pole_agent.settings import Settings
from pole_agent.settings.mqtt import MqttSettings
from pole_agent.settings.section import is_credential, secret_file
from pole_agent.uplink.mqtt import UNSUPPORTED_PROTOCOL, Address
from pole_agent.uplink.visit import Visit, visit
from pole_agent.words import Both

State = Literal["ok", "warn", "fail", "unknown"]
# Reason codes of a CONNACK, as MQTT 3.1.1 and as MQTT 5 say them.
BAD_LOGIN, NOT_AUTHORIZED, BAD_NAME = (0x04, 0x86), (0x05, 0x87), (0x02, 0x85)


def login(settings: Settings, chosen: MqttSettings, where: str) -> Finding:
    """Log in and tell. Nothing is published."""
    pole = settings.pole
    password, ca, cert, key = (
        secret_file(f) for f in (chosen.password_file, chosen.ca_file, chosen.cert_file, chosen.key_file)
    )
    if any(map(is_credential, (password, ca, cert, key))):
        return Finding("broker", "unknown", *AS_ROOT)
    name = f"{settings.prefix}-{pole.site}-{pole.id}"
    address = Address(
        chosen.host, chosen.port, name, chosen.tls, chosen.username, password, ca, cert, key, chosen.protocol
    )
    try:
        seen = visit(address, settings.base_topic)
    except LinkLost as error:
        return Finding(
            "broker",
            "fail",
            Both(f"{where}: {error}", f"{where}: {error}"),
            Both("Look at the files that [mqtt] names.", "Periksa berkas yang disebut [mqtt]."),
        )
    state, words, fix = _told(seen, chosen, where) if seen.entered else _sent_away(seen, chosen, where)
    return Finding("broker", state, words, fix)


def _sent_away(seen: Visit, chosen: MqttSettings, where: str) -> tuple[State, Both, Both]:
    if seen.closed:
        spoken = "MQTT 5 and in 3.1.1" if chosen.protocol == "auto" else f"MQTT {chosen.protocol}"
        dicoba = "MQTT 5 maupun 3.1.1" if chosen.protocol == "auto" else f"MQTT {chosen.protocol}"
        return (
            "fail",
            Both(
                f"{where} closes the connection at the login without a word, in {spoken}",
                f"{where} menutup sambungan saat masuk tanpa penjelasan, dengan {dicoba}",
            ),
            Both(
                "Its log says why: a client certificate that it wants, its rights, or a proxy whose broker is away.",
                "Lognya menjelaskan: sertifikat klien yang diminta, haknya, atau proksi yang brokernya tidak ada.",
            ),
        )
    if seen.code is None:
        return (
            "fail",
            Both(
                f"{where} does not answer the login: {seen.said}",
                f"{where} tidak menjawab saat masuk: {seen.said}",
            ),
            Both(
                "Is that the port of MQTT, with tls as the broker has it?",
                "Apakah itu porta MQTT, dengan tls seperti pada broker?",
            ),
        )
    return _refused(seen, chosen, where)


def _refused(seen: Visit, chosen: MqttSettings, where: str) -> tuple[State, Both, Both]:
    """The broker answered with a reason code."""
    if seen.code in BAD_LOGIN:
        return (
            "fail",
            Both(
                f"{where} refuses the login: wrong username or password",
                f"{where} menolak masuk: nama pengguna atau kata sandi salah",
            ),
            Both(
                "Check username and password_file in [mqtt] against the broker's list.",
                "Cocokkan username dan password_file pada [mqtt] dengan daftar di broker.",
            ),
        )
    if seen.code in NOT_AUTHORIZED:
        return (
            "fail",
            Both(
                f"{where} refuses the login: not authorized (wrong username, password or certificate)",
                f"{where} menolak masuk: tidak berhak (nama pengguna, kata sandi, atau sertifikat salah)",
            ),
            Both(
                "Check username, password_file and cert_file in [mqtt], and whether the broker allows clients without them.",
                "Periksa username, password_file, dan cert_file pada [mqtt], dan apakah broker mengizinkan klien tanpa itu.",
            ),
        )
    if seen.code in UNSUPPORTED_PROTOCOL:
        return (
            "fail",
            Both(
                f"{where} does not know MQTT {chosen.protocol}",
                f"{where} tidak mengenal MQTT {chosen.protocol}",
            ),
            Both('Set protocol = "auto" in [mqtt].', 'Atur protocol = "auto" pada [mqtt].'),
        )
    if seen.code in BAD_NAME:
        return (
            "unknown",
            Both(
                f"{where} lets in nobody under the doctor's client identifier; look at what the agent says",
                f"{where} tidak menerima pengenal klien milik dokter; lihat kata agen",
            ),
            Both("systemctl status pole-agent", "systemctl status pole-agent"),
        )
    return (
        "fail",
        Both(f"{where} refuses the login: {seen.said}", f"{where} menolak masuk: {seen.said}"),
        Both("The broker's log says why.", "Log broker menjelaskan sebabnya."),
    )


def _told(seen: Visit, chosen: MqttSettings, where: str) -> tuple[State, Both, Both | None]:
    """It let us in: with what?"""
    if not seen.retains:
        return (
            "fail",
            Both(
                f"{where} keeps no retained messages: who connects later sees neither status nor lamp until they change",
                f"{where} tidak menyimpan pesan tertahan: yang tersambung kemudian tidak melihat status maupun lampu sampai berubah",
            ),
            Both(
                "Allow retained messages there (Mosquitto: retain_available true).",
                "Izinkan pesan tertahan di sana (Mosquitto: retain_available true).",
            ),
        )
    if seen.most_qos < 1:
        return (
            "fail",
            Both(
                f"{where} allows QoS 0 only: it acknowledges nothing, so events wait on the pole",
                f"{where} hanya mengizinkan QoS 0: tidak ada pengakuan, jadi kejadian menunggu di tiang",
            ),
            Both(
                "Allow QoS 1 there (Mosquitto: max_qos 1).", "Izinkan QoS 1 di sana (Mosquitto: max_qos 1)."
            ),
        )
    return _entered(seen, chosen, where)


def _entered(seen: Visit, chosen: MqttSettings, where: str) -> tuple[State, Both, Both | None]:
    """It keeps and acknowledges what we send."""
    if seen.missing:
        what = ", ".join(f"{path} ({reason})" for path, reason in seen.missing.items())
        return (
            "warn",
            Both(
                f"{where} does not let this pole listen to {what}",
                f"{where} tidak mengizinkan tiang ini mendengar {what}",
            ),
            Both(
                "Give the pole the right to read these below its base topic, and as many subscriptions.",
                "Beri tiang hak membaca topik itu di bawah topik dasarnya, dan langganan sebanyak itu.",
            ),
        )
    if not seen.modern and chosen.protocol != "3.1.1":
        return (
            "warn",
            Both(
                f"{where} knows no MQTT 5: with 3.1.1 orders to fly are off, and a refused message looks delivered",
                f"{where} tidak mengenal MQTT 5: dengan 3.1.1 perintah terbang dimatikan, dan pesan yang ditolak tampak terkirim",
            ),
            Both(
                "Use a broker with MQTT 5, or a newer version of it.",
                "Pakai broker dengan MQTT 5, atau versi yang lebih baru.",
            ),
        )
    version = "5" if seen.modern else "3.1.1"
    if not chosen.tls:
        fix = None if chosen.loopback else Both("Set tls = true in [mqtt].", "Atur tls = true pada [mqtt].")
        words = Both(
            f"{where} lets this pole in with MQTT {version}, without encryption",
            f"{where} menerima tiang ini dengan MQTT {version}, tanpa enkripsi",
        )
        return "ok" if chosen.loopback else "warn", words, fix
    return (
        "ok",
        Both(
            f"{where} lets this pole in with MQTT {version} and TLS",
            f"{where} menerima tiang ini dengan MQTT {version} dan TLS",
        ),
        None,
    )
