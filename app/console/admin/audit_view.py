"""Entries of the audit chain in words: what was done to what, with old and new values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.console.forms.labels import ENTITIES, FIELD_LABELS, HIDE_CODES
from app.console.forms.layout import Desk
from app.console.forms.record_view import FieldDifference, differences
from app.console.space_forms.referrers import with_names
from app.i18n.translation import Words, marked
from geo.audit.trail import ChainEntry
from geo.oversight.changed_values import ChangedRecord, changed_values

#: Names of actions, by code or by the code's part before the dot.
ACTIONS: Mapping[str, str] = {
    "changed": marked("cambió al instante"),
    "proposed": marked("propuso"),
    "proposal": marked("decidió una propuesta"),
    "proposal.accepted": marked("aceptó una propuesta"),
    "proposal.rejected": marked("rechazó una propuesta"),
    "proposal.withdrawn": marked("retiró su propuesta"),
    "hide": marked("ocultó de urgencia"),
    "lift": marked("levantó lo oculto"),
    "lift_asked": marked("pidió levantar lo oculto"),
    "removal": marked("confirmó o terminó un ocultamiento"),
    "restricted": marked("lecturas y lectores de lo restringido"),
    "restricted.read": marked("leyó un registro restringido"),
    "staff": marked("vio lo que el público no ve"),
    "reading": marked("leyó más de lo usual"),
    "import": marked("envió un archivo"),
    "duplicate": marked("decidió si son el mismo espacio"),
    "space": marked("espacios: confirmar, olvidar, borrar"),
    "space.erased": marked("borró un espacio para siempre"),
    "message": marked("mensajes"),
    "contact": marked("líneas para llamar"),
    "pathway": marked("rutas de atención"),
    "practice": marked("buenas prácticas"),
    "product": marked("materiales"),
    "rumour": marked("rumores"),
    "complaint": marked("quejas"),
    "checklist": marked("listas de estándares"),
    "assessment": marked("autoevaluaciones"),
    "membership": marked("organizaciones verificadas"),
    "term": marked("vocabularios"),
    "text": marked("textos de seguridad"),
    "movement": marked("conteos de personas en camino"),
    "siting": marked("estudios de dónde abrir espacios"),
    "person": marked("cuentas"),
    "token": marked("claves de programas"),
    "rows": marked("filas de la base de datos"),
}

#: Spanish names of kinds of record, and of details of entries that are no fields of a form.
_OTHERS: Mapping[str, str] = {
    **ENTITIES,
    "reading": marked("lectura"),
    "import": marked("archivo"),
    "person": marked("persona"),
    "token": marked("clave"),
    "message": marked("mensaje"),
    "hide": marked("ocultamiento"),
    "report": marked("aviso de un peligro"),
    "proposal": marked("cambio propuesto"),
    "where": marked("página"),
    "reason": marked("razón"),
    "code": marked("motivo"),
}

#: Codes of the actions that the page's filter offers, those that people usually look for.
OFFERED = (
    *("changed", "proposed", "proposal", "hide", "lift", "removal", "restricted", "staff"),
    *("reading", "import", "duplicate", "message", "contact", "pathway", "term", "text"),
    *("person", "token", "movement", "rows"),
)

#: Details of an entry that its row leaves out: the page shows them elsewhere, or they are ids of no
#: use to a reader.
_SHOWN_ELSEWHERE = frozenset({"fields", "records", "proposal_id", "proposals", "hide"})


@dataclass(frozen=True)
class ChangedView:
    """A record that an entry changed: ``rows`` compares values, ``fields`` has names of fields."""

    record_id: str | None
    rows: Sequence[FieldDifference]
    fields: Sequence[str]


@dataclass(frozen=True)
class EntryView:
    """An entry of the chain, as texts for the page; only ``actor`` is an id.

    ``is_done`` is True only if the entry records that a change was applied or accepted.
    """

    seq: int
    at: datetime
    actor: str
    action: str
    is_restricted: bool
    is_done: bool
    entity: str
    record_id: str | None
    changed: Sequence[ChangedView]
    details: Sequence[tuple[str, str]]


async def entry_views(desk: Desk, entries: Sequence[ChainEntry]) -> list[EntryView]:
    """Return entries in the reader's language, with the changed values that the reader may see."""
    w, terms = desk.words, await desk.terms()
    values = await changed_values(desk.session, desk.actor, entries)
    made = []
    for entry in entries:
        told = {str(one.record_id): one for one in values.get(entry.seq, ())}
        changed = []
        for record_id, names in _fields_of(entry).items():
            one = told.get(str(record_id)) or (
                next(iter(told.values())) if len(told) == 1 else None
            )
            rows = [] if one is None else await _rows(desk, w, terms, one)
            labels = [w.gettext(FIELD_LABELS.get(name, name)) for name in names]
            changed.append(ChangedView(record_id, rows, labels))
        made.append(
            EntryView(
                entry.seq,
                entry.at,
                entry.actor,
                action_name(w, entry.action),
                entry.action.startswith("restricted."),
                entry.action in {"changed", "proposal.accepted"},
                _name(w, entry.entity),
                entry.record_id,
                changed,
                [_detail(w, *pair) for pair in entry.details.items() if _is_shown(pair[0])],
            )
        )
    return made


async def _rows(
    desk: Desk,
    w: Words,
    terms: Any,  # noqa: ANN401 -- TermNames, which the desk made
    one: ChangedRecord,
) -> list[FieldDifference]:
    return differences(w, terms, await with_names(desk, one.values), one.timezone)


def action_name(w: Words, code: str) -> str:
    """Name an action by its code, by the code's first part, or by the code itself."""
    known = ACTIONS.get(code) or ACTIONS.get(code.partition(".")[0])
    return code if known is None else w.gettext(known)


def _fields_of(entry: ChainEntry) -> Mapping[str | None, Sequence[str]]:
    """Return the names of the fields that an entry changed, by the id of their record."""
    records = entry.details.get("records")
    if isinstance(records, Mapping):
        return {str(id_): _names(names) for id_, names in records.items()}
    names = _names(entry.details.get("fields"))
    return {entry.record_id: names} if names else {}


def _names(value: object) -> Sequence[str]:
    return [str(name) for name in value] if isinstance(value, list) else []


def _is_shown(name: str) -> bool:
    return name not in _SHOWN_ELSEWHERE


def _detail(w: Words, name: str, value: object) -> tuple[str, str]:
    label = _name(w, name)
    if name == "code" and value in HIDE_CODES:
        return label, w.gettext(HIDE_CODES[str(value)])
    if isinstance(value, Mapping):
        return label, ", ".join(f"{_name(w, str(key))}: {item}" for key, item in value.items())
    if isinstance(value, list):
        return label, ", ".join(map(str, value))
    return label, str(value)


def _name(w: Words, code: str) -> str:
    known = _OTHERS.get(code)
    return code if known is None else w.gettext(known)
