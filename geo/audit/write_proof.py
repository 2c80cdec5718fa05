"""Proof to the database that a transaction is written by Amparo itself.

A proof is a random word and its HMAC-SHA256 by a key in the service's folder. The database keeps
the key in ``amparo.audit_keys``, which only the owner of its tables can read, and stores with each
entry of the audit chain whether its transaction had a valid proof.
"""

import hmac
import secrets
from hashlib import sha256

from sqlalchemy import Connection, text

#: Length of a key in bytes, equal to that of a SHA-256.
KEY_BYTES = 32

_BLOCK_BYTES = 64
_REGISTER = text(
    "insert into amparo.audit_keys (id, kind, inner_pad, outer_pad)"
    " values (:id, 'application', :inner, :outer) on conflict (id) do nothing"
)
_KNOWN = text("select to_regclass('amparo.audit_keys') is not null")
_SET = text("select set_config('amparo.proof', :proof, true)")


def proof(key: bytes) -> str:
    """Return a new proof: a random word and its HMAC in hexadecimal, with a full stop between."""
    word = secrets.token_hex(16)
    return f"{word}.{hmac.digest(key, word.encode(), 'sha256').hex()}"


def prove(connection: Connection, key: bytes) -> None:
    """Hand the database a new proof for the connection's current transaction."""
    connection.execute(_SET, {"proof": proof(key)})


def register(connection: Connection, key: bytes) -> None:
    """Store a key in the database, for which the connection must be that of the tables' owner.

    Does nothing if the table is missing or has the key already. The key is stored padded for both
    rounds of HMAC (RFC 2104), so that functions of PostgreSQL's core can compute the HMAC without
    an extension.
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
