"""Search for pairs of spaces that may be one place, by distance, name and telephone number.

The module does not access the database.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import phonenumbers
import shapely
from rapidfuzz import fuzz

from geo.text.normalize import folded

#: Most metres between two exact positions of one place, such as two gates of a large compound. The
#: value, like `SIMILAR` and `SHOWN`, is the project's own proposal.
NEAR_M = 300.0
#: Least similarity of names (0 to 1) at which two spaces that share no telephone number are
#: suggested as duplicates.
SIMILAR = 0.8
#: Least score (0 to 1) at which a pair counts as a possible duplicate.
SHOWN = 0.6

#: Most spaces that share a telephone number which still identifies a place; a number of more spaces
#: is a hotline.
_HOTLINE = 4
#: Most spaces in a town for comparing all their names with each other. In larger towns only spaces
#: with equal names or telephone numbers, and exact positions near each other, are compared.
MAX_GROUP = 1_500

_EARTH_M = 6_371_008.8  # mean radius of the Earth, IUGG 1980

#: Words in names that tell the kind of place, such as "albergue", and do not distinguish places;
#: folded, in Spanish, English, Portuguese and French.
_COMMON = frozenset(
    # One text of words is easier to read than a hundred quoted words.
    """
    a al and at centro centre center casa casas albergue albergues refugio abrigo shelter
    comedor cocina comunitario comunitaria communautaire punto ponto point espacio espaco
    espace space apoyo apoio appui support atencion atendimento orientacion orientacao
    informacion informacao information servicio servicios service services humanitario
    humanitaria humanitarian temporal temporario temporary transito paso passagem hogar home
    salud saude health puesto posto sede oficina office fundacion fundacao foundation fondation
    de del do da dos das e el en for la las los le of para por the y
    """.split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Spot:
    """Properties of a space that the search for duplicates compares.

    Attributes
    ----------
    lon, lat : float
        Degrees, EPSG:4326.
    is_exact : bool
        Whether the position is that of the place itself, not only of its town.
    phones : tuple of str
        Telephone numbers in E.164.
    """

    id: str
    name: str
    lon: float
    lat: float
    is_exact: bool
    country: str
    locality: str
    phones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two spaces that may be the same place.

    Attributes
    ----------
    left, right : str
        Ids in alphabetical order.
    score : float
        Likelihood of the same place, 0 to 1.
    reasons : dict
        ``name`` (similarity, 0 to 1); ``distance_m`` between exact positions, or ``same_town``
        (True); ``phone`` (True) if a number is shared.
    """

    left: str
    right: str
    score: float
    reasons: Mapping[str, Any]


def spot_of(document: Mapping[str, Any], id_: str) -> Spot | None:
    """Return the compared properties of a space's document; None without a name or a position."""
    lon, lat, name = document.get("lon"), document.get("lat"), document.get("name")
    if not isinstance(lon, int | float) or not isinstance(lat, int | float) or not name:
        return None
    country = str(document.get("country") or "")
    return Spot(
        id=id_,
        name=str(name),
        lon=float(lon),
        lat=float(lat),
        is_exact=document.get("coord_precision") == "point",
        country=country,
        locality=str(document.get("locality") or ""),
        phones=phones_of(document.get("public_phones") or (), country),
    )


def phones_of(numbers: Iterable[Any], country: str) -> tuple[str, ...]:
    """Return telephone numbers in E.164, each once, without short codes and invalid numbers.

    Parameters
    ----------
    numbers : iterable
        Numbers, or objects with the key ``number``.
    country : str
        Alpha-2 code for numbers without a country prefix; may be empty.
    """
    found = []
    for item in numbers:
        number = item.get("number") if isinstance(item, Mapping) else item
        try:
            parsed = phonenumbers.parse(str(number), country or None)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(parsed):
            found.append(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
    return tuple(dict.fromkeys(found))


def pairs(new: Sequence[Spot], old: Sequence[Spot] = ()) -> list[Pair]:
    """Return the pairs of spaces that may be one place, best score first.

    New spaces are compared with each other and with old ones; old spaces are not compared with each
    other.
    """
    fresh = {spot.id for spot in new}
    spots = [*new, *(spot for spot in old if spot.id not in fresh)]
    names = [_Name.of(spot) for spot in spots]
    hotlines = {
        phone
        for phone, n in Counter(phone for spot in spots for phone in spot.phones).items()
        if n > _HOTLINE
    }
    found: dict[tuple[int, int], Pair] = {}
    for a, b in _candidates(spots, names, len(new), hotlines):
        key = (min(a, b), max(a, b))
        if key not in found and (pair := _judged(spots, names, *key, hotlines)):
            found[key] = pair
    return sorted(found.values(), key=lambda pair: (-pair.score, pair.left, pair.right))


@dataclass(frozen=True, slots=True)
class _Name:
    whole: str
    telling: str
    numbers: frozenset[str]

    @classmethod
    def of(cls, spot: Spot) -> "_Name":
        whole = re.sub(r"[^a-z0-9]+", " ", folded(spot.name)).strip()
        town = set(re.sub(r"[^a-z0-9]+", " ", folded(spot.locality)).split())
        telling = [word for word in whole.split() if word not in _COMMON and word not in town]
        numbers = frozenset(word for word in whole.split() if word.isdigit())
        return cls(whole, " ".join(telling), numbers)

    def similarity(self, other: "_Name") -> float:
        if self.telling and other.telling:
            score = fuzz.token_set_ratio(self.telling, other.telling) / 100
        else:
            # A name of only common words and the town, such as "Albergue de Pamplona", is compared
            # as a whole.
            score = fuzz.token_sort_ratio(self.whole, other.whole) / 100
        return score / 2 if self.numbers != other.numbers else score


def _candidates(
    spots: Sequence[Spot], names: Sequence[_Name], new: int, hotlines: set[str]
) -> Iterator[tuple[int, int]]:
    yield from _neighbours(spots, new)
    by_town: dict[tuple[str, str], list[int]] = defaultdict(list)
    by_name: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    by_phone: dict[str, list[int]] = defaultdict(list)
    for n, spot in enumerate(spots):
        if spot.locality:
            town = (spot.country, folded(spot.locality))
            by_town[town].append(n)
            by_name[(*town, names[n].whole)].append(n)
        for phone in spot.phones:
            if phone not in hotlines:
                by_phone[phone].append(n)
    for group in by_town.values():
        if len(group) <= MAX_GROUP:
            # Pairs of two exact positions are left out: `_neighbours` already yields the near ones.
            yield from (
                (a, b)
                for a, b in _within(group, new)
                if not (spots[a].is_exact and spots[b].is_exact)
            )
    for group in (*by_name.values(), *by_phone.values()):
        yield from _within(group, new)


def _within(group: Sequence[int], new: int) -> Iterator[tuple[int, int]]:
    """Yield the pairs in an ascending group of indices in which at least one space is new.

    Indices below ``new`` are new spaces.
    """
    for at, a in enumerate(group):
        if a >= new:
            return
        for b in group[at + 1 :]:
            yield a, b


def _neighbours(spots: Sequence[Spot], new: int) -> Iterator[tuple[int, int]]:
    exact = [n for n, spot in enumerate(spots) if spot.is_exact]
    if not exact or exact[0] >= new:
        return
    tree = shapely.STRtree([shapely.Point(spots[n].lon, spots[n].lat) for n in exact])
    fresh = [n for n in exact if n < new]
    boxes = []
    for n in fresh:
        high = math.degrees(NEAR_M / _EARTH_M)
        wide = high / max(math.cos(math.radians(spots[n].lat)), 0.1)
        lon, lat = spots[n].lon, spots[n].lat
        boxes.append(shapely.box(lon - wide, lat - high, lon + wide, lat + high))
    for at, hit in zip(*tree.query(boxes).tolist(), strict=True):
        if fresh[at] != exact[hit]:
            yield fresh[at], exact[hit]


def _judged(
    spots: Sequence[Spot], names: Sequence[_Name], a: int, b: int, hotlines: set[str]
) -> Pair | None:
    one, other = spots[a], spots[b]
    if one.country != other.country:
        return None
    shared = (set(one.phones) & set(other.phones)) - hotlines
    name = names[a].similarity(names[b])
    if name < SIMILAR and not shared:
        return None
    reasons: dict[str, Any] = {"name": round(name, 2)}
    near = _nearness(one, other, reasons)
    if near is None and not shared:
        return None
    if shared:
        reasons["phone"] = True
    # Name, position and telephone are independent evidence: each multiplies the doubt that the two
    # spaces are one place by a factor below 1.
    doubt = (1 - 0.7 * max(0.0, name - 0.6) / 0.4) * (1 - (near or 0.0))
    doubt *= 0.4 if shared else 1.0
    score = round(1 - doubt, 3)
    if score < SHOWN:
        return None
    left, right = sorted((one.id, other.id))
    return Pair(left, right, score, reasons)


def _nearness(one: Spot, other: Spot, reasons: dict[str, Any]) -> float | None:
    """Return how strongly the positions suggest one place (0 to 1).

    None if two exact positions are more than `NEAR_M` apart, or two inexact ones are not in one
    town. The distance or the common town is added to ``reasons``.
    """
    if one.is_exact and other.is_exact:
        distance_m = _distance_m(one, other)
        if distance_m > NEAR_M:
            return None
        # Rounded to ten metres, so that a pair reveals no position.
        reasons["distance_m"] = int(round(distance_m, -1))
        return 0.6 - 0.3 * distance_m / NEAR_M
    if one.locality and folded(one.locality) == folded(other.locality):
        reasons["same_town"] = True
        return 0.2
    return None


def _distance_m(one: Spot, other: Spot) -> float:
    """Return the great-circle distance between two spaces in metres (haversine)."""
    lat1, lat2 = math.radians(one.lat), math.radians(other.lat)
    half = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin(math.radians(other.lon - one.lon) / 2) ** 2
    )
    return 2 * _EARTH_M * math.asin(math.sqrt(half))
