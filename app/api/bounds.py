"""Depth and counts of a body in JSON, looked at before any of its items is (P55).

Sixty thousand wrong points are as many errors to a validator that looks at each before it counts
them. The bounds are those that the body's own JSON Schema states.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic_core import InitErrorDetails, ValidationError

from app.problems import MOST_REASONS

#: Levels of lists and objects in a body [A]: a MultiPolygon in one has eight.
DEEPEST: Final = 50

type Schema = Mapping[str, Any]
type Place = tuple[str | int, ...]


@dataclass(slots=True)
class Bounds:
    """What a place of a body may hold; several where a schema gives a choice.

    Attributes
    ----------
    takes_lists, most_items, items
        Whether a list may stand there, of how many items (None: of any number), and theirs.
    takes_objects, members
        Whether an object may stand there, and its members; None: any names.
    """

    takes_lists: bool = False
    most_items: int | None = 0
    items: "list[Bounds]" = field(default_factory=list)
    takes_objects: bool = False
    members: "dict[str, list[Bounds]] | None" = field(default_factory=dict)


def bounds_of(schema: Schema) -> Bounds:
    """Return the bounds that a JSON Schema states, its definitions included."""
    definitions: Schema = schema.get("$defs", {})
    known: dict[int, Bounds] = {}

    def read(part: Schema) -> Bounds:
        if id(part) in known:
            return known[id(part)]
        bounds = known[id(part)] = Bounds()
        for choice in _choices(part, definitions):
            if "array" in _types(choice):
                _add_list(bounds, choice)
            if "object" in _types(choice):
                _add_object(bounds, choice)
        return bounds

    def _add_list(bounds: Bounds, choice: Schema) -> None:
        most = choice.get("maxItems")
        is_first = not bounds.takes_lists
        bounds.takes_lists = True
        if most is None or (bounds.most_items is None and not is_first):
            bounds.most_items = None
        else:
            bounds.most_items = max(bounds.most_items or 0, most)
        parts = [*choice.get("prefixItems", ()), choice.get("items")]
        bounds.items += [read(part) for part in parts if isinstance(part, Mapping)]

    def _add_object(bounds: Bounds, choice: Schema) -> None:
        bounds.takes_objects = True
        if choice.get("additionalProperties") is not False or bounds.members is None:
            # What is not named may stand there, and is nobody's to bound but the body's size.
            bounds.members = None
            return
        for name, part in choice.get("properties", {}).items():
            bounds.members.setdefault(name, []).append(read(part))

    whole = read(schema)
    for bounds in known.values():
        # Of items that are neither lists nor objects there is nothing to look at.
        inside = {id(one): one for one in bounds.items if one.takes_lists or one.takes_objects}
        bounds.items = list(inside.values())
    return whole


def _choices(part: Schema, definitions: Schema) -> Iterator[Schema]:
    """Give what a schema is one of, references followed."""
    if "$ref" in part:
        yield from _choices(definitions[part["$ref"].rpartition("/")[2]], definitions)
    for word in ("anyOf", "oneOf", "allOf"):
        for choice in part.get(word, ()):
            yield from _choices(choice, definitions)
    if "type" in part:
        yield part


def _types(choice: Schema) -> list[str]:
    stated = choice["type"]
    return [stated] if isinstance(stated, str) else list(stated)


def check_counts(value: object, bounds: Bounds, title: str) -> None:
    """Refuse a body with more items, or more unknown members, than its schema lets it have.

    Raises
    ------
    ValidationError
        Names the first list that is too long, or the first of the unknown members.
    """
    found = next(_beyond(value, [bounds], ()), None)
    if found is not None:
        raise ValidationError.from_exception_data(title, found)


def _beyond(value: object, places: list[Bounds], place: Place) -> Iterator[list[InitErrorDetails]]:
    if len(place) > DEEPEST:
        return  # said by who reads it
    if isinstance(value, list):
        lists = [one for one in places if one.takes_lists]
        mosts = [one.most_items for one in lists if one.most_items is not None]
        if lists and len(mosts) == len(lists) and len(value) > max(mosts):
            yield [_too_long(place, max(mosts), len(value))]
            return
        inside = [item for one in lists for item in one.items]
        if inside:
            for index, item in enumerate(value):
                if isinstance(item, (list, dict)):
                    yield from _beyond(item, inside, (*place, index))
    elif isinstance(value, dict):
        yield from _beyond_object(value, [one for one in places if one.takes_objects], place)


def _beyond_object(
    value: dict[str, Any], objects: list[Bounds], place: Place
) -> Iterator[list[InitErrorDetails]]:
    if not objects or any(one.members is None for one in objects):
        return
    known: dict[str, list[Bounds]] = {}
    for one in objects:
        for name, parts in (one.members or {}).items():
            known.setdefault(name, []).extend(parts)
    if len(value) > len(known) + MOST_REASONS:
        unknown = [name for name in value if name not in known][:MOST_REASONS]
        yield [_unknown((*place, name)) for name in unknown]
        return
    for name, member in value.items():
        if name in known and isinstance(member, (list, dict)):
            yield from _beyond(member, known[name], (*place, name))


def _too_long(place: Place, most: int, count: int) -> InitErrorDetails:
    counts = {"field_type": "List", "max_length": most, "actual_length": count}
    return InitErrorDetails(type="too_long", loc=place, input=None, ctx=counts)


def _unknown(place: Place) -> InitErrorDetails:
    return InitErrorDetails(type="extra_forbidden", loc=place, input=None)
