"""Published translations of safety texts, as everybody reads them."""

from collections.abc import Mapping
from typing import Final

from geo.db.read_pool import Asks

_PUBLISHED: Final = "select language, original, translation from reviewed_texts"


async def published_texts(asks: Asks) -> Mapping[tuple[str, str], str]:
    """Return the published translations by language and Spanish original, over a raw connection."""
    rows = await asks.fetch(_PUBLISHED)
    return {(row["language"], row["original"]): row["translation"] for row in rows}
