"""HXL 1.1 hashtags in import files, and the field of a space for each (domain.md section 3)."""

from collections.abc import Mapping

#: Hashtag, required attributes, and field. The first match is used, so tags with more attributes
#: come first. The tags are those of domain.md for spaces; for all other fields Amparo's own export
#: writes ``#meta+field+<name>``.
FIELDS: tuple[tuple[str, frozenset[str], str], ...] = (
    ("#meta", frozenset({"id"}), "id"),
    ("#loc", frozenset({"name"}), "name"),
    ("#loc", frozenset({"type"}), "kind"),
    ("#org", frozenset({"name"}), "organization"),
    ("#org", frozenset(), "organization"),
    ("#sector", frozenset(), "sectors"),
    ("#service", frozenset(), "services"),
    ("#status", frozenset(), "status"),
    ("#date", frozenset({"verified"}), "confirmed_on"),
    ("#date", frozenset({"expires"}), "expires_on"),
    ("#country", frozenset({"code"}), "country"),
    ("#country", frozenset({"name"}), "country"),
    ("#country", frozenset(), "country"),
    ("#adm1", frozenset({"name"}), "admin1"),
    ("#adm2", frozenset({"name"}), "locality"),
    ("#loc", frozenset({"town"}), "locality"),
    ("#geo", frozenset({"lat"}), "lat"),
    ("#geo", frozenset({"lon"}), "lon"),
    ("#geo", frozenset({"precision"}), "coord_precision"),
    ("#capacity", frozenset({"available"}), "available"),
    ("#capacity", frozenset(), "capacity"),
    ("#contact", frozenset({"phone"}), "public_phones"),
    ("#access", frozenset({"conditions"}), "eligibility"),
    ("#access", frozenset({"type"}), "access"),
    ("#meta", frozenset({"url", "source"}), "source"),
    ("#meta", frozenset({"source"}), "source"),
    ("#description", frozenset(), "notice"),
)


def field_of(tag: str, names: frozenset[str]) -> str | None:
    """Return the field of a space that an HXL hashtag stands for, or None.

    Parameters
    ----------
    tag : str
        Hashtag in lower case with attributes in any order, such as ``#geo+lat``.
    names : frozenset of str
        Names of all fields.
    """
    head, *attributes = tag.split("+")
    there = frozenset(attributes)
    if head == "#meta" and "field" in there:
        named = (there - {"field"}) & names
        return next(iter(named)) if len(named) == 1 else None
    for wanted, needed, field in FIELDS:
        if head == wanted and needed <= there:
            return field
    return None


def fields_of(tags: Mapping[str, str], names: frozenset[str]) -> dict[str, str]:
    """Return the field of each column that has an HXL hashtag.

    If several columns stand for one field, the first is used. A column whose header is the name of
    a field, as in Amparo's own export, stands for that field whatever its hashtag.
    """
    own = {column: column for column in tags if column in names}
    taken = set(own)
    for column, tag in tags.items():
        field = None if column in own else field_of(tag, names)
        if field is not None and field not in taken:
            own[column] = field
            taken.add(field)
    return own
