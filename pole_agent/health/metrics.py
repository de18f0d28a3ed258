"""The payload of ``health`` as Prometheus text (exposition format 0.0.4). Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Labels = Mapping[str, str]


def text(health: Mapping[str, Any], version: str) -> str:
    """One family of samples after the other. What is unknown is left out, as Prometheus expects."""
    lines = []
    for name, kind, help_text, samples in _families(health, version):
        known = [(labels, value) for labels, value in samples if value is not None]
        if known:
            full = f"pole_agent_{name}"
            lines += [f"# HELP {full} {help_text}", f"# TYPE {full} {kind}"]
            lines += [f"{full}{_labelled(labels)} {_number(value)}" for labels, value in known]
    return "\n".join(lines) + "\n"


def _labelled(labels: Labels) -> str:
    # JSON escapes what the format wants escaped: backslash, quote and line feed.
    return (
        "{" + ",".join(f"{k}={json.dumps(v, ensure_ascii=False)}" for k, v in labels.items()) + "}"
        if labels
        else ""
    )


def _number(value: float | bool) -> str:
    return repr(float(value)) if isinstance(value, float) else str(int(value))


def _scaled(value: float | None, by: float) -> float | None:
    return None if value is None else value * by


Family = tuple[str, str, str, Sequence[tuple[Labels, Any]]]


def _families(health: Mapping[str, Any], version: str) -> Iterator[Family]:
    yield "info", "gauge", "Version of the agent.", [({"version": version}, 1)]
    yield _one("uptime_seconds", "gauge", "Monotonic time since boot.", health["uptime_s"])
    yield _one(
        "clock_trusted", "gauge", "1 when a time server has set the clock.", health["clock"]["trusted"]
    )
    yield from _of_parts(health["parts"])
    yield from _of_store(health["outbox"] or {}, health["sent"])
    judged = [
        ({"rule": r, "verdict": v}, counts[v])
        for r, counts in (health.get("rules") or {}).items()
        for v in ("true", "false")
    ]
    yield "verdicts", "gauge", "What people said of a rule's incidents, among the last ones judged.", judged
    yield _one("temperature_celsius", "gauge", "Temperature of the processor.", health["temperature_c"])
    yield _one("throttled", "gauge", "1 when the processor is slowed down.", health["throttled"])
    yield _one("load_1min", "gauge", "Load average.", health["load_1min"])
    memory = _scaled(health["memory_mb"], 1048576.0)
    yield _one("memory_bytes", "gauge", "Resident memory of the agent.", memory)
    if link := health["link"]:
        yield from _of_link(link)
    free = _scaled(health["disk_free_mb"], 1e6)
    yield _one("disk_free_bytes", "gauge", "Free space where the store lies.", free)


def _one(name: str, kind: str, words: str, value: Any, labels: Labels | None = None) -> Family:
    """A family of a single sample."""
    return name, kind, words, [(labels or {}, value)]


def _of_parts(parts: Mapping[str, Mapping[str, Any]]) -> Iterator[Family]:
    works = [({"part": name}, part["state"] == "ok") for name, part in parts.items()]
    yield "part_ok", "gauge", "1 when this part works.", works
    numbers = [
        ({"part": name, "key": key}, value)
        for name, part in parts.items()
        for key, value in part.items()
        if isinstance(value, int | float)
    ]
    yield "part_number", "gauge", "Numbers that a part reports of itself.", numbers


def _of_store(outbox: Mapping[str, Any], sent: Mapping[str, Any]) -> Iterator[Family]:
    waiting = outbox.get("waiting")
    if waiting is not None:
        samples = [({"severity": s}, waiting.get(s, 0)) for s in ("info", "warning", "alarm")]
        yield "outbox_waiting", "gauge", "Events that wait for the broker.", samples
    last, dropped = outbox.get("last_sequence"), outbox.get("dropped")
    yield _one("outbox_sequence", "counter", "The last sequence number of the store.", last)
    yield _one("outbox_dropped_total", "counter", "Events that were dropped, each counted and told.", dropped)
    used, most = _scaled(outbox.get("used_mb"), 1e6), _scaled(outbox.get("max_mb"), 1e6)
    yield _one("outbox_used_bytes", "gauge", "Space in use in the store.", used)
    yield _one("outbox_max_bytes", "gauge", "The store's cap.", most)
    by_type = [({"type": kind}, n) for kind, n in sent.get("bytes", {}).items()]
    yield "sent_bytes_total", "counter", "Payload and topic of what the broker took.", by_type
    by_type = [({"type": kind}, n) for kind, n in sent.get("events", {}).items()]
    yield "sent_messages_total", "counter", "Messages that the broker took.", by_type


def _of_link(link: Mapping[str, Any]) -> Iterator[Family]:
    by = {"interface": link["interface"]}
    traffic, errors = (
        "All traffic of the interface since boot.",
        "Packets with errors, and dropped ones, since boot.",
    )
    received, sent = _scaled(link["received_mb"], 1e6), _scaled(link["sent_mb"], 1e6)
    yield _one("link_carrier", "gauge", "1 when the way out has a carrier.", link["carrier"], by)
    yield _one("link_signal_dbm", "gauge", "Signal of the Wi-Fi.", link["signal_dbm"], by)
    yield _one("link_received_bytes_total", "counter", traffic, received, by)
    yield _one("link_sent_bytes_total", "counter", traffic, sent, by)
    yield _one("link_errors_total", "counter", errors, link["errors"], by)
