"""Rule that makes records of protected services restricted, whatever the source states (P38)."""

from collections.abc import Collection, Iterable
from typing import Final

from geo.reasons import CodedReason
from geo.text.protected_words import protected_phrases
from geo.vocabulary import FLOOR, Vocabulary

#: Reason code of a restriction caused only by words in the record's texts. Two people can release a
#: record from this restriction, but not from one caused by a protected kind or service.
BY_WORDS: Final = "protected_words"


def protected_reason(
    kind: str,
    services: Iterable[str],
    texts: Iterable[str],
    vocabulary: Vocabulary | None = None,
    released: Collection[str] = (),
) -> CodedReason | None:
    """Return why a record must be restricted, or None if the protection rules allow publication.

    Parameters
    ----------
    kind : str
        Kind of space.
    services : iterable of str
        Codes of the services that the space offers.
    texts : iterable of str
        Every text of the record.
    vocabulary : Vocabulary or None
        Vocabulary with the protected kinds and services; None checks only those that are always
        protected.
    released : collection of str
        Phrases that two people have judged not to apply to this record.
    """
    protected = FLOOR if vocabulary is None else vocabulary.protected
    if kind in protected["space_kind"]:
        return CodedReason("protected_kind", kind=kind)
    for code in services:
        if code in protected["service"]:
            return CodedReason("protected_service", service=code)
    phrase = next((one for one in protected_phrases(texts) if one not in released), None)
    return None if phrase is None else CodedReason(BY_WORDS, words=phrase)
