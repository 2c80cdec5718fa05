"""Passwords: rules for new ones, hashing (argon2id), and checks that reveal no account."""

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

#: Minimum length: our choice, above the 8 of NIST SP 800-63B (section 5.1.1.2).
SHORTEST = 12
#: Maximum length: long phrases are welcome, far longer ones only cost time (NIST asks for 64).
LONGEST = 256

#: Minimum number of distinct letters and digits beside known words (our choice).
_FEWEST_SIGNS = 6
_SHORTEST_WORD = 4
_STRIPPED = frozenset(word for word in GUESSED if len(word) >= _SHORTEST_WORD)
#: Digits in place of letters, as in passw0rd, which guessing programs try first.
_SWAPS = tuple(str.maketrans("013457@$", letters) for letters in ("oleastas", "oieastas"))

_RUN = "0123456789" * 3 + "abcdefghijklmnopqrstuvwxyzqwertyuiopasdfghjklzxcvbnm"

#: Minimum number of guesses by zxcvbn's estimate, as a power of ten: "safely unguessable", a score
#: of 3 (Wheeler, USENIX Security 2016); at the rate limit of sign-ins this takes centuries.
_LEAST_GUESSES_LOG10 = 8.0

#: Number of characters given to zxcvbn, whose work grows at least with their square.
_LOOKED_AT = 72

# RFC 9106, section 4, second recommended option: 64 MiB, 3 passes, 4 lanes.
_HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)

# Two threads bound the cost of a flood of sign-ins to 128 MiB, and keep it off the event loop.
_THREADS = ThreadPoolExecutor(2, thread_name_prefix="password")

#: A separate thread for known devices, so that a sign-in in an emergency does not wait behind a
#: flood of strangers' attempts (64 MiB more).
_KNOWN_THREAD = ThreadPoolExecutor(1, thread_name_prefix="password-known")

_ESTIMATING = Lock()


async def refuse_guessable(password: str, *, email: str, context: Sequence[str] = ()) -> None:
    """Run `check_password` in one of the threads that also hash passwords.

    Raises
    ------
    InvalidRecordError
        The password is refused; the error says why without repeating the password.
    """
    loop = asyncio.get_running_loop()
    check = partial(check_password, password, email=email, context=context)
    await loop.run_in_executor(_THREADS, check)


def check_password(password: str, *, email: str, context: Sequence[str] = ()) -> None:
    """Refuse a password that is too short, was in a breach, or is among the first to be guessed.

    Parameters
    ----------
    email
        E-mail address of the person.
    context
        Other texts about the person that a guesser may know: name, organisation.

    Raises
    ------
    InvalidRecordError
        The password is refused; the error says why without repeating the password.
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
    # Try with and without the characters between words: "cruz del norte" contains a name, too.
    return any(
        _is_poor(form, own) for text in forms for form in (text, re.sub(r"[\W_]+", "", text))
    )


def _is_poor(plain: str, own: Sequence[str]) -> bool:
    """Return whether little is left of a password after removing words that a guesser knows."""
    left = plain
    for word in sorted({*_STRIPPED, *own}, key=len, reverse=True):
        left = left.replace(word, " ")
    letters = "".join(sign for sign in left if sign.isalnum())
    is_run = len(letters) > 1 and (letters in _RUN or letters in _RUN[::-1])
    return is_run or len(set(letters)) < _FEWEST_SIGNS


def _resists(password: str, own: Sequence[str]) -> bool:
    """Return whether a guesser who knows the context needs many guesses (zxcvbn's estimate).

    The password has to resist with its accents and without.
    """
    # Loading the dictionaries takes 0.1 s and 10 MB, so import only when a password is set.
    from zxcvbn import zxcvbn  # noqa: PLC0415 -- see above

    context = [*own, *sorted(GUESSED)]
    # zxcvbn stores the context words in a global table, hence the lock.
    with _ESTIMATING:
        return all(
            zxcvbn(form[:_LOOKED_AT], context)["guesses_log10"] >= _LEAST_GUESSES_LOG10
            for form in {password, folded(password)}
        )


async def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, computed in a thread."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_THREADS, _HASHER.hash, _normal(password))


async def verify_password(
    stored: str | None, password: str, *, is_known_device: bool = False
) -> bool:
    """Return whether a password matches a stored hash.

    Without a stored hash the same work is done for nothing, so that the response time does not
    reveal whether an account exists.

    Parameters
    ----------
    is_known_device
        Whether to use the thread for known devices, which strangers' attempts do not block.
    """
    loop = asyncio.get_running_loop()
    threads = _KNOWN_THREAD if is_known_device else _THREADS
    return await loop.run_in_executor(threads, _verify, stored, password)


def needs_rehash(stored: str) -> bool:
    """Return whether a hash was made with other parameters than the current ones."""
    return _HASHER.check_needs_rehash(stored)


def _verify(stored: str | None, password: str) -> bool:
    try:
        # Passwords longer than LONGEST are never accepted, so do not hash all of them.
        return _HASHER.verify(stored or _decoy(), _normal(password[: LONGEST + 1])) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _decoy() -> str:
    return _HASHER.hash("nobody's")


def _normal(password: str) -> str:
    # The same letters typed on another keyboard are the same password (NIST, 5.1.1.2: NFKC).
    return unicodedata.normalize("NFKC", password)
