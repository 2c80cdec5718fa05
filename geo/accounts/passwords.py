"""Rules for new passwords, hashing (argon2id), and checks that do not reveal who has an account."""

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

#: Minimum length of a password in characters: our choice, above the 8 of NIST SP 800-63B (section
#: 5.1.1.2).
SHORTEST = 12
#: Maximum length of a password in characters, well above the 64 that NIST asks to permit; longer
#: passwords only take more time to hash.
LONGEST = 256

#: Minimum number of distinct letters and digits that are left of a password after known words are
#: removed (our choice).
_FEWEST_SIGNS = 6
_SHORTEST_WORD = 4
_STRIPPED = frozenset(word for word in GUESSED if len(word) >= _SHORTEST_WORD)
#: Translation tables from digits and signs back to the letters that they replace, as in passw0rd:
#: guessing programs try such passwords first.
_SWAPS = tuple(str.maketrans("013457@$", letters) for letters in ("oleastas", "oieastas"))

_RUN = "0123456789" * 3 + "abcdefghijklmnopqrstuvwxyzqwertyuiopasdfghjklzxcvbnm"

#: Minimum number of guesses by zxcvbn's estimate, as a power of ten: "safely unguessable", a score
#: of 3 (Wheeler, USENIX Security 2016). At the rate limit of sign-ins so many guesses take
#: centuries.
_LEAST_GUESSES_LOG10 = 8.0

#: Maximum number of characters given to zxcvbn, whose run time grows at least with their square.
_LOOKED_AT = 72

# argon2id by RFC 9106, section 4, second recommended option: 64 MiB, 3 passes, 4 lanes.
_HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)

# Two threads keep hashing off the event loop, and limit its memory in a flood of sign-ins to
# 128 MiB.
_THREADS = ThreadPoolExecutor(2, thread_name_prefix="password")

#: A separate thread for known devices (64 MiB more), so that a colleague's sign-in in an emergency
#: does not queue up after a flood of strangers' attempts.
_KNOWN_THREAD = ThreadPoolExecutor(1, thread_name_prefix="password-known")

_ESTIMATING = Lock()


async def refuse_guessable(password: str, *, email: str, context: Sequence[str] = ()) -> None:
    """Run `check_password` in a thread, because it would block the event loop.

    Raises
    ------
    InvalidRecordError
        The password is refused; the error says why without repeating the password.
    """
    loop = asyncio.get_running_loop()
    check = partial(check_password, password, email=email, context=context)
    await loop.run_in_executor(_THREADS, check)


def check_password(password: str, *, email: str, context: Sequence[str] = ()) -> None:
    """Refuse a password that is too short, too long, was in a breach, or is guessed early.

    Parameters
    ----------
    email
        E-mail address of the person.
    context
        Other texts about the person that an attacker may know: name, organisation.

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
    # Try the password also without punctuation and blanks: these can split a known word.
    return any(
        _is_poor(form, own) for text in forms for form in (text, re.sub(r"[\W_]+", "", text))
    )


def _is_poor(plain: str, own: Sequence[str]) -> bool:
    """Return whether little is left of a password after removing words that an attacker knows.

    ``plain`` is the folded password; ``own`` are folded words about the person. Neighbouring keys,
    letters or digits ("qwerty", "4321") count as little, however long.
    """
    left = plain
    for word in sorted({*_STRIPPED, *own}, key=len, reverse=True):
        left = left.replace(word, " ")
    letters = "".join(sign for sign in left if sign.isalnum())
    is_run = len(letters) > 1 and (letters in _RUN or letters in _RUN[::-1])
    return is_run or len(set(letters)) < _FEWEST_SIGNS


def _resists(password: str, own: Sequence[str]) -> bool:
    """Return whether a password takes an attacker who knows the person enough guesses (zxcvbn).

    Both the password as typed and its form without accents have to resist.
    """
    # Loading zxcvbn's dictionaries takes 0.1 s and 10 MB, so import it only for a new password.
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

    Without a stored hash the password is checked against a decoy, so that the response time does
    not reveal whether an account exists.

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
        # No stored password is longer than LONGEST, so hash at most one character more.
        compared = stored or _decoy(_HASHER)
        return _HASHER.verify(compared, _normal(password[: LONGEST + 1])) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _decoy(hasher: PasswordHasher) -> str:
    return hasher.hash("nobody's")


def _normal(password: str) -> str:
    # Keyboards encode the same letters differently, hence NFKC (NIST SP 800-63B, 5.1.1.2).
    return unicodedata.normalize("NFKC", password)
