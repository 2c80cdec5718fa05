"""Loading of data files into tables: all rows are checked first, and unchanged files skipped.

Files that are loaded together are stored all or not at all.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from geo.errors import InvalidFileError
from geo.models import Base, Crossing, CrossingStatus, Flow, LoadedFile, Location, Term
from geo.records import demo_rows, readers, upsert
from geo.records.file_kinds import KINDS, FileKind, kind_of, known_names
from geo.records.load_reports import FileReport, LoadReport
from geo.records.row_validation import Circumstances, Row
from geo.records.silent_rows import remarks_on, silent_reason
from geo.vocabulary import Vocabulary, read_vocabulary

#: Prefix of the stored names of files that come with Amparo, to tell them from a user's file of the
#: same name.
SHIPPED = "amparo:"

#: Callback that reports progress, called with the name of the next file, the number of files done
#: and the number of all files.
Progress = Callable[[str, int, int], None]

#: Key of the advisory lock (any fixed number) under which files are loaded, so that processes that
#: start at the same time load one after the other.
LOAD_LOCK = 4_155_003

#: Most problems listed in one error message; the others are only counted.
MAX_PROBLEMS = 200


@dataclass
class _Batch:
    """File being loaded: its rows by table, the line number of each row, and the problems found.

    ``silent`` has the reason and line of each record that is loaded but has no effect.
    """

    name: str
    kind: FileKind
    sha256: str
    rows: dict[type[Base], list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    lines: dict[tuple[type[Base], str], int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    withheld: dict[str, list[str]] = field(default_factory=dict)
    silent: list[tuple[str, int]] = field(default_factory=list)

    @property
    def is_shipped(self) -> bool:
        return self.name.startswith(SHIPPED)

    def reject(self, line: int, reason: str) -> None:
        self.problems.append(f"{self.name}:{line}: {reason}")

    @property
    def is_demo(self) -> bool:
        return any(
            row.get("demo") or row.get("assumption") for rows in self.rows.values() for row in rows
        )

    def withhold(self, ids: set[tuple[type[Base], str]]) -> None:
        """Remove rows whose ids another file owns, with their parts, and note the removed ids."""
        locations = {id_ for model, id_ in ids if model is Location}
        hanging = {part: (column, owner) for part, column, owner in upsert.HANGING}
        for model, rows in self.rows.items():
            if model in upsert.PARTS:
                rows[:] = [row for row in rows if row["location_id"] not in locations]
            elif model in hanging:
                column, owner = hanging[model]
                rows[:] = [row for row in rows if (owner, row[column]) not in ids]
            else:
                rows[:] = [row for row in rows if (model, upsert.key_of(model, row)) not in ids]
        for model, id_ in sorted(ids, key=lambda key: key[1]):
            del self.lines[model, id_]
            self.withheld.setdefault(model.__tablename__, []).append(id_)


async def load_paths(
    session: AsyncSession,
    paths: Sequence[Path],
    *,
    today: date,
    now: datetime,
    shipped: Path | None = None,
    allow_mixed: bool = False,
    automatic: bool = False,
    progress: Progress | None = None,
) -> LoadReport:
    """Load files, and all files below folders whose names are recognised.

    A file is identified by its name: loading a newer file of the same name updates rows by their
    ids and deletes the rows that the newer file no longer has. Records hidden in an emergency stay
    hidden. A row with an id that another file owns is refused, except in a file that comes with
    Amparo: such a row is skipped with a remark in the report, and the other file's row stays.

    Parameters
    ----------
    session : AsyncSession
        Writer session. Nothing is committed here.
    paths : sequence of Path
        Files, whose names must be recognised, and folders.
    today : date
        Day of loading. Demo files state dates in days before the day of loading.
    now : datetime
        Moment of loading, timezone-aware.
    shipped : Path or None
        Folder of the files that come with Amparo; their stored names get the prefix `SHIPPED`.
    allow_mixed : bool
        Allow demo and real rows in the database at the same time (P35).
    automatic : bool
        Whether the files are loaded without a person's request, as at startup. Then demo files are
        skipped if demo rows were removed on purpose or real rows exist.
    progress : callable or None
        See `Progress`.

    Raises
    ------
    InvalidFileError
        A row has a problem, or a path holds no recognised file; the error has one message with
        file, line and reason for each problem. Nothing is changed.
    MixedDataError
        Demo and real rows would mix. Nothing is changed.
    FileNotFoundError
        A path does not exist.
    """
    files = _files(paths, shipped)
    async with session.begin_nested():
        await session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": LOAD_LOCK})
        known = await upsert.loaded_files(session)
        edited = await upsert.edited_spaces(session)
        owners = _owners(known, edited)
        vocabulary = await read_vocabulary(session)
        released = await upsert.releases(session)
        reports: dict[str, FileReport] = {}
        batches: list[_Batch] = []
        for name, kind, path in files:
            data = path.read_bytes()
            sha256 = hashlib.sha256(data).hexdigest()
            if _is_current(known.get(name), sha256, today, owners):
                reports[name] = FileReport(name, kind.name, "unchanged")
            else:
                said = _Said(today, now, vocabulary, released)
                batches.append(_read(name, kind, data, sha256, said))
                # Vocabulary files are read first, so that later files may use their new terms.
                vocabulary = vocabulary.with_terms(batches[-1].rows[Term])
        if automatic and (why := await _reason_against_demo(session, known, mixed=allow_mixed)):
            reports |= {b.name: _skipped(b, why) for b in batches if b.is_demo and not b.problems}
            batches = [batch for batch in batches if batch.name not in reports]
        _check_ids(batches, owners)
        await _check_references(session, batches)
        await _check_flows(session, batches, known)
        _require_no_problems(batches)
        await _note_silent(session, batches)
        for done, batch in enumerate(batches):
            if progress is not None:
                progress(batch.name, done, len(batches))
            loaded = known.get(batch.name)
            reports[batch.name] = await _store(session, batch, loaded, today, edited)
        if batches:
            await session.flush()
            if any(batch.is_demo for batch in batches):
                await demo_rows.forget_removal(session)
            if not allow_mixed:
                await demo_rows.require_unmixed(session)
    return LoadReport(tuple(reports[name] for name, _, _ in files))


def _files(paths: Iterable[Path], shipped: Path | None) -> list[tuple[str, FileKind, Path]]:
    """Return name, kind and path of every file to load, in the order of loading."""
    found: dict[str, tuple[str, FileKind, Path]] = {}
    problems = []
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(2, "no such file or folder", str(path))
        recognised = 0
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            kind = kind_of(file.name)
            if kind is None or not file.is_file():
                continue
            recognised += 1
            name = _known_as(file, shipped)
            other = found.setdefault(name, (name, kind, file.resolve()))
            if other[2] != file.resolve():
                problems.append(f"{name}:1: two files have this name")
            elif file.name.startswith(SHIPPED):
                problems.append(f"{name}:1: only files of Amparo's own are known by such a name")
        if not recognised:
            what = "holds no file that is" if path.is_dir() else "is not"
            problems.append(f"{path.name or path}:1: {what} one of {known_names()}")
    if problems:
        raise InvalidFileError(problems)
    return sorted(found.values(), key=lambda entry: (KINDS.index(entry[1]), entry[0]))


def _known_as(file: Path, shipped: Path | None) -> str:
    own = shipped is not None and file.resolve().is_relative_to(shipped.resolve())
    return f"{SHIPPED}{file.name}" if own else file.name


async def _reason_against_demo(
    session: AsyncSession, known: Mapping[str, LoadedFile], *, mixed: bool
) -> str | None:
    """Return why automatic loading skips demo files, or None if they may be loaded (P35)."""
    if demo_rows.REMOVED in known:
        return "demo rows were removed on purpose"
    if not mixed and await demo_rows.has_only_real(session):
        return "real rows are there"
    return None


def _skipped(batch: _Batch, why: str) -> FileReport:
    remark = f"{batch.name}: not loaded, {why}"
    return FileReport(batch.name, batch.kind.name, "skipped", remarks=(remark,))


def _owners(known: Mapping[str, LoadedFile], edited: Iterable[str]) -> dict[tuple[str, str], str]:
    """Return the name of the file that owns each row, by table and id.

    Spaces that were edited in Amparo belong to no file; their owner is `upsert.EDITED`.
    """
    owners = {
        (table, id_): name
        for name, loaded in known.items()
        for table, ids in loaded.details.get("rows", {}).items()
        for id_ in ids
    }
    table = Location.__tablename__
    return owners | {(table, id_): upsert.EDITED for id_ in edited}


def _is_current(
    loaded: LoadedFile | None,
    sha256: str,
    today: date,
    owners: Mapping[tuple[str, str], str],
) -> bool:
    if loaded is None or loaded.sha256 != sha256:
        return False
    withheld = loaded.details.get("withheld", {})
    if any((table, id_) not in owners for table, ids in withheld.items() for id_ in ids):
        return False  # a withheld row can be loaded now, as its id no longer has another owner
    return not loaded.details.get("demo") or loaded.loaded_on == today


@dataclass(frozen=True)
class _Said:
    """Data that records are checked against, the same for all files of one load."""

    today: date
    now: datetime
    vocabulary: Vocabulary
    released: Mapping[str, frozenset[str]]


def _read(name: str, kind: FileKind, data: bytes, sha256: str, said: _Said) -> _Batch:
    batch = _Batch(name, kind, sha256)
    try:
        content = readers.read(name, data)
    except InvalidFileError as error:
        batch.problems += error.problems
        return batch
    for line, reason in content.problems:
        batch.reject(line, reason)
    circumstances = Circumstances(
        said.today, said.now, content.head, said.vocabulary, said.released
    )
    ignored: set[str] = set()
    for record in content.records:
        row = Row(record)
        rows = kind.read(row, circumstances)
        which = f"{record.fields['id']}: " if record.fields.get("id") else ""
        for reason in dict.fromkeys(row.problems):
            batch.reject(record.line, which + reason)
        batch.remarks += (f"{name}:{record.line}: {note}" for note in row.notes)
        ignored |= row.ignored()
        if not row.problems:
            _take(batch, rows, record.line)
            silent = silent_reason(row, rows, said.today)
            if silent is not None and not batch.is_shipped:
                batch.silent.append((silent, record.line))
    if ignored:
        batch.remarks.append(f"{name}: fields not used: {', '.join(sorted(ignored))}")
    return batch


def _take(batch: _Batch, rows: Mapping[type[Base], list[dict[str, Any]]], line: int) -> None:
    for model, made in rows.items():
        for row in made:
            key = (model, upsert.key_of(model, row))
            before = batch.lines.get(key)
            if before is None:
                batch.lines[key] = line
                batch.rows[model].append(row)
            elif model in upsert.OWNED and model not in upsert.SHARED:
                batch.reject(line, f"id '{key[1]}' is on line {before} already")


def _check_ids(batches: Sequence[_Batch], known: Mapping[tuple[str, str], str]) -> None:
    """Reject rows with ids that another file owns, loaded earlier or in the same load.

    In files that come with Amparo these rows are skipped instead: an update of Amparo must neither
    fail because of a user's row nor replace the user's row.
    """
    replaced = {batch.name for batch in batches}
    owners = {key: name for key, name in known.items() if name not in replaced}
    for batch in sorted(batches, key=lambda batch: batch.is_shipped):
        taken: dict[str, set[tuple[type[Base], str]]] = defaultdict(set)
        for (model, id_), line in batch.lines.items():
            if model not in upsert.OWNED or model in upsert.SHARED:
                continue
            owner = owners.setdefault((model.__tablename__, id_), batch.name)
            if owner == batch.name:
                continue
            if batch.is_shipped and not owner.startswith(SHIPPED):
                taken[owner].add((model, id_))
            elif owner == upsert.EDITED:
                batch.reject(
                    line,
                    f"id '{id_}' was edited since it was loaded: change the record itself "
                    "(/network), or leave it out of the file",
                )
            else:
                batch.reject(line, f"id '{id_}' is in {owner} already")
        for owner, ids in taken.items():
            batch.withhold(ids)
            batch.remarks.append(
                f"{batch.name}: rows not loaded because {owner} has their ids: {len(ids):,}"
            )


async def _check_references(session: AsyncSession, batches: Sequence[_Batch]) -> None:
    """Reject rows that refer to an unknown record, such as the status of an unknown crossing."""
    for model, column, target in upsert.REFERENCES:
        coming = {id_ for batch in batches for other, id_ in batch.lines if other is target}
        for batch in batches:
            named = {row[column] for row in batch.rows[model]} - coming - {None}
            missing = named - await upsert.existing(session, target, named)
            for row in batch.rows[model]:
                if row[column] in missing:
                    line = batch.lines[model, upsert.key_of(model, row)]
                    batch.reject(line, f"{column} '{row[column]}' is not known")


async def _note_silent(session: AsyncSession, batches: Sequence[_Batch]) -> None:
    """Add remarks on records that are loaded but have no effect.

    Among them are crossings whose status no file and no stored record states.
    """
    timed = {row["crossing_id"] for batch in batches for row in batch.rows[CrossingStatus]}
    for batch in batches:
        untimed = {row["id"] for row in batch.rows[Crossing]} - timed
        if untimed and not batch.is_shipped:
            stated = select(CrossingStatus.crossing_id).where(
                CrossingStatus.crossing_id == func.any(list(untimed))
            )
            untimed -= set(await session.scalars(stated))
            batch.silent += [("no_hours", batch.lines[Crossing, one]) for one in sorted(untimed)]
        batch.remarks += remarks_on(batch.name, batch.silent)


async def _check_flows(
    session: AsyncSession, batches: Sequence[_Batch], known: Mapping[str, LoadedFile]
) -> None:
    """Reject counts of people with the subject of another count, in the file or stored.

    The subject is `upsert.FLOW_KEY`: origin, destination, week, direction and method.
    """
    for batch in batches:
        rows = batch.rows[Flow]
        if not rows:
            continue
        loaded = known.get(batch.name)
        before = [] if loaded is None else loaded.details["rows"].get("flows", [])
        seen = await upsert.foreign_flows(session, rows, [*before, *(r["id"] for r in rows)])
        for row in rows:
            key = upsert.flow_key(row)
            if key in seen:
                batch.reject(
                    batch.lines[Flow, row["id"]], "the same count is there under another id"
                )
            seen.add(key)


async def _store(
    session: AsyncSession,
    batch: _Batch,
    loaded: LoadedFile | None,
    today: date,
    edited: Collection[str],
) -> FileReport:
    """Write a file's rows, delete the rows that the file no longer has, and note its checksum."""
    before = {} if loaded is None else dict(loaded.details.get("rows", {}))
    table = Location.__tablename__
    before[table] = [id_ for id_ in before.get(table, ()) if id_ not in edited]
    ids = {
        model.__tablename__: [upsert.key_of(model, row) for row in rows]
        for model, rows in batch.rows.items()
        if model in upsert.OWNED
    }
    # Rows that the file no longer has are deleted before the others are written, because a count
    # with a new id may have the (unique) subject of a deleted count.
    removed = await upsert.delete_vanished(session, before, ids, shared=False)
    await upsert.write(session, batch.rows, before)
    removed |= await upsert.delete_vanished(session, before, ids, shared=True)
    await session.merge(
        LoadedFile(
            name=batch.name,
            sha256=batch.sha256,
            loaded_on=today,
            details={
                "kind": batch.kind.name,
                "demo": batch.is_demo,
                "rows": ids,
                "withheld": batch.withheld,
            },
        )
    )
    return FileReport(
        name=batch.name,
        kind=batch.kind.name,
        outcome="loaded",
        stored={model.__tablename__: len(rows) for model, rows in batch.rows.items()},
        removed=removed,
        remarks=tuple(batch.remarks),
    )


def _require_no_problems(batches: Iterable[_Batch]) -> None:
    problems = [problem for batch in batches for problem in batch.problems]
    if len(problems) > MAX_PROBLEMS:
        more = f"and {len(problems) - MAX_PROBLEMS:,} more problems"
        problems = [*problems[:MAX_PROBLEMS], more]
    if problems:
        raise InvalidFileError(problems)
