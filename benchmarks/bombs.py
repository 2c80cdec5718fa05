"""What files cost that are made to take memory, three of a kind at once.

Usage: ./run bench bombs [--json FILE]

Each kind is read in a process of its own as the console reads what somebody brings: three files at
the same moment, by three people. Told are what became of them, the time, and the most memory that a
child and the process itself had. Exit 1 if one had more than `LIMIT_MB`.
"""

import argparse
import asyncio
import io
import json
import random
import resource
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from geo.errors import InvalidFileError
from geo.imports.sandbox import read_apart

SEED: Final = 20_261_125
LIMIT_MB: Final = 512
AT_ONCE: Final = 3
_MB: Final = 1024**2

_MARK: Final = (
    b"<Placemark><name>x</name><Point><coordinates>-72.5,7.9</coordinates></Point></Placemark>"
)
_KML: Final = b'<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
_SHEET: Final = (
    b'<?xml version="1.0"?><worksheet'
    b' xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
)
_ROW: Final = b'<row r="1">' + b"<c><v>1</v></c>" * 20 + b"</row>"
_TYPES: Final = (
    b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/'
    b'content-types"><Default Extension="xml" ContentType="application/xml"/></Types>'
)


def zipped(members: Mapping[str, bytes]) -> bytes:
    """Return a zip file."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


def kmz(size_mb: int, *, is_varied: bool = False) -> bytes:
    """Return a map of so many placemarks that unpacked it has a size."""
    count = size_mb * _MB // len(_MARK)
    marks = _MARK * count
    if is_varied:
        draw = random.Random(SEED)  # noqa: S311 - an example, no secret
        marks = b"".join(_MARK.replace(b"x", b"%x" % draw.getrandbits(4)) for _ in range(count))
    return zipped({"doc.kml": _KML + marks + b"</Document></kml>"})


def xlsx(size_mb: int, *, is_varied: bool = False) -> bytes:
    """Return a workbook whose one sheet has a size unpacked."""
    count = size_mb * _MB // len(_ROW)
    rows = _ROW * count
    if is_varied:
        draw = random.Random(SEED)  # noqa: S311 - an example, no secret
        numbered = [_ROW.replace(b'"1"', b'"%d"' % (n + 1)) for n in range(count)]
        rows = b"".join(row.replace(b"1<", b"%d<" % draw.randrange(10)) for row in numbered)
    namespace = "http://schemas.openxmlformats.org"
    relations = f"{namespace}/officeDocument/2006/relationships"
    return zipped(
        {
            "[Content_Types].xml": _TYPES,
            "_rels/.rels": (
                f'<Relationships xmlns="{namespace}/package/2006/relationships"><Relationship '
                f'Id="rId1" Type="{relations}/officeDocument" Target="xl/workbook.xml"/>'
                "</Relationships>"
            ).encode(),
            "xl/workbook.xml": (
                f'<workbook xmlns="{namespace}/spreadsheetml/2006/main" xmlns:r="{relations}">'
                '<sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>'
            ).encode(),
            "xl/_rels/workbook.xml.rels": (
                f'<Relationships xmlns="{namespace}/package/2006/relationships"><Relationship '
                f'Id="rId1" Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/>'
                "</Relationships>"
            ).encode(),
            "xl/worksheets/sheet1.xml": _SHEET + rows + b"</sheetData></worksheet>",
        }
    )


def csv(size_mb: int) -> bytes:
    """Return a table of nothing but short cells."""
    head = b",".join(b"c%d" % n for n in range(1_000)) + b"\n"
    return head + (b"a," * 999 + b"a\n") * (size_mb * _MB // 2_000)


def table(_size_mb: int) -> bytes:
    """Return the largest table that is still read: 14,900 rows of 40 columns."""
    draw = random.Random(SEED)  # noqa: S311 - an example, no secret
    head = ";".join(f"c{n}" for n in range(40))
    rows = (";".join(f"{draw.randrange(10**9)}" for _ in range(40)) for _ in range(14_900))
    return "\n".join((head, *rows)).encode()


def features(size_mb: int) -> bytes:
    """Return a GeoJSON of features with nothing but short members."""
    members = b",".join(b'"c%d":[]' % n for n in range(500))
    one = b'{"type":"Feature","properties":{' + members + b'},"geometry":null}'
    many = b",".join([one] * (size_mb * _MB // len(one)))
    return b'{"type":"FeatureCollection","features":[' + many + b"]}"


def nested(size_mb: int) -> bytes:
    """Return zip files within a zip file, each of which is large unpacked."""
    inner = zipped({"doc.kml": b"\0" * (size_mb * _MB)})
    return zipped({f"{n}.kmz": inner for n in range(5)} | {"doc.kml": _KML + b"</Document></kml>"})


def deep(_size_mb: int) -> bytes:
    """Return JSON that is nothing but brackets."""
    return b'{"type":"FeatureCollection","features":' + b"[" * 10_000_000


def many(_size_mb: int) -> bytes:
    """Return a zip file of very many files."""
    return zipped({f"{n}.kml": b"" for n in range(60_000)})


#: By kind: the file's name, what makes it, and its size unpacked.
BOMBS: Final[Mapping[str, tuple[str, Callable[[int], bytes], int]]] = {
    "KMZ": ("x.kmz", kmz, 300),
    "KMZ just within": ("x.kmz", partial(kmz, is_varied=True), 19),
    "XLSX": ("x.xlsx", xlsx, 300),
    "XLSX just within": ("x.xlsx", partial(xlsx, is_varied=True), 19),
    "CSV": ("x.csv", csv, 19),
    "CSV just within": ("x.csv", table, 0),
    "JSON": ("x.geojson", features, 19),
    "JSON, deep": ("x.geojson", deep, 0),
    "ZIP in ZIP": ("x.kmz", nested, 300),
    "ZIP of many": ("x.kmz", many, 0),
}


async def _read(name: str, data: bytes) -> str:
    try:
        table = await read_apart(name, data)
    except InvalidFileError as error:
        return error.problems[0].partition(": ")[2]
    return f"read: {len(table.lines):,} rows"


async def _all(kind: str, data: bytes) -> dict[str, Any]:
    name, *_ = BOMBS[kind]
    before_mb = _peak_mb(resource.RUSAGE_SELF)
    began_s = time.monotonic()
    said = await asyncio.gather(*(_read(name, data) for _ in range(AT_ONCE)))
    return {
        "kind": kind,
        "megabytes": round(len(data) / _MB, 2),
        "said": sorted(set(said)),
        "seconds": round(time.monotonic() - began_s, 1),
        "child_mb": _peak_mb(resource.RUSAGE_CHILDREN),
        "own_mb": _peak_mb(resource.RUSAGE_SELF) - before_mb,
    }


def _peak_mb(who: int) -> int:
    return resource.getrusage(who).ru_maxrss // 1024


def _run(option: str, kind: str, said: bytes = b"") -> bytes:
    return subprocess.run(  # noqa: S603 -- this file
        [sys.executable, "-m", "benchmarks.bombs", option, kind],
        input=said,
        stdout=subprocess.PIPE,
        check=True,
    ).stdout


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--make", choices=list(BOMBS), help="write one kind to standard output")
    parser.add_argument("--one", choices=list(BOMBS), help="read one kind of standard input")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    # Each in a process of its own: what a process had at most its children begin with.
    if arguments.make:
        _, make, size_mb = BOMBS[arguments.make]
        sys.stdout.buffer.write(make(size_mb))
        return
    if arguments.one:
        data = sys.stdin.buffer.read()
        sys.stdout.write(json.dumps(asyncio.run(_all(arguments.one, data))))
        return
    found = []
    table = Table("three at once", "MB each", "said", "s", "a child, MB", "beside it, MB")
    for kind in BOMBS:
        one = json.loads(_run("--one", kind, _run("--make", kind)))
        found.append(one)
        table.add_row(
            kind,
            f"{one['megabytes']}",
            "; ".join(one["said"]),
            f"{one['seconds']}",
            f"{one['child_mb']}",
            f"{one['own_mb']}",
        )
    Console(width=150).print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1))
    if any(one["child_mb"] > LIMIT_MB for one in found):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
