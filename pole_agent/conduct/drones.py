"""Who approves flights, and what keeps a drone on the ground."""

from __future__ import annotations

from collections.abc import Iterator

from pole_agent.conduct.words import days, listed, names, number, seconds, sentence, time_of_day
from pole_agent.drone.approval import LONGEST_STANDING_S
from pole_agent.settings import Settings
from pole_agent.settings.drone import DroneSettings
from pole_agent.words import Both

APPROVED = Both("a person approves every flight", "seorang petugas menyetujui setiap penerbangan")
SIMULATED = Both(
    "nobody is asked, and nothing may fly", "tidak ada yang ditanya, dan tidak boleh ada yang terbang"
)


def flights(settings: Settings) -> list[Both]:
    """Drones, for the sign."""
    if not settings.drone.enabled:
        return []
    if settings.drone.approval == "automatic":
        return [Both(f"Drones are simulated: {SIMULATED.en}.", f"Drone hanya disimulasikan: {SIMULATED.id}.")]
    return [
        Both(
            f"The pole may ask for a drone; {APPROVED.en}.", f"Tiang ini dapat meminta drone; {APPROVED.id}."
        )
    ]


def drones(settings: Settings) -> list[Both]:
    drone = settings.drone
    if not drone.enabled:
        return [Both("This pole asks for no drone.", "Tiang ini tidak meminta drone.")]
    if drone.approval == "automatic":
        simulation = Both(f"Simulation: {SIMULATED.en}.", f"Simulasi: {SIMULATED.id}.")
        return [simulation, *_asking(settings)]
    return [*_approving(drone), *_asking(settings), *_flying(drone)]


def _approving(drone: DroneSettings) -> Iterator[Both]:
    signed = Both("", "")
    if count := len(drone.officers):
        signed = Both(
            f", with a signature that this pole checks ({count} officer{'' if count == 1 else 's'} can)",
            f", dengan tanda tangan yang diperiksa tiang ini ({count} petugas berwenang)",
        )
    yield sentence(Both(f"{APPROVED.en}{signed.en}", f"{APPROVED.id}{signed.id}"))
    if drone.patrols:
        longest = seconds(LONGEST_STANDING_S)
        yield Both(
            f"Patrols may be approved in advance: as a plan, until a date, for {longest.en} at most.",
            f"Patroli dapat disetujui di muka: sebagai rencana, sampai tanggal tertentu, paling lama {longest.id}.",
        )


def _asking(settings: Settings) -> Iterator[Both]:
    if asking := [f'"{r.name}"' for r in settings.rules if r.drone]:
        rules = names(asking)
        yield Both(
            f"A drone is asked for by: {rules.en}. The pole asks; it never starts one.",
            f"Drone diminta oleh: {rules.id}. Tiang hanya meminta; tidak pernah menerbangkannya.",
        )
    for plan in settings.drone.patrols:
        times, when = listed([time_of_day(t) for t in plan.at]), days(plan.days)
        yield Both(
            f'Patrol "{plan.name}": {when.en} at {times.en}, up to {plan.radius_m:g} m around the pole.',
            f'Patroli "{plan.name}": {when.id} {times.id}, sampai {number(plan.radius_m).id} m di sekitar tiang.',
        )


def _flying(drone: DroneSettings) -> Iterator[Both]:
    if drone.night_permit:
        when = Both("by day and, with a permit, at night", "siang hari, dan malam hari dengan izin")
    else:
        when = Both("by day only", "hanya siang hari")
    apart, valid, high = seconds(drone.cooldown_s), seconds(drone.ttl_s), number(drone.max_alt_agl_m)
    yield Both(
        f"It flies {when.en}, within a fixed area, at most {high.en} m high, and not again within {apart.en}.",
        f"Drone terbang {when.id}, di dalam area tetap, paling tinggi {high.id} m, dan tidak diulang dalam {apart.id}.",
    )
    yield Both(
        f"A request that is not approved within {valid.en} is void. Anybody in charge can call a flight back at any moment.",
        f"Permintaan yang tidak disetujui dalam {valid.id} batal. Petugas dapat memanggil kembali drone setiap saat.",
    )
