"""CSRF tokens of forms, signed with the secret of a cookie that the browser sends with the form.

Each token has a new salt, so that the compressed length of a page reveals nothing about the token;
all tokens made with a secret are valid.
"""

import hmac
import secrets
from hashlib import sha256


def form_token(secret: str) -> str:
    """Return a new CSRF token, signed with the secret of a cookie."""
    salt = secrets.token_hex(16)
    return f"{salt}.{_signature(secret, salt)}"


def is_token_of(token: str, secret: str) -> bool:
    """Return whether a CSRF token was made with a secret, in constant time."""
    salt, _, signature = token.partition(".")
    # Compare bytes, because the token is client input and compare_digest refuses non-ASCII strings.
    return hmac.compare_digest(_signature(secret, salt).encode(), signature.encode())


def _signature(secret: str, salt: str) -> str:
    return hmac.new(secret.encode(), f"form {salt}".encode(), sha256).hexdigest()
