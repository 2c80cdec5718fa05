"""Filling of the home page's view models from the public tier."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.page_models import view_models
from app.settings import Settings
from app.snapshots.essential_contacts import essential_lines
from app.snapshots.place_names import Choice, town_labels
from app.snapshots.road_networks import Region, RoadNetworks
from app.texts.phones import phone_of
from geo import vocabulary
from geo.geography import crossings, hazards
from geo.geography.crossings import CrossingState
from geo.geography.hazards import ActiveHazard
from geo.guidance.contacts import ESSENTIAL
from geo.hours.space_hours import Hours, hours_of
from geo.records import demo_rows
from geo.spaces import list_pages
from geo.spaces import queries as spaces
from geo.spaces.freshness import age_label
from geo.spaces.queries import ListedSpace, NearSpace, SideSpace
from tiles.features.style import map_layers

#: Spaces per page of the list: some six screens of a phone, and fewer than 1,500 nodes (issue 17).
PAGE_SIZE = 20


@dataclass(frozen=True)
class HomeSpaces:
    """The spaces that the page lists, and the place and filters that selected them.

    Attributes
    ----------
    spaces, total
        Spaces on this page in order, nearest first if a place is named; and the count of all
        matches.
    place, country, typed
        The place that the typed text was resolved to, its country (P33), and the text to show in
        the form's field.
    place_ref, place_code, choices, is_place_unknown, is_place_misspelt
        As in `view_models.HomeView`.
    beyond, near_m
        The nearest space if none is within the limit, and the limit in metres.
    place_at
        Longitude and latitude of the place, degrees EPSG:4326.
    """

    narrowed: view_models.Narrowed
    spaces: Sequence[ListedSpace] | Sequence[NearSpace]
    total: int
    place: str | None = None
    country: str | None = None
    typed: str | None = None
    place_ref: str = ""
    place_code: str | None = None
    choices: Sequence[Choice] = ()
    is_place_unknown: bool = False
    is_place_misspelt: bool = False
    beyond: NearSpace | None = None
    near_m: float = 0.0
    place_at: tuple[float, float] | None = None


async def frame(
    session: AsyncSession, network: RoadNetworks, settings: Settings, now: datetime
) -> view_models.PageFrame:
    """Read the data that every page shares."""
    return view_models.PageFrame(
        now=now,
        has_demo=await demo_rows.has_demo(session),
        data_as_of=now.date(),
        networks=tuple(network_of(region) for region in network.regions()),
        layers=map_layers(
            has_landscape=any(region.meta.landscape_count for region in network.regions())
        ),
        places=town_labels(network),
        hotline=settings.hotline,
        near_m=settings.near_m,
        public_url=None if settings.public_url is None else str(settings.public_url).rstrip("/"),
        incident_contact=settings.incident_contact,
        lines=await essential_lines(session, (), ESSENTIAL),
        names={
            (term.vocabulary, term.code): term.names
            for term in await vocabulary.named_terms(session)
        },
    )


async def home(
    session: AsyncSession, around: view_models.PageFrame, found: HomeSpaces
) -> view_models.HomeView:
    """Return the view of page ``/``."""
    return view_models.HomeView(
        frame=around,
        narrowed=found.narrowed,
        spaces=tuple(
            _near_space(space, found.country, around.now)
            if isinstance(space, NearSpace)
            else space_of_list(space, around.now)
            for space in found.spaces
        ),
        services=await vocabulary.services(session),
        languages=await list_pages.spoken_languages(session),
        countries=await spaces.countries_with_spaces(session),
        total=found.total,
        pages=pages_of(found.total),
        place=found.place,
        place_country=found.country,
        typed=found.narrowed.place if found.typed is None else found.typed,
        place_ref=found.place_ref,
        place_code=found.place_code,
        choices=found.choices,
        is_place_unknown=found.is_place_unknown,
        is_place_misspelt=found.is_place_misspelt,
        beyond=None
        if found.beyond is None
        else _near_space(found.beyond, found.country, around.now),
        near_m=found.near_m,
        place_at=found.place_at,
    )


def pages_of(total: int) -> int:
    """Return the number of pages of a list of ``total`` spaces, at least one."""
    return max(1, -(-total // PAGE_SIZE))


async def official_crossings(
    session: AsyncSession, now: datetime
) -> tuple[view_models.CrossingView, ...]:
    """Return all official crossings in their current state, as page ``/crossings`` shows them."""
    sides = defaultdict(list)
    for side in await spaces.nearest_by_side(session):
        sides[side.crossing_id].append(side)
    return tuple(
        crossing_of(crossing, sides[crossing.id])
        for crossing in await crossings.states_at(session, now)
    )


async def known_hazards(session: AsyncSession, now: datetime) -> tuple[view_models.HazardView, ...]:
    """Return the hazards that are published now, as page ``/hazards`` shows them."""
    return tuple(map(_hazard, await hazards.active_hazards(session, now)))


def _near_space(space: NearSpace, country: str | None, now: datetime) -> view_models.Space:
    crossing = space.properties.get("crossing")
    shown = space_of(space.id, space.properties, hours_of(space.properties), now, None)
    near = view_models.NearView(
        distance_m=space.distance_m,
        is_abroad=country is not None and space.country != country,
        crossing=None if crossing is None else crossing["name"],
    )
    return replace(shown, near=near)


def network_of(region: Region) -> view_models.NetworkView:
    """Return a road network as pages show it."""
    meta = region.meta
    return view_models.NetworkView(meta.name, meta.title, meta.kind, meta.attribution)


def space_of_list(space: ListedSpace, now: datetime) -> view_models.Space:
    """Return a space of the whole list as pages show it."""
    return space_of(space.id, space.properties, space.hours, now, space.referral_name)


def space_of(
    space_id: str,
    row: Mapping[str, Any],
    hours: Hours,
    now: datetime,
    referral_name: str | None,
) -> view_models.Space:
    """Return a space as a list shows it; ``row`` holds its published properties."""
    status = hours.status_at(now)
    is_open = None if status.state == "not_known" else status.state == "open"
    confirmed_on, today = row["confirmed_on"], now.astimezone(ZoneInfo(row["timezone"])).date()
    return view_models.Space(
        id=space_id,
        name=row["name"],
        kind=row["kind"],
        locality=row["locality"] or row["name"],
        country=row["country"],
        timezone=row["timezone"],
        status=row["status"],
        is_open=is_open,
        changes_at=status.closes_at if is_open else hours.next_opening(now),
        doubt=status.doubt,
        last_entry=status.last_entry,
        call_before=confirmed_on is not None
        and age_label(confirmed_on, row["expires_on"], today).call_before,
        confirmed_on=confirmed_on,
        is_demo=row["demo"],
        services=row["services"],
        languages=row["languages"],
        is_referral_only=row["access"] == "referral_only",
        referral_from=referral_name,
        phones=tuple(map(phone_of, row["phones"])),
        contact=row["contact"],
        organization=row["organization"],
        eligibility=row["eligibility"],
        hours=hours if hours.openings else None,
        is_free=None if row["fee_kind"] == "not_known" else row["fee_kind"] == "free",
    )


def crossing_of(crossing: CrossingState, sides: Iterable[SideSpace]) -> view_models.CrossingView:
    """Return an official crossing for pages; unless open, with the nearest space on each side."""
    return view_models.CrossingView(
        id=crossing.id,
        name=crossing.name,
        countries=(crossing.country_a, crossing.country_b),
        state=crossing.state,
        timezone=crossing.timezone or "UTC",
        next_opening=crossing.next_opening,
        nearest=()
        if crossing.state == "open"
        else tuple(
            view_models.Nearest(s.id, s.name, s.locality or s.name, s.country, s.distance_m)
            for s in sides
        ),
        is_demo=crossing.demo,
        is_surveyed=crossing.surveyed is not None,
    )


def _hazard(hazard: ActiveHazard) -> view_models.HazardView:
    return view_models.HazardView(
        id=hazard.id,
        kind=hazard.kind,
        title=hazard.title,
        is_exclusion=hazard.effect == "exclusion",
        night_only=hazard.night_only,
        valid_until=None if hazard.valid_to is None else hazard.valid_to.date(),
        published_on=hazard.published_on,
        source=hazard.source,
        is_demo=hazard.demo,
    )


def start_of_day(today: date) -> str:
    """Return the form's default start, 8:00 on ``today``, as a ``datetime-local`` value."""
    return f"{today.isoformat()}T08:00"
