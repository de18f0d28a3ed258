"""The file of the authority's private key, under a passphrase."""

from __future__ import annotations

import json

from nacl.exceptions import CryptoError

from pole_agent.errors import RemoteError
from pole_agent.languages import phrase
from pole_agent.remote.passphrase import opened, sealed

KIND = "pole-agent fleet authority"


def locked(blob: bytes, passphrase: str) -> bytes:
    """Raises RemoteError for a passphrase that is too short."""
    return json.dumps({"kind": KIND, **sealed(blob, passphrase)}, indent=1).encode() + b"\n"


def unlocked(file: bytes, passphrase: str, where: str) -> bytes:
    """Raises RemoteError."""
    try:
        found = json.loads(file)
        if found["kind"] != KIND:
            raise ValueError(found["kind"])
        return opened(found, passphrase)
    except (CryptoError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise RemoteError(phrase("passphrase-wrong", file=where)) from error
