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


def _families(
    health: Mapping[str, Any], version: str
) -> Iterator[tuple[str, str, str, Sequence[tuple[Labels, Any]]]]:
    outbox, sent, parts = health["outbox"] or {}, health["sent"], health["parts"]
    yield "info", "gauge", "Version of the agent.", [({"version": version}, 1)]
    yield "uptime_seconds", "gauge", "Monotonic time since boot.", [({}, health["uptime_s"])]
    yield (
        "clock_trusted",
        "gauge",
        "1 when a time server has set the clock.",
        [({}, health["clock"]["trusted"])],
    )
    yield (
        "part_ok",
        "gauge",
        "1 when this part works.",
        [({"part": n}, p["state"] == "ok") for n, p in parts.items()],
    )
    numbers = [
        ({"part": name, "key": key}, value)
        for name, part in parts.items()
        for key, value in part.items()
        if isinstance(value, int | float)
    ]
    yield "part_number", "gauge", "Numbers that a part reports of itself.", numbers
    waiting = outbox.get("waiting")
    if waiting is not None:
        samples = [({"severity": s}, waiting.get(s, 0)) for s in ("info", "warning", "alarm")]
        yield "outbox_waiting", "gauge", "Events that wait for the broker.", samples
    yield (
        "outbox_sequence",
        "counter",
        "The last sequence number of the store.",
        [({}, outbox.get("last_sequence"))],
    )
    yield (
        "outbox_dropped_total",
        "counter",
        "Events that were dropped, each counted and told.",
        [({}, outbox.get("dropped"))],
    )
    yield (
        "outbox_used_bytes",
        "gauge",
        "Space in use in the store.",
        [({}, _scaled(outbox.get("used_mb"), 1e6))],
    )
    yield "outbox_max_bytes", "gauge", "The store's cap.", [({}, _scaled(outbox.get("max_mb"), 1e6))]
    yield (
        "sent_bytes_total",
        "counter",
        "Payload and topic of what the broker took.",
        [({"type": k}, n) for k, n in sent.get("bytes", {}).items()],
    )
    yield (
        "sent_messages_total",
        "counter",
        "Messages that the broker took.",
        [({"type": k}, n) for k, n in sent.get("events", {}).items()],
    )
    judged = [
        ({"rule": r, "verdict": v}, counts[v])
        for r, counts in (health.get("rules") or {}).items()
        for v in ("true", "false")
    ]
    yield "verdicts", "gauge", "What people said of a rule's incidents, among the last ones judged.", judged
    yield "temperature_celsius", "gauge", "Temperature of the processor.", [({}, health["temperature_c"])]
    yield "throttled", "gauge", "1 when the processor is slowed down.", [({}, health["throttled"])]
    yield "load_1min", "gauge", "Load average.", [({}, health["load_1min"])]
    yield (
        "memory_bytes",
        "gauge",
        "Resident memory of the agent.",
        [({}, _scaled(health["memory_mb"], 1048576.0))],
    )
    if link := health["link"]:
        by = {"interface": link["interface"]}
        yield "link_carrier", "gauge", "1 when the way out has a carrier.", [(by, link["carrier"])]
        yield "link_signal_dbm", "gauge", "Signal of the Wi-Fi.", [(by, link["signal_dbm"])]
        yield (
            "link_received_bytes_total",
            "counter",
            "All traffic of the interface since boot.",
            [(by, _scaled(link["received_mb"], 1e6))],
        )
        yield (
            "link_sent_bytes_total",
            "counter",
            "All traffic of the interface since boot.",
            [(by, _scaled(link["sent_mb"], 1e6))],
        )
        yield (
            "link_errors_total",
            "counter",
            "Packets with errors, and dropped ones, since boot.",
            [(by, link["errors"])],
        )
    yield (
        "disk_free_bytes",
        "gauge",
        "Free space where the store lies.",
        [({}, _scaled(health["disk_free_mb"], 1e6))],
    )
