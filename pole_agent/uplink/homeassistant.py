"""The pole for Home Assistant: one MQTT discovery message that describes the device and its entities. Pure.

Nothing is translated: the entities read and write the contract's own topics. Device discovery (one topic for
all entities of a device) needs Home Assistant 2024.11 or later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PREFIX = "homeassistant"
KEPT = "homeassistant"  # in the store: {topic: {entity: platform}}, of what the broker may have
LONGEST_MIN = 720
Entity = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Street:
    """What a pole watches: its cameras, the classes that are counted (camera, zone -> classes), and its
    rules.
    """

    cameras: Sequence[str] = ()
    counted: Mapping[tuple[str, str], Sequence[str]] | None = None
    rules: Sequence[str] = ()


def topic(client_id: str) -> str:
    """Where the announcement is kept."""
    return f"{PREFIX}/device/{client_id}/config"


def discovery(
    base: str, client_id: str, name: str, version: str, street: Street
) -> tuple[str, dict[str, Any]]:
    """Topic and payload of the retained announcement.

    `base` is the pole's base topic, `client_id` its unique name.
    """
    components = _lamp(base) | _incidents(base, street) | _vitals(base, street)
    document = {
        "device": {
            "identifiers": [client_id],
            "name": name,
            "manufacturer": "pole-agent",
            "model": "smart pole",
            "sw_version": version,
        },
        "origin": {"name": "pole-agent", "sw_version": version},
        "availability": [{"topic": f"{base}/status", "value_template": "{{ value_json.state }}"}],
        "components": {
            key: {"platform": entity.pop("platform"), "unique_id": f"{client_id}-{key}", **entity}
            for key, entity in components.items()
        },
    }
    return topic(client_id), document


def platforms(document: Mapping[str, Any]) -> dict[str, str]:
    """The entities of an announcement: their keys, and what each is."""
    return {key: str(entity["platform"]) for key, entity in document["components"].items()}


def withdrawing(document: Mapping[str, Any], before: Mapping[str, str]) -> dict[str, Any]:
    """The announcement, with the entities that are gone since `before` (`platforms`):

    Home Assistant forgets one of which only the platform is said.
    """
    gone = {
        key: {"platform": platform} for key, platform in before.items() if key not in document["components"]
    }
    return {**document, "components": {**document["components"], **gone}}


def _lamp(base: str) -> dict[str, Entity]:
    state, command = f"{base}/lamp/state", f"{base}/lamp/set"
    return {
        "lamp": {
            "platform": "light",
            "name": "Lamp",
            "schema": "json",
            "state_topic": state,
            "command_topic": command,
            "brightness": True,
            "supported_color_modes": ["brightness"],
            "flash": False,
            "qos": 1,
        },
        "lamp-reason": {
            "platform": "sensor",
            "name": "Lamp reason",
            "state_topic": state,
            "value_template": "{{ value_json.reason }}",
            "device_class": "enum",
            "options": ["failsafe", "override", "presence", "program"],
        },
        "lamp-until": {
            "platform": "sensor",
            "name": "Lamp override ends",
            "state_topic": state,
            "value_template": "{{ value_json.until }}",
            "device_class": "timestamp",
        },
        "lamp-resume": {
            "platform": "button",
            "name": "Resume the lamp program",
            "command_topic": command,
            "payload_press": '{"resume": true}',
            "qos": 1,
        },
        "lamp-duration": {
            "platform": "number",
            "name": "Lamp override lasts",
            "command_topic": command,
            "command_template": '{"default_duration_s": {{ (value * 60) | int }}}',
            "state_topic": state,
            "value_template": "{{ (value_json.default_duration_s / 60) | round(1) }}",
            "min": 1,
            "max": LONGEST_MIN,
            "step": 1,
            "mode": "box",
            "unit_of_measurement": "min",
            "entity_category": "config",
            "qos": 1,
        },
    }


def _incidents(base: str, street: Street) -> dict[str, Entity]:
    if not street.cameras:
        return {}
    active = f"{base}/active"
    entities: dict[str, Entity] = {
        "incident": {
            "platform": "event",
            "name": "Incident",
            "state_topic": f"{base}/events/incident/+",
            "qos": 1,
            "event_types": ["opened", "closed", "summarized"],
            # What was sent again on demand is history: it must not set off an automation.
            "value_template": (
                "{{ 'None' if value_json.replayed else (dict(value_json.data,"
                " event_type=value_json.type.split('.')[2], severity=value_json.severity,"
                " time=value_json.time) | tojson) }}"
            ),
        }
    }
    for rule in street.rules:
        entities[f"rule.{rule}"] = {
            "platform": "binary_sensor",
            "name": f"Rule {rule}",
            "state_topic": active,
            "value_template": (
                "{{ None if value_json.incidents is none else 'ON' if value_json.incidents |"
                " selectattr('rule', 'eq', '" + rule + "') | list else 'OFF' }}"
            ),
        }
    for (camera, zone), labels in (street.counted or {}).items():
        inside = f"((value_json.counts.get('{camera}') or {{}}).get('{zone}') or {{}})"
        for label in labels:
            entities[f"count.{camera}.{zone}.{label}"] = {
                "platform": "sensor",
                "name": f"{label} in {zone}" + (f" ({camera})" if len(street.cameras) > 1 else ""),
                "state_topic": active,
                "state_class": "measurement",
                "value_template": "{{ " + inside + f".get('{label}', 0)" + " }}",
            }
    return entities


def _vitals(base: str, street: Street) -> dict[str, Entity]:
    health = f"{base}/health"

    def sensor(label: str, template: str, **more: Any) -> Entity:
        return {
            "platform": "sensor",
            "name": label,
            "state_topic": health,
            "value_template": "{{ " + template + " }}",
            "entity_category": "diagnostic",
            "state_class": "measurement",
            **more,
        }

    def trouble(label: str, condition: str, **more: Any) -> Entity:
        return {
            "platform": "binary_sensor",
            "name": label,
            "state_topic": health,
            "device_class": "problem",
            "value_template": "{{ " + condition + " }}",
            "entity_category": "diagnostic",
            **more,
        }

    entities = {
        f"camera.{camera}": trouble(
            f"Camera {camera}",
            f"{{'ok': 'OFF', 'degraded': 'ON'}}.get((value_json.parts.get('camera:{camera}') or"
            " {}).get('state'))",
        )
        for camera in street.cameras
    }
    return entities | {
        "parts": trouble(
            "Something does not work",
            "'ON' if value_json.parts.values() | selectattr('state', 'eq', 'degraded') | list else 'OFF'",
            json_attributes_topic=health,
            json_attributes_template="{{ value_json.parts | tojson }}",
        ),
        "clock": trouble("Clock", "'OFF' if value_json.clock.trusted else 'ON'"),
        "throttled": trouble("Processor slowed down", "{true: 'ON', false: 'OFF'}.get(value_json.throttled)"),
        "temperature": sensor(
            "Temperature", "value_json.temperature_c", device_class="temperature", unit_of_measurement="°C"
        ),
        "waiting": sensor(
            "Events that wait", "value_json.outbox.waiting.values() | sum if value_json.outbox else None"
        ),
        "memory": sensor(
            "Memory", "value_json.memory_mb", device_class="data_size", unit_of_measurement="MiB"
        ),
        "disk-free": sensor(
            "Free disk", "value_json.disk_free_mb", device_class="data_size", unit_of_measurement="MB"
        ),
        "load": sensor("Load", "value_json.load_1min"),
    }
