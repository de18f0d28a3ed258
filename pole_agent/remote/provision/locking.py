"""The authority's private key at rest: Argon2id of a passphrase, XSalsa20-Poly1305.

Not the encryption of PKCS #8: its 2048 rounds of PBKDF2 are guessed through by one graphics card.
"""

from __future__ import annotations

import base64
import json
import os

from nacl import pwhash, secret
from nacl.exceptions import CryptoError

from pole_agent.errors import RemoteError
from pole_agent.languages import phrase

KIND = "pole-agent fleet authority"
SHORTEST = 12  # characters of a passphrase
Argon = pwhash.argon2id


def locked(blob: bytes, passphrase: str) -> bytes:
    """Raises RemoteError for a passphrase that is too short."""
    if len(passphrase) < SHORTEST:
        raise RemoteError(phrase("passphrase-too-short", least=SHORTEST))
    salt = os.urandom(Argon.SALTBYTES)
    box = secret.SecretBox(_stretched(passphrase, salt))
    file = {"kind": KIND, "argon2id": _text(salt), "sealed": _text(bytes(box.encrypt(blob)))}
    return json.dumps(file, indent=1).encode() + b"\n"


def unlocked(file: bytes, passphrase: str, where: str) -> bytes:
    """Raises RemoteError."""
    try:
        found = json.loads(file)
        if found["kind"] != KIND:
            raise ValueError(found["kind"])
        box = secret.SecretBox(_stretched(passphrase, base64.b64decode(found["argon2id"])))
        return bytes(box.decrypt(base64.b64decode(found["sealed"])))
    except (CryptoError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise RemoteError(phrase("passphrase-wrong", file=where)) from error


def _stretched(passphrase: str, salt: bytes) -> bytes:
    return bytes(
        Argon.kdf(
            secret.SecretBox.KEY_SIZE,
            passphrase.encode(),
            salt,
            opslimit=Argon.OPSLIMIT_MODERATE,
            memlimit=Argon.MEMLIMIT_MODERATE,
        )
    )


def _text(blob: bytes) -> str:
    return base64.b64encode(blob).decode()
