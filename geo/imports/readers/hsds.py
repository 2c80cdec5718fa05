"""Reader for HSDS 3 JSON: lists of entities, or services with nested organisation and locations."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import shapely

from geo.imports.readers.table import MAX_LINES, Line, Table, Value, refuse, too_many
from geo.reasons import CodedReason

#: Keys under which a file lists the entities of each type; HSDS uses both plural and singular.
_LISTS = {
    "organization": ("organizations", "organization"),
    "service": ("services", "service"),
    "location": ("locations", "location"),
    "service_at_location": ("service_at_locations", "service_at_location"),
    "schedule": ("schedules", "schedule"),
    "phone": ("phones", "phone"),
    "language": ("languages", "language"),
    "address": ("addresses", "address"),
    "attribute": ("attributes", "attribute"),
    "taxonomy_term": ("taxonomy_terms", "taxonomy_term"),
    "cost_option": ("cost_options", "cost_option"),
    "required_document": ("required_documents", "required_document"),
    "accessibility": ("accessibility", "accessibilities"),
    "service_capacity": ("service_capacities", "service_capacity"),
}

#: Name of the taxonomy in whose terms Amparo's own export writes fields that HSDS does not have.
OWN = "amparo"

_SCHEDULE = (
    "freq", "interval", "dtstart", "until", "count", "byday", "bymonthday", "opens_at",
    "closes_at", "valid_from", "valid_to", "description",
)  # fmt: skip

#: Amparo status of a space by the HSDS status of its service; a defunct service makes the space
#: closed.
_STATUS = {
    "active": "active",
    "inactive": "temporarily_closed",
    "temporarily closed": "temporarily_closed",
    "defunct": "closed",
}

Entity = Mapping[str, Any]


@dataclass
class _Package:
    """Entities of an HSDS file by id, and their relations.

    ``offers`` has the service ids of each location, ``at`` the service_at_location entities of each
    location, ``terms`` the taxonomy terms, and ``parts`` the other entities, such as schedules and
    phones, by type and owner's id.
    """

    services: dict[str, Entity] = field(default_factory=dict)
    locations: dict[str, dict[str, Any]] = field(default_factory=dict)
    organizations: dict[str, Entity] = field(default_factory=dict)
    offers: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    at: dict[str, list[Entity]] = field(default_factory=lambda: defaultdict(list))
    terms: dict[str, Entity] = field(default_factory=dict)
    parts: dict[tuple[str, str], list[Entity]] = field(default_factory=lambda: defaultdict(list))


def read_hsds(name: str, data: bytes) -> Table:
    """Return the locations of an HSDS 3 file as a table whose columns are fields of a space.

    Raises
    ------
    InvalidFileError
        The file is not JSON, has no location, or more than `MAX_LINES` locations.
    """
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        refuse(name, CodedReason("file_not_json"), getattr(error, "lineno", 1))
    package = _packed(content)
    if not package.locations:
        refuse(name, CodedReason("file_no_location"))
    if len(package.locations) > MAX_LINES:
        refuse(
            name,
            too_many(len(package.locations), "locations"),
        )
    lines = [
        _line(n, package, location)
        for n, location in enumerate(package.locations.values(), start=1)
    ]
    columns = dict.fromkeys(column for line in lines for column in line.cells)
    return Table("hsds", tuple(columns), tuple(lines))


def _packed(content: object) -> _Package:
    package = _Package()
    if isinstance(content, dict) and isinstance(content.get("contents"), list):
        content = content["contents"]  # a page of results of an HSDS API
    if isinstance(content, list):
        for item in _entities(content):
            _take_any(package, item)
    elif isinstance(content, dict) and content.get("id"):
        _take_any(package, content)
    elif isinstance(content, dict):
        for entity in _LISTS:
            for item in _listed(content, entity):
                _take(package, entity, item)
    return package


def looks_like_hsds(content: object) -> bool:
    """Return whether parsed JSON has the shape of HSDS."""
    if isinstance(content, list):
        content = next(iter(content), None)
    if not isinstance(content, dict):
        return False
    if content.get("type") == "FeatureCollection":
        return False
    keys = {key for names in _LISTS.values() for key in names}
    return bool(keys & set(content)) or {"location_type", "contents"} & set(content) != set()


def _entities(items: Iterable[object]) -> list[Entity]:
    return [item for item in items if isinstance(item, dict)]


def _listed(content: Entity, entity: str) -> list[Entity]:
    for key in _LISTS[entity]:
        if isinstance(content.get(key), list):
            return _entities(content[key])
    return []


def _take_any(package: _Package, item: Entity) -> None:
    """Add an entity of unstated type; the type follows from keys that only this type has."""
    if "location_type" in item or "latitude" in item:
        _take(package, "location", item)
    elif "service_at_locations" in item or "organization" in item or "organization_id" in item:
        _take(package, "service", item)
    else:
        _take(package, "organization", item)


def _take(package: _Package, entity: str, item: Entity) -> None:
    _TAKERS.get(entity, partial(_take_part, entity=entity))(package, item)


def _take_organization(package: _Package, item: Entity) -> None:
    key = str(item.get("id") or "")
    package.organizations[key] = item
    for child in _entities(item.get("services") or ()):
        _take_service(package, {"organization_id": key, **child})
    for child in _entities(item.get("locations") or ()):
        _take_location(package, {"organization_id": key, **child})


def _take_service(package: _Package, item: Entity) -> None:
    organization = item.get("organization")
    if isinstance(organization, dict):
        _take_organization(package, organization)
        item = {"organization_id": organization.get("id"), **item}
    key = str(item.get("id") or "")
    package.services[key] = item
    for offer in _entities(item.get("service_at_locations") or ()):
        _take_offer(package, {"service_id": key, **offer})


def _take_location(package: _Package, item: Entity) -> None:
    package.locations.setdefault(str(item.get("id") or ""), {}).update(item)


def _take_offer(package: _Package, item: Entity) -> None:
    location = item.get("location")
    location_id = str(item.get("location_id") or "")
    if isinstance(location, dict):
        location_id = str(location.get("id") or "")
        _take_location(package, location)
    package.offers[location_id].append(str(item.get("service_id") or ""))
    package.at[location_id].append(item)


def _take_term(package: _Package, item: Entity) -> None:
    package.terms[str(item.get("id") or "")] = item


def _take_part(package: _Package, item: Entity, *, entity: str) -> None:
    for owner in ("location_id", "service_at_location_id", "service_id", "organization_id"):
        if item.get(owner):
            package.parts[entity, str(item[owner])].append(item)
            return
    if item.get("link_id"):
        package.parts[entity, str(item["link_id"])].append(item)


_TAKERS: Mapping[str, Callable[[_Package, Entity], None]] = {
    "organization": _take_organization,
    "service": _take_service,
    "location": _take_location,
    "service_at_location": _take_offer,
    "taxonomy_term": _take_term,
}


def _parts(package: _Package, owner: Entity, entity: str) -> list[Entity]:
    """Return the entities of a type, such as schedules, that belong to an owner.

    The owner contains them, or they are listed apart and refer to the owner's id.
    """
    return [*_listed(owner, entity), *package.parts[entity, str(owner.get("id") or "")]]


def _line(number: int, package: _Package, location: Entity) -> Line:
    key = str(location.get("id") or "")
    services = [package.services[s] for s in package.offers[key] if s in package.services]
    owner = str(location.get("organization_id") or "")
    if not owner and services:
        owner = str(services[0].get("organization_id") or "")
    organization = package.organizations.get(owner, {})
    own = _own_fields(package, location)
    cells = (
        _told(location, organization)
        | _place(package, location)
        | _offered(package, location, services)
        | own
    )
    geometry, problem = _position(location)
    return Line(number, cells, geometry, (("", problem),) if problem else ())


def _told(location: Entity, organization: Entity) -> dict[str, Value]:
    external = location.get("external_identifier")
    return {
        "id": external or location.get("id"),
        "name": location.get("name"),
        "organization": organization.get("name"),
        "notice": location.get("alert"),
    }


def _place(package: _Package, location: Entity) -> dict[str, Value]:
    addresses = _parts(package, location, "address")
    address = addresses[0] if addresses else {}
    return {
        "address": address.get("address_1") or None,
        "locality": address.get("city") or None,
        "admin1": address.get("state_province") or None,
        "country": address.get("country") or None,
        "landmark": location.get("transportation") or None,
    }


def _offered(package: _Package, location: Entity, services: Sequence[Entity]) -> dict[str, Value]:
    offers = package.at[str(location.get("id") or "")]
    owners = [location, *offers, *services]
    schedules = next((s for owner in owners if (s := _parts(package, owner, "schedule"))), [])
    phones = [p for owner in (location, *offers) for p in _parts(package, owner, "phone")]
    languages = [x for owner in (location, *services) for x in _parts(package, owner, "language")]
    first = services[0] if services else {}
    days = sorted(str(s["assured_date"])[:10] for s in services if s.get("assured_date"))
    statuses = {str(s.get("status")) for s in services}
    return {
        "services": [code for s in services if (code := _code(package, s))] or None,
        "status": _STATUS.get(statuses.pop()) if len(statuses) == 1 else None,
        "schedules": [_schedule(s) for s in schedules] or None,
        "timezone": next((s["timezone"] for s in schedules if s.get("timezone")), None),
        "public_phones": list(dict.fromkeys(str(p.get("number")) for p in phones)) or None,
        "languages": list(
            dict.fromkeys(str(x.get("code") or x.get("name")).lower() for x in languages)
        )
        or None,
        "eligibility": first.get("eligibility_description"),
        "cost": first.get("fees_description"),
        "minimum_age": first.get("minimum_age"),
        "maximum_age": first.get("maximum_age"),
        "confirmed_on": days[0] if days else None,
        "documents_required": [
            str(d.get("document"))
            for s in services[:1]
            for d in _parts(package, s, "required_document")
        ]
        or None,
    }


def _schedule(schedule: Entity) -> dict[str, Value]:
    made = {key: schedule[key] for key in _SCHEDULE if schedule.get(key) not in (None, "")}
    for clock in ("opens_at", "closes_at"):
        if isinstance(made.get(clock), str):
            made[clock] = made[clock][:5]  # drops the UTC offset: 08:00Z, 08:00:00-05:00
    if isinstance(made.get("bymonthday"), str):
        made["bymonthday"] = [int(day) for day in made["bymonthday"].split(",") if day.strip()]
    return made


def _terms(package: _Package, owner: Entity) -> Iterable[tuple[Entity, Entity]]:
    for attribute in _parts(package, owner, "attribute"):
        term = attribute.get("taxonomy_term")
        if not isinstance(term, dict):
            term = package.terms.get(str(attribute.get("taxonomy_term_id") or ""), {})
        yield attribute, term


def _taxonomy(term: Entity) -> str:
    return str(term.get("taxonomy") or "").lower()


def _code(package: _Package, service: Entity) -> str | None:
    """Return a service's code in Amparo's taxonomy, or its name, which a mapping can translate."""
    for _, term in _terms(package, service):
        if _taxonomy(term).startswith(OWN) and term.get("code"):
            return str(term["code"])
    return str(service["name"]) if service.get("name") else None


def _own_fields(package: _Package, location: Entity) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for attribute, term in _terms(package, location):
        if _taxonomy(term) == OWN and term.get("code"):
            found[str(term["code"])] = _json(attribute.get("value"))
    return found


def _json(value: Value) -> Value:
    """Parse a text that holds a JSON list or object; return any other value unchanged."""
    if isinstance(value, str) and value[:1] in "[{" and value:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _position(location: Entity) -> tuple[shapely.Point | None, CodedReason | None]:
    lon, lat = location.get("longitude"), location.get("latitude")
    if lon is None or lat is None:
        return None, None
    try:
        return shapely.Point(float(lon), float(lat)), None
    except (TypeError, ValueError):
        return None, CodedReason("row_not_numbers")
