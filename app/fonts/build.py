"""Build of the two fonts of posters and images: subsets of DejaVu.

Run it by ``python app/fonts/build.py FOLDER``. FOLDER holds DejaVuSans.ttf and DejaVuSans-Bold.ttf
of DejaVu 2.37 (Debian: fonts-dejavu-core). The same input gives the same bytes; SOURCES.md lists
the digests of both input and output files.
"""

import sys
from pathlib import Path

from fontTools import subset

NAMES = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")

#: Code points kept in the fonts: Latin letters of all languages of the region, indigenous ones
#: included, and the punctuation and symbols in the texts of posters and images.
LETTERS = (
    *range(0x20, 0x7F),
    *range(0xA0, 0x250),
    *(0x2BC, 0x301, 0x303, 0x308),
    *range(0x1E00, 0x1F00),
    *(0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2026),
    *(0x2039, 0x203A, 0x20AC, 0x2192, 0x25A1),
)


def build(folder: Path) -> None:
    """Write the subset of each font into the folder of this module."""
    # Hints only help text at small sizes, which posters and images do not have, and take half of a
    # font file.
    options = subset.Options(
        hinting=False, layout_features=[], name_IDs=[0, 1, 2, 4, 6, 14], notdef_outline=True,
        glyph_names=False, recalc_timestamp=False,
        # Tables that neither the PDF library nor the image library reads.
        drop_tables=["FFTM", "GDEF", "GPOS", "GSUB", "MATH", "gasp"],
    )  # fmt: skip
    for name in NAMES:
        font = subset.load_font(str(folder / name), options)
        maker = subset.Subsetter(options)
        maker.populate(unicodes=LETTERS)
        maker.subset(font)
        subset.save_font(font, str(Path(__file__).with_name(name)), options)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
