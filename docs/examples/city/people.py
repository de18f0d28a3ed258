"""Who may look and act: accounts in a file, sessions in memory, and slow answers to guesses."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "accounts.json"
NO_ONE = "-"  # who does what the city does by itself
RIGHTS = {
    "viewer": frozenset({"look"}),
    "officer": frozenset({"look", "act"}),
    "admin": frozenset({"look", "act", "audit"}),
}
LEAST_PASSWORD, MOST_PASSWORD, MOST_NAME = 12, 200, 100
COST = {"n": 1 << 14, "r": 8, "p": 5, "maxmem": 1 << 26, "dklen": 32}  # 16 MB, five passes
IDLE_S, LONGEST_S = 3600.0, 12 * 3600.0
MOST_SESSIONS = 200
FREE, FIRST_S, SLOWEST_S, FORGET_S = 5, 1.0, 60.0, 900.0  # wrong tries


class PeopleError(Exception):
    """The account cannot be made or read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """`salt` and `hash` are hexadecimal."""

    role: str
    salt: str
    hash: str


NOBODY = Account(role="viewer", salt="00" * 16, hash="00" * 32)


def made(role: str, password: str) -> Account:
    """Raises PeopleError."""
    if role not in RIGHTS:
        raise PeopleError(f"role {role!r}: {', '.join(RIGHTS)} are allowed")
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise PeopleError(f"a password has {LEAST_PASSWORD} to {MOST_PASSWORD} characters")
    salt = os.urandom(16)
    return Account(role=role, salt=salt.hex(), hash=_hash(password, salt).hex())


def fits(account: Account | None, password: str) -> bool:
    """Takes as long for an account that there is not."""
    known = account or NOBODY
    same = hmac.compare_digest(
        _hash(password[:MOST_PASSWORD], bytes.fromhex(known.salt)), bytes.fromhex(known.hash)
    )
    return same and account is not None


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode("utf-8", "surrogatepass"), salt=salt, **COST)


def read(folder: Path) -> dict[str, Account]:
    """All accounts by name; none without a file. Raises PeopleError."""
    try:
        document = json.loads((folder / FILE).read_text())
        return {str(name): Account(**fields) for name, fields in document.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise PeopleError(f"{folder / FILE}: {error}") from error


def add(folder: Path, name: str, account: Account) -> None:
    """A new account, or a new password of one. Raises PeopleError."""
    if not 1 <= len(name) <= MOST_NAME or not name.isprintable() or name != name.strip() or name == NO_ONE:
        raise PeopleError(f"a name has 1 to {MOST_NAME} printable characters")
    accounts = read(folder) | {name: account}
    text = json.dumps({n: asdict(a) for n, a in sorted(accounts.items())}, indent=1)
    descriptor, beside = tempfile.mkstemp(dir=folder, prefix=FILE)  # 0600
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    Path(beside).replace(folder / FILE)


@dataclass(slots=True, kw_only=True)
class Session:
    name: str
    salt: str  # a new password ends the sessions of the old one
    csrf: str
    began: float
    used: float


class Sessions:
    """Times are monotonic seconds. A token is kept as its hash only."""

    def __init__(self) -> None:
        self._by_hash: dict[str, Session] = {}

    def begin(self, name: str, account: Account, now: float) -> str:
        self._by_hash = {k: s for k, s in self._by_hash.items() if not _is_over(s, now)}
        while len(self._by_hash) >= MOST_SESSIONS:
            del self._by_hash[min(self._by_hash, key=lambda key: self._by_hash[key].used)]
        token = secrets.token_urlsafe(32)
        self._by_hash[_key(token)] = Session(
            name=name, salt=account.salt, csrf=secrets.token_urlsafe(32), began=now, used=now
        )
        return token

    def of(self, token: str, accounts: Mapping[str, Account], now: float) -> Session | None:
        session = self._by_hash.get(_key(token))
        if session is None:
            return None
        account = accounts.get(session.name)
        if account is None or account.salt != session.salt or _is_over(session, now):
            self.end(token)
            return None
        session.used = now
        return session

    def end(self, token: str) -> None:
        self._by_hash.pop(_key(token), None)


class Tries:
    """Wrong passwords slow the address and the name that they are for; nobody is locked out for good."""

    def __init__(self) -> None:
        self._wrong: dict[str, tuple[int, float]] = {}

    def wait_s(self, key: str, now: float) -> float:
        count, last = self._wrong.get(key, (0, 0.0))
        pause = 0.0 if count < FREE else min(SLOWEST_S, FIRST_S * 2.0 ** min(count - FREE, 10))
        return max(0.0, last + pause - now)

    def wrong(self, key: str, now: float) -> None:
        self._wrong = {k: w for k, w in self._wrong.items() if now - w[1] < FORGET_S}
        if len(self._wrong) < 10_000 or key in self._wrong:
            self._wrong[key] = self._wrong.get(key, (0, 0.0))[0] + 1, now

    def right(self, key: str) -> None:
        self._wrong.pop(key, None)


def _is_over(session: Session, now: float) -> bool:
    return now - session.used > IDLE_S or now - session.began > LONGEST_S


def _key(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
