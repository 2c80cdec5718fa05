"""Limits on depth and item counts of a JSON body, checked before pydantic validates it (P55).

Pydantic validates the items of a list before it counts them, so a body with sixty thousand invalid
points would cause sixty thousand errors. The limits are those of the body's own JSON Schema.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic_core import InitErrorDetails, ValidationError

from app.http.problems import MOST_REASONS

#: Maximum number of levels of nested lists and objects in a body [A]; a body with a MultiPolygon
#: has eight levels.
DEEPEST: Final = 50

type Schema = Mapping[str, Any]
type Place = tuple[str | int, ...]
type Errors = list[InitErrorDetails]


@dataclass(slots=True)
class ListBounds:
    """Limits of a list that the schema allows at one place of the body.

    Attributes
    ----------
    most
        Maximum number of items; None for any number.
    items
        Limits of the lists and objects that the schema allows as items.
    """

    most: int | None
    items: "list[Choices]"


@dataclass(slots=True)
class ObjectBounds:
    """Limits of an object that the schema allows at one place of the body.

    Attributes
    ----------
    is_open
        Whether members are allowed that the schema does not name.
    members
        Limits of the lists and objects that the schema allows as each named member.
    """

    is_open: bool
    members: "dict[str, Choices]" = field(default_factory=dict)


@dataclass(slots=True)
class Choices:
    """Limits of all lists and objects that the schema allows at one place of the body."""

    lists: list[ListBounds] = field(default_factory=list)
    objects: list[ObjectBounds] = field(default_factory=list)


def bounds_of(schema: Schema) -> Choices:
    """Read the limits that a JSON Schema, including its `$defs`, states for a body."""
    return _Reading(schema.get("$defs", {})).choices(schema)


class _Reading:
    """Reader of the limits in a schema; reads each part once, because schemas may be recursive."""

    def __init__(self, definitions: Schema) -> None:
        self._definitions = definitions
        self._known: dict[int, Choices] = {}

    def choices(self, part: Schema) -> Choices:
        """Read the limits of the lists and objects that a part of the schema allows."""
        known = self._known.get(id(part))
        if known is not None:
            return known
        found = self._known[id(part)] = Choices()
        for one in self._single(part):
            stated = one["type"]
            if stated == "array":
                found.lists.append(self._list(one))
            elif stated == "object":
                found.objects.append(self._object(one))
        return found

    def _single(self, part: Schema) -> Iterator[Schema]:
        """Yield the alternatives (`anyOf` and the like) of a part of the schema, without `$ref`."""
        if "$ref" in part:
            yield from self._single(self._definitions[part["$ref"].rpartition("/")[2]])
        for word in ("anyOf", "oneOf", "allOf"):
            for one in part.get(word, ()):
                yield from self._single(one)
        if "type" in part:
            yield part

    def _list(self, part: Schema) -> ListBounds:
        items = (*part.get("prefixItems", ()), part.get("items"))
        inside = [self.choices(item) for item in items if isinstance(item, Mapping)]
        return ListBounds(part.get("maxItems"), inside)

    def _object(self, part: Schema) -> ObjectBounds:
        named = part.get("properties", {})
        return ObjectBounds(
            part.get("additionalProperties") is not False,
            {name: self.choices(member) for name, member in named.items()},
        )


def check_counts(value: object, bounds: Choices, title: str) -> None:
    """Refuse a body with more items or more unknown members than its schema allows.

    Raises
    ------
    ValidationError
        A list is too long (the error names the first such list), or an object has too many unknown
        members (the error names the first few).
    """
    found = _beyond(value, bounds, ())
    if found:
        raise ValidationError.from_exception_data(title, found)


def _beyond(value: object, bounds: Choices, place: Place) -> Errors:
    if len(place) > DEEPEST:
        return []  # the parser of the body refuses bodies that are nested too deeply
    if isinstance(value, list) and bounds.lists:
        return _beyond_list(value, bounds.lists, place)
    if isinstance(value, dict) and bounds.objects:
        return _beyond_object(value, bounds.objects, place)
    return []


def _beyond_list(value: list[Any], lists: list[ListBounds], place: Place) -> Errors:
    mosts = [one.most for one in lists if one.most is not None]
    if len(mosts) == len(lists) and len(value) > max(mosts):
        counts = {"field_type": "List", "max_length": max(mosts), "actual_length": len(value)}
        return [InitErrorDetails(type="too_long", loc=place, input=None, ctx=counts)]
    deeper = [item for one in lists for item in one.items if item.lists or item.objects]
    if deeper:
        inside = _together(deeper)
        for index, item in enumerate(value):
            if isinstance(item, (list, dict)) and (found := _beyond(item, inside, (*place, index))):
                return found
    return []


def _beyond_object(value: dict[str, Any], objects: list[ObjectBounds], place: Place) -> Errors:
    is_open = any(one.is_open for one in objects)
    known = {name for one in objects for name in one.members}
    if not is_open and len(value) > len(known) + MOST_REASONS:
        unknown = [name for name in value if name not in known][:MOST_REASONS]
        return [
            InitErrorDetails(type="extra_forbidden", loc=(*place, name), input=None)
            for name in unknown
        ]
    for name in known & value.keys():
        if any(one.is_open and name not in one.members for one in objects):
            continue
        inside = _together([one.members[name] for one in objects if name in one.members])
        if found := _beyond(value[name], inside, (*place, name)):
            return found
    return []


def _together(choices: list[Choices]) -> Choices:
    if len(choices) == 1:
        return choices[0]
    lists = {id(one): one for choice in choices for one in choice.lists}
    objects = {id(one): one for choice in choices for one in choice.objects}
    return Choices(list(lists.values()), list(objects.values()))
