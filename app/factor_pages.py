"""What the pages of the second factor have in common: the picture, the words of what is wrong."""

import segno
from markupsafe import Markup

from app.web.i18n import marked
from geo import second_factor

WRONG_CODE = marked(
    "Ese código no vale. Escriba los seis números que la aplicación muestra ahora; cada uno sirve"
    " una sola vez. Si no coinciden nunca, ponga la hora del teléfono en automático."
)
WAIT = marked(
    "Se escribieron demasiados códigos equivocados en esta cuenta. Espere una hora, o use uno de"
    " sus códigos de recuperación. Si no fue usted, alguien sabe su contraseña: pida un enlace para"
    " elegir otra."
)


def offered(secret: str, email: str) -> Markup:
    """Return the picture that an authenticator app reads, as SVG, dark on light."""
    code = segno.make_qr(second_factor.provisioning_uri(secret, email), error="m")
    # Its words are segno's and numbers: what is in the picture is written nowhere.
    return Markup(code.svg_inline(scale=4, border=4, dark="#000", light="#fff"))  # noqa: S704


def spelt(secret: str) -> str:
    """Return a secret as it is typed, in groups of four."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
