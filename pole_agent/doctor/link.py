"""The way to the broker: network, name, port, TLS, certificates."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator

from pole_agent.doctor.finding import AS_ROOT, Finding
from pole_agent.doctor.login import login
from pole_agent.health.certificates import DAY_S, WARN_DAYS, authority_ends, own_ends
from pole_agent.health.link import link
from pole_agent.settings import Settings, files
from pole_agent.settings.mqtt import MqttSettings
from pole_agent.settings.section import is_credential, secret_file
from pole_agent.uplink.tls import tls_context
from pole_agent.words import Both

TIMEOUT_S = 5.0
WEAK_DBM = -75


def secrets(settings: Settings) -> Iterator[Finding]:
    """Every password, key and certificate that is named can be read."""
    for path, file in files.secrets(settings):
        if not is_credential(file) and not os.access(file, os.R_OK):
            yield Finding(
                path,
                "fail",
                Both(f"{file} cannot be read", f"{file} tidak dapat dibaca"),
                Both(
                    f"Does it exist? sudo chgrp pole-agent {file} && sudo chmod 640 {file}",
                    f"Apakah ada? sudo chgrp pole-agent {file} && sudo chmod 640 {file}",
                ),
            )


def network(settings: Settings) -> Iterator[Finding]:
    """There is a way out, it has a carrier, and its signal is strong enough."""
    way = link()
    if way is None:
        yield Finding(
            "network",
            "warn",
            Both("there is no way out (no default route)", "tidak ada jalan keluar (tanpa rute bawaan)"),
            Both(
                "Is the modem or cable connected, has the SIM credit? ip route and mmcli -m any or nmcli device show more. Events wait on the pole meanwhile.",
                "Apakah modem atau kabel tersambung, apakah SIM berpulsa? ip route dan mmcli -m any atau nmcli device menunjukkan lebih. Sementara itu kejadian menunggu di tiang.",
            ),
        )
        return
    name, signal = way["interface"], way["signal_dbm"]
    strength = "" if signal is None else f", {signal:.0f} dBm"
    if way["carrier"] is False:
        yield Finding(
            "network",
            "fail",
            Both(f"{name} has no carrier", f"{name} tanpa sinyal pembawa"),
            Both("Look at its cable, at the other end too.", "Periksa kabelnya, juga ujung yang lain."),
        )
    elif signal is not None and signal < WEAK_DBM:
        yield Finding(
            "network",
            "warn",
            Both(f"{name}{strength}: weak", f"{name}{strength}: lemah"),
            Both(
                "Move the antenna, or the access point nearer.",
                "Pindahkan antena, atau dekatkan titik aksesnya.",
            ),
        )
    else:
        yield Finding("network", "ok", Both(f"out by {name}{strength}", f"keluar lewat {name}{strength}"))


def broker(settings: Settings) -> Iterator[Finding]:
    """Its name is known, its port is open, TLS succeeds, and it lets this pole in.

    Under another client identifier: with its own the running agent would be thrown out.
    """
    chosen = settings.mqtt
    if chosen is None:
        yield Finding(
            "broker",
            "warn",
            Both("none is configured: events stay on the pole", "belum diatur: kejadian tetap di tiang"),
            Both("Add [mqtt] host.", "Tambahkan [mqtt] host."),
        )
        return
    where = f"{chosen.host}:{chosen.port}"
    try:
        connection = socket.create_connection((chosen.host, chosen.port), TIMEOUT_S)
    except socket.gaierror as error:
        yield Finding(
            "broker",
            "fail",
            Both(
                f"the name {chosen.host} is not known: {error.strerror}",
                f"nama {chosen.host} tidak dikenal: {error.strerror}",
            ),
            Both(
                "Is there a network? Is the name right? resolvectl query shows what the resolver says.",
                "Apakah ada jaringan? Apakah namanya benar? resolvectl query menunjukkan jawaban DNS.",
            ),
        )
        return
    except OSError as error:
        yield Finding(
            "broker",
            "fail",
            Both(f"{where} does not answer: {error}", f"{where} tidak menjawab: {error}"),
            Both(
                "Is the link up (SIM, signal, cable)? Does a firewall block the port? Events wait on the pole meanwhile.",
                "Apakah sambungan aktif (SIM, sinyal, kabel)? Apakah porta diblokir? Sementara itu kejadian menunggu di tiang.",
            ),
        )
        return
    with connection:
        wrong = _shake_hands(chosen, connection, where)
    yield wrong or login(settings, chosen, where)


def _shake_hands(chosen: MqttSettings, connection: socket.socket, where: str) -> Finding | None:
    """TLS, as far as it is wanted; None when nothing is wrong with it."""
    if not chosen.tls:
        return None
    ca_file, cert_file, key_file = (
        secret_file(file) for file in (chosen.ca_file, chosen.cert_file, chosen.key_file)
    )
    if any(map(is_credential, (ca_file, cert_file, key_file))):
        return Finding("broker", "unknown", *AS_ROOT)
    try:
        tls_context(ca_file, cert_file, key_file).wrap_socket(connection, server_hostname=chosen.host).close()
    except (OSError, ValueError) as error:
        return Finding(
            "broker",
            "fail",
            Both(f"{where}: TLS fails: {error}", f"{where}: TLS gagal: {error}"),
            Both(
                "Check ca_file, cert_file and key_file in [mqtt], and the clock of this pole: a wrong date makes every certificate wrong.",
                "Periksa ca_file, cert_file, dan key_file pada [mqtt], dan jam tiang ini: tanggal yang salah membuat semua sertifikat salah.",
            ),
        )
    return None


def certificates(settings: Settings) -> Iterator[Finding]:
    """Those in files have not ended, and do not end within a month."""
    chosen = settings.mqtt
    if chosen is None:
        return
    named = (("mqtt.ca_file", chosen.ca_file), ("mqtt.cert_file", chosen.cert_file))
    for name, path in named:
        file = secret_file(path)
        if file is None or is_credential(file):
            continue
        try:
            ends = (
                authority_ends(file)
                if name == "mqtt.ca_file"
                else own_ends(file, secret_file(chosen.key_file))
            )
        except (OSError, ValueError) as error:
            yield Finding(
                name,
                "fail",
                Both(f"{file} cannot be read: {error}", f"{file} tidak dapat dibaca: {error}"),
                Both(
                    "Put the certificate there, readable by the group pole-agent.",
                    "Letakkan sertifikat di sana, dapat dibaca grup pole-agent.",
                ),
            )
            continue
        left = ends - time.time()
        date = time.strftime("%Y-%m-%d", time.gmtime(ends))
        words = Both(f"ends on {date}", f"berakhir pada {date}")
        renew = Both(
            f"Issue a new one, put it in the place of {file}, and: sudo systemctl restart pole-agent.",
            f"Terbitkan yang baru, letakkan menggantikan {file}, lalu: sudo systemctl restart pole-agent.",
        )
        if left > WARN_DAYS * DAY_S:
            yield Finding(name, "ok", words)
        else:
            yield Finding(name, "warn" if left > 0 else "fail", words, renew)
