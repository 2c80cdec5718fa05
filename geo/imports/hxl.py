"""HXL 1.1: the hashtags that stand for fields of a space (domain.md section 3)."""

from collections.abc import Mapping

#: Hashtag, required attributes, and field. The first match counts, so narrower tags come first. The
#: list is domain.md's headers for spaces; Amparo's own export writes all other fields as
#: ``#meta+field+<name>``.
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
    """Return the field that a hashtag stands for, or None.

    Parameters
    ----------
    tag : str
        Lower case, attributes in any order: ``#geo+lat``.
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
    """Return the field of each tagged column; of several columns for one field the first counts.

    A column whose header is a field's name is that field whatever its hashtag: Amparo's own export
    writes such headers.
    """
    own = {column: column for column in tags if column in names}
    taken = set(own)
    for column, tag in tags.items():
        field = None if column in own else field_of(tag, names)
        if field is not None and field not in taken:
            own[column] = field
            taken.add(field)
    return own
