"""Every code of a reason or note has its text, and every sentence of before is still said."""

import ast
import json
import pickle
import re
from copy import deepcopy
from datetime import date
from pathlib import Path

import pytest

from app.console.forms.error_text import TEXTS, reason_text
from app.console.forms.import_notes import notes
from app.console.problem_pages import _SAID as PAGES
from app.http.error_table import kind_of
from app.i18n.translation import read_catalogue, words
from geo.errors import GeoError, InvalidRecordError
from geo.hours.rrule import Recurrence, rule_problems
from geo.imports.readers.limits import REASONS as HEAVY
from geo.imports.reports import harmless
from geo.reasons import (
    AS_IT_STANDS,
    ENGLISH,
    LONGEST_VALUE,
    CodedReason,
    as_it_stands,
    for_column,
    from_column,
    from_stored,
)
from geo.records.readers import FileRow
from geo.records.row_validation import Row
from geo.text.countries import misplacement
from geo.text.languages import STAFF_LANGUAGES
from routing.errors import ENGLISH as REFUSED
from routing.errors import RoutingError
from tiles.errors import TilesError

ROOT = Path(__file__).resolve().parents[3]


def named_in(text):
    """Give what a text in English leaves open."""
    return set(re.findall(r"\{(\w+)", text))


def calls(*folders, of):
    """Give each call of a class with a code, and what it is given by name."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            source = path.read_text("utf-8")
            if of not in source:
                continue  # most files, which take a second to read as Python
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == of:
                    yield f"{path.name}:{node.lineno}", node


def codes_of(node):
    """Give the codes that an argument may be."""
    if isinstance(node, ast.IfExp):
        return [*codes_of(node.body), *codes_of(node.orelse)]
    return [node.value] if isinstance(node, ast.Constant) else []


def test_every_code_has_a_text_in_every_language_of_the_console():
    assert set(TEXTS) == set(ENGLISH) - {AS_IT_STANDS}
    for lang in STAFF_LANGUAGES:
        catalogue = read_catalogue(lang)
        for code, spanish in TEXTS.items():
            found = catalogue.get(spanish)
            assert found is not None, (lang, code)
            assert lang == "es" or found.string, (lang, code)
            said = found.string or spanish
            assert set(re.findall(r"%\((\w+)\)", said)) == set(re.findall(r"%\((\w+)\)", spanish))


def test_a_text_names_what_its_code_has():
    for code, spanish in TEXTS.items():
        open_in_it = set(re.findall(r"%\((\w+)\)", spanish))
        assert open_in_it <= named_in(ENGLISH[code]) | {"value", "most"}, code


def test_every_reason_is_made_with_what_its_code_leaves_open():
    found = set()
    for where, node in calls("geo", "app", of="CodedReason"):
        given = {word.arg for word in node.keywords}
        for code in codes_of(node.args[0]):
            assert code in ENGLISH, where
            found.add(code)
            if None not in given:
                needed = named_in(ENGLISH[code]) | set(
                    re.findall(r"%\((\w+)\)", TEXTS.get(code, ""))
                )
                assert needed <= given, (where, code)
                assert given <= needed | {"field", "value"}, (where, code)
    # Under a name of their own, because other places compare with them.
    elsewhere = {
        AS_IT_STANDS,
        "protected_words",
        "night_by_services",
        "row_hours_unclear",
        "cell_left_out",
        "row_closed_by_hours",
        "row_swapped",
        "row_longitude_mended",
        "row_latitude_mended",
        "row_exchange_mended",
        "row_placed_in_town",
        *HEAVY.values(),
    }
    assert set(ENGLISH) - found == elsewhere


def test_every_refusal_of_a_route_is_made_with_what_its_code_leaves_open():
    found = set()
    for where, node in calls("routing", of="InvalidRequest"):
        for code in codes_of(node.args[1]):
            found.add(code)
            assert {word.arg for word in node.keywords} == named_in(REFUSED[code]), where
    assert set(REFUSED) - found == {"same_waypoint"}


def subclasses(base):
    for one in base.__subclasses__():
        yield one
        yield from subclasses(one)


@pytest.mark.parametrize("base", [GeoError, RoutingError, TilesError])
def test_every_error_has_a_code_of_its_own(base):
    own = {one for one in subclasses(base) if not one.__module__.startswith("tests")}
    stated = [one.__dict__.get("code") for one in own if "code" in one.__dict__]
    assert len(stated) == len(set(stated))
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in stated)
    # Those of one module state theirs; what narrows one for a place of its own may inherit.
    assert all("code" in one.__dict__ for one in own if one.__module__ == base.__module__)


def test_every_error_of_what_is_known_has_a_page_in_every_language_of_the_console():
    # Beside reasons: what people read where a whole request is refused.
    kinds = {kind_of(one.__new__(one)).name for one in subclasses(GeoError)}
    assert kinds <= set(PAGES)
    for lang in set(STAFF_LANGUAGES) - {"es"}:
        catalogue = read_catalogue(lang)
        for said in (text for texts in PAGES.values() for text in texts):
            assert catalogue.get(said).string, (lang, said)


#: What was told by a pattern over an English sentence, and what people read of it.
SAID = [
    (CodedReason("no_match"), "Ninguno coincide. Pruebe con otra palabra o con el código."),
    (CodedReason("box_empty"), "El norte va arriba del sur, y el este a la derecha del oeste."),
    (CodedReason("mixed"), "Los datos ficticios y los reales no se mezclan."),
    (CodedReason("hours_needed"), "Falta la hora en que abre o cierra."),
    (CodedReason("no_day_ticked"), "Marque al menos un día."),
    (InvalidRecordError([("", CodedReason("nothing_changes"))]).problems[0][1], "No hay ningún"),
    (CodedReason("missing", field="name"), "Falta este dato."),
    (CodedReason("needed", field="starts_on"), "Falta este dato."),
    (CodedReason("not_between", value=200, low=0, high=120), "Escriba un número entre 0 y 120."),
    (CodedReason("not_whole", field="capacity", value=1.5), "Escriba un número entero."),
    (CodedReason("not_number", field="capacity", value="x"), "Escriba un número."),
    (CodedReason("not_date", field="confirmed_on", value="x"), "Escriba una fecha válida."),
    (CodedReason("not_clock", field="opens_at", value="x"), "Escriba una hora válida."),
    (CodedReason("future", field="confirmed_on"), "La fecha está en el futuro."),
    (
        CodedReason("not_after", field="a", other="b", start=date(2026, 1, 1)),
        "La fecha final debe ser posterior a la inicial.",
    ),
    (
        CodedReason("before", field="a", other="b", start=date(2026, 1, 1)),
        "El final está antes del principio.",
    ),
    (CodedReason("more_than", value=9, other="maximum_age", most=5), "Es más que el máximo"),
    (CodedReason("not_one_of", value="x", choices=["a", "b"]), "Elija una opción de la lista."),
    (CodedReason("too_long", field="name", most=2000), "El texto pasa de 2000 caracteres."),
    (CodedReason("length", most=500), "Escriba entre 1 y 500 caracteres."),
    (CodedReason("closed_or_hours"), "Ponga las dos horas, o marque cerrado."),
    (CodedReason("refers_to_itself"), "Un espacio no remite a sí mismo."),
    (CodedReason("unknown", value="CO-1"), "No existe un espacio con el código CO-1."),
    (misplacement(0, 0, "CO"), "La posición no está en ese país."),
    (misplacement(4.6, -74.1, "CO"), "Latitud y longitud parecen cambiadas de lugar."),
    (misplacement(500, 500), "La posición está fuera de la Tierra"),
    (CodedReason("not_phone", field="public_phones"), "No es un número de teléfono."),
    (CodedReason("not_timezone", value="x"), "Elija una zona horaria de la lista."),
    (CodedReason("there_already"), "Ya hay otro igual."),
    (CodedReason("in_use"), "Hay registros que lo usan: retírelo en vez de borrarlo."),
    (CodedReason("not_confirmed"), "Marque la casilla para confirmar que lo entiende."),
    (CodedReason("not_email"), "Escriba un correo electrónico válido."),
    (CodedReason("editor_works_for_one"), "Quien edita necesita una organización."),
    (CodedReason("approver_decides"), "Marque al menos un país."),
    (CodedReason("acts_in_a_name"), "Elija en nombre de quién."),
    (CodedReason("own_account"), "Su cuenta la cambia otra persona."),
    (CodedReason("not_head"), "Son 64 letras y números, como se mostraron."),
    (CodedReason("not_id", value="ñ"), "Use letras, números y guion bajo."),
    (CodedReason("not_term", value="ñ"), "Use letras, números y guion bajo."),
    (CodedReason("name_length", language="es", most=80), "Escriba el nombre en es."),
    (CodedReason("name_needed", language="es"), "Escriba el nombre en es."),
    (CodedReason("not_writable"), "Ese espacio no está entre los suyos."),
    (CodedReason("no_such_space"), "No hay un espacio con ese código."),
    (CodedReason("no_checklist"), "Para ese tipo de espacio no hay una lista vigente."),
    (CodedReason("not_reviewed"), "Elija un mensaje que ya esté revisado."),
    (CodedReason("a_persons", field="claim"), "Quite números, direcciones y nombres de personas."),
    (CodedReason("evidence_needed"), "Escriba qué lo muestra."),
    (CodedReason("not_dialled", field="phone"), "No es un número que se pueda marcar."),
    (CodedReason("not_https", field="url"), "La dirección empieza por https://."),
    (CodedReason("not_language", value="xxx"), "Escriba el código del idioma, como es o ht."),
    (CodedReason("reader_of_language", language="ht"), "Diga quién lo leyó en ese idioma."),
    (CodedReason("not_independent"), "La línea para quejas no la atiende quien opera."),
    (CodedReason("no_steps", field="steps"), "Escriba al menos un paso."),
    (CodedReason("instruction_names_space"), "El paso no nombra el espacio: elíjalo al lado."),
    (CodedReason("fixed"), "Este dato no se puede cambiar."),
    # Of files.
    (
        CodedReason("read_as", encoding="cp1252"),
        "El archivo se leyó como cp1252: revise las tildes.",
    ),
    (
        CodedReason("field_in_no_column", of="country"),
        "Ninguna columna dice esto: País. Elíjala, o escríbalo abajo.",
    ),
    (CodedReason("no_position"), "Ninguna columna tiene la posición: latitud y longitud."),
    (CodedReason("visibility_in_no_column"), "Ninguna columna dice quién lo ve"),
    (CodedReason("phones_published"), "Los teléfonos se publican"),
    (
        CodedReason("answers_read", columns=["¿Wifi?"], codes=["wifi"]),
        "Sí y no en «¿Wifi?» se leen como: wifi.",
    ),
    (CodedReason("unknown_country", country="Narnia"), "No se conoce el país: Narnia."),
    (CodedReason("dates_ambiguous", column="Fecha"), "En «Fecha» no se sabe si va primero"),
    (CodedReason("free_text", column="Notas", of="kind"), "«Notas» tiene texto libre"),
    (CodedReason("prefix_needed"), "Escriba abajo el nombre corto de la fuente."),
    (CodedReason("columns_not_used", columns=["a", "b"]), "Columnas sin usar: a, b."),
]


@pytest.mark.parametrize(("reason", "said"), SAID, ids=lambda one: getattr(one, "code", ""))
def test_what_was_said_is_said(reason, said):
    assert reason_text(words("es"), reason).startswith(said)
    for lang in set(STAFF_LANGUAGES) - {"es"}:
        elsewhere = reason_text(words(lang), reason)
        assert elsewhere
        assert elsewhere != reason_text(words("es"), reason)


def test_a_rule_that_lacks_its_start_is_told_in_words():
    # A pattern of before never matched this one, so it stayed in English.
    (problem,) = rule_problems(Recurrence(frozenset({"MO"}), interval=2))
    assert reason_text(words("es"), problem) == "Diga desde qué fecha se cuenta."
    assert reason_text(words("pt"), problem) == "Diga a partir de que data se conta."


def test_notes_are_told_once_and_those_that_the_form_asks_for_are_not():
    label = CodedReason("label_needs_code", label="x", column="Tipo", of="kind")
    found = notes(words("es"), [CodedReason("no_position"), label, CodedReason("no_position")])
    assert found == ["Ninguna columna tiene la posición: latitud y longitud."]


def test_a_note_within_a_note_is_told_in_the_same_language():
    why = CodedReason("protected_service", service="shelter")
    note = from_stored(CodedReason("made_restricted", why=why, visibility="public").stored())
    assert str(note) == (
        "service shelter is protected: restricted, though the file says public (P38)"
    )
    assert reason_text(words("es"), note) == (
        "Queda restringido, diga lo que diga el archivo: un servicio está protegido."
    )


def test_what_is_stored_is_read_again():
    reason = CodedReason("not_one_of", field="kind", value="x", choices=("a", "b"))
    for again in (
        from_stored(json.loads(json.dumps(reason.stored()))),
        from_column(for_column(reason)),
        deepcopy(reason),
        pickle.loads(pickle.dumps(reason)),
    ):
        assert (again, again.code, again.parameters) == (reason, reason.code, reason.parameters)
    assert for_column(None) is None


@pytest.mark.parametrize("read", [from_stored, from_column])
def test_what_was_stored_as_text_is_told_as_it_is(read):
    old = read("kind shelter is protected")
    assert old.code == AS_IT_STANDS
    assert reason_text(words("es"), old) == str(old) == "kind shelter is protected"


def test_a_code_of_another_version_is_told_and_breaks_nothing():
    strange = from_stored({"code": "of_tomorrow", "parameters": {"a": 1}})
    assert reason_text(words("es"), strange) == 'of_tomorrow {"a": 1}'
    with pytest.raises(TypeError):
        from_stored({"code": "missing", "parameters": []})


def test_percent_signs_and_braces_of_others_are_only_text():
    strange = CodedReason("unknown", value="100 %(value)s {field} %")
    assert str(strange) == "'100 %(value)s {field} %' is not known"
    assert "100 %(value)s {field} %" in reason_text(words("es"), strange)
    assert str(as_it_stands("{field} %s")) == "{field} %s"


def test_what_others_wrote_is_cut():
    reason = CodedReason("not_date", field="confirmed_on", value="x" * 1000)
    assert len(reason.parameters["value"]) == LONGEST_VALUE


def test_numbers_are_told_as_people_write_them():
    row = Row(FileRow(1, {"price": 1e300, "age": "200"}))
    row.optional_number("price", 0)
    row.optional_whole("age", 0, 120)
    assert row.problems == ["age 200 is not between 0 and 120"]
    row.number("length_m", 1)
    assert row.problems[-1] == "length_m is missing"


@pytest.mark.parametrize(
    ("field", "reason", "kept"),
    [
        ("name", CodedReason("not_date", field="name", value="María"), "'…' is not a date"),
        ("kind", CodedReason("not_one_of", field="kind", value="asilo", choices=["a"]), "'asilo'"),
        ("kind", CodedReason("not_one_of", value="a@b.co", choices=["a"]), "'…' is not one of a"),
        ("lat", CodedReason("outside_country", lon=-74.1, lat=9.9, country="CO"), "lon …, lat …"),
        ("available", CodedReason("future", field="available", value=3001234567), "'…' lies in"),
    ],
)
def test_p17_reports_repeat_labels_of_codes_alone(field, reason, kept):
    assert harmless(field, reason).startswith(kept)
