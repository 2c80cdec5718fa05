"""Headers of measures, such as a distance or a size, which no field of a space holds.

"Km a la vía" is not the kilometre post of a road (``road_km``), and "Horas a la frontera" are not
opening hours.
"""

import re
from functools import lru_cache
from typing import Final

from geo.imports.headers.wording import plain, word_set, words_of

_LENGTH: Final = (
    r"(?:kms?|kilometr\w+|metros|mts|meters|metres|millas|milhas|miles|leguas|cuadras|quadras)"
)
_TIME: Final = r"(?:min|minutos?|minutes|horas?|hours|dias|days)"

#: Words for a road, as part of `_MEASURE`: "km de la ruta" is no distance.
_ROAD: Final = (
    r"(?:via|ruta|carretera|autopista|rodovia|estrada|road|route|highway|panamericana|br)"
)
#: Articles before a noun, as part of `_MEASURE`.
_ARTICLES: Final = r"(?:(?:la|las|el|los|the|a|o)\s+)*+"
_THE: Final = r"(?:(?<=al )|(?<=ao )|(?:la|las|el|los|the|a|o) )"
#: Nouns after a time that are no destination, so that the time is no distance: "horas al día".
_OTHER: Final = r"(?:dia|semana|mes|day|week|que|publico|public|hasta)"

#: A distance in length or time, but not along a road; an area, a volume or a weight.
_MEASURE: Final = re.compile(
    r"\b(?:distancia|distance|lejania|cercania|proximidad|proximidade|proximity)\b"
    rf"|\b{_LENGTH}\b.*\b(?:a|al|ao|as|hasta|ate|to|from|desde|hacia)\b"
    rf"|\b{_LENGTH} (?:de|del|do|da|of) {_ARTICLES}(?!{_ROAD}\b)[a-z]"
    rf"|\b{_TIME} (?:al?|ao|hasta|ate|to|from|desde) {_THE}(?!{_OTHER}\b)[a-z]"
    rf"|\b{_TIME} (?:de |of )?(?:caminando|caminhando|andando|caminata|caminhada|viaje|viagem)\b"
    r"|\b(?:m2|m3|litros?|liters|lts|kg|kilos|toneladas)\b"
)

#: Words of which headers of kilometre posts consist.
_POST: Final = word_set(
    "km kms kilometro kilometros pk punto ponto kilometrico marco hito progresiva kilometer post "
    "marker via ruta carretera autopista rodovia estrada road highway panamericana"
)
_KILOMETRE: Final = word_set("km kms kilometro pk kilometrico progresiva kilometer")


@lru_cache(maxsize=10_000)
def is_measure(header: str) -> bool:
    """Return whether a header asks how far from something a place is, or how large or heavy."""
    return _MEASURE.search(plain(header)) is not None


@lru_cache(maxsize=10_000)
def is_kilometre_post(header: str) -> bool:
    """Return whether a header names the kilometre of a road at which a place is, and no more."""
    words = words_of(header)
    return (
        not is_measure(header)
        and not _KILOMETRE.isdisjoint(words)
        and all(word in _POST for word in words)
    )
