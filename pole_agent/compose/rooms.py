"""Values of the rooms from the settings: zones, rules, limits of the drone, what ``info`` tells."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pole_agent import __version__
from pole_agent.almanac import TimeOfDay
from pole_agent.dates import Weekdays
from pole_agent.errors import ConfigError, Problem
from pole_agent.health.parts import MAX_REASON
from pole_agent.languages import phrase
from pole_agent.settings import Settings
from pole_agent.settings.camera import CameraSettings
from pole_agent.settings.drone import DroneSettings, PatrolSettings
from pole_agent.settings.load import Loaded
from pole_agent.settings.reading import text_file
from pole_agent.vocabulary import CLASSES, Severity, members

if TYPE_CHECKING:
    from pole_agent.drone.approval import Office
    from pole_agent.drone.areas import Area
    from pole_agent.drone.gates import DroneLimits
    from pole_agent.drone.patrol import Patrol
    from pole_agent.drone.rules import DroneRules
    from pole_agent.drone.triage import Triage
    from pole_agent.incidents.rules import Line, Rule, Zone
    from pole_agent.uplink.homeassistant import Street


FRAME = [[0, 0], [1, 0], [1, 1], [0, 1]]
MAX_AREA_BYTES = 4_000_000  # of a GeoJSON file


def places_of(settings: Settings, camera: str) -> tuple[list[Zone], list[Line]]:
    """The zones and lines of one camera."""
    from pole_agent.incidents.rules import Line, Zone

    only = settings.cameras[0].name if settings.cameras else camera
    zones = [
        Zone(z.name, z.polygon, z.enter_s, z.leave_s) for z in settings.zones if (z.camera or only) == camera
    ]
    lines = [Line(n.name, n.start, n.end) for n in settings.lines if (n.camera or only) == camera]
    return zones, lines


def whole_frame() -> Zone:
    """The zone of a rule that names none."""
    from pole_agent.incidents.rules import Zone
    from pole_agent.settings.rules import ZoneSettings

    times = {name: ZoneSettings.model_fields[name].default for name in ("enter_s", "leave_s")}
    return Zone("frame", (), **times)


def rules_of(settings: Settings, camera: str) -> list[Rule]:
    """The rules of one camera."""
    from pole_agent.incidents.rules import Rule

    zones, lines = places_of(settings, camera)
    places: dict[str, Zone | Line] = {f"zone {z.name}": z for z in zones} | {
        f"line {n.name}": n for n in lines
    }
    whole = whole_frame()
    rules = []
    for rule in settings.rules:
        if settings.camera_of(rule) != camera:
            continue
        place = (
            places[f"line {rule.line}"] if rule.line else places[f"zone {rule.zone}"] if rule.zone else whole
        )
        rules.append(
            Rule(
                rule.name,
                rule.kind,
                place,
                members(rule.classes),
                rule.dwell_s,
                rule.count,
                rule.direction,
                rule.span,
                rule.level,
                rule.announce == "open",
                rule.max_alarms_per_h,
                rule.notify,
                rule.lamp.level if rule.lamp else None,
                rule.lamp.hold_s if rule.lamp else 0.0,
                rule.drone,
                rule.min_height,
                rule.max_height,
            )
        )
    return rules


def street_of(settings: Settings) -> Street:
    """What Home Assistant shows of the street: each zone counts people, and what its rules are about."""
    from pole_agent.uplink.homeassistant import Street

    counted = {}
    for camera in settings.cameras:
        zones = places_of(settings, camera.name)[0] or [whole_frame()]
        for zone in zones:
            named = {
                c
                for r in settings.rules
                if settings.camera_of(r) == camera.name and r.zone in (zone.name, None)
                for c in r.classes
            }
            wanted = {"person"} | members(named)
            counted[camera.name, zone.name] = [label for label in CLASSES if label in wanted]
    return Street([c.name for c in settings.cameras], counted, [r.name for r in settings.rules])


def drone_areas(settings: Settings) -> tuple[Area | None, tuple[Area, ...]]:
    """The geofence and the exclusions of [drone], with their GeoJSON files read. Raises ConfigError."""
    from pole_agent.drone.areas import Area, areas

    chosen = settings.drone

    def read(key: str, path: Path) -> list[Area]:
        try:
            return areas(text_file(path, MAX_AREA_BYTES))
        except (OSError, ValueError) as error:
            raise ConfigError([Problem(f"drone.{key}", phrase("at-key", key=path, problem=error))]) from error

    fence = chosen.geofence
    if isinstance(fence, Path):
        found = read("geofence", fence)
        if len(found) > 1:
            raise ConfigError(
                [Problem("drone.geofence", phrase("fence-of-many-polygons", file=fence, count=len(found)))]
            )
        area: Area | None = found[0]
    else:
        area = Area(fence) if fence else None
    return area, tuple(read("exclusions", chosen.exclusions)) if chosen.exclusions else ()


def drone_rules(settings: Settings, for_real: bool = False) -> DroneRules:
    """What [drone] says. An area that cannot be read is no reason to stop: nothing flies, and the lamp goes
    on.
    """
    from pole_agent.drone.rules import DroneRules
    from pole_agent.drone.target import View

    chosen, trouble = settings.drone, ""
    fence: Area | None = None
    exclusions: tuple[Area, ...] = ()
    try:
        fence, exclusions = drone_areas(settings)
    except ConfigError as error:
        trouble = str(error)
    return DroneRules(
        chosen.enabled,
        settings.pole.place,
        _office(settings),
        _limits(chosen, fence, exclusions),
        _triage(chosen),
        {c.name: View(c.heading_deg, c.hfov_deg, c.range_m) for c in settings.cameras},
        tuple(_patrol(p) for p in chosen.patrols),
        chosen.altitude_m,
        chosen.approval == "automatic",
        chosen.answer_s,
        chosen.silence_s,
        trouble,
        for_real=for_real,
    )


def _limits(chosen: DroneSettings, fence: Area | None, exclusions: tuple[Area, ...]) -> DroneLimits:
    from pole_agent.drone.gates import DroneLimits

    return DroneLimits(
        chosen.cooldown_s,
        chosen.ttl_s,
        chosen.max_alt_agl_m,
        fence,
        exclusions,
        chosen.night_permit,
        chosen.max_wind_ms,
        chosen.max_rain_mm_h,
        chosen.min_temperature_c,
        chosen.max_temperature_c,
        chosen.min_battery_pct,
        chosen.require_dock_idle,
        chosen.require_no_maintenance,
        chosen.conditions_max_age_s,
    )


def _triage(chosen: DroneSettings) -> Triage:
    from pole_agent.drone.triage import Triage

    return Triage(
        chosen.cooldown_s,
        Severity.of(chosen.min_severity),
        chosen.min_score,
        chosen.max_requests_per_day,
        chosen.max_false_alarm_rate,
    )


def _patrol(chosen: PatrolSettings) -> Patrol:
    from pole_agent.drone.patrol import Patrol

    times, days = tuple(map(TimeOfDay.parse, chosen.at)), Weekdays.parse(chosen.days)
    return Patrol(chosen.name, times, days, chosen.radius_m, chosen.window_s, chosen.written)


def _office(settings: Settings) -> Office:
    """Whose signatures count."""
    from pole_agent.drone.approval import Office

    def verify(public_key: str, signature: bytes, text: bytes) -> bool:
        from pole_agent.drone import ed25519

        return ed25519.verify(public_key, signature, text)

    return Office(settings.base_topic, {o.name: o.public_key for o in settings.drone.officers}, verify)


def site_of(settings: Settings) -> dict[str, Any]:
    """Where the pole stands, its time zone and its rules as they are configured: what a person at it needs to
    read its answers.
    """
    pole = settings.pole
    place = {"latitude": pole.latitude, "longitude": pole.longitude, "timezone": pole.timezone}
    return {
        "pole": settings.base_topic,
        **place,
        "rules": [r.model_dump(mode="json") for r in settings.rules],
    }


def info_of(loaded: Loaded) -> dict[str, Any]:
    """The payload of ``info``: who and where, for dashboards."""
    from pole_agent.conduct import digest as conduct_digest

    settings, pole, drone = loaded.settings, loaded.settings.pole, loaded.settings.drone
    return {
        "pole": settings.base_topic,
        "id": pole.id,
        "site": pole.site,
        "name": pole.name,
        "location": {"latitude": pole.latitude, "longitude": pole.longitude},
        "timezone": pole.timezone,
        "supply": pole.supply,
        "area_code": pole.area_code,
        "groups": list(pole.groups),
        "cameras": [_camera_info(settings, camera) for camera in settings.cameras],
        "rules": [
            {"name": r.name, "kind": r.kind, "camera": settings.camera_of(r), "zone": r.zone, "line": r.line}
            | {"severity": r.severity, "active": r.active}
            for r in settings.rules
        ],
        "model": settings.detector.model,
        "drone": drone.enabled,
        "drone_approval": ("signed" if drone.officers else drone.approval) if drone.enabled else None,
        "patrols": [
            {"name": p.name, "at": list(p.at), "days": p.days, "radius_m": p.radius_m, "plan": p.written}
            for p in drone.patrols
            if drone.enabled
        ],
        "version": __version__,
        "config_sha256": loaded.digest,
        "conduct_sha256": conduct_digest(settings),
        "config_degraded": loaded.degraded[:MAX_REASON] or None,
    }


def _camera_info(settings: Settings, camera: CameraSettings) -> dict[str, Any]:
    zones, lines = places_of(settings, camera.name)
    shown = zones or [whole_frame()]
    return {
        "name": camera.name,
        "fps": camera.fps,
        "zones": [{"name": z.name, "polygon": z.polygon or FRAME} for z in shown],
        "lines": [{"name": n.name, "from": n.start, "to": n.end} for n in lines],
        "masks": camera.masks,
    }
