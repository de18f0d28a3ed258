"""Secrets of the office at rest, under a passphrase: Argon2id, XSalsa20-Poly1305, both by libsodium.

Not the encryption of PKCS #8: its 2048 rounds of PBKDF2 are guessed through by one graphics card.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nacl import pwhash, secret

from pole_agent.errors import RemoteError
from pole_agent.languages import phrase

SHORTEST = 12  # characters of a passphrase
Argon = pwhash.argon2id


@dataclass(frozen=True, slots=True)
class Effort:
    """What a guess of the passphrase costs. It stands in the file, so that it may grow."""

    rounds: int = Argon.OPSLIMIT_MODERATE
    memory: int = Argon.MEMLIMIT_MODERATE  # bytes


def sealed(blob: bytes, passphrase: str, effort: Effort | None = None) -> dict[str, Any]:
    """The keys of a JSON object. Raises RemoteError for a passphrase that is too short."""
    if len(passphrase) < SHORTEST:
        raise RemoteError(phrase("passphrase-too-short", least=SHORTEST))
    effort, salt = effort or Effort(), os.urandom(Argon.SALTBYTES)
    box = secret.SecretBox(_stretched(passphrase, salt, effort))
    return {
        "argon2id": {"salt": _text(salt), "rounds": effort.rounds, "memory": effort.memory},
        "sealed": _text(bytes(box.encrypt(blob))),
    }


def opened(found: Mapping[str, Any], passphrase: str) -> bytes:
    """What is in such an object. Raises CryptoError for another passphrase; KeyError, TypeError or ValueError
    for an object that is none.
    """
    argon = found["argon2id"]
    effort = Effort(int(argon["rounds"]), int(argon["memory"]))
    box = secret.SecretBox(_stretched(passphrase, base64.b64decode(argon["salt"]), effort))
    return bytes(box.decrypt(base64.b64decode(found["sealed"])))


def _stretched(passphrase: str, salt: bytes, effort: Effort) -> bytes:
    if effort.memory > 4 * Argon.MEMLIMIT_MODERATE or effort.rounds > 4 * Argon.OPSLIMIT_MODERATE:
        raise ValueError("argon2id asks for too much")
    return bytes(
        Argon.kdf(
            secret.SecretBox.KEY_SIZE,
            passphrase.encode(),
            salt,
            opslimit=effort.rounds,
            memlimit=effort.memory,
        )
    )


def _text(blob: bytes) -> str:
    return base64.b64encode(blob).decode()
