"""A secret that only one pole can open: X25519 and a sealed box of libsodium.

Whose secret it is, and which, stands inside the seal: what was sealed as a camera's password is not taken as
another's. Anybody can seal; who sent it is shown by the signature of what carries it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from pole_agent.errors import RemoteError
from pole_agent.languages import phrase

NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")  # of a file among the pole's credentials
MAX_SECRET = 1 << 16  # bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """What was in the seal."""

    pole: str
    name: str
    secret: bytes = field(repr=False)


def new_key() -> str:
    """A private key, in hexadecimal, as it stands in the pole's file."""
    return bytes(PrivateKey.generate()).hex()


def public_of(private_key: str) -> str:
    """Raises RemoteError."""
    return bytes(_private(private_key).public_key).hex()


def sealed(public_key: str, pole: str, name: str, secret: bytes) -> bytes:
    """Raises RemoteError for a key that is none, and for a secret that is too long."""
    if len(secret) > MAX_SECRET:
        raise RemoteError(phrase("secret-too-long", most=MAX_SECRET))
    head = json.dumps({"pole": pole, "name": name}).encode()
    try:
        return bytes(SealedBox(PublicKey(bytes.fromhex(public_key))).encrypt(head + b"\n" + secret))
    except (CryptoError, ValueError, TypeError) as error:
        raise RemoteError(phrase("seal-key-invalid")) from error


def opened(private_key: str, blob: bytes) -> Opened:
    """Raises RemoteError for what was not sealed to this key, or was changed since."""
    key = _private(private_key)
    try:
        head, line, secret = bytes(SealedBox(key).decrypt(blob)).partition(b"\n")
        said = json.loads(head)
        if not line:
            raise ValueError("no head")
        return Opened(str(said["pole"]), str(said["name"]), secret)
    except (CryptoError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise RemoteError(phrase("seal-not-ours")) from error


def _private(key: str) -> PrivateKey:
    try:
        return PrivateKey(bytes.fromhex(key.strip()))
    except (CryptoError, ValueError, TypeError) as error:
        raise RemoteError(phrase("seal-key-invalid")) from error
