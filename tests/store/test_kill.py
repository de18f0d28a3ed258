"""SIGKILL at random moments: what was told as stored is there, numbers have no gap."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from pole_agent.store.database import Database

WRITER = Path(__file__).parent / "writer.py"
ROUNDS = 8


def test_what_was_told_as_stored_survives_a_kill(tmp_path: Path) -> None:
    chance = random.Random(7)
    told = 0
    for _ in range(ROUNDS):
        process = subprocess.Popen(
            [sys.executable, str(WRITER), str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=WRITER.parents[2],
        )
        assert process.stdout is not None
        told = int(process.stdout.readline())  # it works
        time.sleep(chance.uniform(0, 0.25))  # the random moment
        process.kill()
        rest = process.stdout.read().split("\n")
        told = max([told, *(int(line) for line in rest[:-1] if line)])
        process.wait()
        process.stdout.close()
        database = Database(tmp_path / "pole.db", 16, str)
        seqs = [s.seq for s in database.list_events(100_000)]
        assert seqs == list(range(1, len(seqs) + 1)), "consecutive"
        assert len(seqs) >= told, "nothing told is lost"
        database.close()
    assert told > 50
