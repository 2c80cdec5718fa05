"""Whether any answer breaks a hard rule, judged from the raw files and records.

Usage: ./run bench rules [--queries N] [--json FILE]

Random questions on foot and by vehicle: on the corridor sketch, whose crossings are open, closed,
not known or have hours; on Porto Alegre with turn restrictions made up; on a border made up, with
tracks, fords and bridges in its strip. Everywhere with random exclusions. Each route is laid on the
ways of the file itself. Fails on any violation, and where nothing was answered.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks._rules_worlds import World, border, porto_alegre, sketch

#: Any fixed number: the same questions in every run.
SEED = 20_261_126


def worlds(folder: Path) -> list[World]:
    """Prepare all of them; Porto Alegre only where its file is beside the checkout."""
    found = [sketch(folder), border(folder), porto_alegre(folder)]
    return [world for world in found if world is not None]


def run(made: list[World], queries: int) -> dict[str, Counter[str]]:
    """Ask, and count what was answered, refused and violated, by world."""
    share = -(-queries // len(made))
    return {
        world.name: world.ask(SEED, track(range(share), description=world.name, transient=True))
        for world in made
    }


def main() -> None:
    """Print a table, write JSON where asked, and fail on any violation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = run(worlds(Path(folder)), asked.queries)
    columns = sorted(set().union(*found.values()))
    table = Table("world", *columns)
    for name, counts in found.items():
        table.add_row(name, *(str(counts[column]) for column in columns))
    Console().print(table)
    if asked.json is not None:
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    violated = sum(
        count
        for counts in found.values()
        for what, count in counts.items()
        if what.startswith("violated")
    )
    print(f"violated: {violated}")
    if violated or not all(counts["routes"] for counts in found.values()):
        sys.exit("a rule was broken, or nothing answered")


if __name__ == "__main__":
    main()
