"""Protected services (P38): what an import makes restricted whatever its file states."""

from collections.abc import Collection, Iterable

from geo.text.protected_words import word_reasons
from geo.vocabulary import FLOOR, Vocabulary


def protected_reason(
    kind: str,
    services: Iterable[str],
    texts: Iterable[str],
    vocabulary: Vocabulary | None = None,
    released: Collection[str] = (),
) -> str | None:
    """Return why a record must be restricted, or None if nothing says so.

    Parameters
    ----------
    kind : str
        Kind of space.
    services : iterable of str
        Codes it offers.
    texts : iterable of str
        Every text of the record.
    vocabulary : Vocabulary or None
        Which kinds and services are protected; None for those that always are.
    released : collection of str
        Reasons that two people have judged not to hold for this record; only those that words
        gave can be.
    """
    protected = FLOOR if vocabulary is None else vocabulary.protected
    if kind in protected["space_kind"]:
        return f"kind {kind} is protected"
    for code in services:
        if code in protected["service"]:
            return f"service {code} is protected"
    return next((reason for reason in word_reasons(texts) if reason not in released), None)
