"""Passwords: what is accepted, how it is kept (argon2id), and that checking tells nothing."""

import asyncio
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from geo.errors import InvalidRecordError
from geo.folding import folded

#: Our choice, above the 8 that NIST SP 800-63B (section 5.1.1.2) asks for at least.
SHORTEST = 12
#: Long phrases are welcome; far longer ones only cost time (NIST asks to accept 64).
LONGEST = 256

#: Words that guesses start from: those of NIST SP 800-63B, 5.1.1.2 (the service's own name,
#: repeated and consecutive characters are looked at apart), and the commonest of this language
#: area. They count for nothing in a password.
_COMMON = frozenset(
    """
    amparo contrasena contrasenha password passw0rd admin administrador administrator qwerty
    qwertyuiop qwertyuiopasdf asdfghjkl letmein welcome bienvenido bienvenida bienvenidos iloveyou
    teamo tequiero colombia venezuela ecuador peru brasil brazil america latinoamerica cambiame
    changeme secret secreto secreta segredo senha usuario refugio migrante migrantes albergue
    cambiar clave claves entrar default dragon monkey football futbol sunshine princess princesa
    master superman batman michael jesus jesucristo cristo dios
    """.split()  # noqa: SIM905 -- a list literal would be sixty lines
)

#: Fewer different letters and digits beside known words are soon tried; our choice.
_FEWEST_SIGNS = 6
_SHORTEST_WORD = 4
_SWAPPED = str.maketrans("013457@$", "oleastas")

_RUN = "0123456789" * 3 + "abcdefghijklmnopqrstuvwxyzqwertyuiopasdfghjklzxcvbnm"

# RFC 9106, section 4, second recommended option: 64 MiB, 3 passes, 4 lanes.
_HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)

# Two at a time bound what a flood of sign-ins costs: 128 MiB, and never the event loop.
_THREADS = ThreadPoolExecutor(2, thread_name_prefix="password")


def check_password(password: str, *, email: str) -> None:
    """Refuse a password that is too short or among the first to be guessed.

    Raises
    ------
    InvalidRecordError
        Says why, without repeating it.
    """
    if len(password) < SHORTEST:
        raise InvalidRecordError([("password", f"has at least {SHORTEST} characters")])
    if len(password) > LONGEST:
        raise InvalidRecordError([("password", f"has at most {LONGEST} characters")])
    if _is_common(password, email):
        raise InvalidRecordError([("password", "is among the first that are guessed")])


def _is_common(password: str, email: str) -> bool:
    plain = folded(password)
    own = [folded(part) for part in re.split(r"[@.]", email) if len(part) >= _SHORTEST_WORD]
    # Digits for letters, as in passw0rd, are the first thing that guessing programs try.
    return _is_poor(plain, own) or _is_poor(plain.translate(_SWAPPED), own)


def _is_poor(plain: str, own: list[str]) -> bool:
    """Tell whether little is left of a password without the words that everybody knows."""
    left = plain
    for word in sorted({*_COMMON, *own}, key=len, reverse=True):
        left = left.replace(word, " ")
    letters = "".join(sign for sign in left if sign.isalnum())
    is_run = len(letters) > 1 and (letters in _RUN or letters in _RUN[::-1])
    return is_run or len(set(letters)) < _FEWEST_SIGNS


async def hash_password(password: str) -> str:
    """Return the argon2id hash that is stored, made in a thread."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_THREADS, _HASHER.hash, _normal(password))


async def verify_password(stored: str | None, password: str) -> bool:
    """Tell whether a password is the one that was hashed.

    Where nothing is stored the same work is done in vain, so that the time does not tell
    whether an account exists.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_THREADS, _verify, stored, password)


def needs_rehash(stored: str) -> bool:
    """Tell whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def _verify(stored: str | None, password: str) -> bool:
    try:
        # Longer ones were never accepted; hashing them is work for nobody.
        return _HASHER.verify(stored or _decoy(), _normal(password[: LONGEST + 1])) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _decoy() -> str:
    return _HASHER.hash("nobody's")


def _normal(password: str) -> str:
    # The same letters typed on another keyboard are the same password (NIST, 5.1.1.2: NFKC).
    return unicodedata.normalize("NFKC", password)
