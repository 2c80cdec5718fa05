"""A space's poster as PDF: one A5 page, black on white, with a QR code of the space's URL."""

from collections.abc import Sequence
from contextlib import closing
from io import BytesIO
from typing import cast

import segno
from fpdf import FPDF
from fpdf.enums import WrapMode
from fpdf.fonts import TTFFont
from fpdf.util import Padding

from app.drawings.on_paper import draw_locator, draw_sign
from app.i18n.fonts_used import BOLD, PLAIN, covered
from app.i18n.translation import Words, words
from app.texts import print_text
from app.texts.poster import Poster
from app.texts.print_text import PrintLine

#: Size of an A5 page in millimetres (ISO 216).
WIDTH, HEIGHT = 148.0, 210.0
#: Margin on all sides, millimetres.
MARGIN = 9.0
_INNER = WIDTH - 2 * MARGIN

#: Side of the QR code with its quiet zone, millimetres. 33 modules of 1 mm can be read at arm's
#: length; ISO/IEC 18004 asks for four white modules on each side.
_CODE = 36.0

#: Font sizes in points.
_NAME, _LARGE, _TEXT, _SMALL = 24.0, 13.0, 10.5, 8.0
#: Factors for all font sizes, tried in order until the texts fit the page.
_SCALES = (1.0, 0.93, 0.86, 0.8, 0.74, 0.68, 0.62, 0.56)
#: Line height in millimetres per point of font size.
_LEADING = 0.43

#: Outline of the network's sign (a house) in a box of 32 by 32 units, as on the pages.
_HOUSE = ((16, 3), (3, 13.5), (3, 29), (12, 29), (12, 20), (20, 20), (20, 29), (29, 29), (29, 13.5))


#: Width of the small map, millimetres: names on it have about 6 points.
_MAP = 62.0

#: Upper limit of a poster in bytes: five seconds at 50 kb/s. Each embedded font takes 5 to 10 kB.
LIMIT_BYTES = 30_000


def draw(poster: Poster) -> bytes:
    """Return a poster as PDF of at most `LIMIT_BYTES`; equal posters give equal bytes.

    If the file is too large with the bold font, it is made again with the plain font alone.
    """
    drawn = _fitting(poster, has_bold=True)
    return drawn if len(drawn) <= LIMIT_BYTES else _fitting(poster, has_bold=False)


def _fitting(poster: Poster, *, has_bold: bool) -> bytes:
    drawn = b""
    for scale in _SCALES:
        with closing(_Sheet(poster, scale, has_bold=has_bold)) as sheet:
            if sheet.fits or scale == _SCALES[-1]:
                drawn = sheet.written()
                break
    return drawn


class _Sheet:
    """Page of a poster with all font sizes multiplied by one factor.

    ``fits`` tells whether the upper block of texts ends above the bottom block.
    """

    def __init__(self, poster: Poster, scale: float, *, has_bold: bool) -> None:
        self.poster, self.scale, self.has_bold = poster, scale, has_bold
        self.w: Words = words(poster.lang)
        self.pdf = FPDF(unit="mm", format=(WIDTH, HEIGHT))
        self.pdf.set_auto_page_break(auto=False)
        self.pdf.set_margins(MARGIN, MARGIN, MARGIN)
        self.pdf.add_font("text", "", PLAIN)
        self.pdf.add_font("text", "B", BOLD)
        self.pdf.set_title(covered(poster.name))
        self.pdf.set_lang(poster.lang)
        self.pdf.set_creation_date(poster.day)
        self.pdf.add_page()
        bottom = self._bottom_height()
        self._watermark()
        self._top()
        self.fits = self.pdf.get_y() <= HEIGHT - MARGIN - bottom
        self.pdf.set_y(HEIGHT - MARGIN - bottom)
        self._bottom()

    def close(self) -> None:
        # Close the font files, which fpdf2 leaves open until garbage collection.
        for font in self.pdf.fonts.values():
            if isinstance(font, TTFFont):
                font.close()

    def written(self) -> bytes:
        out = BytesIO()
        self.pdf.output(out)
        return out.getvalue()

    def _watermark(self) -> None:
        """Write DEMO in grey across the page, below all other content, for demo data (P35)."""
        if not self.poster.notices:
            return
        self._letter(118, is_bold=True)
        self.pdf.set_text_color(230)
        with self.pdf.rotation(52, WIDTH / 2, HEIGHT / 2):
            width = self.pdf.get_string_width("DEMO")
            self.pdf.text((WIDTH - width) / 2, HEIGHT / 2 + 14, "DEMO")
        self.pdf.set_text_color(0)

    def _top(self) -> None:
        for one in self.poster.notices:
            self._write(print_text.plain(self.w, one), _TEXT, is_bold=True, border=True)
            self._gap(1.5)
        self._write(self.poster.about, _TEXT)
        self._write(self.poster.name, _NAME, is_bold=True)
        if self.poster.organization:
            self._write(self.poster.organization, _TEXT)
        if self.poster.is_member:
            self._member()
        self._gap(2)
        self._all(self.poster.hours, _LARGE)
        self._all(self.poster.phones, _LARGE)
        self._all(self.poster.where, _LARGE)
        self._gap(2)
        self._services()
        self._gap(2)
        self._all(self.poster.facts, _TEXT)
        self._gap(2)
        self._around()
        self._gap(2)

    def _member(self) -> None:
        """Draw the network's sign next to the words "verified member" (P28)."""
        size = _TEXT * self.scale * _LEADING
        left, top = MARGIN, self.pdf.get_y()
        corners = [(left + x * size / 32, top + y * size / 32) for x, y in _HOUSE]
        self.pdf.set_fill_color(0)
        self.pdf.polygon(corners, style="F")
        self.pdf.set_x(MARGIN + size + 1)
        self._write(self.poster.member, _TEXT, is_bold=True, width=_INNER - size - 1)

    def _services(self) -> None:
        """List the services in two columns, filled downwards, each with its pictogram if any."""
        self._write(self.poster.services_heading, _LARGE, is_bold=True)
        top, half = self.pdf.get_y(), -(-len(self.poster.services) // 2)
        ends = []
        columns = (self.poster.services[:half], self.poster.services[half:])
        for number, column in enumerate(columns):
            self.pdf.set_y(top)
            for service in column:
                left = MARGIN + self.pdf.c_margin + number * _INNER / 2
                side = _LARGE * self.scale * _LEADING
                if service.sign is None:
                    middle = self.pdf.get_y() + side / 2
                    self.pdf.circle(left + side / 2, middle, side / 8, style="F")
                else:
                    draw_sign(self.pdf, service.sign, left, self.pdf.get_y() + 0.3, side - 0.6)
                self.pdf.set_x(left + side + 1)
                self._write(service.name, _LARGE, width=_INNER / 2 - side - 3)
            ends.append(self.pdf.get_y())
        self.pdf.set_y(max(ends))

    def _around(self) -> None:
        """Draw the small map, and beside it the nearest other spaces."""
        top, left, map_end = self.pdf.get_y(), MARGIN, self.pdf.get_y()
        if self.poster.locator is not None:
            width = _MAP * self.scale
            self._letter(_SMALL, is_bold=False)
            bar = self.w.km(self.poster.locator.bar_m)
            drawn = self.poster.locator
            height = draw_locator(self.pdf, drawn, MARGIN, top, width, bar=bar, written=covered)
            self.pdf.set_y(top + height + 0.6)
            self._all(self.poster.locator_notes, _SMALL * 0.8, width=width)
            map_end, left = self.pdf.get_y(), MARGIN + width + 3
        self.pdf.set_y(top)
        lines = [PrintLine(self.poster.alternatives_heading, is_strong=True)]
        self._all([*lines, *self.poster.alternatives], _TEXT * 0.9, left=left)
        self.pdf.set_y(max(map_end, self.pdf.get_y()))

    def _bottom_height(self) -> float:
        """Return the height of the bottom block, millimetres, found by drawing it off the page."""
        with self.pdf.offset_rendering() as unseen:
            self.pdf, seen = cast("FPDF", unseen), self.pdf
            self.pdf.set_y(0)
            self._bottom()
            height = self.pdf.get_y()
            self.pdf = seen
        return height

    def _bottom(self) -> None:
        top, width = self.pdf.get_y(), _INNER - _CODE - 3
        self.pdf.set_line_width(0.6)
        self.pdf.line(MARGIN, top, WIDTH - MARGIN, top)
        self.pdf.set_y(top + 1.5)
        self._write(self.poster.help_heading, _TEXT, is_bold=True, width=width)
        self._all(self.poster.help, _SMALL, width=width)
        self._gap(1)
        self._write(self.poster.complaints_heading, _TEXT, is_bold=True, width=width)
        self._all(self.poster.complaints, _SMALL, width=width)
        left_end = self.pdf.get_y()
        self._code(WIDTH - MARGIN - _CODE, top + 1.5)
        self.pdf.set_y(max(left_end, self.pdf.get_y()) + 1)
        self._write(" ".join(self.poster.dates), _TEXT, is_bold=True)
        if self.poster.originals:
            self._write(self.poster.originals, _SMALL)

    def _code(self, left: float, top: float) -> None:
        """Draw the QR code of the space's URL; below it, the URL as text for people who type."""
        matrix = [list(row) for row in segno.make_qr(self.poster.address, error="m").matrix]
        module = (_CODE - 2) / (len(matrix) + 8)
        start = 4 * module
        self.pdf.set_fill_color(255)
        self.pdf.rect(left, top, _CODE, _CODE - 2, style="F")
        self.pdf.set_fill_color(0)
        for y, row in enumerate(matrix):
            for first, length in _stretches(row):
                self.pdf.rect(
                    left + 1 + start + first * module,
                    top + start + y * module,
                    length * module,
                    # Rows overlap by 4 %, because PDF viewers otherwise show white gaps between
                    # them.
                    module * 1.04,
                    style="F",
                )
        self.pdf.set_xy(left, top + _CODE - 2)
        self._write(self.poster.address, _SMALL * 0.85, width=_CODE, align="C")
        self.pdf.set_x(left)
        self._write(self.poster.scan, _SMALL, width=_CODE, align="C")

    def _all(
        self,
        lines: Sequence[PrintLine],
        size: float,
        width: float = _INNER,
        left: float = MARGIN,
    ) -> None:
        for one in lines:
            self.pdf.set_x(left)
            room = min(width, WIDTH - MARGIN - left)
            self._write(print_text.plain(self.w, one), size, is_bold=one.is_strong, width=room)

    def _write(
        self,
        text: str,
        size: float,
        *,
        is_bold: bool = False,
        width: float = _INNER,
        border: bool = False,
        align: str = "L",
    ) -> None:
        points = size * self.scale
        self._letter(points, is_bold=is_bold)
        self.pdf.multi_cell(
            width,
            points * _LEADING,
            covered(text),
            border=1 if border else 0,
            align=align,
            padding=Padding(1.2, 1.2, 1.2, 1.2) if border else 0,
            new_x="LMARGIN",
            new_y="NEXT",
            wrapmode=WrapMode.WORD,
        )

    def _letter(self, points: float, *, is_bold: bool) -> None:
        self.pdf.set_font("text", "B" if is_bold and self.has_bold else "", points)

    def _gap(self, height: float) -> None:
        self.pdf.set_y(self.pdf.get_y() + height * self.scale)


def _stretches(row: Sequence[int]) -> list[tuple[int, int]]:
    """Return the runs of dark modules in a row of a QR code as pairs of start and length."""
    found: list[tuple[int, int]] = []
    for x, is_dark in enumerate(row):
        if not is_dark:
            continue
        if found and sum(found[-1]) == x:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((x, 1))
    return found
