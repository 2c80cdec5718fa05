"""Lists for WhatsApp: short, dated, of public records alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.exports.text_messages import LIMIT, SEPARATOR, messages, write_messages
from tests.fixtures.exported import record, snapshot


def length(text):
    return len(text.encode("utf-16-le")) // 2


def test_a_message_says_what_a_person_needs():
    [said] = messages(snapshot())
    for expected in (
        "Lugares de apoyo: Cúcuta (Norte de Santander, CO)",
        "Lista del 25/11/2026",
        "*Albergue Ñandú*",
        "Según su horario: lun-vie 16:00-08:00 del día siguiente",
        "Cierra en festivos.",
        "Cierra: 24/12/2026 a 25/12/2026.",
        "Tel.: +57 601 000 0000 / +57 300 000 0000",
        "frente a la iglesia; Ruta 55, km 12.5",
        "sin documentos",
        "Gratis.",
        "Confirmado el 20/11/2026. Use este dato hasta el 20/12/2026.",
        "Ofrece: Alimentos, Pernocta.",
    ):
        assert expected in said
    assert "DEMO" not in said


def test_p46_no_message_promises_safety():
    said = messages(snapshot(record(access="referral_only")))[0].casefold()
    assert "segur" not in said
    assert "abierto" not in said


def test_p35_a_demonstration_says_demo_in_each_message_and_is_not_confirmed():
    made = [record(id=f"D-{n}", demo=True, confirmed_on=None, notice="x" * 900) for n in range(40)]
    written = messages(snapshot(*made, has_demo=True))
    assert len(written) > 1
    for said in written:
        assert said.startswith("*DEMO")
        assert "Confirmado" not in said


def test_p15_full_closed_and_referral_only_are_said():
    names = {"CO-0002": "Punto de Orientación"}
    said = messages(
        snapshot(
            record(id="a", status="full"),
            record(id="b", status="temporarily_closed"),
            record(id="c", access="referral_only", referral_points=list(names)),
            record(id="d", access="referral_only", referral_points=["hidden"]),
            record(id="e", capacity_state="full"),
            record(id="f", status="closed", name="No está"),
            record(id="g", expires_on="2026-11-24", name="Vencido"),
        )
    )[0]
    assert said.count("LLENO") == 2
    assert "CERRADO por ahora." in said
    assert "Solo con remisión de: Punto de Orientación." in said
    assert "Solo con remisión.\n" in said
    assert "hidden" not in said
    assert "No está" not in said
    assert "Vencido" not in said


def test_p1_a_record_for_partners_is_in_no_message():
    shared = record(id="p", name="Solo socios", visibility="partners")
    assert "Solo socios" not in write_messages(snapshot(shared)).decode()
    assert "No hay lugares." in write_messages(snapshot(shared)).decode()


def line(**changes):
    return {
        "kind": "emergency",
        "name": "Línea nacional",
        "country": "CO",
        "admin1": None,
        "phone": "+57 601 000 0001",
        "whatsapp": None,
        "hours": "todos los días",
        "expires_on": "2026-12-31",
    } | changes


def test_p45_the_lines_of_the_area_come_with_its_list():
    written = messages(
        snapshot(
            lines=[
                line(),
                line(kind="gbv", admin1="norte de santander", name="Propia", whatsapp="+57 1"),
                line(kind="asylum", admin1="Nariño", name="De otra parte"),
                line(kind="psea", country="PE", name="De otro país"),
                line(kind="child_protection", expires_on="2026-11-24", name="Vencida"),
            ]
        )
    )
    assert len(written) == 2
    assert written[1].startswith("*Líneas de ayuda: Norte de Santander, CO*\nLista del 25/11/2026.")
    for expected in (
        "*Emergencias*\nLínea nacional\nTel.: +57 601 000 0001\ntodos los días",
        "*Violencia de género*\nPropia",
        "WhatsApp: +57 1",
        "Use este dato hasta el 31/12/2026.",
        "No se conoce una línea de: Asilo y refugio, Protección de la niñez, Quejas",
    ):
        assert expected in written[1]
    for absent in ("De otra parte", "De otro país", "Vencida"):
        assert absent not in written[1]


@given(
    st.lists(
        st.tuples(
            st.text(min_size=1, max_size=1500), st.sampled_from(["Cúcuta", "Pamplona", None])
        ),
        max_size=12,
    )
)
def test_p27_every_message_fits_a_phone(entries):
    made = [
        record(id=f"r{n}", name=f"N{n}", locality=place, eligibility=text, landmark=text)
        for n, (text, place) in enumerate(entries)
    ]
    for said in messages(snapshot(*made)):
        assert length(said) <= LIMIT
        assert "Lista del 25/11/2026" in said


def test_a_long_entry_is_shortened_and_the_list_goes_on():
    long = record(id="a", address="Ñ😀" * 3000)
    written = messages(snapshot(long, record(id="b", name="Después")))
    assert all(length(said) <= LIMIT for said in written)
    assert "…" in written[0]
    assert "parte 2" in written[1]
    assert "Después" in written[1]
    assert write_messages(snapshot(long)).decode().count(SEPARATOR) == 0


@pytest.mark.parametrize("status", ["active", "full"])
def test_each_municipality_has_its_own_messages(status):
    written = messages(snapshot(record(id="a", status=status), record(id="b", locality="Pamplona")))
    assert len(written) == 2
    assert "Cúcuta" in written[0]
    assert "Pamplona" in written[1]
