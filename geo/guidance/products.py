"""Information products: leaflets, posters and recordings for spaces and for areas along routes."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

import numpy as np
import shapely
from geoalchemy2.shape import from_shape, to_shape
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Select, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, require_staff
from geo.audit import trail
from geo.db.guidance_views import plain_rows, product_spaces, products
from geo.errors import InvalidRecordError
from geo.guidance import review as reviewing
from geo.models import Location, Product, ProductAtLocation
from geo.reasons import CodedReason
from geo.records import demo_rows
from geo.records.guidance_rows import checked, read_product
from geo.records.row_validation import Circumstances
from geo.vocabulary import read_vocabulary

#: Columns of an information product in responses; the geometry of its area is left out.
PUBLISHED = (
    products.c.id,
    products.c.title,
    products.c.language,
    products.c.audience,
    products.c.summary,
    products.c.url,
    products.c.valid_from,
    products.c.valid_to,
    products.c.demo,
    products.c.source,
    products.c.licence,
)

_ORDER = (products.c.title, products.c.id)

_AREA = "area"


@dataclass(frozen=True, eq=False)
class AreaProduct:
    """Information product about an area.

    Attributes
    ----------
    product : mapping
        Columns `PUBLISHED` of the product.
    area : BaseGeometry
        Geometry of the area in EPSG:4326, prepared for fast intersection tests.
    """

    product: Mapping[str, Any]
    area: BaseGeometry


async def list_products(
    session: AsyncSession, *, language: str | None = None, audience: str | None = None
) -> list[dict[str, Any]]:
    """Return the reviewed information products that are valid today (any reading tier)."""
    question = select(*PUBLISHED)
    if language is not None:
        question = question.where(products.c.language == language)
    if audience is not None:
        question = question.where(products.c.audience == audience)
    return await _rows(session, question)


async def products_for_space(session: AsyncSession, space_id: str) -> list[dict[str, Any]]:
    """Return the information products that a space hands out.

    The result is empty if the space is not visible to the session's tier.
    """
    at = product_spaces.c
    return await _rows(
        session,
        select(*PUBLISHED)
        .join(product_spaces, at.product_id == products.c.id)
        .where(at.location_id == space_id),
    )


async def products_about_areas(session: AsyncSession) -> tuple[AreaProduct, ...]:
    """Return the information products that are about an area (any reading tier)."""
    question = select(*PUBLISHED, products.c.geom.label(_AREA)).where(products.c.geom.is_not(None))
    rows = await _rows(session, question)
    areas = [to_shape(row.pop(_AREA)) for row in rows]
    shapely.prepare(areas)
    return tuple(AreaProduct(row, area) for row, area in zip(rows, areas, strict=True))


def along(
    known: Sequence[AreaProduct], lines: Sequence[NDArray[np.float64]]
) -> list[list[Mapping[str, Any]]]:
    """Return, for each line, the products whose area the line crosses, in the order of ``known``.

    Parameters
    ----------
    lines : sequence of float64 [k, 2]
        Vertices of each line as lon, lat in degrees, EPSG:4326; k >= 2.
    """
    return [_along(known, line) for line in lines]


def _along(known: Sequence[AreaProduct], line: NDArray[np.float64]) -> list[Mapping[str, Any]]:
    if not known:
        return []
    # Minima are computed by column, as numpy takes ten times as long for both columns at once.
    lon, lat = line.T
    west, east, south, north = lon.min(), lon.max(), lat.min(), lat.max()
    near = []
    for one in known:
        bounds = one.area.bounds
        if bounds[0] <= east and west <= bounds[2] and bounds[1] <= north and south <= bounds[3]:
            near.append(one)
    # Most lines are near no area, so the slow creation of a geometry is left out for them.
    if not near:
        return []
    way = shapely.LineString(line)
    return [one.product for one in near if shapely.intersects(one.area, way)]


async def put_product(
    session: AsyncSession,
    actor: Actor,
    fields: Mapping[str, Any],
    *,
    today: date,
    now: datetime,
    geometry: BaseGeometry | None = None,
    allow_mixed: bool = False,
) -> str:
    """Add an information product as a draft, which a coordinator has to review (writer session).

    Parameters
    ----------
    session, actor
        Writer session, and a member of the staff.
    fields : mapping
        Fields as in a file of products, without ``reviewed_by`` and ``id``.
    today, now : date, datetime
        Day and moment of the change.
    geometry : Polygon or MultiPolygon or None
        Area that the product is about, EPSG:4326.
    allow_mixed : bool
        Store the product even if demo rows are loaded (P35).

    Returns
    -------
    str
        Id of the product.

    Raises
    ------
    ForbiddenError
        The actor does not belong to the staff.
    InvalidRecordError
        A field breaks its rule.
    MixedDataError
        Demo rows are loaded, and ``allow_mixed`` is False.
    """
    require_staff(actor)
    if "reviewed_by" in fields:
        raise InvalidRecordError([("reviewed_by", CodedReason("noted_on_review"))])
    circumstances = Circumstances(today, now, {}, await read_vocabulary(session))
    product_id = f"product-{uuid.uuid4().hex}"
    rows, _ = checked(read_product, {**fields, "id": product_id}, circumstances, geometry)
    (row,) = rows[Product]
    spaces = [at["location_id"] for at in rows[ProductAtLocation]]
    await _require_spaces(session, spaces)
    area = None if row["geom"] is None else from_shape(row["geom"], srid=4326)
    await session.execute(insert(Product), [{**row, "geom": area, "written_by": actor.id}])
    if spaces:
        await session.execute(insert(ProductAtLocation), list(rows[ProductAtLocation]))
    if not allow_mixed:
        await demo_rows.require_unmixed(session)
    await trail.record(
        session,
        actor=actor.id,
        action="product.write",
        entity="product",
        record_id=product_id,
        details={"language": row["language"]},
    )
    return product_id


async def attach(session: AsyncSession, actor: Actor, product_id: str, spaces: list[str]) -> None:
    """Replace the list of spaces that hand out an information product (writer session).

    Raises
    ------
    ForbiddenError
        The actor does not belong to the staff.
    InvalidRecordError
        A space is unknown or restricted.
    """
    require_staff(actor)
    await _require_spaces(session, spaces)
    await session.execute(
        delete(ProductAtLocation).where(ProductAtLocation.product_id == product_id)
    )
    if spaces:
        await session.execute(
            insert(ProductAtLocation),
            [{"product_id": product_id, "location_id": space} for space in dict.fromkeys(spaces)],
        )
    await trail.record(
        session,
        actor=actor.id,
        action="product.attach",
        entity="product",
        record_id=product_id,
        details={"spaces": len(spaces)},
    )


#: Functions of `geo.guidance.review`, bound to information products: `submit` a draft for review,
#: and accept or return a submitted product (`review`).
submit = partial(reviewing.submit, Product)
review = partial(reviewing.review, Product)


async def _require_spaces(session: AsyncSession, spaces: Sequence[str]) -> None:
    # A restricted space counts as unknown, so that the error does not reveal its existence (P39).
    known = set(
        await session.scalars(
            select(Location.id).where(
                Location.id.in_(list(spaces)), Location.visibility != "restricted"
            )
        )
    )
    missing = [space for space in spaces if space not in known]
    if missing:
        raise InvalidRecordError([("spaces", CodedReason("unknown", value=missing[0][:40]))])


async def _rows(session: AsyncSession, question: Select[Any]) -> list[dict[str, Any]]:
    found = await session.execute(question.order_by(*_ORDER))
    return plain_rows(found)
