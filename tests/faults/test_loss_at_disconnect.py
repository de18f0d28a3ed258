"""Field failure 3: the link goes silent without a reset, is slow, is cut.

Events are forgotten only after the acknowledgement.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pole_agent.store.database import Database
from tests.conftest import CLIP, Mosquitto, eventually
from tests.faults.kills import CONFIG, City
from tests.faults.proxy import Proxy


@pytest.mark.timeout(180)
def test_a_silent_link_loses_nothing(
    mosquitto: Mosquitto, agent: Callable[..., Any], bench: Callable[..., Path], tmp_path: Path
) -> None:
    proxy, city = Proxy(mosquitto.port), City(mosquitto.port)

    def last() -> tuple[str, int]:
        database = Database(tmp_path / "state" / "pole.db", 64, str, read_only=True)
        try:
            return database.store_id, int(database.stats()["last_sequence"])
        finally:
            database.close()

    def complete() -> bool:
        store, number = last()
        return city.has(store) >= set(range(1, number + 1))

    try:
        process = agent(
            "run", "--config", str(bench(CONFIG.format(clip=CLIP, port=proxy.port))), "--log-level", "error"
        )
        eventually(lambda: any(city.sequences.values()), 30)
        proxy.delay_s = 0.3
        before, connections = last()[1], proxy.connections
        proxy.silence()
        # An event in flight is not acknowledged: within its time the agent gives the line up, and tries
        # another.
        eventually(lambda: proxy.connections > connections, 30)
        assert last()[1] > before, "meanwhile events are stored"
        proxy.speak()
        proxy.cut()  # the attempt that fell into the silence
        eventually(lambda: len(city.has(last()[0])) > before + 3, 60)
        process.terminate()
        assert process.wait(10) == 0
        # Without a camera nothing new happens: what waits is delivered, to the last number.
        config = bench(CONFIG.format(clip=CLIP, port=proxy.port))
        text = config.read_text()
        config.write_text(text[: text.index("[[camera]]")] + text[text.index("[mqtt]") :])
        agent("run", "--config", str(config), "--log-level", "error")
        eventually(complete, 60, 0.2)
        assert not city.contradictions
    finally:
        city.stop()
        proxy.close()
