"""A corridor as a strip: kilometres across, a row for each service, gaps striped."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from app.i18n.route_phrases import kilometres
from app.planning.corridors import MeasuredCorridor

#: Size in user units, about the CSS pixels of a narrow screen.
WIDTH: Final = 720
_LEFT, _RIGHT, _TOP, _ROW = 120, 12, 4, 30

#: Most ticks of the axis, and the steps between them, kilometres.
_MOST_TICKS: Final = 8
_STEPS_KM: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)


def strip(found: MeasuredCorridor, names: Sequence[str]) -> Markup:
    """Return the strip as SVG, with a text for those who do not see it.

    ``names`` are those of the services. Gaps longer than the acceptable one are striped, shorter
    ones left empty, and each space is a line across its row. Nothing is told by colour alone.
    """
    length_m = found.now.supports.length_m
    height = _TOP + _ROW * len(names) + 24
    parts = [
        Markup(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img"'
            ' aria-label="{}" class="strip"><defs><pattern id="gap" width="6" height="6"'
            ' patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
            '<rect width="6" height="6" fill="#fff"/><rect width="2.5" height="6" fill="#8a1c1c"/>'
            "</pattern></defs>"
        ).format(WIDTH, height, _spoken(found, names))
    ]
    for row, name in enumerate(names):
        parts += _row(found, row, name)
    parts += _axis(length_m, _TOP + _ROW * len(names))
    return Markup("").join([*parts, Markup("</svg>")])


def _x(at_m: float, length_m: float) -> float:
    share = at_m / length_m if length_m > 0 else 0.0
    return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)


def _row(found: MeasuredCorridor, row: int, name: str) -> list[Markup]:
    supports, targets = found.now.supports, found.request.targets
    length_m, top = supports.length_m, _TOP + _ROW * row
    parts = [
        Markup('<text x="{}" y="{}" text-anchor="end" font-size="13">{}</text>').format(
            _LEFT - 8, top + 19, name
        ),
        Markup('<rect x="{}" y="{}" width="{}" height="18" fill="#fff" stroke="#555"/>').format(
            _LEFT, top + 5, WIDTH - _LEFT - _RIGHT
        ),
    ]
    if not found.now.is_known[row]:
        note = Markup('<text x="{}" y="{}" font-size="12">sin datos de ese día</text>')
        return [*parts, note.format(_LEFT + 8, top + 19)]
    for gap in found.now.figures.gaps.of(row):
        if gap.length_m > targets.gap_m:
            begin, end = _x(gap.from_m, length_m), _x(gap.to_m, length_m)
            parts.append(
                Markup(
                    '<rect x="{}" y="{}" width="{}" height="18" fill="url(#gap)" stroke="#8a1c1c">'
                    "<title>{}</title></rect>"
                ).format(begin, top + 5, round(end - begin, 1), kilometres(gap.length_m))
            )
    mark = Markup('<path d="M{} {}v26" stroke="#0b3d63" stroke-width="3"><title>{}</title></path>')
    parts += [
        mark.format(_x(float(supports.at_m[column]), length_m), top + 1, space.support.name)
        for column, space in enumerate(found.spaces)
        if supports.counts[row, column]
    ]
    return parts


def _axis(length_m: float, top: int) -> list[Markup]:
    step_km = next(
        (step for step in _STEPS_KM if length_m / 1e3 / step <= _MOST_TICKS), _STEPS_KM[-1]
    )
    tick = Markup(
        '<path d="M{} {}v6" stroke="#555"/><text x="{}" y="{}" text-anchor="middle"'
        ' font-size="12">{}</text>'
    )
    return [
        tick.format(x, top, x, top + 19, f"{km} km" if km == 0 else km)
        for km in range(0, int(length_m / 1e3) + 1, step_km)
        for x in (_x(km * 1e3, length_m),)
    ]


def _spoken(found: MeasuredCorridor, names: Sequence[str]) -> str:
    """Return the strip in words."""
    figures = found.now.figures
    said = [
        f"{name}: {int(figures.supports[row])} espacios, el tramo más largo sin ninguno mide"
        f" {kilometres(float(figures.longest_m[row]))}"
        if found.now.is_known[row]
        else f"{name}: sin datos de ese día"
        for row, name in enumerate(names)
    ]
    return "; ".join(said)
