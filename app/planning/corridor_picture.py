"""A corridor's strip as a PNG image, drawn as `app.planning.corridor_strip` lays it out."""

import textwrap
from collections.abc import Iterable
from functools import cache
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from app.i18n.fonts_used import BOLD, PLAIN, covered
from app.planning import corridor_strip
from app.planning.corridor_strip import (
    AXIS,
    BAR,
    HEIGHTS,
    LINE,
    TITLE,
    HeightLine,
    Strip,
    StripRow,
    StripSign,
)

#: Pixels per user unit: enough for a sharp print as wide as a page.
_SCALE: Final = 2

_MARGIN, _TOP = 14, 40

#: Height of one line of the notes below a drawing, user units.
_LEADING: Final = 16
#: Most characters in a line of the notes below a drawing.
LETTERS: Final = 104

#: Distance between the stripes that fill a gap, user units.
_STRIPE: Final = 6


def wrapped(notes: Iterable[str]) -> list[str]:
    """Break notes into lines that fit below a drawing."""
    return [line for note in notes for line in textwrap.wrap(note, LETTERS)]


def png(strip: Strip, title: str, notes: Iterable[str]) -> bytes:
    """Return the strip as PNG, with a title above and notes below it."""
    lines = list(notes)
    height = _TOP + strip.height + _LEADING * (len(lines) + 1)
    image = Image.new("RGB", (corridor_strip.WIDTH * _SCALE, height * _SCALE), "#fff")
    pen = _Pen(image)
    pen.text(0, -_TOP + 10, title, size=15, is_bold=True)
    *tops, top = strip.tops
    for above, row in zip(tops, strip.rows, strict=True):
        _draw_row(pen, strip, row, above)
    _draw_axis(pen, strip, top)
    if strip.heights is not None:
        _draw_heights(pen, strip.heights, top + AXIS)
    for number, line in enumerate(lines):
        pen.text(0, strip.height + _LEADING * number, line, size=11)
    written = BytesIO()
    image.quantize(128).save(written, "PNG", optimize=True)
    return written.getvalue()


def _draw_row(pen: "_Pen", strip: Strip, row: StripRow, above: int) -> None:
    for number, line in enumerate(row.lines):
        pen.text(0, above + LINE * number, line, size=13, is_bold=True)
    bar = above + row.bar_top
    pen.box(0.0, 1.0, bar, corridor_strip.FRAME)
    if row.note:
        pen.text(8, bar + 3, row.note, size=12)
    for piece in row.pieces:
        begin, end = strip.share(piece.from_m), strip.share(piece.to_m)
        pen.stripes(begin, end, bar, has_gaps=piece.kind == "fails")
    for sign in row.signs:
        pen.sign(sign, strip.share(sign.at_m), bar)


class _Pen:
    """Pen for an image: y is in user units, x a share (0 to 1) of the width between the margins."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image
        self._draw = ImageDraw.Draw(image)

    def x(self, share: float) -> float:
        return (_MARGIN + share * (corridor_strip.WIDTH - 2 * _MARGIN)) * _SCALE

    @staticmethod
    def y(top: float) -> float:
        return (_TOP + top) * _SCALE

    def text(
        self, left: float, top: float, text: str, *, size: int, is_bold: bool = False,
        anchor: str = "la",
    ) -> None:  # fmt: skip
        # The font lacks the narrow no-break space, which French puts between groups of digits.
        known = covered(text.replace("\u202f", "\u00a0"))
        self._draw.text(
            ((_MARGIN + left) * _SCALE, self.y(top)), known,
            fill=corridor_strip.INK, font=_font(size * _SCALE, is_bold=is_bold), anchor=anchor,
        )  # fmt: skip

    def box(self, begin: float, end: float, top: float, colour: str) -> None:
        corners = (self.x(begin), self.y(top), self.x(end), self.y(top + BAR))
        self._draw.rectangle(corners, outline=colour, width=_SCALE)

    def stripes(self, begin: float, end: float, top: float, *, has_gaps: bool) -> None:
        """Draw a striped box; ``has_gaps`` interrupts its frame to tell two kinds apart (P46)."""
        left, right = round(self.x(begin)), round(self.x(end))
        width, height = max(1, right - left), BAR * _SCALE
        part = Image.new("RGB", (width, height), "#fff")
        pen = ImageDraw.Draw(part)
        for start in range(-height, width, _STRIPE * _SCALE):
            pen.line((start, height, start + height, 0), fill=corridor_strip.GAP, width=2 * _SCALE)
        self._image.paste(part, (left, round(self.y(top))))
        self.box(begin, end, top, corridor_strip.GAP)
        if has_gaps:
            self._cut_frame(left, right, top)

    def _cut_frame(self, left: int, right: int, top: float) -> None:
        """Dash the long sides of a box as in the page's SVG: four units drawn, three left out."""
        drawn, gap = 4 * _SCALE, 3 * _SCALE
        for begin in range(left + drawn, right, drawn + gap):
            end = min(begin + gap - 1, right)
            for y in (self.y(top), self.y(top + BAR)):
                self._draw.line((begin, y, end, y), fill="#fff", width=_SCALE * 2)

    def sign(self, sign: StripSign, share: float, top: float) -> None:
        x, middle, radius = self.x(share), self.y(top + BAR / 2), 6 * _SCALE
        colour = corridor_strip.ADDED if sign.kind == "added" else corridor_strip.SPACE
        if sign.kind == "night":
            self._dot(x, middle, radius, colour)
            return
        self._draw.line(
            (x, self.y(top), x, self.y(top + BAR)), fill="#fff", width=round(3.5 * _SCALE)
        )
        high, low = self.y(top - 3), self.y(top + BAR + 3)
        step = 4 * _SCALE if sign.kind == "differs" else low - high
        begin = high
        while begin < low:
            self._draw.line((x, begin, x, min(begin + step, low)), fill=colour, width=2 * _SCALE)
            begin += 1.75 * step
        if sign.kind == "added":
            self._dot(x, middle, radius, colour)

    def line(self, points: Iterable[tuple[float, float]], colour: str, width: int) -> None:
        """Draw a line through points (x as a share of the width, y in user units)."""
        drawn = [(self.x(share), self.y(top)) for share, top in points]
        self._draw.line(drawn, fill=colour, width=width * _SCALE)

    def _dot(self, x: float, y: float, radius: float, colour: str) -> None:
        corners = (x - radius, y - radius, x + radius, y + radius)
        self._draw.ellipse(corners, fill=colour, outline="#fff", width=_SCALE)


def _draw_axis(pen: _Pen, strip: Strip, top: int) -> None:
    across = corridor_strip.WIDTH - 2 * _MARGIN
    for km in strip.ticks_km():
        share = strip.share(km * 1e3)
        pen.line([(share, top), (share, top + 5)], corridor_strip.FRAME, 1)
        anchor = "la" if km == 0 else "ra" if share > corridor_strip.NEAR_END else "ma"
        text = "0 km" if km == 0 else str(km)
        pen.text(share * across, top + 7, text, size=12, anchor=anchor)


def _draw_heights(pen: _Pen, heights: HeightLine, top: int) -> None:
    pen.text(0, top, heights.title, size=13, is_bold=True)
    for run in corridor_strip.height_runs(heights):
        points = [(x, top + TITLE + (HEIGHTS - 8) * (1 - y)) for x, y in run]
        if len(points) > 1:
            pen.line(points, corridor_strip.SPACE, 2)


@cache
def _font(size: int, *, is_bold: bool) -> ImageFont.FreeTypeFont:
    # Basic layout draws the same image on every machine.
    basic = ImageFont.Layout.BASIC
    return ImageFont.truetype(BOLD if is_bold else PLAIN, size, layout_engine=basic)
