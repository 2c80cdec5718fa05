"""Words by which a header is of a field, whatever else it says: "Aforo máximo por noche".

Headers that are worded like a known name are told by `geo.imports.headers.synonyms`. Here each
field has a few words of which a header needs one; the more of its other words belong to the field
too, the likelier it is. The result is a suggestion that a person reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from geo.imports.headers.wording import stem, stems


def _stems(words: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words.split())


@dataclass(frozen=True, slots=True)
class Concept:
    """Words of a field, as stems.

    Attributes
    ----------
    field : str
    keys : frozenset of str
        Words of which a header needs one.
    also : frozenset of str
        Words of which it needs one too; empty: none.
    allied : frozenset of str
        Words that belong to the field beside them.
    never : frozenset of str
        Words with which a header is of another field, or about a person (P6).
    """

    field: str
    keys: frozenset[str]
    also: frozenset[str]
    allied: frozenset[str]
    never: frozenset[str]


#: Words for a place where people are helped; they say nothing of which of its facts a column holds.
_PLACE: Final = _stems(
    "espacio lugar sitio punto albergue casa hogar migrante migrantes centro local sede sucursal "
    "apoio establecimiento dispositivo unidad unidade unite apoyo servicio atencion estructura "
    "structure facility site place space shelter support center centre location ponto espaco "
    "abrigo refugio servico estabelecimento equipamento comedor modulo puesto instalacion oficina "
    "kiosko red programa proyecto"
)

#: Words that stand in headers of any field.
_NEUTRAL: Final = _PLACE | _stems(
    "general actual total exacta completa completo numero number n principal oficial wgs84 dato "
    "datos detalle descripcion description informacion sn"
)


def _concept(
    field: str, keys: str, *, also: str = "", allied: str = "", never: str = ""
) -> Concept:
    return Concept(field, _stems(keys), _stems(also), _stems(allied), _stems(never))


_COUNT: Final = (
    "persona gente noche dia cupo plaza cama maxima maximo diario diaria libre evacuation"
)

#: What headers are told by; a field may have several concepts.
CONCEPTS: Final[Sequence[Concept]] = (
    _concept(
        "id",
        "codigo code id clave identificador folio ref",
        allied="unico interno referencia no",
        never="documento documentos postal pasaporte required country "
        "persona id_card llegar cercano verified",
    ),
    _concept(
        "name",
        "nombre denominacion name nome nom",
        allied="publico comercial oficial",
        never="organizacion entidad organization organisation socio partner indicator "
        "activity admin admin1 admin2 pais country municipio departamento provincia "
        "calle institucion user username usuario file archivo parent",
    ),
    _concept(
        "kind",
        "tipo tipologia categoria clase naturaleza type kind modalidad",
        allied="recurso infraestructura institucion",
        never="servicio poblacion documento ayuda asistencia acceso ingreso sangre "
        "organizacion amenaza persona services",
    ),
    _concept(
        "organization",
        "organizacion organization organisation organizacao entidad entidade institucion socio "
        "agencia ong partner operador ejecutor implementador congregacion fundacion",
        allied="opera operada responsable cargo lider lidera gestiona gestionaire gestora "
        "administra dirige implementa implementing managing manages parceira quien sociedad "
        "nacional rmrp nombre name",
        never="federativa tipo type month otra derivacion remision telefono direccion appealing "
        "acronimo reporta",
    ),
    _concept(
        "country",
        "pais country pays",
        allied="ubicacion",
        never="nationality nacionalidad origen procedencia admin admin1 nacimiento",
    ),
    _concept(
        "admin1",
        "departamento provincia region admin1 adm1 uf state province department federativa",
        allied="estado entidad country admin 1 comarca",
        never="admin2",
    ),
    _concept(
        "locality",
        "municipio ciudad localidad comuna canton distrito city town cidade ville "
        "municipality commune admin2 adm2 alcaldia pueblo corregimiento",
        allied="parroquia barrio admin",
        never="origen destino",
    ),
    _concept(
        "address",
        "direccion domicilio address endereco adresse senas avenida calle",
        allied="ubicacion ubicado street postal fisica physique avenida calle "
        "referencia localizacao location localizacion",
        never="correo email electronica web ip",
    ),
    _concept(
        "landmark",
        "referencia landmark encontrar encontrarla encontrarlo llegar",
        allied="cercana cercano como punto ponto",
        never="remision direccion codigo no organizacion derivacion",
    ),
    _concept("road", "carretera rodovia via ruta road", never="ingreso acceso"),
    _concept(
        "position",
        "coordenadas georreferencia gps geopunto geopoint mapa coordinates",
        allied="lat lon long latitud longitud geografica punto map",
        never="precision norte",
    ),
    _concept(
        "lat",
        "latitud latitude lat",
        allied="gps coordenada sur s decimal",
        never="longitud longitude lon long",
    ),
    _concept(
        "lon",
        "longitud longitude lon long lng",
        allied="gps coordenada oeste x decimal",
        never="latitud latitude lat",
    ),
    _concept(
        "opening_hours",
        "horario horas hora hours horaire jornada",
        allied="dia lunes viernes semana fin "
        "atiende apertura cierre abre servicio recepcion funcionamiento operating open opening "
        "ouverture atendimento publico funciona operacion l v",
        never="cierra llegada salida ultimo total trabajadas",
    ),
    _concept(
        "opens_at",
        "apertura abertura abre open opens",
        also="hora hour hours horario",
        never="cierre cierra horarios dia days",
    ),
    _concept(
        "closes_at",
        "cierre cierra fechamento close closes",
        also="hora hour hours horario",
        never="apertura abre dia days",
    ),
    _concept(
        "services",
        "servicio service servico oferta ofrece ofrecen ayuda ayudar asistencia prestacion "
        "brinda brindan otorga dan prestado especialidad entrega",
        allied="tipo disponible available offer propose presta prestan puede oferecido que "
        "actividad ofrecido",
        never="nombre telefono hora horario estado poblacion persona quien "
        "organizacion capacidad fecha costo tipologia direccion dirige name status provider",
    ),
    _concept(
        "eligibility",
        "poblacion publico public eligible elegible criterio perfil profile target destinatario "
        "beneficiario grupo usuario dirigido recibe eligibility acceder quien quienes quem",
        allied="persona objetivo meta acceso acceder atendida atendido atiende ayuda cible "
        "requisito va usar pode puede groups persona",
        never="edad total numero telefono organizacion lider dirige administra hotline horario "
        "cantidad informacion maneja opera costo custo fecha contacto lleno idiomas hablan "
        "cuantos cuantas phone",
    ),
    _concept(
        "needs_referral",
        "remision derivacion referral encaminhamento orientation remitido derivado",
        also="necesita requiere solo exige pide necessita requer needed required necessaire "
        "obligatoria previa hay",
        allied="organizacion cita otra previa y",
    ),
    _concept(
        "capacity",
        "capacidad aforo cupo plaza cama capacity bed vaga capacidade capacite lotacao caben cabe "
        "cobertura",
        allied=f"{_COUNT} instalada max accueil diaria disponible cuantos cuantas",
        never="disponibles hoy ocupada ocupacion libres available",
    ),
    _concept(
        "capacity",
        "persona gente",
        also="maximo maxima cuanta cuantas espacio",
        allied="hay caben",
        never="edad atendida",
    ),
    _concept("eligibility", "persona gente", also="ayuda atiende recibe", allied="tipo"),
    _concept(
        "public_phones",
        "telefono telefone telephone phone celular whatsapp linea hotline llamar central",
        allied="institucional telefonica telefonico publico publica public gratuita fijo a "
        "consulta contacto llamada atencion",
        never="responsable encargado focal coordinador referente persona enlace funcionario lider "
        "director email correo nombre",
    ),
    _concept(
        "status",
        "estado estatus status situacion statut operativo operativa funcionando vigente activo "
        "condicion situacao funciona abierto open",
        allied="funcionamiento operacion sigue cerrado closed operational actual esta",
        never="civil admin admin1 pais migratorio region hora horario hours provincia fecha dia "
        "days cuando depto departamento",
    ),
    _concept(
        "confirmed_on",
        "verificacion verificado verified verification confirmacion confirmado confirmed "
        "actualizacion actualizado actualizada update updated validado validacion revision "
        "reviso revisado visita monitoreo corte checked confirmo atualizacao",
        allied="fecha date ultima last data cuando el reporte",
        never="estado por quien by",
    ),
    _concept(
        "languages",
        "idioma lengua language lingua langue",
        allied="atencion habla hablan hablado falado parle spoken atiende staff otro originaria",
    ),
    _concept(
        "documents_required",
        "documento document documentacion documentacao papel papeles documentario",
        allied="identidad id requerido required exigido exigida exige solicitado solicita pide "
        "piden necesario necesaria llevar necessario ingreso entrar aceptado requisito entrada",
        never="numero tipo",
    ),
    _concept("minimum_age", "edad age idade", also="minima minimum"),
    _concept("maximum_age", "edad age idade", also="maxima maximum"),
    _concept(
        "cost",
        "costo costos costa custo cost precio tarifa cuota cuesta pagar pago cobran "
        "cobra gratuito gratis gratuita fee coste valor",
        allied="recuperacion hay usuario algo",
        never="linea telefono usd",
    ),
    _concept(
        "overnight",
        "pernocta pernoctar dormir overnight pernoite quedan quedarse noche",
        allied="permite permitida allowed stay puede pasar",
        never="maxima maximo cuantas cuantos cama numero tiempo estancia",
    ),
    _concept(
        "maximum_nights",
        "noche estancia estadia permanencia noite night dia",
        also="maxima maximo tiempo cuantos cuantas permitida maximum limite",
        allied="puede pueden quedar quedarse",
        never="horario persona cama atencion",
    ),
    _concept(
        "step_free",
        "silla rueda discapacidad wheelchair cadeira roda accesibilidad rampa",
        allied="acceso access accesible acessivel universal movilidad accessible",
    ),
)

#: Fields of which people have their own: every word of the header has to belong to the place, so
#: that no "Teléfono de la coordinadora" is suggested for publication (P6).
_PERSONAL: Final = frozenset({"name", "public_phones", "address"})

#: Least share of a header's words that have to belong to the field [A].
_SHARE: Final = 0.5

#: What a header gains if it begins with a word of the field, as most do.
_FIRST: Final = 0.25


def likely(header: str) -> dict[str, float]:
    """Return the fields that a header can be of by its words, each with its likelihood, 0 to 1.25.

    In a survey's column the group before the last slash counts only if the rest says nothing.
    """
    last = header.rsplit("/", 1)[-1] if "/" in header else header
    return _likely(stems(last)) or _likely(stems(header))


def _likely(words: tuple[str, ...]) -> dict[str, float]:
    found: dict[str, float] = {}
    held = set(words)
    for concept in CONCEPTS:
        field = concept.field
        keys = held & concept.keys
        if not keys or (concept.also and not held & concept.also) or held & concept.never:
            continue
        of_field = concept.keys | concept.also | concept.allied | _NEUTRAL
        share = sum(word in of_field for word in words) / len(words)
        if share >= (1.0 if field in _PERSONAL else _SHARE):
            likelihood = share + (_FIRST if words[0] in concept.keys else 0.0)
            found[field] = max(likelihood, found.get(field, 0.0))
    return found
