"""Detection of columns about persons: a file with such a column is refused (P6, P17)."""

import re
from collections.abc import Iterable

from geo.errors import PersonalDataError
from geo.reasons import CodedReason
from geo.text.normalize import unmasked

#: Words for the persons that a list may be about, folded, in the languages of the network.
_WHO = (
    r"(?:beneficiari[oa]s?|beneficiary|beneficiaries|persona(?:s)? (?:atendida|migrante)s?|"
    r"paciente|patient|usuari[oa]|solicitante|applicant|refugiad[oa]|refugee|migrante?|migrant|"
    r"menor|nin[oa]|child|victima|survivor|sobreviviente|jefe|jefa|household|hogar|"
    r"acompanante|encuestad[oa]|respondent|caminante)"
)
_NAME = r"(?:nombres?|apellidos?|names?|nomes?|noms?|sobrenomes?|telefonos?|phone|celular|edad|age)"

#: Headers of columns that name or number one person; folded, punctuation replaced by spaces.
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

#: A requirement that a place has is about the place: "documents required", "pide pasaporte".
_ABOUT_THE_PLACE = re.compile(
    r"\b(?:requerid[oa]s?|requisitos?|exig\w+|pid[ea]n?|solicitan?|necesari[oa]s?|required|needed|"
    r"necessari[oa]s?|acepta\w*|accept\w*)\b"
)


def require_no_persons(columns: Iterable[str]) -> None:
    """Refuse columns about persons, whether or not a mapping uses them.

    Raises
    ------
    PersonalDataError
        Names the column, never a value.
    """
    for column in columns:
        plain = " ".join(unmasked(column).replace("|", " ").split())
        if _PERSONAL.search(plain) and not _ABOUT_THE_PLACE.search(plain):
            raise PersonalDataError(CodedReason("about_persons", column=column[:80]))
