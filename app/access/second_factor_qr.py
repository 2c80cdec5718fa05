"""QR code of a second factor, shared by the pages that set one up."""

from typing import NamedTuple

import segno
from markupsafe import Markup

from geo.accounts import second_factor


class Picture(NamedTuple):
    """Secret for an authenticator app, as a QR code for another device and a link for this one."""

    svg: Markup
    uri: str


def offered(secret: str, email: str) -> Picture:
    """Return an account's secret as a QR code and as a link for an authenticator app."""
    uri = second_factor.provisioning_uri(secret, email)
    code = segno.make_qr(uri, error="m")
    # segno writes only numbers and its own markup: the encoded text is not in the SVG.
    svg = Markup(code.svg_inline(scale=4, border=4, dark="#000", light="#fff"))  # noqa: S704
    return Picture(svg, uri)


def spelt(secret: str) -> str:
    """Write a secret for typing, in groups of four characters."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
