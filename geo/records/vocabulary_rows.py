"""Words from a file: one record becomes a term and its names."""

from geo.models import VOCABULARIES, Term, TermName
from geo.records.row_validation import Circumstances, Row, Rows
from geo.text.languages import DEFAULT_LANGUAGE, LANGUAGES
from geo.text.protected_words import word_reasons
from geo.vocabulary import CODE, FLOOR, MAX_NAME


def read_term(row: Row, _: Circumstances) -> Rows:
    """Read a term with its names, one column a language; nobody has reviewed them (P47)."""
    vocabulary = row.choice("vocabulary", VOCABULARIES)
    code = row.text("code")
    if code and not CODE.fullmatch(code):
        row.reject(f"code '{code[:40]}' may hold letters, digits, blanks, _ and - only", "code")
    protected = row.flag("protected", default=False)
    if code in FLOOR.get(vocabulary, ()) and not protected:
        row.reject(f"code '{code}' is protected for good (P38)", "protected")
    term = {
        "vocabulary": vocabulary,
        "code": code,
        "parent_code": row.optional_text("parent_code"),
        "protected": protected,
        "position": row.optional_whole("position", 0, 100_000) or 1000,
        "validity_days": row.optional_whole("validity_days", 1, 365),
    }
    names = {language: row.optional_text(language) for language in LANGUAGES}
    said = [code, *filter(None, names.values())]
    if vocabulary in FLOOR and not protected and any(word_reasons(said)):
        row.remark(f"{code}: protected, its words speak of protected places (P38)")
        term["protected"] = True
    if names[DEFAULT_LANGUAGE] is None:
        row.reject(f"{DEFAULT_LANGUAGE} is missing", DEFAULT_LANGUAGE)
    for language, name in names.items():
        if name is not None and len(name) > MAX_NAME:
            row.reject(f"{language} is longer than {MAX_NAME} characters", language)
    return {
        Term: [term],
        TermName: [
            {"vocabulary": vocabulary, "code": code, "language": language, "name": name}
            for language, name in names.items()
            if name is not None
        ],
    }
