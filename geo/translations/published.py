"""Published translations of safety texts, as everybody reads them."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Final

from geo.db.read_pool import Asks

_PUBLISHED: Final = "select language, original, translation, is_withdrawn from reviewed_texts"


@dataclass(frozen=True, slots=True)
class PublishedTexts:
    """What people decided about translations.

    Attributes
    ----------
    texts
        Published translations by language and Spanish original.
    withdrawn
        Words that a person withdrew, as language, original and translation: nobody is shown them,
        unless they are published again.
    """

    texts: Mapping[tuple[str, str], str]
    withdrawn: Set[tuple[str, str, str]]


async def published_texts(asks: Asks) -> PublishedTexts:
    """Return what is published and what was withdrawn, over a raw connection."""
    texts, withdrawn = {}, set()
    for row in await asks.fetch(_PUBLISHED):
        key = row["language"], row["original"]
        if row["is_withdrawn"]:
            withdrawn.add((*key, row["translation"]))
        else:
            texts[key] = row["translation"]
    return PublishedTexts(texts, withdrawn)
