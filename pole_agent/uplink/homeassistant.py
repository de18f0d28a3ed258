"""The lamp for Home Assistant: one MQTT discovery message that describes the device and its entities. Pure.

Device discovery (one topic for all entities of a device) needs Home Assistant 2024.11 or later.
"""

from __future__ import annotations

from typing import Any

PREFIX = "homeassistant"
LONGEST_MIN = 720


def discovery(base: str, client_id: str, name: str, version: str) -> tuple[str, dict[str, Any]]:
    """Topic and payload of the retained announcement. `base` is the pole's base topic, `client_id` its unique name."""
    state, command = f"{base}/lamp/state", f"{base}/lamp/set"

    def entity(key: str, platform: str, label: str, **more: Any) -> dict[str, Any]:
        return {"platform": platform, "unique_id": f"{client_id}-{key}", "name": label, **more}

    components = {
        "lamp": entity(
            "lamp", "light", "Lamp", schema="json", state_topic=state, command_topic=command, brightness=True,
            supported_color_modes=["brightness"], flash=False, qos=1,
        ),
        "lamp_reason": entity(
            "lamp-reason", "sensor", "Lamp reason", state_topic=state, value_template="{{ value_json.reason }}",
            device_class="enum", options=["failsafe", "override", "presence", "program"],
        ),
        "lamp_until": entity(
            "lamp-until", "sensor", "Lamp override ends", state_topic=state,
            value_template="{{ value_json.until }}", device_class="timestamp",
        ),
        "lamp_resume": entity(
            "lamp-resume", "button", "Resume the lamp program", command_topic=command, payload_press='{"resume": true}', qos=1,
        ),
        "lamp_duration": entity(
            "lamp-duration", "number", "Lamp override lasts", command_topic=command,
            command_template='{"default_duration_s": {{ (value * 60) | int }}}', state_topic=state,
            value_template="{{ (value_json.default_duration_s / 60) | round(1) }}", min=1, max=LONGEST_MIN, step=1, mode="box",
            unit_of_measurement="min", entity_category="config", qos=1,
        ),
    }  # fmt: skip
    document = {
        "device": {"identifiers": [client_id], "name": name, "manufacturer": "pole-agent", "model": "smart pole", "sw_version": version},
        "origin": {"name": "pole-agent", "sw_version": version},
        "availability": [{"topic": f"{base}/status", "value_template": "{{ value_json.state }}"}],
        "components": components,
    }
    return f"{PREFIX}/device/{client_id}/config", document
