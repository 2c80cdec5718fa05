"""Words by which a header means a field, whatever else the header says: "Aforo por noche".

Headers that resemble a known header are recognised by `geo.imports.headers.synonyms`. Here each
field has a few key words. A header with a key word can mean the field; the more of its other words
belong to the field, too, the likelier it does. The result is a suggestion that a person reads.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from geo.imports.headers.abbreviations import written_out
from geo.imports.headers.wording import DENIALS, DISABLED, is_path, plain, stem, words_of

#: All words of this module: the full words that abbreviations in headers can mean.
_WORDS: Final[set[str]] = set()


def _stems(words: str) -> frozenset[str]:
    _WORDS.update(words.split())
    return frozenset(stem(word) for word in words.split())


@dataclass(frozen=True, slots=True)
class Concept:
    """Words, as stems, by which a header can mean a field.

    Attributes
    ----------
    field : str
    keys : frozenset of str
        Key words, of which a header must have at least one.
    also : frozenset of str
        Further key words, of which a header must have one, too; if empty, none is needed.
    allied : frozenset of str
        Other words that belong to the field.
    never : frozenset of str
        Words by which a header means another field, or a person (P6).
    weight : float
        Factor, 0 to 1, for the likelihood that the header means the field.
    """

    field: str
    keys: frozenset[str]
    also: frozenset[str]
    allied: frozenset[str]
    never: frozenset[str]
    weight: float = 1.0


#: Words for a place where people are helped, which say nothing about the place.
PLACE: Final = _stems(
    "espacio lugar sitio punto albergue casa hogar migrante migrantes centro local sede sucursal "
    "apoio establecimiento dispositivo unidad unidade unite apoyo servicio atencion estructura "
    "structure facility site place space shelter support center centre location ponto espaco "
    "abrigo refugio servico estabelecimento equipamento comedor modulo puesto instalacion oficina "
    "kiosko red programa proyecto posto obra"
)

#: Words that headers of any field may have, and that count as words of that field.
_NEUTRAL: Final = PLACE | _stems(
    "general actual total exacta completa completo numero number n principal oficial wgs84 dato "
    "datos detalle descripcion description informacion sn sala"
)


def _concept(
    field: str, keys: str, *, also: str = "", allied: str = "", never: str = "", weight: float = 1.0
) -> Concept:
    return Concept(field, _stems(keys), _stems(also), _stems(allied), _stems(never), weight)


#: Words by which a header with a word of `PLACE` does not mean the name of the place: "Tipo de
#: espacio".
_NOT_THE_PLACE: Final = _stems(
    "tipo telefono direccion horario servicios estado cantidad numero capacidad persona "
    "origen destino"
)

#: Words that ask for a number of people.
_HOW_MANY: Final = "cuantos cuantas cuanto cuanta quantos quantas quanto quanta many hasta ate"

#: Words for admission, and for years of age, in headers of the limits of age.
_ENTRY: Final = (
    "ingreso ingresar entrada entrar acceso acesso admision admissao permitida aceptada aceita ano"
)

_COUNT: Final = (
    f"{_HOW_MANY} persona pessoas gente noche dia cupo plaza cama maxima maximo diario diaria "
    "libre evacuation atiende atienden atende atendem alcanza cabem acogida acolhimento acolhida "
    "hospedaje hospedagem alojamiento alojamento albergar nocturna nocturno noturna dormir "
    "pernocta pernoite autorizada autorizado habilitada habilitado recepcion recepcao"
)

#: Concepts that headers are compared with; a field may have several.
CONCEPTS: Final[Sequence[Concept]] = (
    _concept(
        "id",
        "codigo code id clave identificador folio ref",
        allied="unico interno referencia no registro ficha",
        # An organisation's code is no id of a space: all spaces of the organisation share it.
        never="organizacion organization organisation organizacao org socio partner parceiro "
        "entidad entidade institucion instituicao agencia agency ong operador implementador "
        "documento documentos postal pasaporte required country "
        "persona id_card llegar cercano verified wifi acceso contrasena incidente "
        # A code of a town or division is no id of a space: all spaces there share it.
        "divipola dane ibge ubigeo ubigeos inegi pcode pcod geografico municipio departamento "
        "provincia region distrito canton comuna localidad ciudad cidade parroquia "
        "municipality state province admin1 admin2 adm1 adm2 adm3",
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
        "name",
        "llama llamado chama conocido conhecido",
        allied="organizacion institucion entidad como",
        never="persona responsable encargado coordinador contacto quien quem",
    ),
    # A column headed "Lugar" holds the names of the places, if its cells look like names.
    Concept(
        "name",
        PLACE
        - _stems("servicio atencion programa proyecto red local migrante apoyo apoio servico"),
        frozenset(),
        frozenset(),
        _NOT_THE_PLACE,
        weight=0.5,
    ),
    _concept(
        "kind",
        "tipo tipologia categoria clase naturaleza type kind modalidad modalidade rubro",
        allied="recurso infraestructura institucion",
        never="servicio poblacion documento ayuda asistencia acceso ingreso sangre "
        "organizacion amenaza persona services",
    ),
    _concept(
        "organization",
        "organizacion organization organisation organizacao entidad entidade institucion socio "
        "agencia ong partner operador ejecutor implementador congregacion fundacion instituicao "
        "gestor gestora mantenedora mantenedor operadora gestao gestion",
        allied="opera operada responsable cargo lider lidera gestiona gestionaire gestora "
        "administra dirige implementa implementing managing manages parceira quien sociedad llama "
        "como "
        "nacional rmrp nombre name",
        never="federativa tipo type month otra derivacion remision telefono direccion appealing "
        "acronimo reporta",
    ),
    _concept(
        "organization",
        "quien quem quienes who",
        also="opera lleva maneja dirige toca administra gestiona coordina coordena mantem mantiene "
        "lidera sostiene depende runs manages gere gerencia cuida dueno dono atras",
        never="persona recibe atiende atende puede pode ayuda turno telefono contacto derivacion "
        "remision reporta informa responde",
    ),
    # The diocese runs the places of its parishes, if no other column says who runs them.
    _concept(
        "organization",
        "diocesis diocese arquidiocesis arquidiocese vicariato",
        allied="congregacion parroquia",
        weight=0.6,
    ),
    _concept("organization", "pertenece pertenecen adscrito adscrita", weight=0.8),
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
        "municipio ciudad localidad comuna canton distrito city town cidade ville poblado "
        "municipality commune admin2 adm2 alcaldia pueblo corregimiento",
        allied="parroquia barrio admin bairro zona donde",
        never="origen destino",
    ),
    _concept(
        "address",
        "direccion domicilio address endereco adresse senas avenida calle logradouro rua",
        allied="ubicacion ubicado street postal fisica physique avenida calle rua numero "
        "referencia localizacao location localizacion barrio bairro colonia sector "
        "donde llegar como otra otras ref",
        never="correo email electronica web ip",
    ),
    _concept(
        "landmark",
        "referencia landmark encontrar encontrarla encontrarlo llegar",
        allied="cercana cercano como punto ponto",
        never="remision direccion codigo no organizacion derivacion",
    ),
    _concept(
        "address",
        "donde onde where ubicacion localizacao location localizacion",
        allied="queda fica esta encuentra ubicado exacta exacto como",
        never="migrante persona viene derivar remitir gps latitud longitud",
        weight=0.8,
    ),
    _concept(
        "landmark",
        "llegar chegar onibus bus linha linea transporte buseta colectivo",
        allied="como cerca ruta parada metro acceso queda",
        never="telefono telefonica gratuita hora direccion persona atencion "
        "contacto contato contact",
        weight=0.8,
    ),
    _concept(
        "road",
        "carretera rodovia via ruta road",
        never="ingreso acceso vbg gbv pep kit atencion violencia proteccion derivacion referencia",
    ),
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
        "opening_hours",
        "funcionamiento funcionamento cuando quando atencion atendimento",
        allied="dia hora abre abierto aberto funciona atiende atende horario que",
        never="fecha data verificacion visita ultimo estado situacion persona telefono idioma",
        weight=0.8,
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
        "brinda brindan otorga dan prestado especialidad entrega oferecem oferecidos presta",
        allied="tipo disponible available offer propose presta prestan puede oferecido que "
        "actividad ofrecido",
        never="nombre telefono hora horario estado poblacion persona quien "
        "organizacion capacidad fecha costo tipologia direccion dirige name status provider "
        "suspendido planeado planificado previsto faltante falta faltan necesidad necesidade "
        "no nao sin sem not",
    ),
    # Matrices of who does what where (3W) name the services "activities".
    _concept(
        "services",
        "actividad activity atividade",
        allied="que realiza realizan desarrolla desarrollan realizada ofrecida",
        never="indicador fecha codigo nombre donante sector tipo name code estado proyecto "
        "mes numero total status date type indicator economica",
        weight=0.8,
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
        "eligibility",
        "quien quienes quem who",
        also="recibe reciben atiende atienden atende atendem acoge acogen puede pueden pode podem "
        "acolhe acolhem sirve serve entra entran ingresa aceita aceitam acepta aceptan principal",
        allied="persona ahi grupo ir",
        never="opera dirige administra maneja toca telefono contacto horario cuantos",
    ),
    _concept(
        "eligibility",
        "grupo perfil publico poblacion populacao acolhido",
        allied="principal prioritario atendido meta alvo destino situacion ruta",
        never="telefono telefonica numero total cuanto fecha contacto horario cantidad cantidades",
        weight=0.9,
    ),
    _concept(
        "eligibility",
        "atiende atienden atende recibe reciben acoge dirigido destinado beneficia",
        allied="persona principal solo tipo",
        never="quien quem hora horario idioma telefono donde como dia fecha cuantos cuantas "
        "responde",
        weight=0.8,
    ),
    _concept(
        "access",
        "acceso ingreso entrada acesso ingresso modalidad forma walk porta puerta",
        allied="abierta aberta cita previa remision derivacion encaminhamento como requisito "
        "via tipo entra entrar referral directo libre livre acceder modo",
        never="hora horario ultimo ultima silla rueda wifi internet edad documento fecha cerrada",
    ),
    _concept(
        "needs_referral",
        "remision derivacion encaminhamento referral",
        allied="porta aberta puerta abierta libre livre cita directa requiere hay previa o",
        never="direccion telefono fecha persona a donde organizacion",
        weight=0.9,
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
        "cobertura leito lugares litera",
        allied=f"{_COUNT} instalada max accueil diaria disponible plato platos",
        never="mujer mujeres hombre hombres nino ninos nna menores mulher mulheres homem homens "
        "crianca criancas women men children familia familias femmes hommes enfants "
        "hoje today ahora agora disponibles hoy ocupada ocupados ocupacion ocupacao ocupadas "
        "ocupado libres livres available restantes racion raciones almuerzos comidas refeicoes",
    ),
    _concept(
        "capacity",
        "persona gente pessoa",
        also="maximo maxima cuanta cuantas quantas espacio",
        allied="hay caben cabem alcanza puede pueden pode podem atender recibir alojar dia diario",
        never="edad atendida",
    ),
    _concept("eligibility", "persona gente", also="ayuda atiende recibe", allied="tipo"),
    _concept(
        "public_phones",
        "telefono telefone telephone phone celular whatsapp linea hotline llamar central ligar",
        allied="institucional telefonica telefonico publico publica public gratuita fijo a "
        "consulta contacto llamada atencion indique indicar senale especifique aclare",
        never="responsable responsavel encargado focal coordinador coordenador referente persona "
        "enlace funcionario lider director diretor email correo nombre nome turno plantao guardia "
        "personal particular pessoal privado privada emergencia bus onibus transporte gerente jefe "
        "chefe tecnico",
    ),
    _concept(
        "public_contact",
        "correo mail pagina sitio web website facebook instagram redes",
        allied="electronico eletronico institucional contacto contato oficial publico general "
        "social sociale",
        never="responsable responsavel encargado focal coordinador persona personal director turno",
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
        "reviso revisado visita visito visitado monitoreo corte checked confirmo atualizacao "
        "conferido verificou checagem chequeo checo chequeado checado corroborado relevado "
        "submission constatado",
        allied="fecha date ultima last data cuando el reporte",
        never="estado por quien quem by convenio vence vigencia proxima proximo",
    ),
    _concept(
        "confirmed_on",
        "fuimos llamamos pasamos visitamos hablamos contactamos fomos ligamos passamos falamos",
        also="vez ultima ultimo cuando fecha data",
        allied="que",
    ),
    _concept(
        "languages",
        "idioma lengua language lingua langue",
        allied="atencion habla hablan hablado falado parle spoken atiende staff otro originaria",
    ),
    _concept(
        "documents_required",
        "requisito requirement exigencia",
        allied="ingreso acceso acceder entrar pide piden documento papel puerta atencion llevar",
        never="perfil persona poblacion edad",
        weight=0.8,
    ),
    _concept(
        "documents_required",
        "documento document documentacion documentacao papel papeles documentario",
        allied="identidad id requerido required exigido exigida exige solicitado solicita pide "
        "piden necesario necesaria llevar necessario ingreso entrar aceptado requisito entrada "
        "preciso precisa necesita algun algum carta remision derivacion encaminhamento",
        never="numero tipo",
    ),
    _concept(
        "documents_required",
        "pide piden exige exigen solicita solicitan pedem exigem",
        also="entrar ingresar ingreso entrada acceder acceso acesso ingressar puerta porta",
        allied="requisito documento papel atender",
        never="edad costo dinero aporte quien cuanto",
    ),
    _concept(
        "documents_required",
        "llevar traer trazer levar bring apporter",
        also="necesita necesario debe deben hay precisa preciso deve need must entrar faut",
        allied="they",
    ),
    # Without a word for asking, such a header can be that of people's document numbers.
    _concept(
        "documents_required",
        "ci dni cedula pasaporte passaporte",
        also="pide piden exige exigen solicita solicitan pedem exigem",
    ),
    _concept("minimum_age", "edad age idade", also="minima minimum", allied=_ENTRY),
    _concept("maximum_age", "edad age idade", also="maxima maximum", allied=_ENTRY),
    _concept(
        "cost",
        "costo costos costa custo cost precio tarifa cuota cuesta pagar pago cobran cobra "
        "gratuito gratis gratuita fee coste valor aporte contribucion contribuicao "
        "colaboracion donativo pagamento",
        allied="recuperacion hay usuario algo",
        never="linea telefono usd proyecto total mensual mes consumo centro center cuenta conta "
        "presupuesto presupuestario orcamento partida imputacion contable",
    ),
    _concept(
        "overnight",
        "pernocta pernoctan pernoctar dormir overnight pernoite",
        allied="permite permitida allowed stay puede pasar noche noite",
        never="maxima maximo cuantas cuantos cama numero tiempo estancia llegada chegada",
    ),
    # "Noche" alone is not enough: it can mean that people arrive at night.
    _concept(
        "overnight",
        "noche noite quedan quedar quedarse",
        also="dormir pasar alojamiento alojamento hospedaje hospedagem quedan quedar quedarse",
        allied="permite permitida allowed stay puede pasar",
        never="maxima maximo cuantas cuantos cama numero tiempo estancia llegada chegada",
    ),
    _concept(
        "maximum_nights",
        "noche estancia estadia permanencia noite night dia",
        also="maxima maximo tiempo cuantos cuantas permitida maximum limite",
        allied=f"puede pueden pode podem quedar quedarse ficar {_HOW_MANY}",
        never="horario persona cama atencion",
    ),
    _concept(
        "maximum_nights",
        "dia semana",
        also="quedar quedarse quedan permanecer ficar",
        allied="puede pueden podem pode cuanto",
        never="horario persona cama atencion abierto",
    ),
    _concept(
        "step_free",
        "silla rueda discapacidad wheelchair cadeira cadeirante roda accesibilidad "
        "acessibilidade rampa "
        "deficiencia movilidad mobilidade disability accessibility accesible acessivel",
        allied="acceso access accesible acessivel universal movilidad accessible",
        never="atiende atienden atende recibe reciben acoge numero cantidad total cuantos cuantas "
        "atendida nino ninos nna mujer mujeres adulto caso",
    ),
    _concept(
        "step_free",
        DISABLED,
        also="acceso acesso access accesible acessivel accesibilidad acessibilidade accessibility "
        "accessible rampa adaptado apto",
        allied="silla rueda hay facil",
        never="numero cantidad total cuantos cuantas servicio empleo trabajo educacion salud",
    ),
)

#: Words of columns that must not be published, such as incidents, money, and people who filled in
#: the form or are on duty.
_SECRET: Final = _stems(
    "interno interna internal seguridad seguranca security incidente incident amenaza ameaca "
    "threat riesgo risco alerta digito digitado digitador diligencio diligenciado diligencia "
    "encuestador encuestadora entrevistador entrevistadora enumerador enumerator interviewer "
    "fondo fondos fundo fundos fund funds "
    "monitor relevador recolector cadastrador preencheu preenchido turno plantao plantonista "
    "shift guardia voluntario donante doador donor financiador financiamiento financiamento "
    "presupuesto orcamento budget convenio acuerdo contrato salario publicar divulgar "
    "confidencial confidential confidentiel sigiloso sigilo "
    "username deviceid instanceid consentimiento consentimento "
    "consent autoriza autorizacion contrasena robo asalto hurto armado reten caso casos "
    "privado privada prive private personal pessoal particular reservado reservada compartir "
    "compartilhar difundir secreto oculto restringido restringida restrito restrita informo"
)

#: Words by which a date in a column is no day of confirmation: nobody was met on that day, or the
#: day is in the future.
_NOT_SEEN: Final = re.compile(
    r"\b(?:cerrad[oa]s?|fechad[oa]s?|closed|ferme|contest\w*|respond\w*|respuesta|resposta|"
    r"answer\w*|fallid[oa]s?|fallo|failed|intent\w*|tentativ\w*|attempt\w*|cancelad[oa]s?|"
    r"suspendid[oa]s?|(?:re)?programad[oa]s?|programar|reagendad[oa]s?|"
    r"unsuccessful|missed|vaci[oa]|vazi[oa]|"
    r"frustrad[oa]|deshabitad[oa]|abandonad[oa]|ausente\w*|nadie|ninguem|"
    r"planificad[oa]s?|planead[oa]s?|planejad[oa]s?|planned|"
    r"agendad[oa]s?|scheduled|proxim[oa]s?|next|prochaine?|previst[oa]s?|prevue?|futur[oa]s?|pendient\w*|"
    r"pendente\w*|pending|debe\w*|deve\w*|toca|vence\w*|expir\w*)\b"
)
#: Portuguese "no" (in the) with a noun, as in "visita no local", which denies nothing.
_IN_THE: Final = re.compile(
    r"\bno (?:local|dia|abrigo|ponto|espaco|sistema|campo|site|municipio)\b"
)

#: Words of headers of columns with free text, such as remarks and complaints.
_REMARKS: Final = _stems(
    "observacion observaciones observacoes observacao comentario remark remarque nota note notes "
    "anotacion anotacoes pendiente pendencia novedad novedades novidade denuncia queja queixa "
    "reclamo reclamacion reclamacao complaint plainte suceso"
)

#: First words of headers about what happened, as in "Qué pasó". Elsewhere in a header they mean
#: something else: "Casa de paso".
_HAPPENED: Final = _stems("paso ocurrio sucedio aconteceu happened")

#: Roles of people.
_ROLES: Final = _stems(
    "responsable responsavel encargado encargada coordinador coordinadora coordenador "
    "coordenadora focal referente persona enlace funcionario director directora diretor "
    "diretora gerente jefe jefa chefe lider manager atendente tecnico tecnica educador "
    "educadora trabajador trabajadora informante vigilante psicologo psicologa abogado "
    "abogada medico medica representante dueno duena"
)

#: Words for a partner. With a word of `_LEADING` they make a header one of lead partners.
_PARTNERS: Final = _stems("socio partner parceiro agencia organizacion organizacao organization")
#: Words for "lead", see `_PARTNERS`.
_LEADING: Final = _stems("principal lider lead")

#: Words of headers of institutions. The cells of such a column can be the names of the places.
_INSTITUTIONS: Final = _stems(
    "institucion instituicao institution organizacion organizacao organization organisation "
    "entidad entidade obra equipamento nombre nome name"
)
#: Words of headers that tell who runs a place.
_RUNS: Final = _stems(
    "opera operan operada operador operadora lleva maneja dirige administra administrador "
    "administradora gestiona gestor gestora gestao gestion coordina mantem mantiene mantenedor "
    "mantenedora lidera sostiene depende pertenece adscrito cargo responsable responsavel runs "
    "manages managing titular ejecutor executor executora implementa congregacion"
)

#: Words of headers of phone numbers and mailboxes, of which `is_of_contacts` needs one.
_CONTACT_KEYS: Final = _stems("contacto contato contact") | {
    key
    for concept in CONCEPTS
    if concept.field in {"public_phones", "public_contact"}
    for key in concept.keys
} - _stems("sitio")  # fmt: skip
#: Words that a header with a word of `_CONTACT_KEYS` may also have.
_CONTACT_ALLIED: Final = _NEUTRAL | {
    word
    for concept in CONCEPTS
    if concept.field in {"public_phones", "public_contact"}
    for word in concept.allied | _stems("recepcion recepcao grp gpo")
}

#: Fields of a place that people have, too. All words of a header must belong to such a field, so
#: that "Teléfono de la coordinadora" is not suggested for publication (P6).
_PERSONAL: Final = frozenset({"name", "public_phones", "public_contact", "address"})

#: Fields to which all words of a header must belong, because other things have them, too: an alarm
#: has a code, a tank a capacity, a guard an age.
_WHOLE: Final = _PERSONAL | {
    "id", "capacity", "available", "maximum_nights", "minimum_age", "maximum_age"
}  # fmt: skip

#: Least share of a header's words that must belong to a field that is not in `_WHOLE` [A].
_SHARE: Final = 0.5

#: Likelihood that is added if the first word of a header is a key word of the field.
_FIRST: Final = 0.25


@lru_cache(maxsize=10_000)
def likely(header: str) -> dict[str, float]:
    """Return the fields that a header can mean by its words, each with its likelihood, 0 to 1.25.

    In the path of a question in a survey, the last part decides; only if it means no field, the
    whole path is read. Any other header is read whole and by parts between slashes; parts after the
    first have nine tenths of the likelihood.
    """
    if is_path(header):
        return _likely(readings(header.rsplit("/", 1)[-1])) or _likely(readings(header))
    found = dict(_likely(readings(header)))
    parts = header.split("/")
    for at, part in enumerate(parts if len(parts) > 1 else ()):
        for field, likelihood in _likely(readings(part)).items():
            found[field] = max(found.get(field, 0.0), likelihood * (0.9 if at else 1.0))
    return found


@lru_cache(maxsize=10_000)
def readings(header: str) -> tuple[frozenset[str], ...]:
    """Return the words of a header without fillers, each as the set of stems that it can mean.

    An abbreviation can mean several words: "enc" means "encargado" or "encaminhamento".
    """
    return tuple(_readings_of(word) for word in words_of(header))


def _readings_of(word: str) -> frozenset[str]:
    if stem(word) in _STEMS:
        return frozenset({stem(word)})
    return frozenset(map(stem, written_out(word, _WORDS))) or frozenset({stem(word)})


def is_kept_back(header: str) -> bool:
    """Return whether a column is not for publication, whatever its cells look like (P6, P31).

    Such a column is about incidents or money, about people who filled in the form or are on duty,
    or holds remarks.
    """
    words = readings(header)
    if any(word <= _SECRET or word <= _REMARKS for word in words):
        return True
    return bool(words) and words[0] <= _HAPPENED


def is_of_no_visit(header: str) -> bool:
    """Return whether a header is of a day on which nobody was met, or of a day in the future."""
    said = _IN_THE.sub(" ", plain(header))
    return _NOT_SEEN.search(said) is not None or not DENIALS.isdisjoint(said.split())


def is_about_a_person(header: str) -> bool:
    """Return whether a header names a role, so that its column may be about a person (P6)."""
    return any(word <= _ROLES for word in readings(header))


def is_lead_partner(header: str) -> bool:
    """Return whether a header names the partner in the lead: "Socio principal"."""
    words = readings(header)
    return any(word & _PARTNERS for word in words) and any(word & _LEADING for word in words)


def is_institution(header: str) -> bool:
    """Return whether all words of a header are words for an institution or a place."""
    words = readings(header)
    return bool(words) and all(word & (_INSTITUTIONS | PLACE) for word in words)


def tells_who_runs(header: str) -> bool:
    """Return whether a header tells who runs a place: "Mantenedora", "Quién administra"."""
    return any(word & _RUNS for word in readings(header))


def is_of_contacts(header: str) -> bool:
    """Return whether a header is about phones or mailboxes of the place and nothing else (P6)."""
    words = readings(header)
    return any(word & _CONTACT_KEYS for word in words) and all(
        word & (_CONTACT_KEYS | _CONTACT_ALLIED) for word in words
    )


def _likely(words: Sequence[frozenset[str]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for concept in CONCEPTS:
        field = concept.field
        if not any(word & concept.keys for word in words):
            continue
        if concept.also and not any(word & concept.also for word in words):
            continue
        if any(word & concept.never and not word & concept.keys for word in words):
            continue
        of_field = concept.keys | concept.also | concept.allied | _NEUTRAL
        share = sum(bool(word & of_field) for word in words) / len(words)
        if share >= (1.0 if field in _WHOLE else _SHARE):
            begins = _FIRST if words[0] & concept.keys else 0.0
            likelihood = (share + begins) * concept.weight
            found[field] = max(likelihood, found.get(field, 0.0))
    return found


def refused(header: str) -> frozenset[str]:
    """Return the fields that a header excludes by its words, whatever its cells look like."""
    words = readings(header)
    held = {
        concept.field
        for concept in CONCEPTS
        if any(word & concept.never and not word & concept.keys for word in words)
    }
    return frozenset(held)


_STEMS: Final = frozenset(map(stem, _WORDS))
