"""Colours of the map's ground: names can be read in sunlight and at night, and none is green."""

import colorsys
import re
from itertools import product

import pytest

from app.http.assets import STATIC_FOLDER

PALETTE = (STATIC_FOLDER / "palette.js").read_text("utf-8")
LANDSCAPE = (STATIC_FOLDER / "landscape.js").read_text("utf-8")
#: What names are written in, and on.
WRITTEN = (
    *product(("ink", "soft", "waterInk", "sketch"), ("land", "water")),
    # Where an extract is imported no sketch is drawn.
    *product(("ink", "soft", "waterInk"), ("built", "park", "wood")),
)


def colours(which):
    blocks = re.findall(rf"const {which} = {{(.*?)}};", PALETTE + LANDSCAPE, re.DOTALL)
    assert len(blocks) == 2
    return dict(re.findall(r"(\w+): '(#[0-9a-f]{6})'", " ".join(blocks)))


def channels(colour):
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def luminance(colour):
    # WCAG 2.2, relative luminance.
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("which", ["DAY", "NIGHT"])
def test_names_can_be_read(which):
    known = colours(which)
    for name, ground in WRITTEN:
        light, dark = sorted((luminance(known[name]), luminance(known[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (name, ground)


@pytest.mark.parametrize("which", ["DAY", "NIGHT"])
def test_p46_no_ground_is_green(which):
    for name, colour in colours(which).items():
        hue, _, saturation = colorsys.rgb_to_hls(*channels(colour))
        assert saturation < 0.1 or not 75 <= hue * 360 <= 165, name


def test_day_and_night_have_the_same_names():
    assert colours("DAY").keys() == colours("NIGHT").keys()
