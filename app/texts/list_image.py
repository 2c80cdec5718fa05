"""List of a municipality's spaces as PNG images to forward, black on white, in a phone's format."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from app.exceptions import NoSuchPartError
from app.i18n.fonts_used import BOLD, PLAIN, covered
from app.i18n.translation import Words
from app.texts import list_sheet, print_text
from app.texts.list_sheet import ListEntry, Sheet
from app.texts.print_text import PrintLine

#: Size of an image in pixels: three per CSS pixel of a phone 360 px wide; 9:16 is the aspect ratio
#: of a phone's screen.
WIDTH, HEIGHT = 1080, 1920
MARGIN = 44

#: Upper limit of one image in bytes: what a minute of 2G carries (from the issue about the field
#: map).
LIMIT_BYTES = 100_000

#: Numbers of grey levels to try in order until an image fits the limit. With 4 levels text looks as
#: with 256, in a third of the bytes; an image of 2 levels always fits.
_SHADES = (4, 2)

_TITLE, _HEADING, _NAME, _TEXT = 48, 38, 33, 29
#: Line height divided by font size.
_LEADING = 1.28


@dataclass(frozen=True, slots=True)
class _Run:
    """Consecutive words in one font weight."""

    text: str
    is_bold: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    """Line of text after line breaking: words, each with its distance from the left end in pixels.

    ``size`` is the font size in pixels.
    """

    words: Sequence[tuple[float, _Run]]
    size: int

    @property
    def height(self) -> int:
        return round(self.size * _LEADING)


@dataclass(slots=True)
class _Block:
    """Lines of text that are not split between two images.

    ``rule`` is the width, in pixels, of a rule drawn below the lines; 0 for none.
    """

    lines: list[_Line] = field(default_factory=list)
    rule: int = 0
    is_boxed: bool = False

    @property
    def height(self) -> int:
        return sum(line.height for line in self.lines) + (36 if self.is_boxed else 18)

    def add(self, size: int, *runs: _Run) -> None:
        """Append a paragraph, wrapped to the width of the image."""
        inset = 40 if self.is_boxed else 0
        self.lines += _wrapped(runs, size, WIDTH - 2 * MARGIN - inset)


def image(w: Words, sheet: Sheet, part: int) -> tuple[bytes, int]:
    """Return one image of the list as PNG of at most `LIMIT_BYTES`, and the number of images.

    Each image shows the list's date, and DEMO while demo rows are loaded. ``part`` is the number of
    the image, from 1.

    Raises
    ------
    NoSuchPartError
        If the list has fewer images.
    """
    parts = _parts(w, sheet)
    if part > len(parts):
        raise NoSuchPartError(len(parts))
    return _png([*_head(w, sheet, part, len(parts)), *parts[part - 1]]), len(parts)


def _parts(w: Words, sheet: Sheet) -> list[list[_Block]]:
    blocks = list(_blocks(w, sheet))
    # The head of an image is equally high for all part numbers of one digit, so measure the head of
    # "9 of 9": the true number of parts is not known yet.
    head = _head(w, sheet, 9, 9)
    room = HEIGHT - 2 * MARGIN - sum(block.height for block in head)
    parts: list[list[_Block]] = [[]]
    for block in blocks:
        if parts[-1] and sum(one.height for one in parts[-1]) + block.height > room:
            parts.append([])
        parts[-1].append(block)
    return parts


def _head(w: Words, sheet: Sheet, number: int, count: int) -> list[_Block]:
    head = []
    for one in sheet.notices:
        box = _Block(is_boxed=True)
        box.add(_TEXT, _Run(print_text.plain(w, one), is_bold=True))
        head.append(box)
    block = _Block(rule=5)
    of = f" ({number}/{count})" if count > 1 else ""
    block.add(_TITLE, _Run(sheet.title + of, is_bold=True))
    block.add(_TEXT, _Run(sheet.about))
    for date in sheet.dates:
        block.add(_TEXT, _Run(date, is_bold=True))
    return [*head, block]


def _blocks(w: Words, sheet: Sheet) -> Iterator[_Block]:
    for section in sheet.sections:
        heading = _Block()
        heading.add(_HEADING, _Run(section.heading, is_bold=True))
        entries = [_entry(w, entry) for entry in section.entries] or [_note(list_sheet.nothing(w))]
        # Keep a heading on the same image as its first entry.
        yield _together(heading, entries[0])
        yield from entries[1:]
    for title, lines in (
        (print_text.help_heading(w), sheet.help),
        (print_text.complaints_heading(w), sheet.complaints),
    ):
        block = _Block(rule=2)
        block.add(_HEADING, _Run(title, is_bold=True))
        for one in lines:
            block.add(_TEXT, *_runs(w, one))
        yield block
    yield _note(list_sheet.newest(w, sheet))
    if w.lang != "es":
        yield _note(print_text.originals(w))


def _together(first: _Block, second: _Block) -> _Block:
    return _Block([*first.lines, *second.lines], rule=second.rule)


def _note(text: str) -> _Block:
    block = _Block()
    block.add(_TEXT, _Run(text))
    return block


def _entry(w: Words, entry: ListEntry) -> _Block:
    block = _Block(rule=2)
    block.add(_NAME, _Run(entry.name, is_bold=True))
    block.add(_TEXT, _Run(entry.about))
    for one in entry.lines:
        block.add(_TEXT, *_runs(w, one))
    return block


def _runs(w: Words, one: PrintLine) -> list[_Run]:
    label = [_Run(f"{one.label}:", is_bold=not one.is_strong)] if one.label else []
    return [*label, _Run(one.text + print_text.mark(w, one), is_bold=one.is_strong)]


def _wrapped(runs: Iterable[_Run], size: int, width: float) -> Iterator[_Line]:
    """Wrap words into lines of at most ``width`` pixels; a word that is longer is broken."""
    space = _length(" ", size, is_bold=False)
    line: list[tuple[float, _Run]] = []
    end = 0.0
    for word in _words(runs, size, width):
        length = _length(word.text, size, is_bold=word.is_bold)
        if line and end + space + length > width:
            yield _Line(line, size)
            line, end = [], 0.0
        start = end + space if line else 0.0
        line.append((start, word))
        end = start + length
    if line:
        yield _Line(line, size)


def _words(runs: Iterable[_Run], size: int, width: float) -> Iterator[_Run]:
    for run in runs:
        for text in filter(None, re.split("[ \n\t]", covered(run.text))):
            rest = text
            while _length(rest, size, is_bold=run.is_bold) > width:
                font = _font(size, is_bold=run.is_bold)
                fits = next(n for n in range(len(rest), 0, -1) if font.getlength(rest[:n]) <= width)
                yield _Run(rest[:fits], run.is_bold)
                rest = rest[fits:]
            yield _Run(rest, run.is_bold)


def _png(blocks: Sequence[_Block]) -> bytes:
    height = 2 * MARGIN + sum(block.height for block in blocks)
    image = Image.new("L", (WIDTH, height), 255)
    draw = ImageDraw.Draw(image)
    top = MARGIN
    for block in blocks:
        _draw(draw, block, top)
        top += block.height
    written = BytesIO()
    for shades in _SHADES:
        written = BytesIO()
        _few_greys(image, shades).save(written, "PNG", bits=shades.bit_length() - 1)
        if written.tell() <= LIMIT_BYTES:
            break
    return written.getvalue()


def _few_greys(image: Image.Image, shades: int) -> Image.Image:
    """Convert an image of 256 grey levels to a palette image of a few evenly spaced levels."""
    last = shades - 1
    numbered = image.point([round(grey * last / 255) for grey in range(256)])
    numbered.putpalette([round(n * 255 / last) for n in range(shades) for _ in range(3)])
    return numbered


def _draw(draw: ImageDraw.ImageDraw, block: _Block, top: int) -> None:
    left, y = MARGIN, top
    if block.is_boxed:
        draw.rectangle((MARGIN, top, WIDTH - MARGIN, top + block.height - 14), outline=0, width=6)
        left, y = MARGIN + 20, top + 10
    for line in block.lines:
        for start, run in line.words:
            font = _font(line.size, is_bold=run.is_bold)
            draw.text((left + start, y), run.text, fill=0, font=font)
        y += line.height
    if block.rule:
        bottom = top + block.height - 8
        draw.line((MARGIN, bottom, WIDTH - MARGIN, bottom), fill=0, width=block.rule)


@lru_cache(maxsize=8192)
def _length(word: str, size: int, *, is_bold: bool) -> float:
    """Return the width of a word in pixels; cached, because each image lays out the whole list."""
    return _font(size, is_bold=is_bold).getlength(word)


@cache
def _font(size: int, *, is_bold: bool) -> ImageFont.FreeTypeFont:
    # Basic layout draws the same image on every machine, with or without the raqm library for
    # complex scripts.
    basic = ImageFont.Layout.BASIC
    return ImageFont.truetype(BOLD if is_bold else PLAIN, size, layout_engine=basic)
