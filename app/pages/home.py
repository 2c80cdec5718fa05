"""The page ``/``: rendered on the server, usable without JavaScript."""

from datetime import datetime

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.http.responses import page_response
from app.i18n.translation import negotiate, stated_country
from app.page_models import home_filling, renderer, view_models
from app.settings import Settings
from app.snapshots.place_names import (
    AmbiguousPlaceError,
    Choice,
    UnknownPlaceError,
    place_code,
    resolve,
)
from app.snapshots.road_networks import RoadNetworks
from geo.spaces import list_pages, queries
from geo.spaces.filters import SpaceFilter


async def home(
    narrowed: view_models.Narrowed,
    request: Request,
    session: AsyncSession,
    network: RoadNetworks,
    settings: Settings,
    now: datetime,
) -> Response:
    """Render the page with the filtered list, in the language of ``lang``.

    Raises
    ------
    UnknownServiceError, ProtectedServiceError
        If a service to filter by does not exist, or is protected and must not be asked for here.
    """
    await queries.check_services(session, narrowed.services)
    around = await home_filling.frame(session, network, settings, now)
    own_country = stated_country(request.headers.get("accept-language"))
    found = await _found(narrowed, session, network, settings.near_m, now, own_country)
    view = await home_filling.home(session, around, found)
    return page_response(renderer.render_home(view, _language(request)))


async def sought_place(
    session: AsyncSession, network: RoadNetworks, typed: str, ref: str, choice: str
) -> str:
    """Return the place that a form names, as a text or reference that `resolve` accepts.

    Parameters
    ----------
    typed
        Text of the input.
    ref
        Reference (`Choice.ref`) of the place that the server resolved before; used only while the
        input still holds the label of that place.
    choice
        Reference (`Choice.ref`) of the place chosen from several candidates.
    """
    if choice:
        return choice.removeprefix(renderer.PLACE_REF)
    known = ref.removeprefix(renderer.PLACE_REF)
    if not typed or not known:
        return typed
    try:
        town = await resolve(session, network, known)
    except (AmbiguousPlaceError, UnknownPlaceError):
        return typed
    return known if town.label == typed else typed


async def _found(
    narrowed: view_models.Narrowed,
    session: AsyncSession,
    network: RoadNetworks,
    near_m: float,
    now: datetime,
    own_country: str | None,
) -> home_filling.HomeSpaces:
    wanted = SpaceFilter(
        services=narrowed.services,
        languages=() if narrowed.language is None else (narrowed.language,),
        country=narrowed.country,
        families=narrowed.families,
        open_at=now if narrowed.open_now else None,
    )
    if not narrowed.place.strip():
        first = (narrowed.page - 1) * home_filling.PAGE_SIZE
        total, shown = await list_pages.listed_page(
            session, wanted, first, home_filling.PAGE_SIZE, own_country
        )
        return home_filling.HomeSpaces(narrowed, shown, total, near_m=near_m)
    choices: tuple[Choice, ...] = ()
    is_misspelt = False
    try:
        town = await resolve(session, network, narrowed.place)
    except AmbiguousPlaceError as error:
        return home_filling.HomeSpaces(
            narrowed, (), 0, choices=error.choices, is_place_unknown=True, near_m=near_m
        )
    except UnknownPlaceError as error:
        if error.meant is None:
            return home_filling.HomeSpaces(
                narrowed, (), 0, choices=error.choices, is_place_unknown=True, near_m=near_m
            )
        # The page names the place that it assumed, and offers the other candidates.
        town, is_misspelt = error.meant, True
        choices = tuple(one for one in error.choices if one.ref != f"place:{town.id}")
    is_misspelt = is_misspelt or town.is_by_sound
    around = await queries.spaces_around(
        session,
        town.lon,
        town.lat,
        country=town.country,
        wanted=wanted,
        limit=home_filling.PAGE_SIZE,
        horizon_m=near_m,
    )
    return home_filling.HomeSpaces(
        narrowed,
        around.near,
        len(around.near),
        town.label,
        town.country,
        town.label if town.id == narrowed.place.strip() else None,
        f"{renderer.PLACE_REF}{town.id or town.label}",
        await place_code(session, town),
        choices,
        is_place_misspelt=is_misspelt,
        beyond=around.beyond,
        near_m=near_m,
        place_at=(town.lon, town.lat),
    )


def _language(request: Request) -> str:
    return negotiate(request.query_params.get("lang"), request.headers.get("accept-language"))
