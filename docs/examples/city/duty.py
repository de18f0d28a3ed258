"""The desk at work: looks into the database each second, makes cases, calls people, carries
verdicts, and each hour ends what is no longer to be kept."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from city import desk
from city import store as tables
from city.desk import OUTAGE, Alarm, Case
from city.orders import Orders
from city.reading import rfc3339, wall_of
from city.retention import purge
from city.settings import Settings
from city.shown import text
from city.store import Database, StoreError
from city.view import View

log = logging.getLogger("city.duty")
TICK_S = 1.0
OVERLAP_S = 60.0  # what a transaction may take between its time and its commit
DAY_S = 86_400.0
COMMAND_S = 30.0
VERDICTS_S, PURGE_S = 30.0, 3600.0
UNDECIDED = ("requested", "blocked", "pending_approval")
SHARE, FEW = 0.1, 3  # from so much of the fleet on an outage is an alarm


class Duty:
    """`view` is brought up to date here. `one` is held while cases change."""

    def __init__(
        self,
        db: Database,
        view: View,
        settings: Settings,
        orders: Orders,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._db, self._view, self._settings, self._orders, self._wall = db, view, settings, orders, wall
        self.one = asyncio.Lock()
        self._since: float | None = None
        self._verdicts_at = self._purged_at = float("-inf")
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """For ever; what fails is tried again, and the board says meanwhile that it is blind."""
        while True:
            try:
                await self.tick()
            except StoreError as error:
                log.warning("the database has failed: %s", error)
            except Exception:
                log.exception("the desk has failed")
            await asyncio.sleep(TICK_S)

    async def tick(self) -> None:
        """Raises StoreError."""
        now, view = self._wall(), self._view
        if self._since is None:
            await view.load_cases(now)
        await view.refresh(now)
        async with self.one:
            changed = {c.id: c for c in desk.heard(view.cases.values(), await self._alarms(now))}
            for case in [*view.cases.values(), *changed.values()]:
                case = await self._settled(changed.get(case.id, case), now)
                if case is not view.cases.get(case.id):
                    changed[case.id] = case
            await self.keep(changed.values())
            await self._escalate(now)
        self._forget(now)
        if now - self._purged_at >= PURGE_S:
            await purge(self._db, self._settings.days, now)
            self._purged_at = now
        self._since = view.ticked = now
        if now - self._verdicts_at >= VERDICTS_S:
            self._verdicts_at = now
            self._start(self._carry_verdicts())

    async def keep(self, cases: Any) -> None:
        """Store cases, then show them. Raises StoreError."""
        found: list[Case] = list(cases)
        await self._db.many(
            "INSERT INTO cases (id, opened_at, done, document) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO"
            " UPDATE SET opened_at = excluded.opened_at, done = excluded.done, document = excluded.document",
            [
                (c.id, rfc3339(c.opened_at), int(bool(c.done_by)), tables.json_text(desk.dump(c)))
                for c in found
            ],
        )
        self._view.cases.update({case.id: case for case in found})

    async def _alarms(self, now: float) -> list[Alarm]:
        since = now - DAY_S if self._since is None else self._since - OVERLAP_S
        rows = await self._db.fetch(
            "SELECT * FROM incidents WHERE severity = 'alarm' AND came >= $1 ORDER BY came", rfc3339(since)
        )
        asked = await self._db.fetch("SELECT * FROM requests WHERE state = 'pending_approval'")
        requests = [_request(row) for row in asked if not _is_over(row, now)]
        return [*(_incident(row) for row in rows), *requests, *self._outages(now)]

    def _outages(self, now: float) -> list[Alarm]:
        out = self._unheard(now)
        mass = len(out) >= max(FEW, SHARE * len(self._view.words))
        return [
            Alarm(key=OUTAGE, kind=OUTAGE, member=source, at=now, severity="alarm" if mass else "warning")
            for source in out
        ]

    def _unheard(self, now: float) -> list[str]:
        """Poles that are not there, and did not say that they stop. While we do not hear: none."""
        if not self._view.ear.hears(now):
            return []
        found = []
        for source, state in self._view.presence(now).items():
            said = self._view.words[source].get("status")
            stopped = said is not None and said.document.get("reason") == "stopped"
            if state == "silent" or (state == "offline" and not stopped):
                found.append(source)
        return found

    async def _settled(self, case: Case, now: float) -> Case:
        """The case without what is over."""
        if case.done_by:
            return case
        if case.kind == OUTAGE:
            if not self._view.ear.hears(now):
                return case
            return desk.over(case, set(case.members) - set(self._unheard(now)), now)
        if case.kind == "request":
            rows = await self._db.fetch(
                "SELECT * FROM requests WHERE source = $1 AND request_id = $2", *case.members[0].split(" ", 1)
            )
            return case if rows and not _is_over(rows[0], now) else desk.over(case, case.members, now)
        if case.ended_at is not None:
            return case
        for member in reversed(case.members):
            rows = await self._db.fetch(
                "SELECT closed_at FROM incidents WHERE source = $1 AND incident_id = $2",
                *member.split(" ", 1),
            )
            if rows and rows[0]["closed_at"] is None:
                return case
        return desk.over(case, case.members, now)

    async def _escalate(self, now: float) -> None:
        """Called first, then kept: a kill between the two calls twice, never not at all."""
        for case in list(self._view.cases.values()):
            level = desk.due(case, now, self._settings.escalate_s)
            if level == case.level:
                continue
            if case.level < desk.COMMAND <= level and self._settings.command:
                self._start(self._run_command(case))
            await self.audit("-", "second" if level < desk.COMMAND else "command", case.id)
            await self.keep([desk.at_level(case, level)])

    async def _run_command(self, case: Case) -> None:
        """The configured program with the configured arguments, without a shell; the case on its input."""
        labels = case.facts.get("notify", ())
        contacts = {
            label: self._settings.contacts[label] for label in labels if label in self._settings.contacts
        }
        told = tables.json_text({"case": desk.dump(case), "contacts": contacts}).encode()
        process = None
        try:
            process = await asyncio.create_subprocess_exec(
                *self._settings.command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
            async with asyncio.timeout(COMMAND_S):
                await process.communicate(told)
            said = f"exit code {process.returncode}"
        except (OSError, TimeoutError) as error:
            said = str(error) or "it did not end"
        finally:
            if process is not None and process.returncode is None:
                process.kill()
                await process.wait()
        log.info("escalated %s: %s", case.id, said)
        await self.audit("-", f"command: {said}"[:200], case.id)

    async def audit(self, who: str, what: str, about: str) -> None:
        """Raises StoreError."""
        row = secrets.token_hex(8), rfc3339(self._wall()), who[:100], what[:200], about[:500]
        await self._db.many("INSERT INTO audit (id, at, who, what, about) VALUES ($1, $2, $3, $4, $5)", [row])

    async def judge(self, case: Case, verdict: str, by: str) -> None:
        """Keep what an officer said of these incidents; the poles hear it as soon as they can."""
        at = rfc3339(self._wall())
        rows = [(*member.split(" ", 1), verdict, by, at) for member in case.members]
        await self._db.many(
            "INSERT INTO verdicts (source, incident_id, verdict, who, at, answered)"
            " VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT (source, incident_id) DO UPDATE"
            " SET verdict = excluded.verdict, who = excluded.who, at = excluded.at, answered = 0",
            rows,
        )
        self._verdicts_at = float("-inf")

    async def _carry_verdicts(self) -> None:
        """Those that no pole has answered. 1: taken, 2: refused; after 72 hours it is too late."""
        rows = await self._db.fetch(
            "SELECT * FROM verdicts WHERE answered = 0 AND at > $1 ORDER BY at LIMIT 200",
            rfc3339(self._wall() - 3 * DAY_S),
        )
        for row in rows:
            said = {"incident_id": row["incident_id"], "verdict": row["verdict"], "by": row["who"]}
            answer = await self._orders.send(row["source"], "incident/feedback", said)
            if answer is not None:
                await self._db.many(
                    "UPDATE verdicts SET answered = $1 WHERE source = $2 AND incident_id = $3 AND at = $4",
                    [(1 if answer.get("ok") is True else 2, row["source"], row["incident_id"], row["at"])],
                )

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(_quietly(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def _forget(self, now: float) -> None:
        """What was done a day ago leaves the memory; the table keeps it."""
        cases = self._view.cases
        for case in [c for c in cases.values() if c.done_at is not None and now - c.done_at > DAY_S]:
            del cases[case.id]


async def _quietly(work: Any) -> None:
    try:
        await work
    except StoreError as error:
        log.warning("the database has failed: %s", error)


def _incident(row: Mapping[str, Any]) -> Alarm:
    came, opened = wall_of(row["came"]), row["opened_at"]
    late = opened is not None and row["quality"] != "unsynced" and came - wall_of(opened) > desk.LATE_S
    names = "source", "rule", "kind", "camera", "place", "class", "opened_at"
    facts = {name: row[name] for name in names}
    facts |= {"notify": json.loads(row["notify"]), "simulation": bool(row["simulation"])}
    key = f"incident {row['source']} {row['rule']} {row['camera']} {row['place']}"
    member = f"{row['source']} {row['incident_id']}"
    return Alarm(key=key, kind="incident", member=member, severity="alarm", at=came, late=late, facts=facts)


def _request(row: Mapping[str, Any]) -> Alarm:
    document = json.loads(row["document"])
    facts = {"source": row["source"], "rule": text(document.get("rule")), "request_id": row["request_id"]}
    facts["simulation"] = bool(row["simulation"])
    member = f"{row['source']} {row['request_id']}"
    at = wall_of(row["came"])
    return Alarm(key=f"request {member}", kind="request", member=member, severity="alarm", at=at, facts=facts)


def _is_over(row: Mapping[str, Any], now: float) -> bool:
    """Nobody can decide it any more."""
    if row["state"] not in UNDECIDED:
        return True
    try:
        return wall_of(json.loads(row["document"])["expires_at"]) < now
    except (KeyError, TypeError, ValueError, AttributeError):
        return False
