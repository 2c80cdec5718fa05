"""Build of the app icon that a phone shows for the installed site.

Run it by ``python -m app.drawings.install_icon``. The icon is a folded map, like that of many map
apps, so that a person who sees the phone does not learn that its owner uses Amparo (P37).
"""

from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw

FOLDER: Final = Path(__file__).parents[1] / "static"

#: Icon sizes, pixels, that Chromium requires of an installable site (web.dev, "Install criteria").
SIDES: Final = (192, 512)

_PAPER, _INK, _SHADE = "#ffffff", "#5f6b70", "#dfe5e7"

#: A map folded in three: colour and corners of each panel, in a box of 48 x 48. The map lies in the
#: middle 80 % of the box, because phones may crop the margin of an icon to a circle.
_FOLDS: Final = (
    (_PAPER, ((10, 15), (19, 11), (19, 34), (10, 38))),
    (_SHADE, ((19, 11), (29, 15), (29, 38), (19, 34))),
    (_PAPER, ((29, 15), (38, 11), (38, 34), (29, 38))),
)


def drawn(side: int) -> Image.Image:
    """Return the icon, ``side`` pixels wide and high."""
    # Draw four times as large and scale down, because Pillow draws polygons without smooth edges.
    scale = 4 * side / 48
    picture = Image.new("RGB", (4 * side, 4 * side), _INK)
    pen = ImageDraw.Draw(picture)
    for colour, corners in _FOLDS:
        pen.polygon([(x * scale, y * scale) for x, y in corners], fill=colour)
    return picture.resize((side, side), Image.Resampling.LANCZOS)


def path_of(side: int) -> Path:
    """Return the path of the icon that is ``side`` pixels wide."""
    return FOLDER / f"install-{side}.png"


if __name__ == "__main__":
    for side in SIDES:
        drawn(side).quantize(64).save(path_of(side), optimize=True)
