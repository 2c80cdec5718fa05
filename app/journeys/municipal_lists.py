"""List of a municipality: its spaces, the nearest spaces outside it, and the area's phone lines."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.journeys.sms import REACH_M
from geo import vocabulary
from geo.geography import municipalities
from geo.geography.municipalities import Municipality
from geo.guidance import contacts
from geo.guidance.contacts import AreaContacts
from geo.records import demo_rows
from geo.spaces import candidates, queries
from geo.spaces.candidates import Described
from geo.spaces.filters import SpaceFilter

#: Maximum number of usable spaces of other municipalities at the end of a list: as many as fit on a
#: printed sheet after the municipality's own spaces [A].
NEAR = 5


@dataclass(frozen=True)
class MunicipalList:
    """Data of a municipality's list.

    Attributes
    ----------
    own
        The municipality's visible, unexpired spaces that are not closed for good, by name.
    near
        Usable spaces of other municipalities of the same country, within `app.journeys.sms.REACH_M`
        of the municipality, nearest first.
    referrers
        Names of the visible spaces that refer people to the listed spaces, by id.
    """

    there: Municipality
    service: str | None
    own: tuple[Described, ...]
    near: tuple[Described, ...]
    referrers: Mapping[str, str]
    lines: AreaContacts
    has_demo: bool
    now: datetime

    @property
    def places(self) -> tuple[Described, ...]:
        """All listed spaces: those of `own`, then those of `near`."""
        return (*self.own, *self.near)


async def read_list(
    session: AsyncSession, there: Municipality, service: str | None, now: datetime
) -> MunicipalList:
    """Return the list of a municipality (public tier, because people pass lists on to anybody).

    Raises
    ------
    ProtectedServiceError, UnknownServiceError
        The service is protected (P38), or in no vocabulary.
    """
    await vocabulary.check_services(session, [service] if service else [])
    ids = await municipalities.space_ids_in(session, there)
    own = [
        one
        for one in await _described(session, ids)
        if one.properties["expires_on"] >= now.date()
        and one.properties["status"] != "closed"
        and (not service or service in one.properties["services"])
    ]
    own.sort(key=lambda one: (one.properties["name"], one.id))
    near = await queries.nearest_spaces(
        session,
        there.lon,
        there.lat,
        country=there.country,
        wanted=SpaceFilter(services=(service,) if service else ()),
        limit=len(own) + NEAR,
    )
    # Choose only spaces of the same country: a list names no crossings, so it must not lead people
    # abroad (P33).
    chosen = [
        one.id
        for one in near
        if one.id not in ids and one.country == there.country and one.distance_m <= REACH_M
    ][:NEAR]
    beyond = {one.id: one for one in await _described(session, chosen)}
    places = (*own, *(beyond[i] for i in chosen if i in beyond))
    referring = {i for one in places for i in one.properties["referral_points"] or ()}
    return MunicipalList(
        there=there,
        service=service or None,
        own=tuple(own),
        near=places[len(own) :],
        referrers={one.id: one.properties["name"] for one in await _described(session, referring)},
        lines=await contacts.contacts_of(session, there.country, there.admin1),
        has_demo=await demo_rows.has_demo(session),
        now=now,
    )


async def _described(session: AsyncSession, ids: Collection[str]) -> list[Described]:
    return list((await candidates.describe(session, ids)).values())
