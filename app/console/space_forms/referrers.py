"""Choice, by name, of the spaces that refer people to a space."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.console.forms.layout import Desk
from app.console.space_forms.space_form import REFERRER, Typed
from geo.errors import InvalidRecordError
from geo.reasons import CodedReason
from geo.spaces import staff_search
from geo.spaces.staff_search import DirectoryEntry

#: Most spaces offered for one typed name; a person types a longer name to get fewer.
OFFERED = 12


async def with_referrer(desk: Desk, typed: Typed) -> tuple[Typed, tuple[DirectoryEntry, ...]]:
    """Return the typed values with the space that was named, or the spaces to choose from.

    Restricted spaces are never found by name (P31); a person who may read one types its id.

    Raises
    ------
    InvalidRecordError
        No space has the name.
    """
    named = str(typed.get(REFERRER) or "").strip()
    if not named:
        return typed, ()
    found = await staff_search.find_spaces(desk.staff, words=named, limit=OFFERED)
    exact = [one for one in found if named in {one.id, one.name}]
    if not found and named in await staff_search.restricted_ids(desk.staff):
        return _added(typed, named), ()
    if not found:
        raise InvalidRecordError([("referral_points", CodedReason("no_match"))])
    if len(exact) == 1 or len(found) == 1:
        return _added(typed, (exact or found)[0].id), ()
    return typed, found


def _added(typed: Typed, space_id: str) -> Typed:
    return {
        **typed,
        REFERRER: "",
        "referral_points": [*dict.fromkeys([*typed.get("referral_points", []), space_id])],
    }


async def referrer_names(desk: Desk, values: Mapping[str, Any] | Sequence[str]) -> dict[str, str]:
    """Return a name for each id: name and town, or the id of a space that has no public name."""
    ids = list(values)
    entries = await staff_search.named_spaces(desk.staff, ids) if ids else {}
    return {id_: _name(entries[id_]) if id_ in entries else id_ for id_ in ids}


def _name(entry: DirectoryEntry) -> str:
    return entry.name if entry.locality is None else f"{entry.name} ({entry.locality})"


async def with_names(
    desk: Desk, changed: Mapping[str, tuple[Any, Any]]
) -> dict[str, tuple[Any, Any]]:
    """Return a comparison in which ids of referring spaces are replaced by their names."""
    if "referral_points" not in changed:
        return dict(changed)
    before, after = (list(points or []) for points in changed["referral_points"])
    names = await referrer_names(desk, [*dict.fromkeys([*before, *after])])
    named = ([names[one] for one in before], [names[one] for one in after])
    return {**changed, "referral_points": named}
