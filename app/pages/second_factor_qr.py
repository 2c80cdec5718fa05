"""What the pages of the second factor have in common: the picture that an app reads."""

from typing import NamedTuple

import segno
from markupsafe import Markup

from geo.accounts import second_factor


class Picture(NamedTuple):
    """What an authenticator app reads: from another phone as SVG, on the same one as a link."""

    svg: Markup
    uri: str


def offered(secret: str, email: str) -> Picture:
    """Return what an authenticator app reads; the picture is dark on light."""
    uri = second_factor.provisioning_uri(secret, email)
    code = segno.make_qr(uri, error="m")
    # Its words are segno's and numbers: what is in the picture is written nowhere.
    svg = Markup(code.svg_inline(scale=4, border=4, dark="#000", light="#fff"))  # noqa: S704
    return Picture(svg, uri)


def spelt(secret: str) -> str:
    """Return a secret as it is typed, in groups of four."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
