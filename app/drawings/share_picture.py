"""Build of the preview picture that messengers show for links to Amparo (Open Graph).

Run it by ``python -m app.drawings.share_picture``. All pages have the same picture, because a
picture of a route or of a place would reveal where the sender is going (P48).
"""

from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

_FONT: Final = Path(__file__).parents[1] / "fonts" / "DejaVuSans-Bold.ttf"

PATH: Final = Path(__file__).parents[1] / "static" / "share.png"

#: Size in pixels that apps show uncropped (developers.facebook.com, "Images in Link Shares").
SIZE: Final = (1200, 630)

_BRAND, _PAPER = "#0b5c6b", "#ffffff"
#: Outline of the house in the logo, in a box of 32 x 32; the arch of the door is drawn straight.
_WALLS: Final = ((29, 13.5), (16, 3), (3, 13.5), (3, 29), (12, 29))
_DOOR: Final = ((12, 19), (20, 19), (20, 29), (29, 29))


def drawn() -> Image.Image:
    """Draw the preview picture: logo and name on the colour of the site."""
    picture = Image.new("RGB", SIZE, _BRAND)
    pen = ImageDraw.Draw(picture)
    pen.polygon([(140 + 9 * x, 170 + 9 * y) for x, y in (*_WALLS, *_DOOR)], fill=_PAPER)
    pen.text((490, 315), "Amparo", font=ImageFont.truetype(_FONT, 150), fill=_PAPER, anchor="lm")
    return picture


if __name__ == "__main__":
    drawn().quantize(32).save(PATH, optimize=True)
