"""How many headers of matrices of spaces are recognised.

Usage: ./run bench headers

The corpus is tests/geo/imports/headers.txt; a third of it, chosen by a digest of its name, is held
out: nothing of `geo.imports.headers` is made to fit it. Three seconds.
"""

from rich.console import Console
from rich.table import Table

from tests.fixtures.header_rows import header_rows


def main() -> None:
    """Print the number of recognised columns of each file, and of all."""
    table = Table("file", "held out", "columns", "recognised", "held for another field")
    totals = {False: [0, 0, 0], True: [0, 0, 0]}
    for row in header_rows():
        wrong = row.wrong()
        figures = (len(row.columns), len(row.columns) - len(wrong), sum(bool(g) for *_, g in wrong))
        for at, figure in enumerate(figures):
            totals[row.is_held_out][at] += figure
        table.add_row(row.name, "yes" if row.is_held_out else "", *map(str, figures))
    for is_held_out, sums in totals.items():
        table.add_row("all", "yes" if is_held_out else "", *map(str, sums))
    Console().print(table)


if __name__ == "__main__":
    main()
