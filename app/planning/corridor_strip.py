"""A corridor as a strip: kilometres across, a row for each service, gaps striped.

Gaps, spaces and nights differ in form as well as in colour, and nothing is green (P46).
"""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Literal

from markupsafe import Markup

from app.i18n.translation import Words, marked
from app.planning import corridor_rows
from app.planning.corridor_rows import COMPARED, WHAT_IF, CorridorState
from app.planning.corridors import MeasuredCorridor

#: Width of a drawing in a file, user units, about the CSS pixels of a narrow screen.
WIDTH: Final = 720

#: Heights, user units: a row's title of one line, each further line of the title, the row's bar,
#: and the space between rows.
TITLE, LINE, BAR, SPACING = 20, 16, 22, 8

#: Most characters in a line of a row's title: those that fit on a screen of 320 pixels.
_LETTERS: Final = 36

#: Height of the axis and of the drawing of heights, user units.
AXIS, HEIGHTS = 26, 64

#: Legend of a strip.
LEGEND: Final = marked(
    "A rayas: tramo de más de %(km)s sin ningún espacio. Línea: espacio; "
    "cortada, si solo cuenta uno de los dos días. Línea con punto: espacio de prueba. "
    "Círculo: noche. Entre dos alturas conocidas la línea es recta."
)

#: Upper limit of steps between the ticks of an axis; the step's length is chosen so.
_MOST_TICKS: Final = 7
#: Lengths that a step between ticks may have, kilometres.
_STEPS_KM: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)

#: From this share of the axis on, a tick's text stands left of the tick, so that the drawing's edge
#: does not cut it off.
NEAR_END: Final = 0.96

INK, FRAME, GAP, SPACE, ADDED = "#16262b", "#556369", "#8a1c1c", "#0b3d63", "#9c4500"

type PieceKind = Literal["gap", "fails"]
type SignKind = Literal["space", "differs", "added", "night"]


@dataclass(frozen=True, slots=True)
class StripPiece:
    """Striped stretch, metres in the direction of travel: a long gap, or a leg nobody can walk."""

    from_m: float
    to_m: float
    label: str
    kind: PieceKind = "gap"


@dataclass(frozen=True, slots=True)
class StripSign:
    """Space drawn on a row at ``at_m``, metres in the direction of travel.

    ``kind`` is ``differs`` for a space that counts on only one of two compared days, ``added`` for
    a trial space, ``night`` for a space where a party sleeps.
    """

    at_m: float
    label: str
    kind: SignKind = "space"


@dataclass(frozen=True, slots=True)
class StripRow:
    """Row of the strip; ``note`` is written into a bar without data, ``spoken`` is read aloud."""

    title: str
    spoken: str
    pieces: Sequence[StripPiece] = ()
    signs: Sequence[StripSign] = ()
    note: str = ""

    @property
    def lines(self) -> Sequence[str]:
        """The title, broken into lines that fit."""
        return textwrap.wrap(self.title, _LETTERS) or [""]

    @property
    def bar_top(self) -> int:
        """Distance of the bar from the row's top, user units."""
        return TITLE + LINE * (len(self.lines) - 1)

    @property
    def height(self) -> int:
        """Height of the row, user units."""
        return self.bar_top + BAR + SPACING


@dataclass(frozen=True, slots=True)
class HeightLine:
    """Heights at points evenly spaced along the corridor, metres; None where not known."""

    title: str
    heights_m: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Strip:
    """Contents of a strip, ready to draw; ``length_m`` is the length of the corridor."""

    length_m: float
    rows: Sequence[StripRow]
    heights: HeightLine | None = None

    @property
    def tops(self) -> Sequence[int]:
        """Distance of each row from the strip's top, and last that of the axis, user units."""
        return list(accumulate((row.height for row in self.rows), initial=0))

    @property
    def height(self) -> int:
        """Height of the drawing, user units."""
        below = 0 if self.heights is None else TITLE + HEIGHTS
        return self.tops[-1] + AXIS + below

    @property
    def spoken(self) -> str:
        """The strip in words, for screen readers."""
        heights = () if self.heights is None else (self.heights.title,)
        return "; ".join((*(row.spoken for row in self.rows), *heights))

    def share(self, at_m: float) -> float:
        """Return metres along the corridor as a share of its length, 0 to 1."""
        return at_m / self.length_m if self.length_m > 0 else 0.0

    def ticks_km(self) -> range:
        """Return the kilometres at which the axis has ticks."""
        length_km = self.length_m / 1e3
        step_km = next((s for s in _STEPS_KM if length_km / s <= _MOST_TICKS), _STEPS_KM[-1])
        return range(0, int(length_km) + 1, step_km)


def strip_of(
    found: MeasuredCorridor,
    names: Sequence[str],
    w: Words,
    *,
    below: Sequence[StripRow] = (),
    heights: HeightLine | None = None,
) -> Strip:
    """Return the strip of a corridor: for each service a row for each state that was asked for.

    Parameters
    ----------
    names
        Names of the services.
    w
        Language of the texts.
    below
        Further rows, below those of the services.
    heights
        Heights to draw below the axis.
    """
    states = corridor_rows.states(found)
    rows = [
        _row(found, state, number, _title(state, name, w, is_alone=len(states) == 1), w)
        for number, name in enumerate(names)
        for state in states
    ]
    return Strip(found.now.supports.length_m, (*rows, *below), heights)


def _title(state: CorridorState, name: str, w: Words, *, is_alone: bool) -> str:
    if is_alone:
        return name
    if state.name == WHAT_IF:
        return w.gettext("%(service)s, con los espacios de prueba") % {"service": name}
    return f"{name}, {w.day(state.dated.on)}"


def _row(
    found: MeasuredCorridor, state: CorridorState, number: int, title: str, w: Words
) -> StripRow:
    if not state.dated.is_known[number]:
        note = w.gettext("sin datos de ese día")
        return StripRow(title, f"{title}: {note}", note=note)
    spoken = w.gettext(
        "%(service)s: %(count)s espacios; el tramo más largo sin ninguno mide %(km)s"
    ) % {
        "service": title,
        "count": int(state.figures.supports[number]),
        "km": w.km(float(state.figures.longest_m[number])),
    }
    pieces = tuple(
        StripPiece(gap.from_m, gap.to_m, w.km(gap.length_m))
        for gap in state.figures.gaps.of(number)
        if gap.length_m > found.request.targets.gap_m
    )
    return StripRow(title, spoken, pieces, tuple(_signs(found, state, number, w)))


def _signs(
    found: MeasuredCorridor, state: CorridorState, number: int, w: Words
) -> Iterator[StripSign]:
    other = found.now if state.name == COMPARED else found.compared
    supports = state.dated.supports
    for column, space in enumerate(found.spaces):
        if supports.counts[number, column]:
            differs = other is not None and not other.supports.counts[number, column]
            kind: SignKind = "differs" if differs else "space"
            yield StripSign(float(supports.at_m[column]), space.support.name, kind)
    if state.name == WHAT_IF:
        for gap in state.figures.gaps.of(number):
            if gap.to_row is not None and gap.to_row >= len(found.spaces):
                yield StripSign(gap.to_m, w.gettext("espacio de prueba"), "added")


def svg(strip: Strip) -> Markup:
    """Return a strip for a page, as wide as the element around it, in the page's text size.

    Positions across are percentages, so that a narrow screen does not squeeze the texts.
    """
    head = Markup(
        '<svg class="strip" width="100%" height="{}" role="img" aria-label="{}" overflow="visible">'
    ).format(strip.height, strip.spoken)
    return Markup("").join((head, *_drawn(strip), Markup("</svg>")))


def svg_file(strip: Strip, title: str, notes: Iterable[str]) -> Markup:
    """Return a strip as a drawing of its own, with a title above and notes below it."""
    lines = tuple(notes)
    top, margin = 34, 14
    height = top + strip.height + 16 * len(lines) + margin
    head = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        ' height="{height}" role="img" aria-label="{spoken}" font-family="DejaVu Sans, Verdana,'
        ' sans-serif"><rect width="100%" height="100%" fill="#fff"/>'
        '<text x="{margin}" y="22" font-size="15" font-weight="700" fill="{ink}">{title}</text>'
        '<svg x="{margin}" y="{top}" width="{inner}" height="{body}" overflow="visible">'
    ).format(
        width=WIDTH, height=height, spoken=f"{title}. {strip.spoken}", margin=margin, ink=INK,
        title=title, top=top, inner=WIDTH - 2 * margin, body=strip.height,
    )  # fmt: skip
    note = Markup('<text x="{}" y="{}" font-size="11" fill="{}">{}</text>')
    written = (
        note.format(margin, top + strip.height + 16 * (row + 1), INK, line)
        for row, line in enumerate(lines)
    )
    return Markup("").join((head, *_drawn(strip), Markup("</svg>"), *written, Markup("</svg>")))


_PATTERNS: Final = Markup(
    '<defs><pattern id="gap" width="6" height="6" patternUnits="userSpaceOnUse"'
    ' patternTransform="rotate(45)"><rect width="6" height="6" fill="#fff"/>'
    '<rect width="2.5" height="6" fill="{}"/></pattern></defs>'
).format(GAP)


def _drawn(strip: Strip) -> Iterator[Markup]:
    yield _PATTERNS
    *tops, top = strip.tops
    for above, row in zip(tops, strip.rows, strict=True):
        yield from _drawn_row(strip, row, above + row.bar_top)
    yield Markup(
        '<line class="cursor" x1="0" x2="0" y1="0" y2="{}" stroke="{}" stroke-width="2"'
        ' visibility="hidden"/>'
    ).format(top, INK)
    titles = [
        (above + LINE * number, line)
        for above, row in zip(tops, strip.rows, strict=True)
        for number, line in enumerate(row.lines)
    ]
    if strip.heights is not None:
        titles.append((top + AXIS, strip.heights.title))
        yield from _drawn_heights(strip.heights, top + AXIS)
    title = Markup('<text x="0" y="{}" font-size="13" font-weight="600" fill="{}">{}</text>')
    yield from (title.format(above + 14, INK, text) for above, text in titles)
    yield from _axis(strip, top)


def _percent(share: float) -> str:
    return f"{100.0 * share:.2f}%"


def _drawn_row(strip: Strip, row: StripRow, bar: int) -> Iterator[Markup]:
    yield Markup('<rect x="0" y="{}" width="100%" height="{}" fill="#fff" stroke="{}"/>').format(
        bar, BAR, FRAME
    )
    if row.note:
        yield Markup('<text x="8" y="{}" font-size="12" fill="{}">{}</text>').format(
            bar + 15, INK, row.note
        )
    for piece in row.pieces:
        begin, end = strip.share(piece.from_m), strip.share(piece.to_m)
        yield Markup(
            '<rect class="piece" x="{}" y="{}" width="{}" height="{}" fill="url(#gap)"'
            ' stroke="{}"{}><title>{}</title></rect>'
        ).format(
            _percent(begin), bar, _percent(end - begin), BAR, GAP,
            Markup(' stroke-dasharray="4 3"') if piece.kind == "fails" else "", piece.label,
        )  # fmt: skip
    for sign in row.signs:
        yield _drawn_sign(sign, _percent(strip.share(sign.at_m)), bar)


def _drawn_sign(sign: StripSign, x: str, bar: int) -> Markup:
    """Return the SVG of a space: a line (dashed for ``differs``, with a dot for ``added``).

    For ``night`` it is a circle.
    """
    title = Markup("<title>{}</title>").format(sign.label)
    if sign.kind == "night":
        return Markup(
            '<circle cx="{}" cy="{}" r="6" fill="{}" stroke="#fff" stroke-width="2">{}</circle>'
        ).format(x, bar + BAR // 2, SPACE, title)
    colour = ADDED if sign.kind == "added" else SPACE
    drawn = Markup(
        '<line x1="{x}" x2="{x}" y1="{}" y2="{}" stroke="#fff" stroke-width="7"/>'
        '<line x1="{x}" x2="{x}" y1="{}" y2="{}" stroke="{}" stroke-width="4"{}>{}</line>'
    ).format(
        bar, bar + BAR, bar - 3, bar + BAR + 3, colour,
        Markup(' stroke-dasharray="4 3"') if sign.kind == "differs" else "", title, x=x,
    )  # fmt: skip
    if sign.kind != "added":
        return drawn
    dot = Markup('<circle cx="{}" cy="{}" r="7" fill="{}" stroke="#fff" stroke-width="2"/>')
    return drawn + dot.format(x, bar + BAR // 2, colour)


def _axis(strip: Strip, top: int) -> Iterator[Markup]:
    tick = Markup(
        '<line x1="{x}" x2="{x}" y1="{}" y2="{}" stroke="{}"/><text x="{x}" y="{}"'
        ' text-anchor="{}" font-size="12" fill="{}">{}</text>'
    )
    for km in strip.ticks_km():
        share = strip.share(km * 1e3)
        anchor = "start" if km == 0 else "end" if share > NEAR_END else "middle"
        yield tick.format(
            top, top + 5, FRAME, top + 18, anchor, INK, "0 km" if km == 0 else km,
            x=_percent(share),
        )  # fmt: skip


def height_runs(line: HeightLine) -> Iterator[list[tuple[float, float]]]:
    """Yield each run of consecutive known heights, as points (share across, share up), 0 to 1."""
    known = [one for one in line.heights_m if one is not None]
    if not known:
        return
    low, high = min(known), max(known)
    spread, last = max(high - low, 1.0), max(len(line.heights_m) - 1, 1)
    run: list[tuple[float, float]] = []
    for number, one in enumerate((*line.heights_m, None)):
        if one is not None:
            run.append((number / last, (one - low) / spread))
        elif run:
            yield run
            run = []


def _drawn_heights(line: HeightLine, top: int) -> Iterator[Markup]:
    runs = list(height_runs(line))
    if not runs:
        return
    yield Markup(
        '<svg x="0" y="{}" width="100%" height="{}" viewBox="0 0 1000 100"'
        ' preserveAspectRatio="none">'
    ).format(top + TITLE, HEIGHTS - 6)
    for run in runs:
        points = " ".join(f"{1000 * x:.0f},{96 - 92 * y:.1f}" for x, y in run)
        yield Markup(
            '<polyline points="{}" fill="none" stroke="{}" stroke-width="2"'
            ' vector-effect="non-scaling-stroke"/>'
        ).format(points, SPACE)
    yield Markup("</svg>")
