"""Tables of the console's work: proposals that wait, and accounts."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from app.access.identity import CONSOLE
from app.console.forms.labels import ENTITIES, FIELD_LABELS, PROPOSAL_STATES
from app.console.forms.layout import Desk
from app.console.forms.roles import role_names
from app.console.tables.cells import (
    coded_column,
    country_column,
    day_cell,
    restricted_name,
    text_column,
)
from app.console.tables.declaration import (
    CellContext,
    DeskTable,
    Mark,
    Row,
    RowSource,
    TableCell,
    TableColumn,
    TableFilter,
    fixed,
    named,
)
from app.i18n.translation import marked
from geo.accounts.permissions import can_administer
from geo.desk.people_table import people_rows
from geo.desk.queue_table import queue_rows
from geo.text.languages import LANGUAGES

#: Most names of changed fields in a cell; of further fields it shows the number.
_SHOWN_FIELDS = 4


def _proposals(desk: Desk, _options: Mapping[str, str]) -> RowSource:
    return RowSource(desk.session, queue_rows(desk.actor))


def _proposal(context: CellContext, row: Row) -> TableCell:
    if not row["is_restricted"]:
        text = row["name"] or row["record_id"] or context.words.gettext("Sin nombre")
    elif row["record_id"] is None:
        text = context.words.gettext("Registro restringido")
    else:
        text = restricted_name(context, row["record_id"])
    return TableCell(text, href=f"{CONSOLE}/proposals/{quote(row['id'], safe='')}")


def _fields(context: CellContext, row: Row) -> TableCell:
    if row["record_id"] is None:
        return TableCell("")  # a new record has no changed fields
    w = context.words
    names = [w.gettext(FIELD_LABELS.get(name, name)) for name in row["fields"] or ()]
    more = len(names) - _SHOWN_FIELDS
    text = ", ".join(names[:_SHOWN_FIELDS])
    if more > 0:
        text += " " + w.gettext("y %(count)s más") % {"count": more}
    return TableCell(text)


def _proposer(context: CellContext, row: Row) -> TableCell:
    return TableCell(row["proposer"] or context.words.gettext("por un enlace"))


def _proposed(context: CellContext, row: Row) -> TableCell:
    return day_cell(context, row["proposed_at"].date())


def _entity_names(context: CellContext) -> Mapping[str, str]:
    return {code: context.words.gettext(name) for code, name in ENTITIES.items()}


def _proposal_marks(context: CellContext, row: Row) -> Sequence[Mark]:
    said = context.words.gettext
    marks: list[Mark] = []
    if row["is_restricted"]:
        marks.append((said(marked("abrir queda registrado")), True))
    if row["merged_id"] is not None:
        marks.append((said(marked("unión de dos registros")), False))
    if row["state"] != "pending":
        return marks
    if row["record_id"] is None:
        marks.append((said(marked("nuevo")), False))
    if row["decides"]:
        marks.append((said(marked("usted decide")), True))
    elif row["proposed_by"] == context.actor.id:
        marks.append((said(marked("suyo: decide otra persona")), False))
    else:
        marks.append((said(marked("decide otra persona")), False))
    return marks


QUEUE_TABLE = DeskTable(
    name="queue",
    path=f"{CONSOLE}/queue",
    columns=(
        TableColumn("name", marked("Registro"), _proposal),
        TableColumn("fields", marked("Qué cambia"), _fields, is_sorted=False),
        coded_column("entity", marked("Qué es"), _entity_names),
        country_column(),
        TableColumn("proposer", marked("Quién propone"), _proposer),
        TableColumn("proposed_at", marked("Desde"), _proposed),
        text_column("reason", marked("Razón"), is_default=False),
    ),
    filters=(
        TableFilter("state", marked("Mostrar"), fixed(PROPOSAL_STATES), default="pending"),
        TableFilter("decides", marked("Quién decide"), fixed({"true": marked("lo que decido yo")})),
        TableFilter("mine", marked("De quién"), fixed({"true": marked("solo los míos")})),
        TableFilter(
            "country",
            marked("País"),
            named(lambda context, code: context.words.country(code)),
            "country",
        ),
        TableFilter(
            "entity",
            marked("Qué es"),
            named(lambda context, code: _entity_names(context).get(code, code)),
            "entity",
        ),
        TableFilter("batch", marked("Archivo"), lambda _context, _values: (), is_hidden=True),
    ),
    sort="proposed_at",
    source=_proposals,
    search=marked("Registro o persona"),
    marks=_proposal_marks,
)


# --- accounts -----------------------------------------------------------------------------------

_LANGUAGE_NAMES = {code: one.name for code, one in LANGUAGES.items()}

_ACCESS = {
    "active": marked("entra"),
    "invited": marked("invitada, sin contraseña"),
    "shut": marked("sin acceso"),
}


def _accounts(desk: Desk, _options: Mapping[str, str]) -> RowSource:
    return RowSource(desk.session, people_rows())


def _account(_context: CellContext, row: Row) -> TableCell:
    return TableCell(row["name"], href=f"{CONSOLE}/people/{quote(row['id'], safe='')}")


def _countries(context: CellContext, row: Row) -> TableCell:
    return TableCell(", ".join(sorted(context.words.country(code) for code in row["countries"])))


def _access_names(context: CellContext) -> Mapping[str, str]:
    return {code: context.words.gettext(name) for code, name in _ACCESS.items()}


def _account_marks(context: CellContext, row: Row) -> Sequence[Mark]:
    if row["access"] == "active":
        return []
    return [(context.names(_access_names)[row["access"]], row["access"] == "shut")]


#: Table of accounts. It has no files, because its rows are people (P48).
PEOPLE_TABLE = DeskTable(
    name="people",
    path=f"{CONSOLE}/people",
    columns=(
        TableColumn("name", marked("Nombre"), _account),
        text_column("email", marked("Correo electrónico")),
        coded_column("role", marked("Qué puede hacer"), lambda context: role_names(context.words)),
        text_column("organization", marked("Organización")),
        TableColumn("countries", marked("Países"), _countries, is_sorted=False),
        coded_column("language", marked("Idioma"), lambda _context: _LANGUAGE_NAMES),
        coded_column("access", marked("Acceso"), _access_names, is_default=False),
        TableColumn(
            "created_at",
            marked("Desde"),
            lambda context, row: day_cell(context, row["created_at"].date()),
            is_default=False,
        ),
    ),
    filters=(
        TableFilter(
            "role",
            marked("Qué puede hacer"),
            lambda context, _values: list(role_names(context.words).items()),
        ),
        TableFilter("access", marked("Acceso"), fixed(_ACCESS)),
    ),
    sort="name",
    source=_accounts,
    search=marked("Nombre, correo u organización"),
    marks=_account_marks,
    is_for=can_administer,
)
