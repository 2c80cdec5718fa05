"""Detection of columns about persons: a file with a column about persons is refused (P6, P17)."""

import re
from collections.abc import Callable, Iterable

from geo.errors import PersonalDataError
from geo.imports.columns.evidence import mentions_a_person
from geo.imports.headers.wording import parted
from geo.imports.readers.table import Table
from geo.reasons import CodedReason
from geo.text.normalize import folded, unmasked

#: Words for persons in column headers (beneficiary, patient, refugee), folded, in the languages of
#: the support network. Blanks are escaped for the verbose pattern below. "Personas migrantes" is
#: left out, because "teléfono para personas migrantes" is a phone that these people can call.
_WHO = (
    r"(?:beneficiari[oa]s?|beneficiary|beneficiaries|persona\ (?:atendid|migrante|refugiad)a?|"
    r"personas?\ (?:atendid|acogid|alojad|beneficiari|desplazad)as?|paciente|patient|"
    r"usuari[oa]|solicitante|applicant|refugiad[oa]|refugee|refugie|migrante?|migrant|beneficiaires?|"
    r"menor|nin[oa]|child|victima|survivor|sobreviviente|jefe|jefa|household|hogar|"
    r"acompanante|encuestad[oa]|respondent|caminante)"
)
#: Words for names and phones in column headers.
_NAMES = (
    r"(?:nombres?|apellidos?|names?|nomes?|noms?|prenoms?|sobrenomes?|telefonos?|telefones?|"
    r"telephones?|phones?|celular|whatsapp)"
)
#: Headers of names of several persons: "nombres de las y los migrantes". Words for phones are left
#: out: "teléfono de los migrantes" is rather a phone for migrants to call.
_NAMES_OF_SEVERAL = (
    r"(?:nombres?|apellidos?|names?|nomes?|noms?|prenoms?)\ (?:de|of|des|d[ao]s)\ "
    r"(?:(?:l[ao]s|les|the|y|e)\ )*(?:migrantes|migrants|refugiad[oa]s|refugees|refugies|nin[oa]s|"
    r"children|menores|pacientes|usuari[oa]s|victimas|solicitantes|caminantes)"
)
_AGE = r"(?:edad|age)"

#: Headers of a person's name or phone, as part of the two patterns below.
_KNOWN = (
    rf"{_NAMES}\ (?:\w+\ ){{0,3}}{_WHO}|{_WHO}\ (?:\w+\ ){{0,2}}{_NAMES}|{_NAMES_OF_SEVERAL}|"
    r"apellidos?|surname|sobrenome|prenoms?|(?:last|first|full)\ name|nombre\ completo"
)
#: Headers of a person's name or phone, even in a header about what a place requires.
_KNOWN_BY = re.compile(rf"\b(?:{_KNOWN}|nome\ completo)\b")

#: Pattern for headers of columns with a person's name, phone, age or identity number. Headers are
#: folded, with punctuation replaced by spaces, before the comparison.
_PERSONAL = re.compile(
    rf"""\b(?:
    {_KNOWN} | {_AGE}\ (?:\w+\ ){{0,3}}{_WHO} | {_WHO}\ (?:\w+\ ){{0,2}}{_AGE}
    | (?:primer|segundo)\ nombre | nombres\ y\ apellidos
    | (?:numero|nro|num|no|n|tipo|number|type)\ (?:de\ |do\ |of\ )?
      (?:documento|document|identificacion|identidad|cedula|pasaporte|passport|id)
    | documento\ de\ identidad | (?:national\ )?id\ (?:number|card) | identity\ document
    | cedula | pasaporte | passport | dni | cpf | curp | carne\ de\ (?:extranjeria|identidad)
    | fecha\ de\ nacimiento | date\ of\ birth | birth\ ?date | dob | data\ de\ nascimento
    | date\ de\ naissance | (?:numero|no|nro)\ de\ caso | case\ (?:number|id|no)
    | progres\ (?:id|number) | imei
    )\b""",
    re.VERBOSE,
)

#: Pattern for headers about what a place requires or accepts, such as "documents required" or "pide
#: pasaporte". A header that matches this pattern is about papers or ages and not about persons,
#: unless it also matches `_KNOWN_BY`: "nombre del beneficiario que pide".
_ABOUT_THE_PLACE = re.compile(
    r"\b(?:requerid[oa]s?|requisitos?|exig\w+|pid[ea]n?|solicitan?|necesari[oa]s?|required|needed|"
    r"necessari[oa]s?|acepta\w*|accept\w*)\b"
)

#: Pattern for headers that ask whether a place takes in people without papers: "RECIBE SIN DNI".
_WITHOUT_PAPERS = re.compile(
    r"\b(?:recib\w+|atiend\w+|admit\w+|acog\w+|acept\w+|receb\w+|atend\w+|acolh\w+|ingres\w+)"
    r"(?: \w+){0,3} (?:sin|sem|sans|without)\b"
)
_NAMED = re.compile(rf"\b(?:{_NAMES}|{_AGE})\b")

#: Words for identity papers, which a place may help people to get.
_PAPERS = re.compile(
    r"\b(?:cedula|pasaporte|passport|dni|cpf|curp|carne de (?:extranjeria|identidad))\b"
)
#: Words for help: a header with such a word can ask whether a place helps with papers.
_HELPS = re.compile(
    r"\b(?:ajuda\w*|ayuda\w*|apoi[ao]\w*|apoy[ao]\w*|auxili\w+|orienta\w*|asesor\w+|assessor\w*|"
    r"tramit\w+|help\w*|assist\w*)\b"
)

#: Fewest cells that are only yes or no in a column that asks how a place deals with papers [A].
_FEWEST = 2
#: Least share of cells that begin with yes or no in such a column, if other cells say more [A].
_MOSTLY = 0.5

#: Fewest digits of a cell that may be the number of an identity paper [A].
_DIGITS = 4

_YES_OR_NO = frozenset({"si", "no", "sim", "nao", "yes", "oui", "non", "s", "n", "x", "1", "0"})


def _asks_what_a_place_does(header: str, cells: Iterable[object]) -> bool:
    """Return whether a column about papers holds answers about the place, not data of persons.

    This is so if all cells are yes or no. It is also so if three things hold: the header is about
    help with papers or people without papers; at least half of the cells begin with yes or no; and
    no cell names anybody or has as many digits as a paper's number: "AJUDA C/ CPF?", "sim, 3ª e
    5ª".
    """
    said = [folded(str(cell)).strip(" .") for cell in cells if cell is not None and cell != ""]
    answers = [re.split(r"[^a-z0-9]+", cell) for cell in said]
    plain = sum(len(words) == 1 and words[0] in _YES_OR_NO for words in answers)
    if plain < _FEWEST:
        return False
    if plain == len(said):
        return True
    is_help = _HELPS.search(header) and not _PERSONAL.search(_PAPERS.sub(" ", header))
    is_help = is_help or (_WITHOUT_PAPERS.search(header) and not _NAMED.search(header))
    return (
        bool(is_help)
        and sum(words[0] in _YES_OR_NO for words in answers) >= _MOSTLY * len(said)
        and not any(len(re.findall(r"\d", cell)) >= _DIGITS for cell in said)
        and not mentions_a_person(said)
    )


def require_no_persons(
    columns: Iterable[str], cells_of: Callable[[str], Iterable[object]] = lambda _: ()
) -> None:
    """Refuse a file with columns about persons, even if the mapping does not use these columns.

    Parameters
    ----------
    cells_of : callable
        Function from a column to all of its cells. A column whose cells are answers, such as "AJUDA
        C/ CPF?", is about no person.

    Raises
    ------
    PersonalDataError
        A column is about persons; the error names the column, never a value.
    """
    for column in columns:
        # A set, because nearly all headers are the same in both forms.
        for header in {_plain(column), _plain(parted(column))}:
            if _is_about_persons(header) and not _asks_what_a_place_does(header, cells_of(column)):
                raise PersonalDataError(CodedReason("about_persons", column=column[:80]))


def _plain(header: str) -> str:
    return " ".join(unmasked(header).replace("|", " ").split())


def _is_about_persons(plain: str) -> bool:
    is_of_the_place = _ABOUT_THE_PLACE.search(plain) and not _KNOWN_BY.search(plain)
    return _PERSONAL.search(plain) is not None and not is_of_the_place


def require_no_persons_in(table: Table) -> None:
    """Refuse a table with columns about persons, by headers and cells, as `require_no_persons`.

    Raises
    ------
    PersonalDataError
        A column is about persons; the error names the column, never a value.
    """
    require_no_persons(
        table.columns, lambda column: (line.cells.get(column) for line in table.lines)
    )
