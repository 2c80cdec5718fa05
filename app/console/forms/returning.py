"""Where a form leads back to: the address of a table or the first page, with what was done."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from app.access.identity import CONSOLE
from app.http.middleware import is_below
from app.i18n.translation import marked

#: What a form did, by the word that stands for it in an address.
_DONE: Mapping[str, str] = {
    "applied": marked("Hecho: vale desde ahora."),
    "waiting": marked("Enviado: espera a una segunda persona."),
    "both": marked("Una parte vale desde ahora; la otra espera a una segunda persona."),
    "nothing": marked("Nada cambió."),
    "merged": marked(
        "Propuesto: los dos registros siguen como están hasta que otra persona acepte la unión."
    ),
    "distinct": marked("Recordado: son dos espacios distintos."),
}

_ACTION = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Flash:
    """What was done before the page, in Spanish, and the id of the act if it can be undone."""

    text: str
    undo: str | None


def flash_of(stated: Mapping[str, str]) -> Flash | None:
    """Return what an address says was done; None if it says nothing that is known."""
    text = _DONE.get(stated.get("done", ""))
    if text is None:
        return None
    undo = stated.get("undo", "")
    return Flash(text, undo if _ACTION.fullmatch(undo) else None)


def return_path(stated: Mapping[str, str], default: str) -> str:
    """Return the address within the console that a form states as ``back``, or the default.

    An address of another site, or one that a browser could read as such, is not followed.
    """
    back = stated.get("back", "")
    parts = urlsplit(back)
    is_own = not parts.scheme and not parts.netloc and is_below(parts.path, CONSOLE)
    is_plain = back.isprintable() and "\\" not in back and ".." not in parts.path
    return back if is_own and is_plain else default


def with_flash(path: str, done: str, undo: str | None = None) -> str:
    """Return an address that says what was done, instead of what it said before."""
    stated = [("done", done)] + ([("undo", undo)] if undo is not None else [])
    return _with_query(path, stated)


def without_flash(path: str) -> str:
    """Return an address without what it says was done."""
    return _with_query(path, [])


def _with_query(path: str, more: Sequence[tuple[str, str]]) -> str:
    parts = urlsplit(path)
    stated = [pair for pair in parse_qsl(parts.query) if pair[0] not in {"done", "undo"}]
    query = urlencode([*stated, *more])
    return f"{parts.path}?{query}" if query else parts.path
