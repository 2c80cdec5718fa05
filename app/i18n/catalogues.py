"""Update of the translation catalogues: ``python -m app.i18n.catalogues``.

The command reads every template and module of `app`, adds new texts to each catalogue, drops texts
that are no longer used, and keeps translations and review marks.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from app.i18n.coded_reasons import PLAIN_TEXTS, SAFETY_TEXTS
from app.i18n.labels import WORDING
from app.i18n.translation import LOCALE_FOLDER, SAFETY_CONTEXT
from geo.text.languages import DEFAULT_LANGUAGE, LANGUAGES

APP: Final = Path(__file__).parents[1]

#: Files and folders with texts that only signed-in staff see: the console and the account pages.
_STAFF_ALONE: Final = (APP / "templates" / "network", APP / "console", APP / "pages" / "account.py")

_PLAIN = {"_", "gettext", "marked", "Phrase"}
_PLURAL = {"ngettext"}
_SAFETY = {"safety", "safety_word", "marked_safety", "SafetyPhrase"}
_KEYWORDS = _PLAIN | _PLURAL | _SAFETY

# The header is written by hand, because the header that gettext tools write holds dates, which
# change even if no text does.
_HEADER = """\
# Texts of the Amparo page. The Spanish text is the source and the message id.
# Entries with msgctxt "safety" need a comment above: "# reviewed-by: NAME DATE", or, for a
# translation that is shown as not yet reviewed, "# not-reviewed: DATE". Without one of them
# the page refuses the catalogue. After changing texts run: python -m app.i18n.catalogues
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Language: {lang}\\n"
"Plural-Forms: {plural_forms}\\n"

"""


@dataclass(frozen=True, order=True)
class Text:
    """Translatable text: gettext context (or ""), Spanish singular, Spanish plural (or "")."""

    context: str
    singular: str
    plural: str = ""


def extract() -> set[Text]:
    """Return all translatable texts: of templates, modules, API notices, and coded reasons."""
    return _extracted(_templates(), _modules())


def extract_public() -> set[Text]:
    """Return the translatable texts except those of the console and the account pages."""

    def is_public(path: Path) -> bool:
        return not any(path.is_relative_to(staff) for staff in _STAFF_ALONE)

    return _extracted(filter(is_public, _templates()), filter(is_public, _modules()))


def safety_places() -> Mapping[str, Sequence[str]]:
    """Return the files that contain each safety text, as paths below `app`, by text.

    A text that other modules use through a constant, such as a coded reason, is listed only under
    the module that defines the constant.
    """
    places: dict[str, list[str]] = {text: ["i18n/route_phrases.py"] for text in WORDING}
    places |= {text: ["i18n/coded_reasons.py"] for text in SAFETY_TEXTS}
    for path in (*_templates(), *_modules()):
        for text in texts_in(path):
            if text.context == SAFETY_CONTEXT:
                places.setdefault(text.singular, []).append(path.relative_to(APP).as_posix())
    return places


def _extracted(templates: Iterable[Path], modules: Iterable[Path]) -> set[Text]:
    found = {Text(SAFETY_CONTEXT, text) for text in (*WORDING, *SAFETY_TEXTS)}
    found |= {Text("", text) for text in PLAIN_TEXTS}
    return found.union(*map(texts_in, (*templates, *modules)))


@cache
def texts_in(path: Path) -> frozenset[Text]:
    """Return the translatable texts in the source of a template or of a Python module.

    The result is cached, because the texts of most files are needed twice: for the languages of
    staff and for those of the public.
    """
    of_kind = _texts_of_template if path.suffix == ".html" else _texts_of_module
    return frozenset(of_kind(path))


def _texts_of_template(path: Path) -> Iterator[Text]:
    options = {"extensions": "jinja2.ext.i18n", "trim_blocks": "true"}
    with path.open("rb") as file:
        for _, name, message, _ in babel_extract(file, list(_KEYWORDS), [], options):
            yield from _text(name, message if isinstance(message, tuple) else (message,))


def _templates() -> list[Path]:
    return sorted((APP / "templates").rglob("*.html"))


def _texts_of_module(path: Path) -> Iterator[Text]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            yield from _text(_name(node.func), tuple(map(_constant, node.args)))


def _modules() -> list[Path]:
    return sorted(APP.rglob("*.py"))


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _constant(argument: ast.expr) -> str | None:
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value
    return None


def _text(name: str, message: tuple[str | None, ...]) -> Iterator[Text]:
    # The text is None for a call with a name instead of a literal, such as safety(wording.NOTICE).
    if not message or message[0] is None:
        return
    if name in _PLURAL and message[1] is not None:
        yield Text("", message[0], message[1])
    elif name in _SAFETY:
        yield Text(SAFETY_CONTEXT, message[0])
    elif name in _PLAIN:
        yield Text("", message[0])


def texts_by_language() -> dict[str, set[Text]]:
    """Return the texts that the catalogue of each language has to contain, by language.

    Languages in which staff work have all texts, other languages only those for the public.
    """
    staff, public = extract(), extract_public()
    return {lang: staff if of.is_staff else public for lang, of in LANGUAGES.items()}


def updated(lang: str, texts: Set[Text]) -> bytes:
    """Return the new content of a language's catalogue: current texts with known translations.

    ``texts`` is the language's entry in `texts_by_language`.
    """
    path = LOCALE_FOLDER / lang / "messages.po"
    old = read_po(
        BytesIO(path.read_bytes() if path.exists() else b""), locale=LANGUAGES[lang].locale
    )
    new = Catalog(locale=LANGUAGES[lang].locale)
    # Only the catalogue of the Spanish originals lists the files of each safety text; reviewers use
    # the list.
    places = safety_places() if lang == DEFAULT_LANGUAGE else {}
    for text in sorted(texts):
        key = (text.singular, text.plural) if text.plural else text.singular
        known: Message | None = old.get(text.singular, text.context or None)
        new.add(
            key,
            string=known.string if known is not None and known.id == key else None,
            locations=_locations(places, text),
            context=text.context or None,
            user_comments=known.user_comments if known is not None else (),
        )
    out = BytesIO()
    write_po(out, new, width=0, sort_output=True, omit_header=True)
    header = _HEADER.format(lang=lang, plural_forms=new.plural_forms)
    return header.encode() + out.getvalue()


def _locations(places: Mapping[str, Sequence[str]], text: Text) -> list[tuple[str, int]]:
    files = places.get(text.singular, ()) if text.context == SAFETY_CONTEXT else ()
    # Leave out line numbers, which change with every edit of a file: babel writes none for 0.
    return [(file, 0) for file in sorted(set(files))]


def main() -> None:
    """Write the catalogue of every language."""
    for lang, texts in texts_by_language().items():
        content = updated(lang, texts)
        path = LOCALE_FOLDER / lang / "messages.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main()
