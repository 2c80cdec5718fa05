"""Tables of spaces: one of all spaces that the staff may know of, one of those to reconfirm."""

from collections.abc import Mapping, Sequence

from app.access.identity import CONSOLE
from app.console.forms.labels import FIELD_LABELS, VISIBILITIES
from app.console.forms.layout import Desk
from app.console.tables.cells import (
    SOON_LEFT,
    coded_column,
    country_column,
    day_cell,
    day_column,
    expiry_cell,
    kind_names,
    restricted_name,
    space_page,
    status_names,
    text_column,
)
from app.console.tables.declaration import (
    CellContext,
    DeskTable,
    Mark,
    Row,
    RowAct,
    RowSource,
    TableCell,
    TableColumn,
    TableFilter,
    fixed,
    named,
)
from app.i18n.translation import marked
from geo.accounts.permissions import can_close
from geo.desk.expiring_table import expiring_rows
from geo.desk.space_table import space_rows
from geo.desk.waiting import SOON_DAYS

#: A space needs attention if fewer of its recommended fields are filled, per cent [A].
_SPARSE = 50

_EXPIRY = {
    "expired": marked("vencidos"),
    "7": marked("en 7 días"),
    "30": marked("en 30 días"),
}
_COMPLETENESS = {
    "50": marked("menos de la mitad"),
    "80": marked("menos del 80 %"),
    "100": marked("falta algo"),
}
_OWN = {"true": marked("de mi organización")}


def _name(_context: CellContext, row: Row) -> TableCell:
    return TableCell(row["name"], href=space_page(row["id"]))


def _may_change(context: CellContext, row: Row) -> bool:
    return can_close(context.actor, organization_id=row["organization_id"], country=row["country"])


def _act(row: Row, state: str, title: str) -> RowAct:
    return RowAct(space_page(row["id"], f"/now/{state}"), title, row["revision"])


def _status(context: CellContext, row: Row) -> TableCell:
    may_change = _may_change(context, row)
    is_open = row["status"] == "active"
    return TableCell(
        context.names(status_names)[row["status"]],
        edit=space_page(row["id"], "/status") if may_change else None,
        act=_act(row, "full", marked("Lleno desde hoy")) if may_change and is_open else None,
        is_strong=not is_open,
    )


def _beds(context: CellContext, row: Row) -> TableCell:
    free, most = row["capacity_available"], row["capacity_maximum"]
    may_change = _may_change(context, row)
    # The button "0 free" is left out for a space whose places were never counted.
    may_run_out = row["status"] != "closed" and free != 0 and (free, most) != (None, None)
    known = [str(number) for number in (free, most) if number is not None]
    text = " / ".join(known) if free is not None else f"? / {most}" if most is not None else ""
    return TableCell(
        text,
        edit=space_page(row["id"], "/beds") if may_change else None,
        act=_act(row, "no_places", marked("0 libres")) if may_change and may_run_out else None,
        is_strong=free == 0,
    )


def _visibility_names(context: CellContext) -> Mapping[str, str]:
    return {code: context.words.gettext(name) for code, name in VISIBILITIES.items()}


def _filled(_context: CellContext, row: Row) -> TableCell:
    return TableCell(f"{row['filled']} %", row["filled"], is_strong=row["filled"] < _SPARSE)


def _missing(context: CellContext, row: Row) -> TableCell:
    return TableCell(
        ", ".join(context.words.gettext(FIELD_LABELS[name]) for name in row["missing"])
    )


def _marks(context: CellContext, row: Row) -> Sequence[Mark]:
    said = context.words.gettext
    marks: list[Mark] = [("DEMO", True)] if row["demo"] else []
    if row["visibility"] != "public":
        marks.append((said(VISIBILITIES[row["visibility"]]), False))
    if row["hidden_at"] is not None:
        marks.append((said(marked("oculto")), True))
    if row["expires_on"] < context.today:
        marks.append((said(marked("vencido")), True))
    return marks


_PLACE = (
    text_column("locality", marked("Municipio")),
    text_column("admin1", marked("Departamento"), is_default=False),
    country_column(),
)

_FILTERS = (
    TableFilter(
        "country",
        marked("País"),
        named(lambda context, code: context.words.country(code)),
        "country",
    ),
    TableFilter("admin1", marked("Departamento"), named(lambda _context, name: name), "admin1"),
    TableFilter(
        "kind",
        marked("Tipo"),
        named(lambda context, code: context.terms.name("space_kind", code)),
        "kind",
    ),
    TableFilter(
        "status",
        marked("Estado"),
        named(lambda context, code: status_names(context).get(code, code)),
        "status",
    ),
    TableFilter("expires", marked("Vence"), fixed(_EXPIRY)),
)


def _all_spaces(desk: Desk, _options: Mapping[str, str]) -> RowSource:
    rows = space_rows(desk.now.date(), desk.actor.organization_id)
    return RowSource(desk.staff, rows, {"open": "true"})


SPACES_TABLE = DeskTable(
    name="spaces",
    path=f"{CONSOLE}/spaces",
    columns=(
        TableColumn("name", marked("Nombre"), _name),
        TableColumn("status", marked("Estado"), _status, codes=status_names),
        coded_column("kind", marked("Tipo"), kind_names),
        *_PLACE,
        TableColumn("expires_on", marked("Vale hasta"), expiry_cell, is_in_files=True),
        TableColumn("capacity_available", marked("Cupos libres / total"), _beds),
        TableColumn("filled", marked("Completo"), _filled),
        text_column("organization", marked("Organización"), is_default=False),
        TableColumn("missing", marked("Falta"), _missing, is_default=False, is_sorted=False),
        day_column("confirmed_on", marked("Confirmado el"), is_default=False),
        coded_column(
            "visibility", marked("Quién lo puede ver"), _visibility_names, is_default=False
        ),
        text_column("id", marked("Código"), is_default=False),
    ),
    filters=(
        *_FILTERS,
        TableFilter("filled", marked("Completo"), fixed(_COMPLETENESS)),
        TableFilter("own", marked("De quién"), fixed(_OWN)),
    ),
    sort="name",
    source=_all_spaces,
    search=marked("Nombre, población, organización o código"),
    marks=_marks,
    has_files=True,
)


# --- what expires -------------------------------------------------------------------------------

#: Days ahead that the list can cover: a week, two weeks, and the validity in days of most kinds of
#: space (P41).
HORIZONS = {
    "7": marked("7 días"),
    "14": marked("14 días"),
    "30": marked("30 días"),
    "90": marked("90 días"),
}


def _expiring(desk: Desk, options: Mapping[str, str]) -> RowSource:
    rows = expiring_rows(desk.actor, within_days=int(options["days"]), today=desk.now.date())
    return RowSource(desk.session, rows, {"open": "true"})


def _expiring_name(context: CellContext, row: Row) -> TableCell:
    name = restricted_name(context, row["id"]) if row["is_restricted"] else row["name"]
    return TableCell(name, href=space_page(row["id"]))


def _days_left(context: CellContext, row: Row) -> TableCell:
    w, left = context.words, row["days_left"]
    if left < 0:
        text = w.ngettext("venció hace %(num)s día", "venció hace %(num)s días", -left)
    elif left == 0:
        text = w.gettext("último día")
    else:
        text = w.ngettext("queda %(num)s día", "quedan %(num)s días", left)
    return TableCell(text % {"num": abs(left)}, left, is_strong=left < SOON_LEFT)


def _expiring_marks(_context: CellContext, row: Row) -> Sequence[Mark]:
    return [("DEMO", True)] if row["demo"] and not row["is_restricted"] else []


EXPIRING_TABLE = DeskTable(
    name="expiring",
    path=f"{CONSOLE}/expiring",
    columns=(
        TableColumn("name", marked("Nombre"), _expiring_name),
        TableColumn("days_left", marked("Cuánto queda"), _days_left, is_sorted=False),
        TableColumn(
            "expires_on",
            marked("Vale hasta"),
            lambda context, row: day_cell(context, row["expires_on"]),
            is_in_files=True,
        ),
        coded_column("kind", marked("Tipo"), kind_names),
        text_column("organization", marked("Organización")),
        *_PLACE,
        coded_column("status", marked("Estado"), status_names, is_default=False),
        day_column("confirmed_on", marked("Confirmado el"), is_default=False),
    ),
    filters=(
        TableFilter(
            "days",
            marked("Hasta cuándo mirar"),
            fixed(HORIZONS),
            default=str(SOON_DAYS),
            is_option=True,
            codes=tuple(HORIZONS),
        ),
        *_FILTERS[:3],
        TableFilter("expires", marked("Vence"), fixed({"expired": _EXPIRY["expired"]})),
        TableFilter("own", marked("De quién"), fixed(_OWN)),
    ),
    sort="expires_on",
    source=_expiring,
    search=marked("Nombre, población, organización o código"),
    marks=_expiring_marks,
    has_files=True,
)
