"""What Valhalla and OSRM make of the matrix of tags, asked on the same streets as our own router.

Usage: python -m benchmarks.tags [--write]

Needs pyvalhalla and osrm-bindings (requirements-bench.lock); ten seconds. Exits 1 where the file's
columns are not what they answer now; ``--write`` puts them there, and the tables into docs/tags.md.
Reasons are written by hand: tests/routing/osm_tags/test_tags.py wants one where we differ.
"""

import argparse
import csv
import importlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from tests.fixtures import tag_matrix
from tests.fixtures.tag_matrix import Ask, Case, Drawn, Place, verdict

#: Column of the matrix -> engine and what it calls the mode.
COLUMNS: Final = {
    "valhalla_walker": ("valhalla", "pedestrian"),
    "valhalla_vehicle": ("valhalla", "auto"),
    "osrm_walker": ("osrm", "foot"),
    "osrm_vehicle": ("osrm", "car"),
}


def osrm_asker(source: Path, folder: Path, profile: str) -> Ask:
    """Build OSRM's graph for a profile."""
    osrm: Any = importlib.import_module("osrm")
    package = Path(str(osrm.__file__)).parent
    base = folder / f"osrm-{profile}" / "roads"
    base.parent.mkdir()
    lua = package / "share" / "profiles" / f"{profile}.lua"
    tools = package / "bin"
    _run(tools / "osrm-extract", "-p", lua, "-o", base, source)
    _run(tools / "osrm-partition", base)
    _run(tools / "osrm-customize", base)
    engine = osrm.OSRM(algorithm="MLD", storage_config=str(base), use_shared_memory=False)

    def ask(start: Place, end: Place) -> float | None:
        asked = osrm.RouteParameters(
            coordinates=[start, end], overview="false", generate_hints=False
        )
        try:
            return float(engine.Route(asked)["routes"][0]["distance"])
        except RuntimeError:  # no way
            return None

    return ask


def valhalla_asker(source: Path, folder: Path) -> Callable[[str], Ask]:
    """Build Valhalla's tiles, which serve all modes."""
    valhalla: Any = importlib.import_module("valhalla")
    tiles = folder / "valhalla"
    tiles.mkdir()
    settings: dict[str, Any] = valhalla.get_config(tile_extract="", tile_dir=str(tiles))
    for absent in ("admin", "landmarks", "timezone", "traffic_extract"):
        settings["mjolnir"][absent] = ""
    written = folder / "valhalla.json"
    written.write_text(json.dumps(settings), encoding="utf-8")
    _run(Path(valhalla.__file__).parent / "bin" / "valhalla_build_tiles", "-c", written, source)
    actor = valhalla.Actor(str(written))

    def of_mode(costing: str) -> Ask:
        def ask(start: Place, end: Place) -> float | None:
            places = [
                {"lon": lon, "lat": lat, "minimum_reachability": 0} for lon, lat in (start, end)
            ]
            asked = {"locations": places, "costing": costing, "directions_type": "none"}
            try:
                answer = actor.route(json.dumps(asked))
            except valhalla.ValhallaError:
                return None
            legs = json.loads(answer)["trip"]["legs"]
            return float(sum(leg["summary"]["length"] for leg in legs)) * 1e3

        return ask

    return of_mode


def _run(*command: object) -> None:
    parts = [str(part) for part in command]
    subprocess.run(parts, check=True, capture_output=True)  # noqa: S603 -- their own tools


def answers(matrix: Sequence[Case], places: Sequence[Drawn], ask: Ask) -> list[str]:
    """Give what one engine makes of each case.

    It may prefer to go round what it passes all the same: of a ferry, that closes nothing.
    """
    found = [verdict(drawn, ask) for drawn in places]
    return [
        "open" if case.tags.get("route") == "ferry" and answer == "ends" else answer
        for case, answer in zip(matrix, found, strict=True)
    ]


def main() -> None:
    """Ask, compare, and print what differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="put the answers into the file")
    options = parser.parse_args()
    matrix = tag_matrix.cases()
    file, places = tag_matrix.drawing(matrix)
    with tempfile.TemporaryDirectory(prefix="amparo-tags-") as home:
        folder = Path(home)
        source = file.write(folder / "tags.osm")
        valhalla = valhalla_asker(source, folder)
        found = {
            column: answers(
                matrix,
                places,
                valhalla(mode) if engine == "valhalla" else osrm_asker(source, folder, mode),
            )
            for column, (engine, mode) in COLUMNS.items()
        }
    changed = [
        f"{case.text}: {column} {case.answer.get(column)} -> {now[case.number]}"
        for column, now in found.items()
        for case in matrix
        if case.answer.get(column) != now[case.number]
    ]
    print("\n".join(changed) or "as the file has it")
    for column, now in found.items():
        own = [case.answer[column.partition("_")[2]] for case in matrix]
        same = sum(a == b for a, b in zip(own, now, strict=True))
        print(f"{column}: {same} of {len(matrix)} as ours")
    if options.write:
        write(found)
        write_page()
    elif changed:
        sys.exit(1)


def write(found: dict[str, list[str]]) -> None:
    """Put answers into the file."""
    with tag_matrix.MATRIX.open(encoding="utf-8", newline="") as rows:
        table = list(csv.DictReader(rows))
    names = [name for name in table[0] if name not in {"source", "reason"}]
    names = list(dict.fromkeys([*names, *found, "source", "reason"]))
    for number, row in enumerate(table):
        row |= {column: now[number] for column, now in found.items()}
        row.setdefault("reason", "")
    with tag_matrix.MATRIX.open("w", encoding="utf-8", newline="") as rows:
        writer = csv.DictWriter(rows, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)


def write_page() -> None:
    """Put the tables into the page, below its own words."""
    page = tag_matrix.PAGE
    head, mark, _ = page.read_text(encoding="utf-8").partition(tag_matrix.MARK)
    page.write_text(f"{head}{mark}\n{tag_matrix.tables(tag_matrix.cases())}", encoding="utf-8")


if __name__ == "__main__":
    main()
