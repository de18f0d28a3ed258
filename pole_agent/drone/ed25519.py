"""Ed25519 signatures by libsodium (PyNaCl).

Imported only where officers are configured: it takes 4 MB of memory.
"""

from __future__ import annotations

import base64

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey


def verify(public_key: str, signature: bytes, text: bytes) -> bool:
    """Is it the signature (64 bytes) of the owner of this key (32 bytes in base64) over this text?"""
    try:
        VerifyKey(base64.b64decode(public_key)).verify(text, signature)
    except (BadSignatureError, ValueError):
        return False
    return True


def new_key() -> str:
    """A private key: 32 random bytes in base64."""
    return base64.b64encode(bytes(SigningKey.generate())).decode()


def public_key_of(private_key: str) -> str:
    """Raises ValueError for what is no private key."""
    return base64.b64encode(bytes(_signing_key(private_key).verify_key)).decode()


def sign(private_key: str, text: bytes) -> str:
    """The signature in base64. Raises ValueError for what is no private key."""
    return base64.b64encode(_signing_key(private_key).sign(text).signature).decode()


def _signing_key(private_key: str) -> SigningKey:
    return SigningKey(base64.b64decode(private_key.strip(), validate=True))
