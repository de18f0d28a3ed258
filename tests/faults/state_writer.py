"""Writes every state file of the agent twice, the old one and the new one: what
test_a_power_cut_at_any_call.py looks at.

A folder that is made says in the trace that a write has returned.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from pole_agent.camera.reference import Reference
from pole_agent.health import clock_memory
from pole_agent.settings.load import keep_last_good, load
from pole_agent.store import witness
from pole_agent.store.database import Database
from pole_agent.store.witness import Witness


def main(folder: Path) -> None:
    loaded = load(folder / "pole.toml")
    database = Database(folder / "pole.db", 16, lambda: "id")
    witness_file = folder / witness.FILE_NAME
    for number, name in enumerate(("old", "new")):
        witness.write(witness_file, Witness("a" * 16, number))
        (folder / f"witness-{name}").mkdir()
        keep_last_good(replace(loaded, text=f"{loaded.text}\n# {name}\n"))
        (folder / f"last-good-{name}").mkdir()
        clock_memory.save(folder, replace(clock_memory.load(folder), boot_id=name))
        (folder / f"clock-{name}").mkdir()
        reference = Reference(None, folder / "picture.json", name)
        reference._keep(folder / "picture.json", (640, 480 + number))
        (folder / f"picture-{name}").mkdir()
        with database.transaction():
            database.set("word", name)
        (folder / f"database-{name}").mkdir()
    database.close()


main(Path(sys.argv[1]))
