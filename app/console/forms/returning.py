"""Redirects after a form, back to a table or the first page, with a message of what was done."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from app.access.identity import CONSOLE
from app.http.middleware import is_below
from app.i18n.translation import marked

#: Message of what a form did, by the value of the parameter ``done`` in an address.
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
    """Message on what the form sent before this page did, in Spanish, and an id to undo that."""

    text: str
    undo: str | None


def flash_of(stated: Mapping[str, str]) -> Flash | None:
    """Return the message for the parameters of an address; None without a known ``done``."""
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
    """Return an address with ``done`` and ``undo`` set, in place of those it had."""
    stated = [("done", done)] + ([("undo", undo)] if undo is not None else [])
    return _with_query(path, stated)


def without_flash(path: str) -> str:
    """Return an address without ``done`` and ``undo``."""
    return _with_query(path, [])


def _with_query(path: str, more: Sequence[tuple[str, str]]) -> str:
    parts = urlsplit(path)
    stated = [pair for pair in parse_qsl(parts.query) if pair[0] not in {"done", "undo"}]
    query = urlencode([*stated, *more])
    return f"{parts.path}?{query}" if query else parts.path
