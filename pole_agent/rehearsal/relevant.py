"""Which rows of a reel can matter to a rule. Pure.

Most of what passes cannot: it is of another class, never comes to both sides of the line, or does not stay
long enough. Of what can, a row each second is enough, and each one around what the judge decides by:
where somebody comes, goes, enters or leaves a zone, passes a line, or has stayed for the dwell time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pole_agent.incidents.passage import BAND, MAX_A_LOOK, MIN_HEIGHT, MIN_S, STANDS_S, SURE
from pole_agent.incidents.rules import Line, Rule, Zone
from pole_agent.incidents.trajectory import SETTLED_S, STILL_HEIGHTS
from pole_agent.rehearsal.reel import Array, Reel
from pole_agent.trajectories.looks import RowKind
from pole_agent.vocabulary import CLASSES, GROUPS, Point, group_of

EVERY_S = 1.0  # one row of each object at least; half of that where one incident is for all: its boosts last
ROUNDING_S = 0.02  # of two times, as they are kept
SLOW_S = 3.0  # from one side of a line to the other
GAP_S = 0.5  # without a row: it was out of sight
GOING_HEIGHTS = 0.7 * STILL_HEIGHTS  # who moves less than that in the dwell time stands for certain
CUT_S = 2.0  # from the beginning or the end of a reel
END_SHARE = 0.1  # of a line, at each end
SURELY = 2 * BAND + SURE  # of its height beyond a line: there it is sure long since
NO_TRACK = RowKind.GONE | RowKind.TENTATIVE
WAS_SEEN = RowKind.SEEN | RowKind.EARLIER


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects:
    """The rows of a reel by object.

    `previous`: the row before, of the same object, else itself; `of`: the number of each row's object;
    `firsts`, `lasts`: its rows by that number; `cut`: the reel does not hold all of this object. `time` of
    each row: before the object was sure, when it was seen.
    """

    previous: Array
    of: Array
    firsts: Array
    lasts: Array
    cut: Array
    time: Array


def objects(reel: Reel) -> Objects:
    rows = np.arange(len(reel.look))
    firsts = np.flatnonzero(reel.first)
    lasts = np.append(firsts[1:], len(rows)) - 1
    earlier = (reel.kind & RowKind.EARLIER) != 0
    time = reel.at[reel.look] - np.where(earlier, reel.age, 0.0)
    return Objects(
        previous=np.where(reel.first, rows, rows - 1),
        of=np.cumsum(reel.first) - 1,
        firsts=firsts,
        lasts=lasts,
        cut=(time[firsts] - reel.at[0] <= CUT_S)
        | (reel.at[-1] - time[lasts] <= CUT_S)
        | ((reel.kind[firsts] & RowKind.GONE) != 0),
        time=time,
    )


def relevant(rule: Rule, reel: Reel, there: Objects) -> Array:
    """A mask over the rows."""
    mine = of_classes(rule, reel)
    if isinstance(rule.place, Line):
        return crossing(rule.place, reel, there, mine)
    present = mine & ((reel.kind & NO_TRACK) == 0)
    if not rule.of_kind.per_rule:
        present &= may_stay(rule, reel, there)[there.of]
    kept = with_report(in_zone(rule, reel, there, present), reel, there)
    if rule.of_kind.early and rule.lamp_level:
        kept |= mine & ((reel.kind & RowKind.TENTATIVE) != 0)
    kept |= mine & ends_of(kept, reel, there)
    if rule.of_kind.per_rule:
        # All who are there count at each look.
        kept |= present & np.isin(reel.look, reel.look[kept])
    return kept


def crossing(line: Line, reel: Reel, there: Objects, mine: Array) -> Array:
    """Of `mine`, those who cross the line."""
    kept = at_line(line, reel, there, mine & ((reel.kind & NO_TRACK) == 0))
    kept = with_report(kept, reel, there)
    return kept | (mine & ends_of(kept, reel, there))


def ends_of(kept: Array, reel: Reel, there: Objects) -> Array:
    """Where those of whom a row is kept, here or in the reel before, are forgotten."""
    return ((reel.kind & RowKind.GONE) != 0) & (touched(kept, there) | there.cut[there.of])


def of_classes(rule: Rule, reel: Reel) -> Array:
    """Of a class of the rule, or of its group: a car that is a truck for a look stays the same."""
    groups = {group_of(label) for label in rule.classes}
    wanted = {label for group in groups for label in GROUPS.get(group, (group,))}
    known = np.array([label in wanted for label in CLASSES] + [False])
    return known[np.minimum(reel.label, len(CLASSES))]


def with_report(kept: Array, reel: Reel, there: Objects) -> Array:
    """Where an object was before it was sure is told in its first report: all of that, or none."""
    earlier = (reel.kind & RowKind.EARLIER) != 0
    report = earlier | earlier[there.previous]
    return kept | (report & touched(kept & report, there))


def touched(kept: Array, there: Objects) -> Array:
    """All rows of the objects of which one row is kept."""
    found = np.zeros_like(there.cut)
    found[there.of[kept]] = True
    return found[there.of]


def may_stay(rule: Rule, reel: Reel, there: Objects) -> Array:
    """The objects that are there for the dwell time, or stand where they come from or end: these may be found
    again under another number, and stay longer than each of the two.
    """
    begin, end = there.time[there.firsts], there.time[there.lasts]
    comes = moved(reel, there.firsts, row_at(there, begin + SETTLED_S))
    ends = moved(reel, there.lasts, row_at(there, end - SETTLED_S))
    stands = np.minimum(comes, ends) <= 2 * STILL_HEIGHTS
    return there.cut | stands | (end - begin >= rule.dwell_s - 1.0)


def row_at(there: Objects, times: Array, of: Array | None = None) -> Array:
    """The row of each object at its time, or of the objects `of`; else its first or its last one."""
    number = np.arange(len(there.cut)) if of is None else of
    # Rows stand by object and time, so that one key finds both.
    least = there.time[there.firsts].min()
    length = there.time[there.lasts].max() - least + 1.0
    key = there.of * length + there.time - least
    found = np.searchsorted(key, number * length + times - least)
    return np.clip(found, there.firsts[number], there.lasts[number])


def moved(reel: Reel, rows: Array, others: Array) -> Array:
    """How far the object's foot is at one row from where it is at another, in its own heights."""
    x, y = feet(reel)
    aspect, high = reel.aspect[reel.look[rows]], np.maximum(reel.height[rows], MIN_HEIGHT)
    return np.maximum(np.abs(x[rows] - x[others]) * aspect, np.abs(y[rows] - y[others])) / high


def at_line(line: Line, reel: Reel, there: Objects, present: Array) -> Array:
    """Around each change of sides, of those who are clearly at both.

    Clear on a side is who stands beyond the band. What counts is the last clear row on the one side, the
    first on the other, and what follows until it is sure.
    """
    aspect, (x, y) = reel.aspect[reel.look], feet(reel)
    (x1, y1), (x2, y2) = line.start, line.end
    across, down = (x2 - x1) * aspect, y2 - y1
    away = (across * (y - y1) - down * (x - x1) * aspect) / np.hypot(across, down)
    away /= np.maximum(reel.height, MIN_HEIGHT)
    clear = present & (np.abs(away) > BAND) & ((reel.kind & WAS_SEEN) != 0)
    rows = np.arange(len(away))
    before = _latest(clear, there)[there.previous]  # the last clear row before this one
    before[reel.first] = -1
    arrives = clear & (before >= 0) & ((away > 0) != (away[np.maximum(before, 0)] > 0))
    # From the one to the other: of those who take their time, all of the way.
    slow = arrives & (there.time - there.time[np.maximum(before, 0)] > SLOW_S)
    turns = np.zeros(len(rows) + 1, int)
    np.add.at(turns, before[slow], 1)
    np.add.at(turns, rows[slow], -1)
    kept = arrives | (np.cumsum(turns[:-1]) > 0)
    kept[before[arrives]] = True
    # Near an end of the line it matters where between the two the foot was.
    along = ((x - x1) * aspect * across + (y - y1) * down) / np.maximum(across**2 + down**2, 1e-12)
    inner = (along > END_SHARE) & (along < 1 - END_SHARE)
    kept[there.previous[arrives & ~(inner & inner[before])]] = True
    # Evidence is what lies beyond the band, summed over looks; a row more than needed does no harm.
    new = (x != x[there.previous]) | (y != y[there.previous])
    evidence = np.cumsum(np.where(clear & new, np.minimum(np.abs(away) - BAND, MAX_A_LOOK), 0.0))
    arrived, since = _latest(arrives, there), _since(arrives, there)
    enough = evidence - evidence[np.maximum(arrived, 0)] >= SURE
    unsure = (arrived >= 0) & ~(enough & (since >= MIN_S + ROUNDING_S))[there.previous]
    soon = since <= STANDS_S + 2 * MIN_S
    back = (np.abs(away) <= BAND) & ((reel.kind & WAS_SEEN) != 0)
    trembles = touched(present & soon & back, there)  # then some of the evidence is lost again
    kept |= soon & (unsure | (trembles & (np.abs(away) <= SURELY)))
    # Where a reel begins or ends, it is not known what comes before or after.
    ends = np.zeros(len(rows), bool)
    ends[there.firsts[there.cut]] = ends[there.lasts[there.cut]] = True
    return present & (kept | ends)


def in_zone(rule: Rule, reel: Reel, there: Objects, present: Array) -> Array:
    """Each coming and going, and one row each second."""
    zone = rule.place
    assert isinstance(zone, Zone)
    inside = holds(zone, feet(reel))
    turned = present & (inside != inside[there.previous])
    away = there.time - there.time[there.previous] > GAP_S
    comes = turned | (present & (reel.first | away))
    kept = comes.copy()
    kept[there.previous[turned]] = True
    kept[np.maximum(there.lasts - 1, there.firsts)] = kept[there.lasts] = True  # the last may say: gone
    of = there.of[comes]
    entered = row_at(there, there.time[comes] + zone.enter_s - 1e-6, of)
    left = row_at(there, there.time[comes] + zone.leave_s - 1e-6, of)
    for row in (comes, entered):  # some dwell times begin with the one, some with the other
        kept[row_at(there, there.time[row] + rule.dwell_s - 1e-6, of)] = True
    kept[entered] = kept[left] = True
    every = np.floor(there.time / (2 * EVERY_S if rule.of_kind.per_rule else EVERY_S))
    kept |= every != every[there.previous]
    if rule.of_kind.from_standstill:
        # Since when it stands, each look decides at which it has moved in such a time.
        rows = np.arange(len(kept))
        kept |= moved(reel, rows, row_at(there, there.time - rule.dwell_s, there.of)) > GOING_HEIGHTS
    return present & kept


def feet(reel: Reel) -> tuple[Array, Array]:
    return np.clip(reel.x, 0.0, 1.0), np.clip(reel.y, 0.0, 1.0)


def holds(zone: Zone, foot: tuple[Array, Array]) -> Array:
    """As `Zone.holds`, but for points on the edge itself."""
    if not zone.polygon:
        return np.ones(len(foot[0]), bool)
    turns = np.zeros(len(foot[0]), int)
    x, y = foot
    before: Point = zone.polygon[-1]
    for corner in zone.polygon:
        (x1, y1), (x2, y2) = before, corner
        if y1 != y2:
            crossed = ((y1 > y) != (y2 > y)) & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
            turns += np.where(crossed, 1 if y2 > y1 else -1, 0)
        before = corner
    return turns != 0


def _latest(wanted: Array, there: Objects) -> Array:
    """For each row the last wanted one of the same object up to it, -1 where there is none."""
    last: Array = np.maximum.accumulate(np.where(wanted, np.arange(len(wanted)), -1))
    return np.where(last >= there.firsts[there.of], last, -1)


def _since(wanted: Array, there: Objects) -> Array:
    """Seconds since the last wanted row of the same object, NaN where there is none."""
    last = _latest(wanted, there)
    return np.where(last >= 0, there.time - there.time[np.maximum(last, 0)], np.nan)
