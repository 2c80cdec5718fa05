"""Names of services in lists that people write, and the codes of the services.

An item gets a code only if every word is known. Items such as "derivan a albergue", "mapa de
albergues" and "transporte a un comedor" name a bed or food that is not offered there.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from geo.imports.headers.synonyms import LABELS, read_labels
from geo.imports.headers.wording import GONE, stem, word_set
from geo.text.normalize import folded
from geo.text.protected_words import protected_phrases

#: Further names of services beside those of `LABELS`, in Spanish and Portuguese [A]. Words with two
#: meanings are left out: "refugio" is asylum or a bed, "abrigo" a coat or a bed.
_MORE: Final = read_labels("""
charging: carga | carga cel | carga de cel | carga celular | cargadores | cargador | carregador |
    carga de aparatos | carga de baterias
connectivity: llamada | llamada gratis | llamadas gratis | llamadas a la familia |
    llamada a la familia | llamadas a familia | llamada a familia | llamadas telefonicas |
    ligacoes | telefono | computadora | wi fi gratis | wifi gratis
drinking_water: punto de agua | agua filtrada | agua tratada | agua potavel | bebedero
family_links: rcf | busqueda de familiares | busqueda de familiar | busqueda de familia |
    busqueda familiar | busqueda familia | restablecimiento de contactos familiares |
    restablecimiento de contactos | restablecimiento contactos | restabl contactos |
    restabelecimento de contatos
food: alimentos y bebidas | comedor comunitario | sopa | pan | cafe | te | fruta | jugo | vianda |
    marmita | refeicao | jantar | lonche | colacion | once | racion | raciones calientes |
    racion caliente | comedor | plato de comida | un plato de comida | bolsa de comida |
    bolsa de alimentos | comida para llevar | comida p llevar | comida p/llevar | viveres |
    canasta | canasta basica | cesta | mercado | copa de leche | galletas | olla comun |
    almuerzo comunitario | alimento | refeitorio | cafe da manha | ceia | pao | lanches |
    comida corrida | caldo | tortilla | arroz | frijoles | comer | atol | un tiempo de comida
health: salud materna | atencion primaria en salud | salud y nutricion | entrega de medicamentos |
    consulta general | consulta gral | consulta medica general | medicina gral | medico | medica |
    doctor | doctora | curacion | curacion de pies | curaciones de pies | vacuna | vacina |
    odontologo | dental | dentista | prenatal | prueba vih | test vih | prueba de vih |
    vih prueba | prueba rapida de vih | vih prueba rapida | hiv teste rapido | toma de presion |
    presion | suero | suero oral | enfermagem | enfermera | enfermero | pediatria | ginecologia |
    farmacia | laboratorio | laboratorio basico | parto | botiquin | salud general |
    salud preventiva | salud sexual | salud sexual y reproductiva | atencion de salud |
    atencion en salud | atencion primaria | medicamentos basicos | medicina basica |
    medicinas basicas | brigada medica | consulta odontologica | salud bucal |
    control de nino sano | control de embarazo | fisioterapia | kinesiologia | atendimento medico |
    consultas medicas | ssr | salud basica | salud familiar | atencion medica basica | malaria |
    control de peso | nutricionista | urgencia medica | triaje | examen medico | medico general |
    pediatra | clinico | inyecciones | glucosa | azucar
hygiene: entrega de kits de higiene | entrega de kits de aseo | fraldas | fralda | kits hig |
    kit hig | kit de dignidad | kit dignidad | kit dignidade | kit de dignidade | panales | jabon |
    lavadero | lavar ropa | lavado de ropa | aseo personal | kit higiene | kits higiene |
    implementos de aseo | utiles de aseo
information: orientacion migratoria | informacion migratoria | info migratoria | info general |
    mapa | mapas | info comunitaria | informacion comunitaria | orientacao
legal_advice: abogados | advogado | advogada | juridica | assist juridica | asist juridica |
    asesoria juridica gratuita | consultorio juridico | orient juridica | orient legal |
    inform legal | asesoria migratoria | asesoria legal gratuita | regularizacao |
    regularizacion migratoria | regularizacao migratoria | orientacao juridica |
    advogado voluntario | asesoramiento juridico | asesoramiento legal | patrocinio juridico |
    asistencia juridica
non_food_items: doacao de roupa | doacao de roupas | entrega de ropa | donacion de ropa | zapatos |
    calzado | roupa | roupas | kit | kit de abrigo | manta | frazada | cobija | cobertor |
    ropa usada | ropa de abrigo | vestuario | vestimenta | ropero comunitario | kit caminante |
    kits caminante | kit viajero | kit de viaje
overnight: hospedaje de emergencia | pernocte | pernoctacion | cama | dormitorios |
    hospedaje temporal | hospedaje corto | alojam | alojamiento transitorio |
    alojamiento de emergencia | alojam emergencia | alojamiento emergencia | quarto | pouso |
    dormitorio nocturno | hospedaje nocturno
psychosocial_support: orientacion psicosocial | psicoterapia | psico | psicol | escucha |
    escucha activa | primeros auxilios psicologicos | psicologico | psicologica | salud mental |
    saude mental | atencion psicologica | atencion emocional | orientacion psicologica |
    orientacao psicologica | grupo de apoyo | contencion emocional | apoyo psicologico |
    acompanamiento psicologico | acompanamiento emocional | escuta | apoio emocional |
    apoio psicologico
referral: remision de casos | referencia | referencias | remisiones | derivaciones | canalizacion |
    canalizaciones
showers: regadera | chuveiro | duchas calientes | agua caliente para banarse
toilets: banheiro | letrina | bano publico | servicio higienico | servicios higienicos | sshh
transport_information: info de transporte | informacion sobre transporte | horarios de bus
""")

#: Names of things in lists of services for which the vocabulary has no code [A]. They are known
#: words, so that the other items of their list can be read.
_WITHOUT_CODE: Final = """
    proteccion | protecao | wash | cocina | cozinha | visa humanitaria | visas humanitarias |
    papeles | lactancia | guarda volume | padaria | refugio | refugio y asilo | asilo | abrigo |
    acompanamiento | acompanhamento | asesoria | asesoramiento | consulta | atencion | apoyo |
    ayuda | ayuda humanitaria | ayuda material | asistencia | asistencia humanitaria | social |
    trabajo social | trabajadora social | trabajador social | asistente social |
    assistente social | asist social | assist social | asistencia social | ficha social |
    gestion de casos | gestion de caso | atencion social | cedula | inscripcion | empleo |
    emprego | trabajo | trabalho | laboral | bolsa de trabajo | bolsa de empleo |
    orientacion laboral | info laboral | hoja de vida | curriculo | emprendimiento |
    medios de vida | insercion | insercion laboral | inclusion laboral | capital semilla |
    microcredito | ahorro | integracion | integracao | interiorizacao | capacitacion | formacion |
    educacion | educacao | escuela | escola | colegio | escuela abierta | primaria | secundaria |
    nivelacion | nivelacion escolar | refuerzo | refuerzo escolar | apoyo escolar | apoio escolar |
    apoyo a tareas | apoyo tareas | tareas | lectura | biblioteca | alfabetizacion | matricula |
    cbi | cbi multiproposito | jardin | jardin infantil | idioma | convalidacion |
    orientacion social | acompanamiento social | orientacion vocacional | quejas | utiles |
    utiles escolares | becas | computacion | computo | informatica | sala cuna | guarderia |
    ludoteca | juego | brincar | recreacion | deporte | futbol | futebol | arte | musica |
    costura | barberia | peluqueria | corte de pelo | corte de cabello | corte de cabelo | huerta |
    espanol | portugues | ingles | interprete | traduccion | misa | culto | oracion | visita |
    donaciones | donacion | efectivo | bono | cash | pasaje | boleto | passagem | traslado |
    transporte humanitario | pasajes humanitarios | ruta | registro | documentacion |
    documentacao | documento | tramite | permiso | visa | visto | pasaporte | ppt | pep | cpf |
    carne | partida | partida de nacimiento | constancia | certificado | denuncia |
    solicitud de refugio | solicitudes de refugio | solicitud de asilo | pedido de refugio |
    tramites de refugio | tramite de refugio | asesoria refugio | asesoria de refugio |
    asesoria en refugio | orientacion sobre refugio | info de refugio | info refugio | apelacion |
    amparo | tutela | derecho de peticion | radicacion | residencia | naturalizacion |
    reunificacion familiar | salvoconducto | empadronamiento | sombra | descanso | taquilla |
    guardaequipaje | mensajes | telemedicina | nutricion | lentes | ambulancia
"""

#: Words for courses. Any word may follow, as the subject: "curso de cocina" is not the service of a
#: kitchen.
_TAUGHT: Final = re.compile(
    r"(?<!\w)(?:cursos?|clases?|talleres|taller|aulas?|capacitacion(?:es)?|charlas?|oficinas? de|"
    r"formacion|palestras?)\b"
)

#: Words that do not change which service is offered, such as how long or how often. Words about
#: prices are left out, so that a bed for money gets no code: it is no help to people without money.
_BESIDE: Final = re.compile(
    r"(?<!\w)(?:servicios? de|servicos? de|"
    r"calientes?|basic[oa]s?|gratis|gratuit[oa]s?|diari[oa]s?|temporal(?:es)?|temporari[oa]s?|"
    r"hot|free|daily|basic|nocturn[oa]s?|volunt[oa]ri[oa]s?|profesional(?:es)?|"
    r"(?:(?:de |por |hasta |ate |max |maximo )*[1-9]\d*(?: ?(?:a|o|ou|-|/) ?\d+)? ?"
    r"(?:noches?|noites?|dias?|semanas?|mes|meses|tiempos|veces|vezes)))(?!\w)"
)
#: Durations in minutes or hours, which are removed from a label only for services of `_BRIEF`.
_MINUTES: Final = re.compile(r"(?<!\w)[1-9]\d* ?(?:min|minutos|horas?|hrs?|h)(?!\w)")

#: Most letters of the name of a service; a longer item is not understood [A].
_LONGEST: Final = 200

#: A number before the things that it counts: "3 comidas".
_COUNT: Final = re.compile(r"^[1-9]\d{0,2}\s+")

#: Codes of services that may be named with a duration in minutes or hours. Others may not: a bed
#: for an hour is no bed.
_BRIEF: Final = frozenset({"connectivity", "charging"})

#: An item with a word in brackets: "alimentación (3 comidas)".
_EXPLAINED: Final = re.compile(r"([^()]+?)\s*\(([^()]+)\)")

#: Signs that are removed from items: "carga cel.", "-comida".
_SIGNS: Final = re.compile(r"[.…!*•·\"'’]+|(?<=[a-z])-(?=[a-z])|\s{2,}")

#: Signs and words between two services in one item.
_JOINED: Final = re.compile(r"\s*[/+&]\s*|\s+(?:y|e|and|et)\s+")

#: Words by which a service is offered only to some people or at some times, or not at all.
_LIMITS: Final = GONE | word_set(
    "solo solamente unicamente exclusivo exclusiva exclusivos exclusivas exclusivamente apenas "
    "somente so only salvo excepto exceto except menos previa previo 0"
)

#: Codes of services that send people to another place. A service in the same item may be offered at
#: that other place: "derivación y albergue".
_ELSEWHERE: Final = frozenset({"referral", "information", "transport_information", ""})

#: Things without a code that are done at the place itself [A]. A service in the same item is
#: offered at the place, too.
_HERE: Final = frozenset(
    {"nutricion", "costura", "juego", "lectura", "misa", "recreacion", "deporte"}
)

#: Words for houses, beds and rooms, as part of `_GUARDED`.
_HOUSED: Final = (
    r"(?:alojamiento|alojamento|hospedaje|hospedagem|albergue|abrigo|hogar|casa|cama|refugio|lugar|"
    r"local|espacio|dormi\w*)s?"
)

#: Words for people whom a place may protect. A person has to read a cell with such a word (P38).
#: The list cannot be complete.
_GUARDED: Final = re.compile(
    r"\btrata\b|victim|vitim|violen|maltrat|amenaz|amea[cz]|rescatad|resgatad|osig|lgb|"
    r"divers[oa]s? (?:sexual|genero)|(?:mujeres|mulheres|personas|pessoas) divers|protegid|"
    r"restablecimiento de derechos|restitucion de derechos|en riesgo|em risco|"
    rf"{_HOUSED} (?:\w+ ){{0,3}}(?:segur[oa]|\bnna|proteccion|protecao)|"
    rf"\bnna\w* (?:\w+ ){{0,3}}{_HOUSED}|(?:proteccion|protecao) (?:\w+ )?nna"
)

#: Phrases that are removed before words of `_LIMITS` and `_GUARDED` are searched, because they have
#: such words without their meaning: "agua segura".
_PLAIN_PHRASES: Final = re.compile(
    r"(?:con )?(?:previa cita|cita previa)|sin costo|sem custo|no aplica|n/a|agua segura"
)


def _stems(label: str) -> str:
    return " ".join(map(stem, label.split()))


_KNOWN: Final = {
    "": "",
    **{_stems(folded(one)): "" for one in " ".join(_WITHOUT_CODE.split()).split(" | ")},
    **{
        _stems(label): code
        for table in (_MORE, LABELS["services"])
        for code, labels in table.items()
        for label in labels
    },
}


@lru_cache(maxsize=10_000)
def service_of(label: str) -> str | None:
    """Return the code of the service that a label names, if all of its words are known.

    Returns
    -------
    str or None
        "" for a known thing that has no code. None for a label with an unknown word, and for a
        label without a code that names protected people (P38).
    """
    if len(label) > _LONGEST:
        return None
    said = _plain(label)
    if explained := _EXPLAINED.fullmatch(said):
        # The text in brackets may only repeat the service or have words of `_BESIDE`: "Alojamiento
        # (derivación)" is no bed.
        code, inner = service_of(explained[1]), explained[2]
        return code if not _forms(inner)[-1] or service_of(inner) == code else None
    if not said:
        return ""
    code = next((_KNOWN[one] for one in _forms(said) if one in _KNOWN), None)
    if code is None and (brief := _stems(" ".join(_MINUTES.sub(" ", said).split()))) != said:
        code = found if (found := _KNOWN.get(brief)) in _BRIEF else None
    if code is None and _TAUGHT.match(said) and _LIMITS.isdisjoint(said.split()):
        code = ""
    if not code and any(protected_phrases([label])):
        return None
    return code


def _forms(said: str) -> list[str]:
    """Return a folded label as stems, with all words and then without words of `_BESIDE`."""
    bare = " ".join(_COUNT.sub("", _BESIDE.sub(" ", said)).split())
    return [_stems(said), _stems(bare)]


def _plain(label: str) -> str:
    return " ".join(_SIGNS.sub(" ", folded(label).replace("_", " ")).split()).strip(" -–")


def is_service(label: str) -> bool:
    """Return whether all words of a label are understood as a service or a thing without code."""
    return service_of(label) is not None


def joined_parts(item: str, is_known: Callable[[str], bool] = is_service) -> list[str]:
    """Return the parts of an item that names several known services, or else the whole item.

    "Cena y desayuno" has two parts. "Ropa y calzado" is the name of one service. "Derivación y
    albergue" is returned whole, because the bed may be at another place.
    """
    if is_known(item):
        return [item]
    parts = [part for part in _JOINED.split(item) if part.strip()]
    is_here = all(service_of(part) not in _ELSEWHERE or _plain(part) in _HERE for part in parts)
    return parts if is_here and all(map(is_known, parts)) else [item]


def sends_elsewhere(items: Sequence[object], cell: object) -> bool:
    """Return whether an item of a list may mean that the items after it are not offered here.

    "Derivación, albergue, salud" can mean that people are sent elsewhere for a bed and for health.
    A first line about another place can be the heading of the lines below it. The items after a
    course can be its subjects: "taller de salud, higiene y alimentación".
    """
    codes = [service_of(item) if isinstance(item, str) else None for item in items]
    is_heading = isinstance(cell, str) and "\n" in cell
    if len(codes) > 1 and codes[0] in ({*_ELSEWHERE} if is_heading else {"referral"}):
        return True
    taught = [isinstance(item, str) and _TAUGHT.search(_plain(item)) is not None for item in items]
    return any(is_taught and any(codes[at + 1 :]) for at, is_taught in enumerate(taught))


def asks_for_a_person(cell: object) -> bool:
    """Return whether a person has to read a cell of services in which not all words are known.

    This is so if a word limits the service to some people or times, as in "solo mujeres", or means
    people whom a place may protect (P38).
    """
    if not isinstance(cell, str):
        return False
    said = _PLAIN_PHRASES.sub(" ", folded(cell).replace("_", " "))
    if said.strip(" .-") in {"", "no", "nao"}:
        return False
    return not _LIMITS.isdisjoint(re.findall(r"[a-z0-9]+", said)) or bool(_GUARDED.search(said))
