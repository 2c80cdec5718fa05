"""Sites of several corridors as one set: a site that several of them share occurs once."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.errors import InvalidRequest
from routing.geometry.geodesy import great_circle_m
from routing.siting.candidates import STEP_M, CandidateKind, CorridorSites
from routing.siting.path_flows import PathFlows
from routing.siting.sites import NO_SITE

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Distance within which points of two corridors are one site, metres: half the distance between
#: points, so that a road along which both corridors run has the points of one.
SAME_SITE_M: Final = STEP_M / 2.0


@dataclass(frozen=True, eq=False, slots=True)
class JoinedSites:
    """N sites of C corridors.

    Parameters
    ----------
    corridors
        Sites of each corridor.
    site_of
        For each corridor an int64 array, the row of each of its sites among the joint sites.
    corridor, row
        int64 [N], the first corridor that has the joint site, and the row of the site there.
    """

    corridors: tuple[CorridorSites, ...]
    site_of: tuple[Ints, ...]
    corridor: Ints
    row: Ints

    def __len__(self) -> int:
        """Count the joint sites."""
        return len(self.row)

    def of_first[T: np.generic](self, values: Sequence[NDArray[T]]) -> NDArray[T]:
        """Return one value per joint site, [N], from the values of each corridor's sites.

        It is the value of the site in the first corridor that has it.
        """
        return np.array(
            [values[c][r] for c, r in zip(self.corridor, self.row, strict=True)],
            dtype=values[0].dtype,
        )

    @property
    def kind(self) -> Ints:
        """`CandidateKind` of each joint site, int64 [N]."""
        return self.of_first([one.kind for one in self.corridors])

    @property
    def lon(self) -> Floats:
        """Longitudes, float64 [N], degrees, WGS 84."""
        return self.of_first([one.lon for one in self.corridors])

    @property
    def lat(self) -> Floats:
        """Latitudes, float64 [N], degrees, WGS 84."""
        return self.of_first([one.lat for one in self.corridors])

    @property
    def existing(self) -> Ints:
        """Rows of today's spaces, int64."""
        return np.flatnonzero(self.kind == CandidateKind.SPACE)

    def flows(self, people: Floats) -> PathFlows:
        """Return one flow per corridor, of people who travel all of it.

        One direction suffices, because the way back needs the same rests.

        Parameters
        ----------
        people
            float64 [C], people in any unit of time.
        """
        return self.journeys(people, [np.zeros(0)] * len(self.corridors))[0]

    def journeys(self, people: Floats, ends_m: Sequence[Floats]) -> tuple[PathFlows, Ints]:
        """Return flows over whole corridors, and between either end and places on the way.

        Parameters
        ----------
        people
            float64 [C], people in any unit of time, divided equally among a corridor's journeys.
        ends_m
            For each corridor a float64 array, the places where journeys may end, metres along it.

        Returns
        -------
        flows, corridor
            The flows, the whole journey of each corridor first; and the corridor of each flow,
            int64 [Q].
        """
        paths: list[tuple[float, Sequence[int], Sequence[float]]] = []
        of: list[int] = []
        for number, (line, own) in enumerate(zip(self.corridors, self.site_of, strict=True)):
            length_m, stops_m = line.length_m, ends_m[number].tolist()
            spans = [
                (0.0, length_m),
                *((0.0, m) for m in stops_m),
                *((m, length_m) for m in stops_m),
            ]
            for from_m, to_m in spans:
                rows = slice(*np.searchsorted(line.at_m, [from_m, to_m]))
                sites = [NO_SITE, *own[rows].tolist(), NO_SITE]
                at_m = [from_m, *line.at_m[rows].tolist(), to_m]
                paths.append((float(people[number]) / len(spans), sites, at_m))
            of += [number] * len(spans)
        return PathFlows.of(paths), np.array(of, dtype=np.int64)


def joined_sites(
    corridors: Sequence[CorridorSites], keys: Sequence[Sequence[Hashable | None]]
) -> JoinedSites:
    """Join the sites of corridors.

    Parameters
    ----------
    corridors
        One or more.
    keys
        For each corridor one key per site. Sites with equal keys, such as one town, are joined. A
        point or junction has the key None and is joined with the nearest point or junction of an
        earlier corridor if that is within `SAME_SITE_M`.

    Raises
    ------
    InvalidRequest
        There is no corridor, or the numbers of keys and sites differ.
    """
    if not corridors or [len(one) for one in corridors] != [len(own) for own in keys]:
        raise InvalidRequest("sites", "no_sites")
    row_of: dict[Hashable, int] = {}
    firsts: list[tuple[int, int]] = []
    site_of = []
    for number, (sites, own_keys) in enumerate(zip(corridors, keys, strict=True)):
        near = _near_before(corridors, firsts, keys, sites)
        own = np.zeros(len(sites), np.int64)
        for row, key in enumerate(own_keys):
            joint = near[row] if key is None else row_of.get(key, NO_SITE)
            if joint == NO_SITE:
                joint = len(firsts)
                firsts.append((number, row))
            if key is not None:
                row_of[key] = joint
            own[row] = joint
        site_of.append(own)
    first = np.array(firsts, dtype=np.int64).reshape(-1, 2)
    return JoinedSites(tuple(corridors), tuple(site_of), first[:, 0], first[:, 1])


def _near_before(
    corridors: Sequence[CorridorSites],
    firsts: Sequence[tuple[int, int]],
    keys: Sequence[Sequence[Hashable | None]],
    sites: CorridorSites,
) -> list[int]:
    """Return for each of ``sites`` the nearest keyless joint site within `SAME_SITE_M`.

    `NO_SITE` where there is none. Joint sites are those of the earlier ``corridors``.
    """
    found = [NO_SITE] * len(sites)
    free = [joint for joint, (c, r) in enumerate(firsts) if keys[c][r] is None]
    if not free:
        return found
    lon = np.array([corridors[firsts[joint][0]].lon[firsts[joint][1]] for joint in free])
    lat = np.array([corridors[firsts[joint][0]].lat[firsts[joint][1]] for joint in free])
    for row in range(len(sites)):
        away_m = great_circle_m(sites.lon[row], sites.lat[row], lon, lat)
        nearest = int(np.argmin(away_m))
        if away_m[nearest] <= SAME_SITE_M:
            found[row] = free[nearest]
    return found
