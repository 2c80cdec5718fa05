"""How a transaction proves to the database that Amparo itself writes.

A proof is a random word and its HMAC-SHA256 by a key that lies in the service's folder. The
database keeps the key where the owner of its tables alone reads it (``amparo.audit_keys``), and
writes beside each entry of the audit chain whether there was a proof.
"""

import hmac
import secrets
from hashlib import sha256

from sqlalchemy import Connection, text

#: Of a key, as many as SHA-256 has.
KEY_BYTES = 32

_BLOCK_BYTES = 64
_REGISTER = text(
    "insert into amparo.audit_keys (id, kind, inner_pad, outer_pad)"
    " values (:id, 'application', :inner, :outer) on conflict (id) do nothing"
)
_KNOWN = text("select to_regclass('amparo.audit_keys') is not null")
_SET = text("select set_config('amparo.proof', :proof, true)")


def proof(key: bytes) -> str:
    """Return a new proof: a random word, a full stop, its code; all hexadecimal."""
    word = secrets.token_hex(16)
    return f"{word}.{hmac.digest(key, word.encode(), 'sha256').hex()}"


def prove(connection: Connection, key: bytes) -> None:
    """Prove for the connection's transaction."""
    connection.execute(_SET, {"proof": proof(key)})


def register(connection: Connection, key: bytes) -> None:
    """Let the database know a key (as the owner); nothing happens where it does, or has no table.

    The key is kept padded for both rounds of HMAC (RFC 2104), which the functions of PostgreSQL's
    core compute then without an extension.
    """
    if not connection.scalar(_KNOWN):
        return
    padded = key.ljust(_BLOCK_BYTES, b"\0")
    connection.execute(
        _REGISTER,
        {
            "id": sha256(b"amparo audit key" + key).hexdigest()[:16],
            "inner": bytes(byte ^ 0x36 for byte in padded),
            "outer": bytes(byte ^ 0x5C for byte in padded),
        },
    )
