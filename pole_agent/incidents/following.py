"""The life of each object before this camera: its trajectory, the lines that it crosses, what it adds to the
counts of the traffic; and what stands still and is found again. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from pole_agent.incidents.conditions import is_static
from pole_agent.incidents.rules import Line, Zone
from pole_agent.incidents.traffic import Traffic
from pole_agent.incidents.trajectory import StaticObjects, Trajectory
from pole_agent.vocabulary import Track


class Following:
    """`zones` are counted; `watched` are those and the zones of the rules.

    `present`: those reported at this frame, by the number of their track; `over`: those whom the tracker has
    forgotten since the last one; `crossings`: the lines that each of both has crossed since then, and which
    way. `adopted`: number before -> number now, of those that were found again at this frame.
    """

    def __init__(
        self, zones: Sequence[Zone], watched: Sequence[Zone], lines: Sequence[Line], now: float
    ) -> None:
        self._counted = {zone.name for zone in zones}
        self._watched, self._lines = watched, lines
        self._trajectories: dict[int, Trajectory] = {}
        self._static = StaticObjects()
        self._aspect: float  # of the picture at this step
        self.traffic = Traffic(now)
        self.present: dict[int, Trajectory] = {}
        self.over: dict[int, Trajectory] = {}
        self.crossings: dict[int, Mapping[str, int]] = {}
        self.adopted: dict[int, int] = {}

    def step(self, tracks: Sequence[Track], remembered: Collection[int], aspect: float, now: float) -> None:
        """One frame. `remembered`: the numbers of those that the tracker would know again."""
        self._aspect = aspect
        self.present, self.crossings, self.adopted = {}, {}, {}
        here = {track.track_id for track in tracks}
        for track in tracks:
            number = track.track_id
            self.present[number], self.crossings[number] = self._follow(track, here, now)
        self._let_go(remembered)

    def stop(self) -> None:
        """The clip or the agent ends: nobody is here any more."""
        self.present, self.crossings, self.adopted = {}, {}, {}
        self._let_go(())

    def skip(self, since: float, now: float) -> None:
        """Nobody looked from `since` to `now`: that is no time that somebody stayed or stood."""
        for trajectory in self._trajectories.values():
            trajectory.skip(now - since)
        self._static.skip(now - since)
        self.traffic.skip(now)

    def counts(self, zone: Zone) -> dict[str, int]:
        """Objects in sight now, by class."""
        found: dict[str, int] = {}  # no Counter: this runs at each look, mostly for nobody
        for trajectory in self.present.values():
            if zone.name in trajectory.entered:
                label = trajectory.track.label
                found[label] = found.get(label, 0) + 1
        return found

    def hidden(self, numbers: Collection[int]) -> list[Trajectory]:
        """Those of them who are out of sight, and would be known again."""
        return [self._trajectories[n] for n in numbers if n in self._trajectories and n not in self.present]

    def stood_before(self, candidate: Track) -> bool:
        """Is it a part of the street that is found again?"""
        hidden = [
            w for n, w in self._trajectories.items() if n not in self.present and w.is_place_of(candidate)
        ]
        return any(is_static(w, w.track.last_seen) for w in (*hidden, *self._static.at(candidate)))

    def _follow(
        self, track: Track, here: Collection[int], now: float
    ) -> tuple[Trajectory, Mapping[str, int]]:
        """Its trajectory, and the lines crossed since the last step: for a new one, also before it was sure
        to be there.

        `here`: the numbers of all who are reported.
        """
        crossed: dict[str, int] = {}
        through: set[str] = set()
        for seen in track.earlier:
            trajectory = self._trajectory(
                replace(track, box=seen.box, last_seen=seen.at, seen_now=True, earlier=()), here, seen.at
            )
            crossed.update(self._count(trajectory, seen.at))
            through.update(trajectory.entered)
        trajectory = self._trajectory(track, here, now)
        trajectory.through = through
        return trajectory, {**crossed, **self._count(trajectory, now)}

    def _trajectory(self, track: Track, here: Collection[int], now: float) -> Trajectory:
        """The trajectory of this track, brought up to date."""
        trajectory = self._trajectories.get(track.track_id) or self._adopt(track, here)
        if trajectory is None:
            trajectory = self._trajectories[track.track_id] = Trajectory(track, self._lines)
            self._static.claim(trajectory)
        else:
            trajectory.step(track, now, self._aspect)
        return trajectory

    def _adopt(self, track: Track, here: Collection[int]) -> Trajectory | None:
        """What stood here and is out of sight is found again, under a new number: its trajectory goes
        on, and so do its incidents.
        """
        for number, trajectory in self._trajectories.items():
            if number not in here and trajectory.settled and trajectory.is_place_of(track):
                self.adopted[number] = track.track_id
                self._trajectories[track.track_id] = self._trajectories.pop(number)
                return trajectory
        return None

    def _count(self, trajectory: Trajectory, now: float) -> Mapping[str, int]:
        """Feed the traffic counts; return the lines crossed at this step."""
        for zone in self._watched:
            since = trajectory.entered.get(zone.name)
            stayed = trajectory.stay(zone, now, self._aspect)
            if zone.name not in self._counted:
                continue
            if stayed is not None and zone.name not in trajectory.visited:
                trajectory.visited.add(zone.name)  # a foot that trembles on the edge comes in once
                self.traffic.enter(zone.name, trajectory)
            elif stayed is None and since is not None:
                self.traffic.leave(zone.name, now - since)
        return self._cross(trajectory, trajectory.crossings(now, self._aspect))

    def _cross(self, trajectory: Trajectory, crossed: Mapping[str, int]) -> Mapping[str, int]:
        for name, way in crossed.items():
            self.traffic.cross(name, way, trajectory)
        return crossed

    def _let_go(self, remembered: Collection[int]) -> None:
        """Drop the trajectories of those whom the tracker has forgotten.

        One who stood is remembered by its place.
        """
        self.over = {}
        for number, trajectory in list(self._trajectories.items()):
            if number in self.present or number in remembered:
                continue
            self.over[number] = self._trajectories.pop(number)
            seen = trajectory.track.last_seen
            if trajectory.settled:
                self._static.leave(trajectory)
            for name, since in trajectory.entered.items():
                if name in self._counted:
                    self.traffic.leave(name, seen - since)
        for number, trajectory in self.over.items():
            self.crossings[number] = self._cross(trajectory, trajectory.last_crossings())
