"""Ed25519 is the only signature that a pole knows; libsodium (PyNaCl) checks it.

securesystemslib would take RSA, ECDSA and others too, by `cryptography`, or check Ed25519 by Python alone
where that is missing. A pole has PyNaCl already, and what it does not know cannot be tried on it.
"""

from __future__ import annotations

from typing import Any

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey
from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
from securesystemslib.signer import KEY_FOR_TYPE_AND_SCHEME, Key, Signature

ED25519 = "ed25519"
KEY_BYTES = 32
HOLDER = "x-pole-agent-holder"  # whose key it is, for people: nothing is decided by it


class Ed25519Key(Key):
    """A public key, as it stands in the metadata."""

    @classmethod
    def from_dict(cls, keyid: str, key_dict: dict[str, Any]) -> Ed25519Key:
        keytype, scheme, keyval = cls._from_dict(key_dict)
        if len(bytes.fromhex(keyval["public"])) != KEY_BYTES:
            raise ValueError("a public key has 32 bytes")
        return cls(keyid, keytype, scheme, keyval, key_dict)

    def to_dict(self) -> dict[str, Any]:
        return self._to_dict()

    @property
    def holder(self) -> str:
        return str(self.unrecognized_fields.get(HOLDER) or self.keyid[:8])

    def verify_signature(self, signature: Signature, data: bytes) -> None:
        try:
            given = bytes.fromhex(signature.signature)
            VerifyKey(bytes.fromhex(self.keyval["public"])).verify(data, given)
        except BadSignatureError as error:
            raise UnverifiedSignatureError(f"signature of {self.holder}") from error
        except (ValueError, TypeError) as error:  # not hexadecimal, or of another length
            raise VerificationError(f"signature of {self.holder}: {error}") from error


def only_ed25519() -> None:
    """From now on this process knows no other kind of key."""
    KEY_FOR_TYPE_AND_SCHEME.clear()
    KEY_FOR_TYPE_AND_SCHEME[ED25519, ED25519] = Ed25519Key
