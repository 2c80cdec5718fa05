"""Pictograms and the small map of a space on a printed page, as lines and areas of a PDF."""

import re
from collections.abc import Callable
from typing import Final

from fpdf import FPDF

from app.drawings.build import FOLDER
from app.drawings.locator import HEIGHT, WIDTH, Locator

#: Pattern of a road in the SVG path `Locator.roads`: both ends in user units.
_ROAD: Final = re.compile(r"M(-?\d+) (-?\d+)L(-?\d+) (-?\d+)")

#: Millimetres per typographic point (1/72 inch).
_POINT_MM: Final = 25.4 / 72
#: Font size of names on the map in user units, the same as on the HTML pages.
_NAME: Final = 12.0

#: Shades of grey of roads and of the frame, 0 is black: roads stay lighter than names on any
#: printer.
_ROADS, _FRAME = 150, 110


def draw_sign(pdf: FPDF, name: str, left: float, top: float, side: float) -> None:
    """Draw a pictogram into a square; all measures are millimetres.

    ``name`` is that of a drawing of `svg/`, as in `app.drawings.signs`.
    """
    pdf.image(
        FOLDER / f"{name}.svg", x=left, y=top, w=side, h=side, keep_aspect_ratio=True, alt_text=""
    )


def draw_locator(
    pdf: FPDF,
    drawn: Locator,
    left: float,
    top: float,
    width: float,
    *,
    bar: str,
    written: Callable[[str], str],
) -> float:
    """Draw the small map with a frame, in the page's present font; return its height, millimetres.

    Parameters
    ----------
    left, top, width
        Upper left corner and width, millimetres.
    bar
        Length of the scale bar on the ground, in words.
    written
        Function that replaces characters that the font lacks.
    """
    unit = width / WIDTH
    height = HEIGHT * unit
    size = _NAME * unit / _POINT_MM
    family, style, size_before = pdf.font_family, pdf.font_style, pdf.font_size_pt
    pdf.set_font(family, "", size)
    with pdf.rect_clip(left, top, width, height):
        pdf.set_draw_color(_ROADS)
        pdf.set_line_width(0.3)
        for road in _ROAD.findall(drawn.roads):
            x, y, to_x, to_y = (float(one) * unit for one in road)
            pdf.line(left + x, top + y, left + to_x, top + to_y)
        pdf.set_fill_color(0)
        for town in drawn.towns:
            _dot(pdf, left + town.x * unit, top + town.y * unit, 0.5)
            said = written(town.name)
            long = pdf.get_string_width(said)
            start = left + town.text_x * unit - (long if town.anchor == "end" else 0.0)
            base = top + (town.y + 4) * unit
            # Draw a white box under the name, so that no road runs through the letters.
            pdf.set_fill_color(255)
            pdf.rect(start, base - _NAME * unit * 0.8, long, _NAME * unit, style="F")
            pdf.set_fill_color(0)
            pdf.text(start, base, said)
        # A ring around the dot tells the space from the towns on a black-and-white print.
        _dot(pdf, left + width / 2, top + height / 2, 0.8)
        pdf.set_draw_color(0)
        pdf.circle(left + width / 2, top + height / 2, 1.5)
        foot = top + height - 1.5
        pdf.line(left + 2, foot, left + 2 + drawn.bar * unit, foot)
        pdf.text(left + 2, foot - 0.8, bar)
    pdf.set_draw_color(_FRAME)
    pdf.rect(left, top, width, height)
    pdf.set_draw_color(0)
    pdf.set_font(family, style, size_before)
    return height


def _dot(pdf: FPDF, x: float, y: float, radius: float) -> None:
    pdf.circle(x, y, radius, style="F")
