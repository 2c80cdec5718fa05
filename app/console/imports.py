"""``/network/imports``: import of a file of spaces in four steps: upload, map, review, submit.

No record is written before the last step. Changes then wait for a second person like any other
change, and closings apply at once (P23, P40).
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from app.access.forms import FormDep
from app.access.identity import CONSOLE
from app.console.forms import import_form
from app.console.forms.error_text import reason_text
from app.console.forms.import_notes import notes
from app.console.forms.inputs import error_texts
from app.console.forms.labels import CODED, VISIBILITIES
from app.console.forms.layout import Desk, DeskDep, RecordId, see
from app.console.forms.trial import allows_mixed, is_trial
from app.console.space_forms.fields import TIMEZONES
from app.i18n.translation import Words as Spoken
from app.i18n.translation import marked
from app.settings import Settings
from geo.errors import (
    ConflictError,
    GeoError,
    InvalidFileError,
    InvalidRecordError,
    PersonalDataError,
)
from geo.imports import batches, reports, uploads
from geo.imports.headers import remembered
from geo.imports.mapping_suggestion import UNNAMED
from geo.imports.reports import RowReport
from geo.imports.row_mapping import NO_CODE, CodeWords, words
from geo.imports.uploads import Upload
from geo.reasons import CodedReason
from geo.sources import ledger
from geo.text.countries import BOXES
from geo.vocabulary import Vocabulary, read_vocabulary

router = APIRouter(include_in_schema=False)

IMPORTS = f"{CONSOLE}/imports"
IMPORT = f"{IMPORTS}/{{batch}}"

#: Rows shown of each section of the report page; the CSV download has all rows.
SHOWN = 200

#: Upper limit of a file's problems listed in one error message.
_SENTENCES = 20

#: Upper limit of characters of the source's name; the rest is cut off.
_MOST = 1_000


@router.get(IMPORTS)
async def imports(desk: DeskDep, done: Annotated[str, Query(max_length=20)] = "") -> Response:
    """Show the form that takes a file, and what this person brought before."""
    return await _start_page(desk, done=done)


@router.post(IMPORTS)
async def bring(desk: DeskDep, form: FormDep) -> Response:
    """Take a file and lead to its mapping."""
    file, stated = form.files.get("file"), form.files.get("mapping")
    if file is None or not file.filename:
        return await _start_page(
            desk, problems=error_texts(desk.words, [("file", CodedReason("missing"))])
        )
    try:
        async with desk.session.begin_nested():
            batch_id = await uploads.upload(
                desk.session,
                desk.actor,
                file.filename,
                await file.read(),
                source=form.get("source", "").strip()[:_MOST],
                today=desk.now.date(),
                mapping=await stated.read() if stated and stated.filename else None,
            )
    except (InvalidFileError, PersonalDataError) as error:
        return await _start_page(desk, problems={"file": _reason(desk.words, error)}, typed=form)
    return see(f"{IMPORTS}/{batch_id}/mapping")


@router.get(f"{IMPORT}/mapping")
async def mapping_page(desk: DeskDep, batch: RecordId) -> Response:
    """Show which column becomes which field, to be corrected."""
    found = await uploads.read_upload(desk.session, batch, desk.actor)
    return await _mapping_page(desk, found, found.mapping)


@router.post(f"{IMPORT}/mapping")
async def check(desk: DeskDep, batch: RecordId, form: FormDep) -> Response:
    """Check the file with the mapping that was typed; lead to the report."""
    found = await uploads.read_upload(desk.session, batch, desk.actor)
    mapping: Mapping[str, Any] = found.mapping
    try:
        async with desk.session.begin_nested():
            if form.get("do") == "read":
                read = import_form.reading_in(form)
                await uploads.suggest_anew(desk.session, found, desk.actor, read)
                return see(f"{IMPORTS}/{batch}/mapping")
            table = await uploads.table_of(desk.session, found, desk.actor, found.mapping)
            mapping = import_form.mapping_in(form, table.columns, found.mapping)
            if form.get("do") == "check":
                await uploads.check_upload(
                    desk.session,
                    found,
                    desk.actor,
                    mapping,
                    now=desk.now,
                    today=desk.now.date(),
                )
                return see(f"{IMPORTS}/{batch}")
    except (InvalidFileError, PersonalDataError) as error:
        return await _mapping_page(
            desk, found, mapping, problems={"mapping": _reason(desk.words, error)}
        )
    except InvalidRecordError as error:
        return await _mapping_page(
            desk, found, mapping, problems=error_texts(desk.words, error.problems)
        )
    # No check was requested: the form assigned columns to other fields, so that the labels in these
    # columns now need codes.
    return await _mapping_page(desk, found, mapping)


@router.get(IMPORT)
async def report_page(desk: DeskDep, batch: RecordId) -> Response:
    """Show what checking found, row by row, before anything is sent."""
    return await _report_page(desk, batch)


@router.get(f"{IMPORT}/report.csv")
async def report_file(desk: DeskDep, batch: RecordId) -> Response:
    """Return the whole report as CSV, with the mark by which spreadsheets know its encoding."""
    found, checked = await batches.read(desk.session, batch, desk.actor)
    return Response(
        "\ufeff" + reports.as_csv(checked, partial(reason_text, desk.words)),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="report-{found.id[:8]}.csv"'},
    )


@router.post(f"{IMPORT}/apply")
async def apply(desk: DeskDep, batch: RecordId, form: FormDep) -> Response:
    """Send what the file says: what closes holds at once, the rest waits for somebody else."""
    try:
        async with desk.session.begin_nested():
            applied = await batches.apply_batch(
                desk.session,
                batch,
                desk.actor,
                now=desk.now,
                reason=form.get("reason", ""),
                only_good=form.get("only_good") == "true",
                allow_mixed=allows_mixed(desk),
            )
    except InvalidRecordError as error:
        problems = error_texts(desk.words, error.problems)
        return await _report_page(desk, batch, problems=problems, typed=form)
    except InvalidFileError as error:
        return await _report_page(
            desk, batch, problems={"": _reason(desk.words, error)}, typed=form
        )
    except ConflictError as error:
        return await _report_page(
            desk, batch, problems={"": _reason(desk.words, error)}, typed=form, status=409
        )
    return desk.page("import_sent", applied=applied)


@router.post(f"{IMPORTS}/forget")
async def forget(desk: DeskDep, _form: FormDep) -> Response:
    """Forget what the person's organisation chose for the columns of earlier files."""
    await remembered.forget(desk.session, desk.actor)
    return see(f"{IMPORTS}?done=forgotten")


@router.post(f"{IMPORT}/discard")
async def discard(desk: DeskDep, batch: RecordId, _form: FormDep) -> Response:
    """Give an import up; what was kept of it is deleted at once."""
    await batches.discard(desk.session, batch, desk.actor)
    return see(f"{IMPORTS}?done=discarded")


async def _start_page(
    desk: Desk,
    *,
    problems: dict[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    done: str = "",
) -> Response:
    settings: Settings = desk.request.state.settings
    words = await remembered.recall(desk.session, desk.actor)
    return desk.page(
        "imports",
        status=400 if problems else 200,
        found=await batches.list_batches(desk.session, desk.actor),
        is_trial=await is_trial(desk),
        problems=problems or {},
        typed=typed or {},
        done=done,
        remembered=import_form.remembered_rows(desk.words, words.columns),
        gone=await ledger.waiting(desk.session, desk.actor),
        kept_days=batches.KEPT_DAYS,
        limit_mb=settings.import_limit_bytes // 1_048_576,
    )


async def _mapping_page(
    desk: Desk,
    found: Upload,
    mapping: Mapping[str, Any],
    *,
    problems: dict[str, str] | None = None,
) -> Response:
    w = desk.words
    vocabulary = await read_vocabulary(desk.session)
    known = words(vocabulary.active, vocabulary.names)
    table = await uploads.table_of(desk.session, found, desk.actor, found.mapping)
    labels = await asyncio.to_thread(uploads.labels_of, table, mapping, known)
    codes = import_form.code_choices(w, known, _names(vocabulary, known))
    stated = mapping.get("id", {}).get("prefix", "")
    return desk.page(
        "import_mapping",
        status=400 if problems else 200,
        found=found,
        columns=import_form.column_rows(w, uploads.columns_of(table), mapping, codes),
        fields=import_form.field_choices(w),
        labels=import_form.label_rows(labels, mapping),
        codes=codes,
        nothing=import_form.NOTHING,
        constants=mapping.get("constants", {}),
        style=mapping.get("style", {}),
        read=mapping.get("read", {}),
        prefix="" if stated == UNNAMED else stated,
        empty_cells=mapping.get("empty_cells", "keep"),
        without_position=mapping.get("without_position", "refuse"),
        has_geometry=any(line.geometry is not None for line in table.lines),
        rows=len(table.lines),
        remarks=notes(w, [*table.remarks, *found.notes]),
        problems=problems or {},
        kinds=codes.get("kind", []),
        countries=sorted(((code, w.country(code)) for code in BOXES), key=lambda c: c[1]),
        timezones=TIMEZONES,
        visibility_choices=[(code, w.gettext(name)) for code, name in VISIBILITIES.items()],
        precisions=[(code, w.gettext(name)) for code, name in CODED["coord_precision"].items()],
    )


#: Spanish names by code, of each field with a fixed list of codes. Names of other fields' codes
#: come from vocabularies.
_NAMES = {**CODED, "documents_required": {NO_CODE: marked("No se pide ninguno")}}


def _names(vocabulary: Vocabulary, known: CodeWords) -> dict[str, dict[str, str]]:
    """Return names by field and code: from the field's fixed list, or else from the vocabulary."""
    by_code = {code: name for (_, code), name in vocabulary.names.items()}
    return {
        field: {
            code: _NAMES.get(field, {}).get(code) or by_code.get(code, code)
            for code in meanings.values()
        }
        for field, meanings in known.labels.items()
    }


async def _report_page(
    desk: Desk,
    batch: str,
    *,
    problems: dict[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    status: int = 400,
) -> Response:
    found, checked = await batches.read(desk.session, batch, desk.actor)
    if found.state == "uploaded":
        return see(f"{IMPORTS}/{batch}/mapping")
    w, rows = desk.words, checked.rows
    return desk.page(
        "import_report",
        status=status if problems else 200,
        found=found,
        is_trial=await is_trial(desk),
        counts=checked.counts(),
        total=len(rows),
        remarks=notes(w, checked.remarks),
        bad=[
            (row, problem, reason_text(w, problem.reason))
            for row in _first(rows, lambda row: row.state == "bad")
            for problem in row.problems
        ],
        quarantined=_noted(w, rows, lambda row: row.quarantined),
        alike=_first(rows, lambda row: bool(row.alike)),
        noted=_noted(w, rows, lambda row: bool(row.notes) and not row.quarantined),
        changed=_first(rows, lambda row: row.state == "changed"),
        shown=SHOWN,
        problems=problems or {},
        typed=typed or {},
    )


def _first(rows: Sequence[RowReport], is_meant: Callable[[RowReport], bool]) -> list[RowReport]:
    return list(islice((row for row in rows if is_meant(row)), SHOWN))


def _noted(
    w: Spoken, rows: Sequence[RowReport], is_meant: Callable[[RowReport], bool]
) -> list[tuple[RowReport, list[str]]]:
    """Return the first `SHOWN` rows that fulfil a condition, each with its notes as texts."""
    return [(row, notes(w, row.notes)) for row in _first(rows, is_meant)]


def _reason(w: Spoken, error: GeoError) -> str:
    """Return the problems of a file or mapping in the reader's language, a sentence for each."""
    if isinstance(error, InvalidFileError):
        return " ".join(_in_words(w, problem) for problem in error.problems[:_SENTENCES])
    return reason_text(w, error.reason)


def _in_words(w: Spoken, problem: str) -> str:
    return reason_text(w, problem) if isinstance(problem, CodedReason) else problem
