"""Passwords: what is accepted, how it is kept (argon2id), and that checking tells nothing."""

import asyncio
import re
import unicodedata
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from threading import Lock

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from geo.accounts.password_words import GUESSED
from geo.errors import InvalidRecordError
from geo.reasons import CodedReason
from geo.text.normalize import folded

#: Our choice, above the 8 that NIST SP 800-63B (section 5.1.1.2) asks for at least.
SHORTEST = 12
#: Long phrases are welcome; far longer ones only cost time (NIST asks to accept 64).
LONGEST = 256

#: Fewer different letters and digits beside known words are soon tried; our choice.
_FEWEST_SIGNS = 6
_SHORTEST_WORD = 4
_STRIPPED = frozenset(word for word in GUESSED if len(word) >= _SHORTEST_WORD)
#: Digits for letters, as in passw0rd, are the first thing that guessing programs try.
_SWAPS = tuple(str.maketrans("013457@$", letters) for letters in ("oleastas", "oieastas"))

_RUN = "0123456789" * 3 + "abcdefghijklmnopqrstuvwxyzqwertyuiopasdfghjklzxcvbnm"

#: Guesses that zxcvbn takes to find it, as a power of ten: its "safely unguessable", a score of 3
#: (Wheeler, USENIX Security 2016); at the rates of a sign-in that is centuries.
_LEAST_GUESSES_LOG10 = 8.0

#: More signs zxcvbn does not look at: its work grows with their square and more.
_LOOKED_AT = 72

# RFC 9106, section 4, second recommended option: 64 MiB, 3 passes, 4 lanes.
_HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)

# Two at a time bound what a flood of sign-ins costs: 128 MiB, and never the event loop.
_THREADS = ThreadPoolExecutor(2, thread_name_prefix="password")

#: Of its own for who is known: an emergency waits for no flood of strangers' tries (64 MiB more).
_KNOWN_THREAD = ThreadPoolExecutor(1, thread_name_prefix="password-known")

_ESTIMATING = Lock()


async def refuse_guessable(password: str, *, email: str, context: Sequence[str] = ()) -> None:
    """Refuse a password as `check_password` does, in a thread of those that hash.

    Raises
    ------
    InvalidRecordError
        Says why, without repeating it.
    """
    loop = asyncio.get_running_loop()
    check = partial(check_password, password, email=email, context=context)
    await loop.run_in_executor(_THREADS, check)


def check_password(password: str, *, email: str, context: Sequence[str] = ()) -> None:
    """Refuse a password that is too short, was in a breach, or is among the first to be guessed.

    Parameters
    ----------
    email
        Of whose it is.
    context
        What else is known of them: their name, their organisation.

    Raises
    ------
    InvalidRecordError
        Says why, without repeating it.
    """
    if len(password) < SHORTEST:
        raise InvalidRecordError([("password", CodedReason("too_short", least=SHORTEST))])
    if len(password) > LONGEST:
        raise InvalidRecordError([("password", CodedReason("at_most", most=LONGEST))])
    own = _own_words(email, context)
    if _is_common(password, own) or not _resists(password, own):
        raise InvalidRecordError([("password", CodedReason("guessed"))])


def _own_words(email: str, context: Sequence[str]) -> list[str]:
    parts = re.split(r"[@.\s_,;()-]+", " ".join((email, *context)))
    whole = [re.sub(r"\W+", "", text) for text in context]
    return [folded(part) for part in (*parts, *whole) if len(part) >= _SHORTEST_WORD]


def _is_common(password: str, own: Sequence[str]) -> bool:
    plain = folded(password)
    forms = {plain, *(plain.translate(swap) for swap in _SWAPS)}
    # With and without what stands between words: "cruz del norte" is a name, too.
    return any(
        _is_poor(form, own) for text in forms for form in (text, re.sub(r"[\W_]+", "", text))
    )


def _is_poor(plain: str, own: Sequence[str]) -> bool:
    """Return whether little is left of a password without the words that everybody knows."""
    left = plain
    for word in sorted({*_STRIPPED, *own}, key=len, reverse=True):
        left = left.replace(word, " ")
    letters = "".join(sign for sign in left if sign.isalnum())
    is_run = len(letters) > 1 and (letters in _RUN or letters in _RUN[::-1])
    return is_run or len(set(letters)) < _FEWEST_SIGNS


def _resists(password: str, own: Sequence[str]) -> bool:
    """Return whether whoever knows what we know guesses it late (zxcvbn), accents or none."""
    # Its dictionaries take a tenth of a second and 10 MB: for who sets a password alone.
    from zxcvbn import zxcvbn  # noqa: PLC0415 -- see above

    context = [*own, *sorted(GUESSED)]
    # It keeps a call's words in a table of the whole process.
    with _ESTIMATING:
        return all(
            zxcvbn(form[:_LOOKED_AT], context)["guesses_log10"] >= _LEAST_GUESSES_LOG10
            for form in {password, folded(password)}
        )


async def hash_password(password: str) -> str:
    """Return the argon2id hash that is stored, made in a thread."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_THREADS, _HASHER.hash, _normal(password))


async def verify_password(
    stored: str | None, password: str, *, is_known_device: bool = False
) -> bool:
    """Return whether a password is the one that was hashed.

    Where nothing is stored the same work is done in vain, so that the time does not tell
    whether an account exists.

    Parameters
    ----------
    is_known_device
        Whether it is not to wait for what strangers try.
    """
    loop = asyncio.get_running_loop()
    threads = _KNOWN_THREAD if is_known_device else _THREADS
    return await loop.run_in_executor(threads, _verify, stored, password)


def needs_rehash(stored: str) -> bool:
    """Return whether a hash was made with other parameters than today's."""
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
