"""Makes the picture of a link that somebody passes on: ``python -m app.drawings.share_picture``.

One for all pages: a picture of a route, or of a place, would tell where somebody goes (P48).
"""

from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

_FONT: Final = Path(__file__).parents[1] / "fonts" / "DejaVuSans-Bold.ttf"

PATH: Final = Path(__file__).parents[1] / "static" / "share.png"

#: Pixels that Open Graph's readers show whole (developers.facebook.com, "Images in Link Shares").
SIZE: Final = (1200, 630)

_BRAND, _PAPER = "#0b5c6b", "#ffffff"
#: The house of the sign in the head, without its round door, in a box of 32 x 32.
_WALLS: Final = ((29, 13.5), (16, 3), (3, 13.5), (3, 29), (12, 29))
_DOOR: Final = ((12, 19), (20, 19), (20, 29), (29, 29))


def drawn() -> Image.Image:
    """Return the picture."""
    picture = Image.new("RGB", SIZE, _BRAND)
    pen = ImageDraw.Draw(picture)
    pen.polygon([(140 + 9 * x, 170 + 9 * y) for x, y in (*_WALLS, *_DOOR)], fill=_PAPER)
    pen.text((490, 315), "Amparo", font=ImageFont.truetype(_FONT, 150), fill=_PAPER, anchor="lm")
    return picture


if __name__ == "__main__":
    drawn().quantize(32).save(PATH, optimize=True)
