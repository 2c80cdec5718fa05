"""Recognition of words that mark a place as one for people who must not be found (P38)."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from geo.text.normalize import unmasked

#: Part of the patterns below: words for women.
_WOMEN = r"(?:mu(?:jer|lher)(?:es)?|wom[ae]n|femmes?|fanm)"
#: Part of the patterns below: words for children.
_CHILDREN = r"(?:menor(?:es)?|nin[oa]s?|adolescentes?|nna|criancas?)"
#: Part of the patterns below: words for places that may house women or children.
_HOUSE = r"(?:(?:refugio|albergue|hogar|abrigo|casa)s?|centros?\s+de\s+(?:proteccion|acogida))"

#: Names of places of refuge.
_REFUGES = rf"""(?:
    casas?\s*(?:de\s*)?(?:refugio|abrigo|acogida|acolhida|segura)
    | safe\s*(?:house|space)s? | (?:espacio|espaco|lugar|local)(?:es)?\s+segur[oa]s?
    | (?:{_WOMEN}|men)\s*s?\s+(?:refuge|shelter)s?
    | (?:shelter|refuge|home)s?\s+for\s+(?:abused\s+)?(?:women|girls)
    | {_HOUSE}\s+(?:de\s+(?:paso|proteccion|acogida)\s+)?
      (?:de\s+|para\s+|da\s+|das\s+|a\s+)?(?:la\s+|las\s+)?mu(?:jer|lher)(?:es)?
    | (?:refuge|foyer|maison|abri|accueil)s?\s+(?:d\s+accueil\s+)?(?:pour|des|de)\s+femmes
    | (?:kay|abri|refij)\s+(?:pou\s+)?fanm
    )"""

#: Words of places that protect survivors of gender-based violence or trafficking, LGBTIQ+
#: people or unaccompanied children, in the languages of the network. For texts that
#: `geo.text.normalize.unmasked` has normalised.
#: Broad on purpose: a record held back by mistake is reviewed, but a publication of a refuge cannot
#: be undone.
#: From domain.md (safe_space) and protection.md (P2, P38); to be reviewed by a protection lead.
PROTECTED_TERMS = re.compile(
    rf"""\b(?:
    # Violence
    violencias?\s+(?:basadas?\s+en\s+|de\s+|por\s+)?(?:el\s+)?genero
    | violencias?\s+(?:sexual(?:es)?|domestica|familiar|intrafamiliar|machista|de\s+pareja)
    | violencias?\s+(?:contra|hacia)\s+(?:la|las|a|as)\s+{_WOMEN} | vbg | vcm | gbv | sgbv
    | gender\s+based | (?:domestic|sexual)\s+(?:violence|abuse)
    | violence\s+against\s+(?:women|girls) | (?:abused|battered)\s+(?:women|wives)
    | violences?\s+(?:basees?\s+sur\s+le\s+genre|sexuelles?|conjugales?|familiales?)
    | violences?\s+(?:faites\s+)?(?:aux|contre\s+les)\s+femmes | vyolans
    | (?:abuso|explotacion|exploracao|agresion|agressao)\s+sexual | fem(?:in)?icidios?
    | (?:situacion|situacao|victimas?|vitimas?)\s+d[ea]\s+(?:violencia|abuso|maltrato)s?
    | {_WOMEN}\s+(?:victim\w*|vitimas?|maltratadas?|golpeadas?|agredidas?|battues?|viktim)
    | sobrevivientes? | sobreviventes? | survivors?
    | {_REFUGES}
    # Trafficking. Not plain "trata": "se trata de" is no trafficking.
    | trata\s+de\s+(?:personas|blancas|mujeres|ninas|ninos) | (?:contra\s+la|victimas?\s+de)\s+trata
    | trata\s+y\s+trafico | victimas?\s+de\s+trafico
    | trafico\s+(?:de\s+)?(?:pessoas|personas|humano|mulheres|mujeres|criancas|ninos)
    | (?:human|sex)\s+trafficking | traite\s+(?:des\s+)?(?:personnes|etres) | trafik\s+moun
    # LGBTIQ+
    | lgbt\w* | diversidad\s+(?:sexual|de\s+genero) | transgenero | gays? | lesbian\w*
    | trans\s+(?:women|mujeres) | (?:{_WOMEN}|personas?|pessoas?|poblacion)\s+trans
    # Children without company
    | no\s+acompanad[oa]s? | nao\s+acompanhad[oa]s? | desacompanhad[oa]s? | unaccompanied
    | {_HOUSE}\s+(?:de\s+(?:paso|proteccion|acogida)\s+)?(?:de\s+|para\s+)?nna
    | {_HOUSE}\s+de\s+(?:paso|proteccion|acogida)\s+(?:de\s+|para\s+)?(?:l[oa]s\s+)?{_CHILDREN}
    | {_CHILDREN}\s+(?:sol[oa]s|sozinh[oa]s|sin\s+acompanantes?|sem\s+acompanhantes?) | nnana
    | separad[oa]s?\s+de\s+(?:sus|seus)\s+(?:familias|padres|pais) | ninez\s+separada
    | non\s+accompagnes? | (?:mineur|enfant)s?\s+isoles?
    | ti\s*moun\s+(?:ki\s+)?pou\s*kont\w*
    )\b""",
    re.VERBOSE,
)


_REFUGE = re.compile(rf"\b{_REFUGES}\b", re.VERBOSE)

#: Invisible characters: zero-width characters, soft hyphens and the like.
_UNSEEN = re.compile(r"[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


def protected_phrases(texts: Iterable[str]) -> Iterator[str]:
    """Yield each protected phrase in the texts of a record, normalised by `unmasked`."""
    for text in texts:
        yield from _phrases(text)


# Cached, because most texts of an imported file recur: codes, towns, organisations.
@lru_cache(maxsize=16_384)
def _phrases(text: str) -> tuple[str, ...]:
    read = " | ".join(map(unmasked, _readings([text])))
    return tuple(found.group() for found in PROTECTED_TERMS.finditer(read))


def names_a_refuge(text: str) -> bool:
    """Return whether a text, such as the name of a hotline, names a place of refuge (P3)."""
    return any(_REFUGE.search(unmasked(read)) for read in _readings([text]))


def _readings(texts: Iterable[str]) -> Iterator[str]:
    """Yield each text, and if it has invisible characters, again with spaces in their place."""
    for text in texts:
        yield text
        if not text.isascii() and _UNSEEN.search(text):
            yield _UNSEEN.sub(" ", text)
