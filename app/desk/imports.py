"""``/network/imports``: a file of spaces in four steps: bring, map, read the report, send.

Nothing is written before the last step; what an import changes waits for a second person like
any other change, and what it closes holds at once (P23, P40).
"""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.askers import CONSOLE, Asker
from app.deps import AskerDep, ClockDep, WriterDep
from app.desk import import_form
from app.desk.fields import TIMEZONES
from app.desk.inputs import told
from app.desk.labels import CODED, VISIBILITIES
from app.desk.pages import RecordId, StaffActorDep, desk_page, see, words_of
from app.desk.reasons import reason_text
from app.forms import FormDep
from geo.authority import Actor
from geo.countries import BOXES
from geo.errors import ConflictError, InvalidFileError, InvalidRecordError, PersonalDataError
from geo.imports import batches, reports, uploads
from geo.imports.rows import Words, words
from geo.imports.uploads import Upload
from geo.vocabulary import Vocabulary, read_vocabulary

router = APIRouter(include_in_schema=False)

IMPORTS = f"{CONSOLE}/imports"
IMPORT = f"{IMPORTS}/{{batch}}"

#: Rows of each kind that a page shows; the whole report is a file to download.
SHOWN = 200

#: Longest reason or name of a source that a form takes.
_MOST = 1_000


@router.get(IMPORTS)
async def imports(
    request: Request,
    asker: AskerDep,
    actor: StaffActorDep,
    session: WriterDep,
    done: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Show the form that takes a file, and what this person brought before."""
    return await _start_page(request, asker, actor, session, done=done)


@router.post(IMPORTS)
async def bring(
    request: Request,
    asker: AskerDep,
    actor: StaffActorDep,
    session: WriterDep,
    clock: ClockDep,
    form: FormDep,
) -> Response:
    """Take a file and lead to its mapping."""
    file, stated = form.files.get("file"), form.files.get("mapping")
    problems: dict[str, str] = {}
    w = words_of(asker)
    if file is None or not file.filename:
        problems = told(w, [("file", "is missing")])
    else:
        try:
            async with session.begin_nested():
                batch_id = await uploads.upload(
                    session,
                    actor,
                    file.filename,
                    await file.read(),
                    source=form.get("source", "").strip()[:_MOST],
                    today=clock().date(),
                    mapping=await stated.read() if stated and stated.filename else None,
                )
        except (InvalidFileError, PersonalDataError) as error:
            problems = {"file": _reason(error)}
        else:
            return see(f"{IMPORTS}/{batch_id}/mapping")
    return await _start_page(request, asker, actor, session, problems=problems, typed=form)


@router.get(f"{IMPORT}/mapping")
async def mapping_page(
    batch: RecordId, request: Request, asker: AskerDep, actor: StaffActorDep, session: WriterDep
) -> Response:
    """Show which column becomes which field, to be corrected."""
    found = await uploads.read_upload(session, batch, actor)
    return await _mapping_page(request, asker, session, found, found.mapping)


@router.post(f"{IMPORT}/mapping")
async def check(
    batch: RecordId,
    request: Request,
    asker: AskerDep,
    actor: StaffActorDep,
    session: WriterDep,
    clock: ClockDep,
    form: FormDep,
) -> Response:
    """Check the file with the mapping that was typed; lead to the report."""
    found = await uploads.read_upload(session, batch, actor)
    now = clock()
    mapping: Mapping[str, Any] = found.mapping
    try:
        async with session.begin_nested():
            if form.get("do") == "read":
                await uploads.suggest_anew(session, found, actor, import_form.reading_in(form))
                return see(f"{IMPORTS}/{batch}/mapping")
            table = await asyncio.to_thread(uploads.table_of, found, found.mapping)
            mapping = import_form.mapping_in(form, table.columns, found.mapping)
            if form.get("do") == "check":
                await uploads.check_upload(
                    session, found, actor, mapping, now=now, today=now.date()
                )
                return see(f"{IMPORTS}/{batch}")
    except (InvalidFileError, PersonalDataError) as error:
        return await _mapping_page(
            request, asker, session, found, mapping, problems={"mapping": _reason(error)}
        )
    except InvalidRecordError as error:
        return await _mapping_page(
            request,
            asker,
            session,
            found,
            mapping,
            problems=told(words_of(asker), error.problems),
        )
    # Columns were given other fields: their labels are to be translated now.
    return await _mapping_page(request, asker, session, found, mapping)


@router.get(IMPORT)
async def report_page(
    batch: RecordId,
    request: Request,
    asker: AskerDep,
    actor: StaffActorDep,
    session: WriterDep,
) -> Response:
    """Show what checking found, row by row, before anything is sent."""
    return await _report_page(request, asker, actor, session, batch)


@router.get(f"{IMPORT}/report.csv")
async def report_file(batch: RecordId, actor: StaffActorDep, session: WriterDep) -> Response:
    """Give the whole report as CSV, with the marks by which spreadsheets know its encoding."""
    found, checked = await batches.read(session, batch, actor)
    return Response(
        "\ufeff" + reports.as_csv(checked),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="report-{found.id[:8]}.csv"'},
    )


@router.post(f"{IMPORT}/apply")
async def apply(
    batch: RecordId,
    request: Request,
    asker: AskerDep,
    actor: StaffActorDep,
    session: WriterDep,
    clock: ClockDep,
    form: FormDep,
) -> Response:
    """Send what the file says: what closes holds at once, the rest waits for somebody else."""
    try:
        async with session.begin_nested():
            applied = await batches.apply_batch(
                session,
                batch,
                actor,
                now=clock(),
                reason=form.get("reason", ""),
                only_good=form.get("only_good") == "true",
            )
    except (InvalidFileError, InvalidRecordError, ConflictError) as error:
        return await _report_page(
            request,
            asker,
            actor,
            session,
            batch,
            problems=(
                told(words_of(asker), error.problems)
                if isinstance(error, InvalidRecordError)
                else {"": _reason(error)}
            ),
            typed=form,
            status=409 if isinstance(error, ConflictError) else 400,
        )
    return desk_page(request, asker, "import_sent", applied=applied)


@router.post(f"{IMPORT}/discard")
async def discard(
    batch: RecordId, actor: StaffActorDep, session: WriterDep, _form: FormDep
) -> Response:
    """Give an import up; what was kept of it is deleted at once."""
    await batches.discard(session, batch, actor)
    return see(f"{IMPORTS}?done=discarded")


async def _start_page(
    request: Request,
    asker: Asker,
    actor: Actor,
    session: AsyncSession,
    *,
    problems: dict[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    done: str = "",
) -> Response:
    settings = request.state.settings
    return desk_page(
        request,
        asker,
        "imports",
        status=400 if problems else 200,
        found=await batches.list_batches(session, actor),
        problems=problems or {},
        typed=typed or {},
        done=done,
        kept_days=batches.KEPT_DAYS,
        limit_mb=settings.import_limit_bytes // 1_048_576,
    )


async def _mapping_page(
    request: Request,
    asker: Asker,
    session: AsyncSession,
    found: Upload,
    mapping: Mapping[str, Any],
    *,
    problems: dict[str, str] | None = None,
) -> Response:
    w = words_of(asker)
    vocabulary = await read_vocabulary(session)
    known = words(vocabulary.active, vocabulary.names)
    table = await asyncio.to_thread(uploads.table_of, found, found.mapping)
    fields = mapping.get("fields", {})
    labels = await asyncio.to_thread(uploads.labels_of, table, fields, known)
    codes = import_form.code_choices(w, known, _names(vocabulary, known))
    return desk_page(
        request,
        asker,
        "import_mapping",
        status=400 if problems else 200,
        found=found,
        columns=import_form.column_rows(uploads.columns_of(table), mapping),
        fields=import_form.field_choices(w),
        labels=import_form.label_rows(labels, mapping),
        codes=codes,
        nothing=import_form.NOTHING,
        constants=mapping.get("constants", {}),
        style=mapping.get("style", {}),
        read=mapping.get("read", {}),
        prefix="" if mapping.get("id", {}).get("prefix") == "SOURCE" else
        mapping.get("id", {}).get("prefix", ""),
        empty_cells=mapping.get("empty_cells", "keep"),
        has_geometry=any(line.geometry is not None for line in table.lines),
        rows=len(table.lines),
        remarks=[*table.remarks, *found.notes],
        problems=problems or {},
        kinds=codes.get("kind", []),
        countries=sorted(((code, w.country(code)) for code in BOXES), key=lambda c: c[1]),
        timezones=TIMEZONES,
        visibilities=[(code, w.gettext(name)) for code, name in VISIBILITIES.items()],
        precisions=[(code, w.gettext(name)) for code, name in CODED["coord_precision"].items()],
    )  # fmt: skip


def _names(vocabulary: Vocabulary, known: Words) -> dict[str, dict[str, str]]:
    """Return names of codes by field: those of the terms, and those of fixed lists."""
    by_code = {code: name for (_, code), name in vocabulary.names.items()}
    return {
        field: {
            code: CODED.get(field, {}).get(code) or by_code.get(code, code)
            for code in meanings.values()
        }
        for field, meanings in known.labels.items()
    }


async def _report_page(
    request: Request,
    asker: Asker,
    actor: Actor,
    session: AsyncSession,
    batch: str,
    *,
    problems: dict[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    w = words_of(asker)
    found, checked = await batches.read(session, batch, actor)
    if found.state == "uploaded":
        return see(f"{IMPORTS}/{batch}/mapping")
    bad = [row for row in checked.rows if row.state == "bad"]
    return desk_page(
        request,
        asker,
        "import_report",
        status=status,
        found=found,
        counts=checked.counts(),
        total=len(checked.rows),
        remarks=checked.remarks,
        bad=[(row, problem, reason_text(w, problem.reason)) for row in bad[:SHOWN]
             for problem in row.problems],
        quarantined=[row for row in checked.rows if row.quarantined][:SHOWN],
        alike=[row for row in checked.rows if row.alike][:SHOWN],
        noted=[row for row in checked.rows if row.notes and not row.quarantined][:SHOWN],
        changed=[row for row in checked.rows if row.state == "changed"][:SHOWN],
        shown=SHOWN,
        problems=problems or {},
        typed=typed or {},
    )  # fmt: skip


def _reason(error: Exception) -> str:
    """Return what is wrong with a file or mapping, a line a problem."""
    if isinstance(error, InvalidFileError):
        return " ".join(error.problems[:20])
    return str(error)
