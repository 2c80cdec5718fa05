"""Protected services (P38): what an import makes restricted whatever its file states."""

import re
from collections.abc import Collection, Iterable, Iterator

from geo.folding import folded
from geo.vocabulary import FLOOR, Vocabulary

#: Words of places that protect survivors of gender-based violence or trafficking, LGBTIQ+
#: people or unaccompanied children, in the languages of the network; folded.
#: Broad on purpose: a record held back by mistake is reviewed, a published refuge is not undone.
#: From domain.md (safe_space) and protection.md (P2, P38); to be reviewed by a protection lead.
PROTECTED_TERMS = re.compile(
    r"""\b(?:
    violencia\s+(?:basada\s+en\s+|de\s+)?(?:el\s+)?genero
    | violencia\s+(?:sexual|domestica|intrafamiliar)
    | violencia\s+(?:contra|hacia)\s+(?:la|las|a|as)\s+mu(?:jer|lher)(?:es)? | vbg | vcm | gbv
    | gender[\s-]based | domestic\s+(?:violence|abuse) | sexual\s+(?:violence|abuse)
    | violences?\s+(?:basees?\s+sur\s+le\s+genre|sexuelles?|conjugales?) | vyolans
    | casas?[\s-](?:de\s+)?(?:refugio|abrigo|acogida|acolhida|segura)
    | safe[\s_-]?(?:house|space)s? | (?:espacio|espaco|lugar|local)s?\s+segur[oa]s?
    | (?:women|men)['’]?s\s+(?:refuge|shelter)
    | (?:refugio|albergue|hogar|abrigo|casa)s?\s+(?:de|para|da|das)\s+(?:la\s+|las\s+)?
      mu(?:jer|lher)(?:es)?
    | sobrevivientes? | sobreviventes? | survivors?
    # Not plain "trata": "se trata de" is no trafficking.
    | trata\s+de\s+(?:personas|blancas|mujeres|ninas|ninos) | (?:contra\s+la|victimas?\s+de)\s+trata
    | victimas?\s+de\s+trafico | trafico\s+(?:de\s+)?(?:pessoas|personas|humano)
    | (?:human|sex)\s+trafficking | traite\s+(?:des\s+)?(?:personnes|etres)
    | lgbt\w* | diversidad\s+sexual | transgenero | trans\s+(?:women|mujeres)
    | no\s+acompanad[oa]s? | nao\s+acompanhad[oa]s? | desacompanhad[oa]s? | unaccompanied
    | non\s+accompagnes? | separad[oa]s?\s+de\s+(?:sus|seus)\s+(?:familias|padres|pais)
    )\b""",
    re.VERBOSE,
)


#: How a reason begins that only words gave: such a record can be released, no other.
BY_WORDS = "the words "


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
        Reasons that a coordinator has judged not to hold for this record; only those that words
        gave can be.
    """
    protected = FLOOR if vocabulary is None else vocabulary.protected
    if kind in protected["space_kind"]:
        return f"kind {kind} is protected"
    for code in services:
        if code in protected["service"]:
            return f"service {code} is protected"
    return next((reason for reason in word_reasons(texts) if reason not in released), None)


def word_reasons(texts: Iterable[str]) -> Iterator[str]:
    """Yield a reason for each protected phrase in the texts of a record."""
    # One search over all of them; a bar keeps a phrase from running over two texts.
    for found in PROTECTED_TERMS.finditer(folded(" | ".join(texts))):
        yield f"{BY_WORDS}'{found.group()}' are protected"
