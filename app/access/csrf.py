"""Tokens of forms: made with the secret of the cookie that the form is sent with (CSRF).

Each is new, so that the compression of a page tells nothing about it; all of one secret hold.
"""

import hmac
import secrets
from hashlib import sha256


def form_token(secret: str) -> str:
    """Return a token for a form that is sent with the cookie of that secret."""
    salt = secrets.token_hex(16)
    return f"{salt}.{_signature(secret, salt)}"


def is_token_of(token: str, secret: str) -> bool:
    """Return whether a form's token was made with that secret, in constant time."""
    salt, _, signature = token.partition(".")
    # Bytes: compare_digest refuses strings beyond ASCII, and the client writes this.
    return hmac.compare_digest(_signature(secret, salt).encode(), signature.encode())


def _signature(secret: str, salt: str) -> str:
    return hmac.new(secret.encode(), f"form {salt}".encode(), sha256).hexdigest()
