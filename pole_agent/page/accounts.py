"""The accounts of the page: a small file in the state directory, readable by its owner only."""

from __future__ import annotations

import hmac
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pole_agent.errors import PoleAgentError
from pole_agent.languages import phrase
from pole_agent.page.rights import ROLES
from pole_agent.replacing import replace_file
from pole_agent.settings.reading import text_file

FILE = "page-accounts.json"
MODE = 0o600
MAX_BYTES = 1 << 18
MAX_ACCOUNTS = 200
NAME = re.compile(r"[^\x00-\x20\x7f](?:[^\x00-\x1f\x7f]{0,98}[^\x00-\x20\x7f])?")  # as officers are named
LEAST_PASSWORD, MOST_PASSWORD = 12, 200  # characters
# scrypt (RFC 7914) as OWASP's password sheet has it for little memory: 128 * n * r = 16 MB, five passes
COST = {"n": 1 << 14, "r": 8, "p": 5}
SALT_BYTES, HASH_BYTES = 16, 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """`salt` and `hash` are hexadecimal. A new password is a new salt, which ends the account's sessions."""

    role: str
    salt: str
    hash: str


NOBODY = Account(role="viewer", salt="00" * SALT_BYTES, hash="00" * HASH_BYTES)


def read(folder: Path) -> dict[str, Account]:
    """All accounts by name. Raises PoleAgentError for a file that cannot be used."""
    file = folder / FILE
    try:
        document = json.loads(text_file(file, MAX_BYTES))
        found = {str(name): Account(**fields) for name, fields in document.items()}
        if any(a.role not in ROLES or not _hexadecimal(a.salt, a.hash) for a in found.values()):
            raise ValueError(phrase("accounts-damaged"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise PoleAgentError(phrase("at-key", key=file, problem=error)) from error
    return found


def _hexadecimal(*words: object) -> bool:
    """JSON may have numbers there, and a sum of numbers may be too large. Raises ValueError."""
    return all(isinstance(word, str) and bytes.fromhex(word) for word in words)


def write(folder: Path, accounts: Mapping[str, Account]) -> None:
    """Raises PoleAgentError."""
    document = {name: asdict(account) for name, account in sorted(accounts.items())}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(folder / FILE, (json.dumps(document, indent=1) + "\n").encode(), MODE)
    except OSError as error:
        raise PoleAgentError(phrase("at-key", key=folder / FILE, problem=error.strerror)) from error


def made(role: str, password: str) -> Account:
    """Raises PoleAgentError for a password that is too short, or too long."""
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise PoleAgentError(phrase("password-length", least=LEAST_PASSWORD, most=MOST_PASSWORD))
    salt = os.urandom(SALT_BYTES)
    return Account(role=role, salt=salt.hex(), hash=_hash(password, salt).hex())


def fits(account: Account | None, password: str) -> bool:
    """Is this its password? Takes as long for an account that there is not."""
    known = account or NOBODY
    same = hmac.compare_digest(
        _hash(password[:MOST_PASSWORD], bytes.fromhex(known.salt)), bytes.fromhex(known.hash)
    )
    return same and account is not None


def _hash(password: str, salt: bytes) -> bytes:
    """The same bytes as hashlib.scrypt. That of OpenSSL leaves its 16 MB in the heap of each thread."""
    from nacl.bindings import crypto_pwhash_scryptsalsa208sha256_ll as scrypt

    hashed: bytes = scrypt(
        password.encode("utf-8", "surrogatepass"), salt, **COST, dklen=HASH_BYTES, maxmem=1 << 26
    )
    return hashed
