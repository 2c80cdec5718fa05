"""Files into tables: every row checked, all or nothing, the same file again is no change."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from geo import demo, formats, storage
from geo.errors import InvalidFileError
from geo.filekinds import KINDS, FileKind, kind_of, known_names
from geo.models import Base, Flow, LoadedFile
from geo.records import Circumstances, Row

#: Called with a file's name, how many files are done, and how many there are.
Progress = Callable[[str, int, int], None]

#: Any fixed number: one load at a time, so that two starts at once do not meet.
LOAD_LOCK = 4_155_003

#: Most problems named in one refusal; a file with more is wrong as a whole.
MAX_PROBLEMS = 200


@dataclass(frozen=True)
class FileReport:
    """What became of one file.

    Attributes
    ----------
    outcome : str
        ``loaded``; ``unchanged`` (the same content, for demo files on the same day); ``skipped``
        (demo rows were removed on purpose).
    stored, removed : dict of str to int
        Rows by table: written, and deleted because the file no longer has them.
    remarks : tuple of str
        File, line and what was changed on the way in, such as records made restricted (P38).
    """

    name: str
    kind: str
    outcome: str
    stored: Mapping[str, int] = field(default_factory=dict)
    removed: Mapping[str, int] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class LoadReport:
    """What became of every file, in the order of loading."""

    files: tuple[FileReport, ...]

    def lines(self) -> list[str]:
        """Return the report as lines to read; unchanged files are one line together."""
        lines: list[str] = []
        for file in self.files:
            if file.outcome == "loaded":
                stored = ", ".join(f"{n:,} {table}" for table, n in file.stored.items() if n)
                gone = sum(file.removed.values())
                lines.append(
                    f"{file.name}: {stored or 'nothing'}"
                    + (f"; {gone:,} rows removed that it no longer has" if gone else "")
                )
            elif file.outcome == "skipped":
                lines.append(f"{file.name}: not loaded, demo rows were removed on purpose")
            lines += file.remarks
        unchanged = sum(file.outcome == "unchanged" for file in self.files)
        if unchanged:
            lines.append(f"{unchanged} files unchanged")
        return lines


@dataclass
class _Batch:
    """One file on its way in: its rows by table, and the line each row stands on."""

    name: str
    kind: FileKind
    sha256: str
    rows: dict[type[Base], list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    lines: dict[tuple[type[Base], str], int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def reject(self, line: int, reason: str) -> None:
        self.problems.append(f"{self.name}:{line}: {reason}")

    @property
    def is_demo(self) -> bool:
        return any(
            row.get("demo") or row.get("assumption") for rows in self.rows.values() for row in rows
        )


async def load_paths(
    session: AsyncSession,
    paths: Sequence[Path],
    *,
    today: date,
    now: datetime,
    allow_mixed: bool = False,
    automatic: bool = False,
    progress: Progress | None = None,
) -> LoadReport:
    """Load files, and the recognised ones below folders.

    A file is known by its name: loading a newer one of the same name updates its rows by their
    ids and deletes those it no longer has. Records hidden in an emergency stay hidden.

    Parameters
    ----------
    session : AsyncSession
        Of the writer. Nothing is committed here.
    paths : sequence of Path
        Files, whose names must be recognised, and folders.
    today : date
        Demo dates are moved so that they count from it.
    now : datetime
        Aware.
    allow_mixed : bool
        Let demo and real rows stand side by side (P35).
    automatic : bool
        Nobody asked for these files by name: demo files stay away once removed.
    progress : callable or None
        See `Progress`.

    Raises
    ------
    InvalidFileError
        With one message a problem: file, line and reason. Nothing is changed.
    MixedDataError
        Demo and real rows would mix. Nothing is changed.
    FileNotFoundError
        A path does not exist.
    """
    files = _files(paths)
    async with session.begin_nested():
        await session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": LOAD_LOCK})
        known = await storage.loaded_files(session)
        keep_away = automatic and demo.REMOVED in known
        reports: dict[str, FileReport] = {}
        batches: list[_Batch] = []
        for name, kind, path in files:
            data = path.read_bytes()
            sha256 = hashlib.sha256(data).hexdigest()
            if _is_current(known.get(name), sha256, today):
                reports[name] = FileReport(name, kind.name, "unchanged")
                continue
            batch = _read(name, kind, data, sha256, today, now)
            if keep_away and batch.is_demo and not batch.problems:
                reports[name] = FileReport(name, kind.name, "skipped")
            else:
                batches.append(batch)
        _check_ids(batches, known)
        await _check_references(session, batches)
        await _check_flows(session, batches, known)
        problems = [problem for batch in batches for problem in batch.problems]
        if problems:
            raise InvalidFileError(_shortened(problems))
        for done, batch in enumerate(batches):
            if progress is not None:
                progress(batch.name, done, len(batches))
            reports[batch.name] = await _store(session, batch, known.get(batch.name), today)
        if batches:
            await session.flush()
            if any(batch.is_demo for batch in batches):
                await demo.forget_removal(session)
            if not allow_mixed:
                await demo.require_unmixed(session)
    return LoadReport(tuple(reports[name] for name, _, _ in files))


def _files(paths: Iterable[Path]) -> list[tuple[str, FileKind, Path]]:
    """Return name, kind and path of every file to load, in the order of loading."""
    found: dict[str, tuple[str, FileKind, Path]] = {}
    problems = []
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(2, "no such file or folder", str(path))
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            kind = kind_of(file.name)
            if kind is None:
                if not path.is_dir():
                    problems.append(f"{file.name}:1: is not one of {known_names()}")
            elif file.is_file():
                other = found.setdefault(file.name, (file.name, kind, file))
                if other[2] != file:
                    problems.append(f"{file.name}:1: two files have this name")
    if problems:
        raise InvalidFileError(problems)
    return sorted(found.values(), key=lambda entry: (KINDS.index(entry[1]), entry[0]))


def _is_current(loaded: LoadedFile | None, sha256: str, today: date) -> bool:
    if loaded is None or loaded.sha256 != sha256:
        return False
    return not loaded.details.get("demo") or loaded.loaded_on == today


def _read(
    name: str, kind: FileKind, data: bytes, sha256: str, today: date, now: datetime
) -> _Batch:
    batch = _Batch(name, kind, sha256)
    try:
        content = formats.read(name, data)
    except InvalidFileError as error:
        batch.problems += error.problems
        return batch
    for line, reason in content.problems:
        batch.reject(line, reason)
    circumstances = Circumstances(today, now, content.head)
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
    if ignored:
        batch.remarks.append(f"{name}: fields not used: {', '.join(sorted(ignored))}")
    return batch


def _take(batch: _Batch, rows: Mapping[type[Base], list[dict[str, Any]]], line: int) -> None:
    for model, made in rows.items():
        for row in made:
            key = (model, storage.key_of(model, row))
            before = batch.lines.get(key)
            if before is None:
                batch.lines[key] = line
                batch.rows[model].append(row)
            elif model in storage.OWNED and model not in storage.SHARED:
                batch.reject(line, f"id '{key[1]}' is on line {before} already")


def _check_ids(batches: Sequence[_Batch], known: Mapping[str, LoadedFile]) -> None:
    """Reject ids that another file has, whether loaded before or beside."""
    owners: dict[tuple[str, str], str] = {}
    replaced = {batch.name for batch in batches}
    for name, loaded in known.items():
        if name not in replaced:
            for table, ids in loaded.details.get("rows", {}).items():
                owners.update(((table, id_), name) for id_ in ids)
    for batch in batches:
        for (model, id_), line in batch.lines.items():
            if model not in storage.OWNED or model in storage.SHARED:
                continue
            owner = owners.setdefault((model.__tablename__, id_), batch.name)
            if owner != batch.name:
                batch.reject(line, f"id '{id_}' is in {owner} already")


async def _check_references(session: AsyncSession, batches: Sequence[_Batch]) -> None:
    """Reject statuses of unknown crossings and referrals from unknown spaces."""
    for model, column, target in storage.REFERENCES:
        coming = {id_ for batch in batches for other, id_ in batch.lines if other is target}
        for batch in batches:
            named = {row[column] for row in batch.rows[model]} - coming - {None}
            missing = named - await storage.existing(session, target, named)
            for row in batch.rows[model]:
                if row[column] in missing:
                    line = batch.lines[model, row["id"]]
                    batch.reject(line, f"{column} '{row[column]}' is not known")


async def _check_flows(
    session: AsyncSession, batches: Sequence[_Batch], known: Mapping[str, LoadedFile]
) -> None:
    """Reject a second count of the same subject, in the file or beside what is stored."""
    for batch in batches:
        rows = batch.rows[Flow]
        if not rows:
            continue
        loaded = known.get(batch.name)
        before = [] if loaded is None else loaded.details["rows"].get("flows", [])
        seen = await storage.foreign_flows(session, rows, [*before, *(r["id"] for r in rows)])
        for row in rows:
            key = storage.flow_key(row)
            if key in seen:
                batch.reject(
                    batch.lines[Flow, row["id"]], "the same count is there under another id"
                )
            seen.add(key)


async def _store(
    session: AsyncSession, batch: _Batch, loaded: LoadedFile | None, today: date
) -> FileReport:
    """Write a batch, delete what the file no longer has, and remember it."""
    before = {} if loaded is None else loaded.details.get("rows", {})
    ids = {
        model.__tablename__: [storage.key_of(model, row) for row in rows]
        for model, rows in batch.rows.items()
        if model in storage.OWNED
    }
    # First what is gone: a count under a new id may be about the same as a deleted one.
    removed = await storage.delete_vanished(session, before, ids, shared=False)
    await storage.write(session, batch.rows, before)
    removed |= await storage.delete_vanished(session, before, ids, shared=True)
    await session.merge(
        LoadedFile(
            name=batch.name,
            sha256=batch.sha256,
            loaded_on=today,
            details={"kind": batch.kind.name, "demo": batch.is_demo, "rows": ids},
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


def _shortened(problems: list[str]) -> list[str]:
    if len(problems) <= MAX_PROBLEMS:
        return problems
    return [*problems[:MAX_PROBLEMS], f"and {len(problems) - MAX_PROBLEMS:,} more problems"]
