"""HXL 1.1: which hashtag stands for which field of a space (domain.md section 3)."""

from collections.abc import Mapping

#: Hashtag, attributes it must have, and the field: the first that fits is taken, so that the
#: narrower ones come first. From domain.md's list of headers for spaces; what that list does not
#: have is written ``#meta+field+<name>`` by Amparo's own export.
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
    """Return the field a hashtag stands for, or None.

    Parameters
    ----------
    tag : str
        Lower case, attributes in any order: ``#geo+lat``.
    names : frozenset of str
        Every field there is.
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
    """Return the field of each tagged column; a field that several columns have is the first's.

    A column whose header is a field's own name is that field, whatever its hashtag: the export
    says there exactly what it means.
    """
    own = {column: column for column in tags if column in names}
    taken = set(own)
    for column, tag in tags.items():
        field = None if column in own else field_of(tag, names)
        if field is not None and field not in taken:
            own[column] = field
            taken.add(field)
    return own
