"""Who approves flights, and what keeps a drone on the ground."""

from __future__ import annotations

from pole_agent.conduct.words import days, listed, seconds, time_of_day
from pole_agent.settings import Settings
from pole_agent.words import Both


def drones(settings: Settings) -> list[Both]:
    drone = settings.drone
    if not drone.enabled:
        return [Both("This pole asks for no drone.", "Tiang ini tidak meminta drone.")]
    if drone.approval == "automatic":
        who = Both(
            "Simulation: nobody is asked, and nothing may fly.", "Simulasi: tidak ada yang ditanya, dan tidak boleh ada yang terbang."
        )
    elif drone.officers:
        who = Both(
            f"A person approves every flight, with a signature that this pole checks ({len(drone.officers)} officer"
            f"{'' if len(drone.officers) == 1 else 's'} can).",
            f"Seorang petugas menyetujui setiap penerbangan, dengan tanda tangan yang diperiksa tiang ini ({len(drone.officers)} petugas berwenang).",
        )
    else:
        who = Both("A person approves every flight.", "Seorang petugas menyetujui setiap penerbangan.")
    asking = [r.name for r in settings.rules if r.drone]
    found = [who]
    if asking:
        rules = listed([Both(f'"{n}"', f'"{n}"') for n in asking])
        found.append(
            Both(f"A drone is asked for by: {rules.en}. The pole asks; it never starts one.",
                 f"Drone diminta oleh: {rules.id}. Tiang hanya meminta; tidak pernah menerbangkannya.")
        )  # fmt: skip
    for plan in drone.patrols:
        times, when = listed([time_of_day(t) for t in plan.at]), days(plan.days)
        found.append(
            Both(f'Patrol "{plan.name}": {when.en} at {times.en}, up to {plan.radius_m:g} m around the pole.',
                 f'Patroli "{plan.name}": {when.id} pada {times.id}, sampai {plan.radius_m:g} m di sekitar tiang.')
        )  # fmt: skip
    night = Both("by day only", "hanya siang hari") if not drone.night_permit else Both("by day and, with a permit, at night",
                                                                                       "siang hari, dan malam hari dengan izin")  # fmt: skip
    found += [
        Both(
            f"It flies {night.en}, within a fixed area, at most {drone.max_alt_agl_m:g} m high, and not again within {seconds(drone.cooldown_s).en}.",
            f"Drone terbang {night.id}, di dalam area tetap, paling tinggi {drone.max_alt_agl_m:g} m, dan tidak lagi dalam {seconds(drone.cooldown_s).id}.",
        ),
        Both(
            f"A request that nobody approves within {seconds(drone.ttl_s).en} is void. Anybody in charge can call a flight back at any moment.",
            f"Permintaan yang tidak disetujui dalam {seconds(drone.ttl_s).id} batal. Petugas dapat memanggil kembali drone setiap saat.",
        ),
    ]
    return found
