"""The key of a person or of the office: an Ed25519 key, at rest under a passphrase.

dewi.key    the private key, sealed (remote/passphrase.py)
dewi.pub    the public key, as it stands in the metadata, with the name of the holder
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

from nacl.exceptions import CryptoError
from nacl.signing import SigningKey
from securesystemslib.formats import encode_canonical
from securesystemslib.signer import Signature, Signer

from pole_agent.errors import RemoteError
from pole_agent.languages import phrase
from pole_agent.remote.keys import ED25519, HOLDER, Ed25519Key
from pole_agent.remote.passphrase import Effort, opened, sealed
from pole_agent.settings.reading import decoded

KIND = "pole-agent repository key"
PRIVATE = 0o600
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
PUBLIC_ENDING, KEY_ENDING = ".pub", ".key"
LARGEST = 4096  # bytes of either file


class NaclSigner(Signer):
    """Signs by libsodium. The private key is in memory for as long as this object is."""

    def __init__(self, private: SigningKey, public: Ed25519Key) -> None:
        self._private, self._public = private, public

    @classmethod
    def from_priv_key_uri(cls, priv_key_uri: str, public_key: Any, secrets_handler: Any = None) -> NaclSigner:
        raise NotImplementedError("read_key reads keys")

    @property
    def public_key(self) -> Ed25519Key:
        return self._public

    def sign(self, payload: bytes) -> Signature:
        return Signature(self._public.keyid, self._private.sign(payload).signature.hex())


def new_signer(holder: str) -> NaclSigner:
    """Raises RemoteError for a name that is none."""
    if not NAME.fullmatch(holder):
        raise RemoteError(phrase("key-name-invalid", name=holder))
    return _signer(SigningKey.generate(), holder)


def _signer(private: SigningKey, holder: str) -> NaclSigner:
    keyval = {"public": private.verify_key.encode().hex()}
    public = Ed25519Key(_keyid(keyval), ED25519, ED25519, keyval, {HOLDER: holder})
    return NaclSigner(private, public)


def _keyid(keyval: dict[str, Any]) -> str:
    plain = encode_canonical({"keytype": ED25519, "scheme": ED25519, "keyval": keyval})
    return hashlib.sha256(str(plain).encode()).hexdigest()


def write_key(file: Path, signer: NaclSigner, passphrase: str, effort: Effort | None = None) -> Path:
    """Both files, neither over another; the name of the public one. Raises RemoteError, OSError."""
    private = sealed(bytes(signer._private), passphrase, effort)
    public = file.with_suffix(PUBLIC_ENDING)
    _write_new(file, {"kind": KIND, "holder": signer.public_key.holder, **private}, PRIVATE)
    _write_new(public, signer.public_key.to_dict(), 0o644)
    return public


def read_key(file: Path, passphrase: str) -> NaclSigner:
    """Raises RemoteError."""
    try:
        found = json.loads(_read(file))
        if found["kind"] != KIND:
            raise KeyError("kind")
        return _signer(SigningKey(opened(found, passphrase)), str(found["holder"]))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise RemoteError(phrase("key-unreadable", file=file, error=error)) from error
    except CryptoError as error:
        raise RemoteError(phrase("passphrase-wrong", file=file)) from error


def read_public(file: Path) -> Ed25519Key:
    """Raises RemoteError."""
    try:
        found = json.loads(_read(file))
        key = Ed25519Key.from_dict("", found)
        if (key.keytype, key.scheme) != (ED25519, ED25519) or not NAME.fullmatch(key.holder):
            raise ValueError(f"{key.keytype} {key.holder}")
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise RemoteError(phrase("key-unreadable", file=file, error=error)) from error
    key.keyid = _keyid(key.keyval)
    return key


def _read(file: Path) -> str:
    with file.open("rb") as reading:
        return decoded(reading.read(LARGEST))


def _write_new(file: Path, content: dict[str, Any], mode: int) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as writing:
        writing.write(json.dumps(content, indent=1) + "\n")
        writing.flush()
        os.fsync(writing.fileno())
