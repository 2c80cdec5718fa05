"""What the pages of the second factor have in common: the picture that an app reads."""

import segno
from markupsafe import Markup

from geo import second_factor


def offered(secret: str, email: str) -> Markup:
    """Return the picture that an authenticator app reads, as SVG, dark on light."""
    code = segno.make_qr(second_factor.provisioning_uri(secret, email), error="m")
    # Its words are segno's and numbers: what is in the picture is written nowhere.
    return Markup(code.svg_inline(scale=4, border=4, dark="#000", light="#fff"))  # noqa: S704


def spelt(secret: str) -> str:
    """Return a secret as it is typed, in groups of four."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
