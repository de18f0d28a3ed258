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
from pole_agent.languages import phrase
from pole_agent.settings import Settings, files
from pole_agent.settings.mqtt import MqttSettings
from pole_agent.settings.section import is_credential, secret_file
from pole_agent.uplink.tls import tls_context

TIMEOUT_S = 5.0
WEAK_DBM = -75


def secrets(settings: Settings) -> Iterator[Finding]:
    """Every password, key and certificate that is named can be read."""
    for path, file in files.secrets(settings):
        if not is_credential(file) and not os.access(file, os.R_OK):
            yield Finding(
                path,
                "fail",
                phrase("cannot-be-read", file=file),
                phrase("secret-unreadable-fix", file=file),
            )


def network(settings: Settings) -> Iterator[Finding]:
    """There is a way out, it has a carrier, and its signal is strong enough."""
    way = link()
    if way is None:
        yield Finding(
            "network",
            "warn",
            phrase("no-default-route"),
            phrase("no-default-route-fix"),
        )
        return
    name, signal = way["interface"], way["signal_dbm"]
    strength = "" if signal is None else f", {signal:.0f} dBm"
    if way["carrier"] is False:
        yield Finding(
            "network",
            "fail",
            phrase("no-carrier", interface=name),
            phrase("no-carrier-fix"),
        )
    elif signal is not None and signal < WEAK_DBM:
        yield Finding(
            "network",
            "warn",
            phrase("signal-weak", interface=name, strength=strength),
            phrase("signal-weak-fix"),
        )
    else:
        yield Finding("network", "ok", phrase("network-works", interface=name, strength=strength))


def broker(settings: Settings) -> Iterator[Finding]:
    """Its name is known, its port is open, TLS succeeds, and it lets this pole in.

    Under another client identifier: with its own the running agent would be thrown out.
    """
    chosen = settings.mqtt
    if chosen is None:
        yield Finding(
            "broker",
            "warn",
            phrase("no-broker-configured"),
            phrase("no-broker-configured-fix"),
        )
        return
    where = f"{chosen.host}:{chosen.port}"
    try:
        connection = socket.create_connection((chosen.host, chosen.port), TIMEOUT_S)
    except socket.gaierror as error:
        yield Finding(
            "broker",
            "fail",
            phrase("broker-host-unknown", host=chosen.host, error=error.strerror),
            phrase("broker-host-unknown-fix"),
        )
        return
    except OSError as error:
        yield Finding(
            "broker",
            "fail",
            phrase("broker-unreachable", broker=where, error=error),
            phrase("broker-unreachable-fix"),
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
            phrase("tls-failed", broker=where, error=error),
            phrase("tls-failed-fix"),
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
                phrase("certificate-unreadable", file=file, error=error),
                phrase("certificate-unreadable-fix"),
            )
            continue
        left = ends - time.time()
        date = time.strftime("%Y-%m-%d", time.gmtime(ends))
        words = phrase("certificate-expires", date=date)
        renew = phrase("certificate-expires-fix", file=file)
        if left > WARN_DAYS * DAY_S:
            yield Finding(name, "ok", words)
        else:
            yield Finding(name, "warn" if left > 0 else "fail", words, renew)
