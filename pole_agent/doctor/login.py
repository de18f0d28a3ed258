"""Does the broker let this pole in, and with what?

Told by its own answer to a login, which the doctor makes under a name of its own.
"""

from __future__ import annotations

from typing import Literal

from pole_agent.doctor.finding import AS_ROOT, Finding
from pole_agent.errors import LinkLost
from pole_agent.languages import phrase
from pole_agent.settings import Settings
from pole_agent.settings.mqtt import MqttSettings
from pole_agent.settings.section import is_credential, secret_file
from pole_agent.uplink.mqtt import UNSUPPORTED_PROTOCOL, Address
from pole_agent.uplink.visit import Visit, visit

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
        chosen.host,
        chosen.port,
        name,
        chosen.tls,
        chosen.username,
        password,
        ca,
        cert,
        key,
        chosen.protocol,
        pole.groups,
    )
    try:
        seen = visit(address, settings.base_topic)
    except LinkLost as error:
        return Finding(
            "broker",
            "fail",
            phrase("at-key", key=where, problem=error),
            phrase("login-failed-fix"),
        )
    state, words, fix = _told(seen, chosen, where) if seen.entered else _sent_away(seen, chosen, where)
    return Finding("broker", state, words, fix)


def _sent_away(seen: Visit, chosen: MqttSettings, where: str) -> tuple[State, str, str]:
    if seen.closed:
        tried = "MQTT 5, MQTT 3.1.1" if chosen.protocol == "auto" else f"MQTT {chosen.protocol}"
        return (
            "fail",
            phrase("login-closed", broker=where, versions=tried),
            phrase("login-closed-fix"),
        )
    if seen.code is None:
        return (
            "fail",
            phrase("login-not-answered", broker=where, error=seen.said),
            phrase("login-not-answered-fix"),
        )
    return _refused(seen, chosen, where)


def _refused(seen: Visit, chosen: MqttSettings, where: str) -> tuple[State, str, str]:
    """The broker answered with a reason code."""
    if seen.code in BAD_LOGIN:
        return (
            "fail",
            phrase("login-wrong-password", broker=where),
            phrase("login-wrong-password-fix"),
        )
    if seen.code in NOT_AUTHORIZED:
        return (
            "fail",
            phrase("login-not-authorized", broker=where),
            phrase("login-not-authorized-fix"),
        )
    if seen.code in UNSUPPORTED_PROTOCOL:
        return (
            "fail",
            phrase("protocol-unsupported", broker=where, protocol=chosen.protocol),
            phrase("protocol-unsupported-fix"),
        )
    if seen.code in BAD_NAME:
        return (
            "unknown",
            phrase("login-identifier-refused", broker=where),
            phrase("login-identifier-refused-fix"),
        )
    return (
        "fail",
        phrase("login-refused", broker=where, reason=seen.said),
        phrase("login-refused-fix"),
    )


def _told(seen: Visit, chosen: MqttSettings, where: str) -> tuple[State, str, str]:
    """It let us in: with what?"""
    if not seen.retains:
        return (
            "fail",
            phrase("login-without-retained", broker=where),
            phrase("login-without-retained-fix"),
        )
    if seen.most_qos < 1:
        return (
            "fail",
            phrase("login-qos-0", broker=where),
            phrase("login-qos-0-fix"),
        )
    return _entered(seen, chosen, where)


def _entered(seen: Visit, chosen: MqttSettings, where: str) -> tuple[State, str, str]:
    """It keeps and acknowledges what we send."""
    if seen.missing:
        what = ", ".join(f"{path} ({reason})" for path, reason in seen.missing.items())
        return (
            "warn",
            phrase("login-cannot-subscribe", broker=where, topics=what),
            phrase("login-cannot-subscribe-fix"),
        )
    if not seen.modern and chosen.protocol != "3.1.1":
        return (
            "warn",
            phrase("login-mqtt-3", broker=where),
            phrase("login-mqtt-3-fix"),
        )
    version = "5" if seen.modern else "3.1.1"
    if not chosen.tls:
        fix = "" if chosen.loopback else phrase("login-without-tls-fix")
        words = phrase("login-without-tls", broker=where, version=version)
        return "ok" if chosen.loopback else "warn", words, fix
    return "ok", phrase("login-works", broker=where, version=version), ""
