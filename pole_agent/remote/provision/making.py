"""Make a fleet from its table, add to it, renew, retire. What is there and right stays as it is.

The book is written before a certificate is: none is ever out that the office could not revoke.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pole_agent.errors import ConfigError, Problem
from pole_agent.languages import phrase
from pole_agent.remote.provision import authority, broker, label, locking, sealing, seed, template
from pole_agent.remote.provision.authority import Authority, Public
from pole_agent.remote.provision.book import OPEN, SECRET, Book, Pole, keep, make_folder
from pole_agent.remote.provision.table import Row
from pole_agent.settings import Settings

Ask = Callable[[Path, bool], str]  # the passphrase of a file; True: a new one
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """A pole as the table wants it."""

    row: Row
    text: str
    settings: Settings


@dataclass(slots=True)
class Done:
    """What a run did, by the ids of poles."""

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    renewed: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)  # known, and not in the table any more
    broker: bool = False  # its folder has changed


def plans(
    rows: Sequence[Row], document: dict[str, Any], book: Book, again: Sequence[str]
) -> tuple[list[Plan], list[Problem]]:
    """Each row as pole.toml, and the problems of all of them."""
    found, problems = [], []
    where = template.Broker(book.brokers[0], book.port)
    for row in rows:
        known = book.poles.get(row.id)
        if known and known.retired and row.id not in again:
            problems.append(row.problem("id", phrase("pole-retired", id=row.id)))
        try:
            found.append(Plan(row, *template.pole(document, row, where)))
        except ConfigError as error:
            problems += error.problems
    ids = {row.id for row in rows}
    problems += [Problem(name, phrase("reissue-unknown")) for name in again if name not in ids]
    return found, problems


class Office:
    """A fleet's folder, with the authority opened when something has to be signed."""

    def __init__(self, book: Book, now: datetime, ask: Ask) -> None:
        self.book, self._now, self._ask = book, now, ask
        self._folder = book.folder

    @functools.cached_property
    def authority(self) -> Authority:
        """Made at the first time."""
        place = self._folder / "authority" / "ca.key"
        if place.exists():
            key = locking.unlocked(place.read_bytes(), self._ask(place, False), str(place))
        else:
            key = authority.new_key()
            keep(place, locking.locked(key, self._ask(place, True)), SECRET)
        public = place.with_name("ca.pem")
        if not public.exists():
            keep(public, authority.new_authority(key, self._now), OPEN)
        return Authority(public.read_bytes(), key)

    @property
    def certificate(self) -> bytes:
        """Of the authority; nobody is asked for a passphrase where it is there."""
        place = self._folder / "authority" / "ca.pem"
        return place.read_bytes() if place.exists() else self.authority.certificate

    @property
    def ends(self) -> datetime:
        return authority.ends(self.certificate)

    def make(self, wanted: Sequence[Plan], renew_days: int, again: Sequence[str], progress: Progress) -> Done:
        """All poles of the table, and the broker's folder."""
        done = Done()
        late = self._now + timedelta(days=renew_days)
        for number, plan in enumerate(wanted, 1):
            self._pole(plan, late, again, done)
            progress(plan.row.id, number, len(wanted))
        ids = {plan.row.id for plan in wanted}
        done.absent = [pole.id for pole in self.book.standing() if pole.id not in ids]
        self.book.write()
        done.broker = self.broker(late)
        return done

    def retire(self, names: Sequence[str]) -> None:
        """Nothing that they ever held counts any more."""
        for pole in [self.book.pole(name) for name in names]:
            _revoke(pole)
            pole.retired = True
        self.book.write()
        self.broker(self._now)
        for name in names:
            seed.remove(self._place(name) / seed.FOLDER)

    def _place(self, name: str) -> Path:
        return self._folder / "poles" / name

    def _pole(self, plan: Plan, late: datetime, again: Sequence[str], done: Done) -> None:
        settings, name = plan.settings, plan.row.id
        known = self.book.poles.get(name)
        pole = known or Pole(name, settings.pole.site, settings.prefix)
        pole.site, pole.prefix, pole.name = settings.pole.site, settings.prefix, settings.pole.name
        place = self._place(name)
        carried, shown = place / seed.FOLDER, place / "mqtt-cert.pem"
        renewed = False
        if not pole.certificate or name in again or _half(carried):
            self._issue(pole, carried, shown)
        elif authority.ends(shown.read_bytes()) <= late and self.ends > late:
            pole.former.append(pole.certificate)
            self._certify(pole, authority.public_in(shown.read_bytes()), shown)
            renewed = True
        changed = keep(place / seed.POLE, plan.text.encode(), OPEN)
        changed |= keep(place / "label.html", label.page(settings).encode(), OPEN)
        if carried.is_dir():  # once the card is written, the office may delete it, and the keys with it
            changed |= seed.write(carried, self._seed(plan, carried, shown))
        if known is None:
            done.new.append(name)
        elif renewed:
            done.renewed.append(name)
        elif changed:
            done.changed.append(name)

    def _issue(self, pole: Pole, carried: Path, shown: Path) -> None:
        """Keys of its own, and what it held before counts no more."""
        _revoke(pole)
        pole.retired = False
        key, sealing_key = authority.new_key(), sealing.new_key()
        pole.sealing_key = sealing.public_of(sealing_key)
        seed.remove(carried)
        make_folder(carried)
        self._certify(pole, authority.public_of(key), shown)
        keep(carried / seed.KEY, key, SECRET)
        keep(carried / seed.SEALING, f"{sealing_key}\n".encode(), SECRET)

    def _certify(self, pole: Pole, public: Public, shown: Path) -> None:
        made = self.authority.pole(pole.id, public, self._now)
        pole.certificate, pole.until = authority.serial(made), f"{authority.ends(made):%Y-%m-%d}"
        self.book.poles[pole.id] = pole
        self.book.write()
        keep(shown, made, OPEN)

    def _seed(self, plan: Plan, carried: Path, shown: Path) -> dict[str, bytes]:
        files = {name: (carried / name).read_bytes() for name in (seed.KEY, seed.SEALING)}
        files |= {
            seed.POLE: plan.text.encode(),
            seed.CERTIFICATE: shown.read_bytes(),
            seed.AUTHORITY: self.certificate,
        }
        if password := plan.row.values.get("camera_password"):
            files[seed.CAMERA] = f"{password}\n".encode()
        if self.book.repository:
            files[seed.REMOTE] = seed.remote(self.book.repository)
            files[seed.ROOT] = (self._folder / seed.ROOT).read_bytes()
        return files

    def broker(self, late: datetime) -> bool:
        """The folder for the broker; did anything change? `late`: what ends by then is made anew."""
        folder = self._folder / "broker"
        certificate, key = folder / "broker.pem", folder / "broker.key"
        changed = False
        if not key.exists():
            changed |= keep(key, authority.new_key(), SECRET)
            certificate.unlink(missing_ok=True)
        if not certificate.exists() or self._outdated(certificate.read_bytes(), late):
            public = authority.public_of(key.read_bytes())
            changed |= keep(certificate, self.authority.broker(self.book.brokers, public, self._now), OPEN)
        crl = folder / "crl.pem"
        refused = self.book.refused()
        if not crl.exists() or authority.revoked(crl.read_bytes()) != refused:
            self.book.crl_number += 1
            self.book.write()
            made = self.authority.revocations(refused, self._now, self.book.crl_number)
            changed |= keep(crl, made, OPEN)
        named = [broker.Named(p.id, p.site, p.prefix) for p in self.book.standing()]
        changed |= keep(folder / "acl", broker.rights(named).encode(), SECRET)
        changed |= keep(folder / "mosquitto.conf", broker.lines(self.book.port).encode(), OPEN)
        changed |= keep(folder / "ca.pem", self.certificate, OPEN)
        if not (folder / "passwords").exists():  # of people: mosquitto_passwd writes it
            changed |= keep(folder / "passwords", b"", SECRET)
        return changed

    def _outdated(self, certificate: bytes, late: datetime) -> bool:
        ending = authority.ends(certificate) <= late and self.ends > late
        return ending or sorted(authority.names(certificate)) != sorted(self.book.brokers)


def _half(carried: Path) -> bool:
    """A run was cut off between the book and the keys."""
    return carried.is_dir() and not all((carried / name).exists() for name in (seed.KEY, seed.SEALING))


def _revoke(pole: Pole) -> None:
    if pole.certificate:
        pole.revoked += [pole.certificate, *pole.former]
        pole.certificate, pole.former = "", []
