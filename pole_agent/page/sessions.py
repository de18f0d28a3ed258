"""Who is logged in. Sessions live in memory: they outlast a reload, and end with the process."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from pole_agent.page.accounts import Account

IDLE_S = 30 * 60.0  # without a request; the stream of a page that is open counts as one
LONGEST_S = 12 * 3600.0
MOST, MOST_OF_ONE = 200, 20
TOKEN_BYTES = 32


@dataclass(slots=True, kw_only=True)
class Session:
    """`salt` is that of the account at the login: another one ends the session."""

    name: str
    salt: str
    csrf: str  # has to come back with every change
    began: float
    used: float


class Sessions:
    """Times are monotonic seconds. A token is kept as its hash only."""

    def __init__(self) -> None:
        self._by_hash: dict[str, Session] = {}
        self._browsers: dict[str, str] = {}  # the account that has logged in there, by the hash of its token
        self.open_csrf = secrets.token_urlsafe(TOKEN_BYTES)  # where there is no login

    def begin(self, name: str, account: Account, now: float) -> tuple[str, Session]:
        """The token of a new session, and the session. The one that was not used longest goes for it: of the
        same account, when that has many.
        """
        self._end_old(now)
        self._make_room([key for key, s in self._by_hash.items() if s.name == name], MOST_OF_ONE)
        self._make_room(list(self._by_hash), MOST)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        session = Session(
            name=name, salt=account.salt, csrf=secrets.token_urlsafe(TOKEN_BYTES), began=now, used=now
        )
        self._by_hash[_key(token)] = session
        return token, session

    def of(self, token: str, accounts: Mapping[str, Account], now: float) -> Session | None:
        """The session of this token, used now; None where there is none any more."""
        session = self._by_hash.get(_key(token))
        if session is None:
            return None
        account = accounts.get(session.name)
        if account is None or account.salt != session.salt or _is_over(session, now):
            self.end(token)
            return None
        session.used = now
        return session

    def know(self, name: str) -> str:
        """A token for the browser in which this account has logged in."""
        while len(self._browsers) >= MOST:
            del self._browsers[next(iter(self._browsers))]
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self._browsers[_key(token)] = name
        return token

    def knows(self, token: str, name: str) -> bool:
        return self._browsers.get(_key(token)) == name

    def _make_room(self, keys: list[str], most: int) -> None:
        if len(keys) >= most:
            del self._by_hash[min(keys, key=lambda key: self._by_hash[key].used)]

    def end(self, token: str) -> None:
        self._by_hash.pop(_key(token), None)

    def _end_old(self, now: float) -> None:
        self._by_hash = {key: s for key, s in self._by_hash.items() if not _is_over(s, now)}


def _is_over(session: Session, now: float) -> bool:
    return now - session.used > IDLE_S or now - session.began > LONGEST_S


def _key(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
