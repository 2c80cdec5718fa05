"""Detection of columns about persons: a file with a column about persons is refused (P6, P17)."""

import re
from collections.abc import Callable, Iterable

from geo.errors import PersonalDataError
from geo.imports.readers.table import Table
from geo.reasons import CodedReason
from geo.text.normalize import folded, unmasked

#: Words for persons in column headers (beneficiary, patient, refugee), folded, in the languages of
#: the support network.
_WHO = (
    r"(?:beneficiari[oa]s?|beneficiary|beneficiaries|persona(?:s)? (?:atendida|migrante)s?|"
    r"paciente|patient|usuari[oa]|solicitante|applicant|refugiad[oa]|refugee|migrante?|migrant|"
    r"menor|nin[oa]|child|victima|survivor|sobreviviente|jefe|jefa|household|hogar|"
    r"acompanante|encuestad[oa]|respondent|caminante)"
)
_NAME = r"(?:nombres?|apellidos?|names?|nomes?|noms?|sobrenomes?|telefonos?|phone|celular|edad|age)"

#: Pattern for headers of columns with a person's name, phone, age or identity number. Headers are
#: folded, with punctuation replaced by spaces, before the comparison.
_PERSONAL = re.compile(
    rf"""\b(?:
    {_NAME}\ (?:\w+\ ){{0,3}}{_WHO} | {_WHO}\ (?:\w+\ ){{0,2}}{_NAME}
    | apellidos? | surname | last\ name | first\ name | sobrenome
    | (?:primer|segundo)\ nombre | nombres\ y\ apellidos | full\ name | nombre\ completo
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
#: pasaporte". A header that matches this pattern is not about persons.
_ABOUT_THE_PLACE = re.compile(
    r"\b(?:requerid[oa]s?|requisitos?|exig\w+|pid[ea]n?|solicitan?|necesari[oa]s?|required|needed|"
    r"necessari[oa]s?|acepta\w*|accept\w*)\b"
)


#: Fewest cells that have to be yes or no for a column of papers to ask what a place does [A].
_FEWEST = 2

_YES_OR_NO = frozenset({"si", "no", "sim", "nao", "yes", "oui", "non", "s", "n", "x", "1", "0"})


def are_yes_or_no(cells: Iterable[object]) -> bool:
    """Return whether cells say yes or no, so that none is a name or a number of somebody's."""
    said = [folded(str(cell)).strip(" .") for cell in cells if cell is not None and cell != ""]
    return len(said) >= _FEWEST and all(cell in _YES_OR_NO for cell in said)


def require_no_persons(
    columns: Iterable[str], cells_of: Callable[[str], Iterable[object]] = lambda _: ()
) -> None:
    """Refuse a file with columns about persons, even if the mapping does not use these columns.

    Parameters
    ----------
    cells_of : callable
        From a column to all of its cells. A column of yes and no holds nobody's data: "AJUDA C/
        CPF?".

    Raises
    ------
    PersonalDataError
        A column is about persons; the error names the column, never a value.
    """
    for column in columns:
        plain = " ".join(unmasked(column).replace("|", " ").split())
        if _PERSONAL.search(plain) and not _ABOUT_THE_PLACE.search(plain):
            if are_yes_or_no(cells_of(column)):
                continue
            raise PersonalDataError(CodedReason("about_persons", column=column[:80]))


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
