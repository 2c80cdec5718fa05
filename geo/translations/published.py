"""Published translations of safety texts, as everybody reads them."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Final

from geo.db.read_pool import Asks

_PUBLISHED: Final = "select language, original, translation, is_withdrawn from reviewed_texts"


@dataclass(frozen=True, slots=True)
class PublishedTexts:
    """Published and withdrawn translations of safety texts.

    Attributes
    ----------
    texts
        Published translations by language and Spanish original.
    withdrawn
        Translations that a person withdrew, as (language, original, translation). Pages do not show
        them, even if they come with Amparo's release, unless they are published again.
    """

    texts: Mapping[tuple[str, str], str]
    withdrawn: Set[tuple[str, str, str]]


async def published_texts(asks: Asks) -> PublishedTexts:
    """Read the published and withdrawn translations over a raw connection (asyncpg)."""
    texts, withdrawn = {}, set()
    for row in await asks.fetch(_PUBLISHED):
        key = row["language"], row["original"]
        if row["is_withdrawn"]:
            withdrawn.add((*key, row["translation"]))
        else:
            texts[key] = row["translation"]
    return PublishedTexts(texts, withdrawn)
