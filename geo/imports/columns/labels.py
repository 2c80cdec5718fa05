"""Codes that labels stand for: a label equals, resembles or contains a known label."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz, process

from geo.imports.cells import cell_values
from geo.imports.cells.cell_values import CellStyle
from geo.imports.cells.dates import DAY_WORDS, MONTH_WORDS
from geo.imports.columns.words_in_cells import GROUPS
from geo.imports.headers.concepts import PLACE
from geo.imports.headers.synonyms import LABELS
from geo.imports.headers.wording import DENIALS, GONE, is_path, plain, stem, word_set, words_of
from geo.imports.readers.table import CellError, Value
from geo.text.normalize import folded
from geo.text.protected_words import protected_phrases

#: Least similarity (0 to 100) of a label to a known one. A label with less similarity gets no code,
#: and a person has to decide.
_LIKELY: Final = 85.0

#: Codes of the field ``status`` for a place that takes nobody in.
_CLOSING: Final = frozenset({"full", "temporarily_closed", "closed"})
#: Text in brackets. It does not change the code of a label of a closed place.
_BRACKETED: Final = re.compile(r"\([^()]*\)")
_ANSWERED_NO: Final = re.compile(r"(?:no|nao|non)\s*[,;:–—-]\s*")

#: Most letters of a name of a day or month that is only initials. Such names are not searched in
#: labels.
_INITIALS: Final = 2

_YES_OR_NO: Final = frozenset({"si", "no", "sim", "nao", "yes", "x"})

#: "S/" as short for "sin" (without), as in "S/ cita". In "L-S" the letter is a day, so the slash is
#: needed.
_SHORT_DENIAL: Final = re.compile(r"\bs/")

#: Prefixes that deny the rest of a word: "inoperativo", "desativado", "unavailable".
_DENYING: Final = re.compile(r"(?:in|im|des|dis|un|non)(?=[a-z]{4})")

#: Codes of the fields ``status`` and ``access`` for a place that is open to everybody.
_OPENING: Final = frozenset({"active", "open"})
#: Words by which a place is not open to all, not yet, no longer, or only perhaps. A label with such
#: a word gets no code of `_OPENING`, unless it is a known label, so that a person reads it.
_LIMITS: Final = word_set(
    "solo so solamente somente apenas only por parcial parcialmente partially medias pronto "
    "proximamente embreve soon antes estaba estava era was hasta ate until desde cita previa "
    "previo agendamento agendado appointment salvo excepto exceto except depende veces vezes "
    "reabre reabrira abrira abrir reabrir casi quase posible posiblemente "
    "possivelmente quiza quizas talvez tal maybe perhaps probablemente provavelmente confirmar "
    "carta entrevista evaluacion avaliacao "
    "segun dicen dizem rumor intermitente eventual eventualmente peut etre "
    "superlotado superlotada lotado lotada lleno llena cheio cheia completo completa sobrecupo"
)

#: Words by which a closed place will open again. A label with such a word and the code "closed"
#: gets the code "temporarily_closed".
_FOR_NOW: Final = word_set(
    "temporal temporalmente temporario temporaria temporariamente provisorio provisional hasta ate "
    "until reforma reformas obra obras remodelacion reparacion mantenimiento manutencao reabre "
    "reabrira vuelve volta vacaciones ferias receso recesso momentaneamente ahora agora momento"
)
#: Words for days or times of day. With such a word a label such as "cerrado los lunes" gets no
#: code, because the place is open at other times.
_SOME_DAYS: Final = frozenset(
    word for words in DAY_WORDS.values() for word in words if len(word) > _INITIALS
) | word_set(
    "festivos feriados fines finais domingos sabados noche noches noite noites tarde tardes"
)
_MONTHS: Final = frozenset(month for month in MONTH_WORDS if len(month) > _INITIALS)

#: Phrases by which only people who have papers are asked for them: "si tienen".
_OPTIONAL: Final = re.compile(
    r"\b(?:si|se|if)\s+(?:l[oa]s?\s+|o\s+|a\s+)?(?:tienen?|tuvieran?|tiver(?:em)?|hay|haya|houver|posee|"
    r"possuir|cuentan?|es posible|possivel|any|available|possible|they|you)\b"
    r"|\b(?:opcional|optional|preferi\w+|preferen\w+|deseable|desejavel)"
)

#: Words for people whom a place may protect. A label of a kind of place with such a word gets no
#: code other than "safe_space", so that a person decides whether the place must stay hidden (P38).
_GUARDED: Final = word_set(
    "mujer mujeres mulher mulheres femenino femenina feminino feminina women femmes vbg gbv "
    "victima victimas vitima vitimas trata sobrevivientes lgbt lgbti lgbtiq lgbtqia"
)

#: Codes of kinds of places in which people sleep.
_BEDS: Final = frozenset({"shelter", "temporary_shelter", "overnight_reception"})
_CHILDREN: Final = word_set(
    "nna nnaj nino nina ninos ninas ninez infancia crianca criancas infantil adolescente "
    "adolescentes menor menores huerfanos orfaos children minors"
)

#: Most letters of a label that must equal a known label, except for its ending, to get its code:
#: "CRAS" is not "CAS".
_SHORT: Final = 4

#: Words that resemble words of known labels but mean something else: "revisión" (of bags) is no
#: misspelt "remisión" (referral).
_OTHER_WORDS: Final = word_set(
    "revision revisao informatica formacion formacao mision missao comision comissao acolhida "
    "acolhimento"
)


@lru_cache
def meanings_of(name: str) -> Mapping[str, str]:
    """Return the code of each known label of a field."""
    return {label: code for code, labels in LABELS[name].items() for label in labels}


def meant(label: str, meanings: Mapping[str, str]) -> str:
    """Return the code that a label stands for; "" if it stands for none, for several, or in doubt.

    A label with a denial gets a code only if it equals a known label. A label with a word of
    `_LIMITS`, such as "solo", gets a code for an open place only if it equals a known label.
    """
    code = _meaning(label, meanings)
    said = plain(label)
    more = set() if said in meanings else set(said.split())
    if code == "closed" and more & _FOR_NOW and "definitiv" not in said:
        code = "temporarily_closed"
    if code in _CLOSING and more & _SOME_DAYS:
        return ""
    if more and code and _is_guarded(label) and not _is_of_the_guarded(code, meanings):
        return ""
    if code not in _OPENING:
        is_gone = code not in _CLOSING and GONE & more
        return "" if is_gone else code
    is_dated = more & _MONTHS and not re.search(r"\b20\d\d\b", said)
    is_limited = "?" in label or is_dated or more & _LIMITS
    return "" if is_limited else code


def _is_guarded(label: str) -> bool:
    """Return whether a label names protected people, as in "para sobrevivientes" (P38)."""
    return any(protected_phrases([label]))


def _is_of_the_guarded(code: str, meanings: Mapping[str, str]) -> bool:
    """Return whether a known label of a code has a phrase about protected people."""
    return any(_is_guarded(known) for known, of in meanings.items() if of == code)


def meant_of_kind(label: str, meanings: Mapping[str, str]) -> str:
    """Return the kind of space that a label stands for; "" if none, or if the kind is in doubt.

    "Trámites y refugio" names two things and need not be a place to sleep. "Refugio mujeres VBG"
    may be a place that must stay hidden.
    """
    code = _meaning(label, meanings)
    said = set(plain(label).split())
    if code != "safe_space" and _GUARDED & said:
        return ""
    if code in _BEDS and _CHILDREN & said:
        return ""
    return code if plain(label) in meanings else meant_of_all(label, meanings)


def meant_of_all(label: str, meanings: Mapping[str, str]) -> str:
    """Return the code that every part of a label stands for; "" if the parts have different codes.

    The parts stand between words such as "o". With only one code, "RUN o pasaporte" would ask
    everybody for a passport. A label such as "pasaporte si tienen" gets no code, because people
    without a passport are admitted, too.
    """
    if _OPTIONAL.search(folded(label)):
        return ""
    parts = [part for part in _EITHER.split(_FOR.sub(" ", folded(label))) if part.strip()]
    codes = {_meaning(part, meanings) for part in parts}
    return codes.pop() if len(codes) == 1 else ""


def _meaning(label: str, meanings: Mapping[str, str]) -> str:
    said = plain(label)
    for whole in (folded(label), bare(label), said):
        if whole in meanings:
            return meanings[whole]
    # "Inactivo (estacional)" is closed, whatever the text in brackets says.
    if (code := meanings.get(plain(_BRACKETED.sub(" ", label)), "")) in _CLOSING:
        return code
    # In "No, cerrado temporalmente" the status stands after the answer.
    answer = _ANSWERED_NO.match(folded(label))
    if answer:
        code = _meaning(folded(label)[answer.end() :], meanings)
        return code if code in _CLOSING else ""
    if _SHORT_DENIAL.search(folded(label)) or _denies(said, meanings):
        return ""
    return _likely_meaning(said, meanings)


def _denies(said: str, meanings: Iterable[str]) -> bool:
    """Return whether a label has a word of denial, or a denying prefix before a known word."""
    words = said.split()
    if DENIALS & set(words):
        return True
    rests = [_DENYING.sub("", word, count=1) for word in words if _DENYING.match(word)]
    known = {word for one in meanings for word in one.split()} if rests else set[str]()
    # The lengths are compared so that "informacion" is not read as "in" and a misspelt "formacion".
    return any(
        abs(len(one) - len(rest)) <= 1 and fuzz.ratio(one, rest) >= _LIKELY
        for rest in rests
        for one in known
    )


@lru_cache
def _affirmed(known: tuple[str, ...]) -> tuple[str, ...]:
    """Return the known labels without those that deny something.

    Otherwise "ya funciona" would be read as the similar "ya no funciona".
    """
    return tuple(one for one in known if not _denies(one, known))


def _likely_meaning(said: str, meanings: Mapping[str, str]) -> str:
    affirmed = _affirmed(tuple(meanings))
    if not _OTHER_WORDS.isdisjoint(said.split()):
        affirmed = tuple(
            one for one in affirmed if set(said.split()) & _OTHER_WORDS & set(one.split())
        )
    if len(said) <= _SHORT:
        return next((meanings[one] for one in affirmed if stem(one) == stem(said)), "")
    best = process.extractOne(said, affirmed, scorer=fuzz.token_sort_ratio, score_cutoff=_LIKELY)
    if best:
        return meanings[best[0]]
    words = f" {said} "
    # Known labels of one or two letters, such as "en" (English), are not searched within a label:
    # "Verificación en listado".
    within = {
        known: meanings[known]
        for known in affirmed
        if len(known) > _INITIALS and f" {known} " in words
    }
    # If one known label contains another, only the longer one counts: "informacion turistica".
    codes = {
        code
        for known, code in within.items()
        if not any(known != other and f" {known} " in f" {other} " for other in within)
    }
    return codes.pop() if len(codes) == 1 else ""


#: Short forms of "para" and "con", which are removed before a label is split.
_FOR: Final = re.compile(r"\b[pc]/\s*")
#: Signs and words between the parts of a label that names several things.
_EITHER: Final = re.compile(r"\s*[/+]\s*|\s+(?:o|u|ou|or|y|e|and|et)\s+")

#: Words of headers that ask whether a place is open: "¿Operativo?".
_ASKS_IF_OPEN: Final = word_set(
    "operativo operativa operando operacional operational operacion operacao funciona funcionando "
    "funcionan funcionamiento funcionamento abierto abierta aberto aberta activo activa ativo "
    "ativa open vigente"
)
#: Words that a header with a word of `_ASKS_IF_OPEN` may also have. With any other word the header
#: asks something else: "¿Tiene ruta activa?", "Funciona de noche".
_BESIDE: Final = PLACE | frozenset(
    stem(word)
    for word in word_set(
        "sigue siguen continua hoy hoje today ahora agora now actualmente atualmente currently "
        "em actual atual encuentra encontra "
        "todavia ainda aun still estado status situacion situacao"
    )
)
#: Words that alone, without another word, ask whether a place is open: "¿Sigue?".
_GOES_ON: Final = word_set("sigue siguen continua")

_CHOICE: Final = re.compile(r"(?i)\bs[ií]m?\s*/\s*n(?:o|ão)\b|\bs\s*/\s*n\b")


def asks_if_open(header: str) -> bool:
    """Return whether a header asks if a place is open, so that its cells are yes or no."""
    # In a survey's path only the last part is the question: "cierre/funcionando" asks if it is
    # open.
    bare = _CHOICE.sub(" ", header.rsplit("/", 1)[-1] if is_path(header) else header)
    words = words_of(bare)
    if words and all(word in _GOES_ON for word in words):
        return True
    denied = DENIALS - {"todavia", "ainda", "aun"}
    return (
        any(word in _ASKS_IF_OPEN for word in words)
        and all(word in _ASKS_IF_OPEN or stem(word) in _BESIDE for word in words)
        and not denied & set(plain(bare).split())
    )


#: Words by which a header asks which papers people have to show. "Documentos del espacio" has no
#: such word.
_ASKS_FOR_PAPERS: Final = word_set(
    "pide piden pedem pede exige exigen exigem requiere requieren requerido requeridos requerida "
    "requer requerem required needed solicita solicitan solicitam necesita necesitan necesario "
    "necessita necessario precisa preciso mostrar presentar requisito requisitos"
)

#: Words by which such a header asks only for some papers or at some times. A no in its column does
#: not mean that no papers are needed.
_WHICH_PAPERS: Final = word_set(
    "vigente vigentes valido validos valida original originales originais copia copias foto "
    "apostillado apostillados vencido vencidos valid noche noite night dormir pernoctar pernocta "
    "medico medicina medicamentos salud saude"
)

#: Words for papers of any kind, and small words between them.
_ANY_PAPER: Final = word_set(
    "documento documentos document documents documentacion documentacao papel papeles papeis "
    "papers requisito requisitos requirements algun alguna algum algo cualquier de del o u i"
)
#: Stems of words for one kind of paper: those in the known labels of papers that are not in
#: `_ANY_PAPER`.
_ONE_PAPER: Final = (
    frozenset(
        stem(word)
        for labels in LABELS["documents_required"].values()
        for label in labels
        for word in label.split()
    )
    | frozenset(
        map(stem, word_set("identidade identity id curp cpf rg rnm run rut ci cartas carta"))
    )
) - frozenset(map(stem, _ANY_PAPER))

#: Words for everybody. Any other word of `GROUPS` makes a header ask about one group of people.
_EVERYBODY: Final = word_set(
    "persona personas pessoas people persons publico poblacion populacao migrante migrantes todos "
    "todas todo toda tods anyone everyone any"
)


def asks_for_papers(header: str) -> bool:
    """Return whether a header asks for papers of any kind: a no means that none are needed."""
    words = set(plain(header).split())
    return (
        bool(words & _ASKS_FOR_PAPERS)
        and words.isdisjoint(DENIALS | _WHICH_PAPERS)
        and not asks_for_one_paper(header)
    )


def asks_for_one_paper(header: str) -> bool:
    """Return whether a header is about one kind of paper or one group of people.

    A no in its column does not mean that no papers are needed: "¿Exigen pasaporte?" says nothing
    about other papers, "a menores" nothing about other people.
    """
    said = folded(_CHOICE.sub(" ", header))
    if set(re.findall(GROUPS, said)) - _EVERYBODY:
        return True
    parts = [set(plain(part).split()) for part in _EITHER.split(said)]
    named = [not _ONE_PAPER.isdisjoint(map(stem, part)) for part in parts]
    # A header that also names papers of any kind is not about one kind: "Carta o documento".
    asks_any = any(
        part & _ANY_PAPER and not is_named for part, is_named in zip(parts, named, strict=True)
    )
    return any(named) and not (len(parts) > 1 and asks_any)


#: Answers yes and no, in the form that `bare` returns.
YES: Final = frozenset({"si", "sim", "yes", "oui", "s"})
NO: Final = frozenset({"no", "nao", "non", "n"})


_YEAR: Final = re.compile(r"\s*\(20\d\d\)")


def bare(cell: str) -> str:
    """Return a cell folded, without a year in brackets and final signs: "Sí (2025)." as "si"."""
    return _YEAR.sub("", folded(cell)).strip(" .!")


def is_label(name: str) -> Callable[[Value], bool]:
    """Return a test of cells: whether at least half of a cell's labels are known for a field."""
    meanings = meanings_of(name)

    @lru_cache(maxsize=10_000)
    def reads_text(cell: str) -> bool:
        if folded(cell) in _YES_OR_NO:
            return False
        try:
            items = cell_values.converted(cell, name, CellStyle())
        except CellError:
            return False
        labels = [str(item) for item in items] if isinstance(items, list) else [cell]
        known = sum(bool(_meaning(label, meanings)) for label in labels)
        return known >= len(labels) / 2

    return lambda cell: isinstance(cell, str) and reads_text(cell)
