"""Reader for records of vocabulary files: a record becomes a term and its names."""

from geo.models import VOCABULARIES, Term, TermName
from geo.reasons import CodedReason
from geo.records.row_validation import Circumstances, Row, Rows
from geo.text.languages import DEFAULT_LANGUAGE, LANGUAGES
from geo.text.protected_words import protected_phrases
from geo.vocabulary import CODE, FLOOR, MAX_NAME


def read_term(row: Row, _: Circumstances) -> Rows:
    """Read a term with its names, one column per language; names count as unreviewed (P47)."""
    vocabulary = row.choice("vocabulary", VOCABULARIES)
    code = row.text("code")
    if code and not CODE.fullmatch(code):
        row.reject(CodedReason("not_term", field="code", value=code[:40]), "code")
    protected = row.flag("protected", default=False)
    if code in FLOOR.get(vocabulary, ()) and not protected:
        row.reject(CodedReason("protected_for_good", field="code", value=code), "protected")
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
    if vocabulary in FLOOR and not protected and any(protected_phrases(said)):
        row.remark(CodedReason("term_protected", term=code))
        term["protected"] = True
    if names[DEFAULT_LANGUAGE] is None:
        row.reject(CodedReason("missing", field=DEFAULT_LANGUAGE), DEFAULT_LANGUAGE)
    for language, name in names.items():
        if name is not None and len(name) > MAX_NAME:
            row.reject(CodedReason("too_long", field=language, most=MAX_NAME), language)
    return {
        Term: [term],
        TermName: [
            {"vocabulary": vocabulary, "code": code, "language": language, "name": name}
            for language, name in names.items()
            if name is not None
        ],
    }
