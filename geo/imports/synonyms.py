"""Common names of a space's fields and codes, in Spanish, English, Portuguese and French.

The names only serve to suggest a mapping, which a person reads before anything is imported.
"""


def _read(text: str) -> dict[str, tuple[str, ...]]:
    """Parse lines ``name: word | word`` to words by name; indented lines continue the entry."""
    entries = text.strip("\n").replace("\n ", " ").splitlines()
    found = {}
    for entry in entries:
        name, _, words = entry.partition(":")
        found[name.strip()] = tuple(" ".join(word.split()) for word in words.split("|"))
    return found


#: Folded column headers by field, collected from the region's service matrices, surveys and maps.
HEADERS = _read("""
id: id | codigo | code | identificador | clave | uuid
name: nombre | nombre del espacio | nombre del lugar | nombre del albergue | nombre del sitio |
    name | space name | nome | nome do espaco | nom | espacio | lugar | sitio | titulo
kind: tipo | tipo de espacio | tipo de lugar | type | space type | tipo de espaco | categoria |
    type de lieu
organization: organizacion | organization | organisation | organizacao | socio | entidad | ong |
    institucion | implementador | socio implementador | operador | partner | agencia |
    organizacion operadora | organizacion responsable | entidad operadora | operado por
lat: latitud | latitude | lat | y | coordenada y | coord y
lon: longitud | longitude | lon | lng | long | x | coordenada x | coord x
position: coordenadas | coordinates | ubicacion gps | gps | geopoint | lat lon | lat long |
    georreferencia | coordenadas geograficas | punto gps
coord_precision: precision | precision de la coordenada | exactitud
country: pais | country | pays | iso pais
admin1: departamento | estado | provincia | region | admin1 | adm1 | state | province |
    department | uf
locality: municipio | ciudad | localidad | municipality | city | town | municipio ciudad |
    cidade | canton | distrito | commune | ville | admin2 | adm2
timezone: zona horaria | timezone | time zone | fuso horario
status: situacion | status | estado del servicio | estado actual | activo | operativo
needs_referral: requiere remision | requiere derivacion | necesita remision | con remision |
    requiere referencia | needs referral | referral required | requer encaminhamento
access: acceso | tipo de acceso | access | modalidad de acceso | solo remision
referral_points: remitido por | puntos de remision | referral points | referido por
overnight: pernocta | dormir | overnight | alojamiento nocturno | se puede dormir | pernoite
sectors: sector | sectores | sectors | setor | secteur
services: servicios | services | servicios ofrecidos | servicos | servicio | oferta |
    que ofrece | servicios disponibles | servicios prestados | servicios brindados |
    que servicios presta | oferta de servicios
eligibility: elegibilidad | eligibility | poblacion objetivo | a quien atiende | criterios |
    criterios de atencion | dirigido a | target population | publico alvo | requisitos |
    poblacion atendida | poblacion que atiende | perfil de poblacion
minimum_age: edad minima | minimum age | idade minima
maximum_age: edad maxima | maximum age | idade maxima
genders: genero | generos | sexo | gender | genero atendido
families_only: solo familias | families only | apenas familias
children_alone: ninos solos | nna no acompanados | children alone
cost: costo | cost | precio | tarifa | custo | cout | valor
documents_required: documentos requeridos | documents required | documentos |
    que documentos pide | documentos exigidos
maximum_nights: noches maximas | maximum nights | estadia maxima | dias maximo
address: direccion | address | endereco | adresse | domicilio
landmark: punto de referencia | referencia | landmark | como llegar | ponto de referencia
road: via | carretera | ruta | road | rodovia | route
road_km: kilometro | km | km de la via | road km
amenities: comodidades | amenities | instalaciones | facilities
step_free: acceso en silla de ruedas | accesible | wheelchair | step free | rampa
data_shared: datos compartidos | comparte datos | data shared
holidays: festivos | feriados | holidays | dias festivos | abre en festivos
languages: idiomas | languages | lenguas | linguas | langues
public_phones: telefono | telefonos | phone | phones | telefono publico | celular | whatsapp |
    telefone | telephone | linea de atencion | contacto telefonico
public_contact: contacto publico | public contact | correo institucional | pagina web
notice: aviso | aviso publico | notice | public notice
byday: dias | dias de atencion | days | dias de atendimento | jours
opens_at: hora de apertura | abre | apertura | opens | opens at | abertura | desde
closes_at: hora de cierre | cierra | cierre | closes | closes at | fechamento | hasta
last_entry: ultimo ingreso | ultima entrada | last entry
opening_hours: horario | horarios | horario de atencion | horas | hours | opening hours |
    dias y horas | dias y horario | horario de funcionamento | horaires | jours et heures
hours_mo: lunes | monday | segunda | lundi
hours_tu: martes | tuesday | terca | mardi
hours_we: miercoles | wednesday | quarta | mercredi
hours_th: jueves | thursday | quinta | jeudi
hours_fr: viernes | friday | sexta | vendredi
hours_sa: sabado | saturday | samedi
hours_su: domingo | sunday | dimanche
capacity: capacidad | capacity | cupos | plazas | camas | capacidade | aforo | cupos totales |
    capacidad total | capacidad maxima | numero de cupos | total de camas
available: cupos disponibles | disponibles | available | vagas | camas libres
visibility: visibilidad | visibility | nivel de acceso | sensibilidad
confirmed_on: fecha de verificacion | fecha de confirmacion | verificado | confirmado |
    ultima actualizacion | fecha de actualizacion | last verified | confirmed on | last update |
    data de verificacao | fecha
expires_on: vence | vigente hasta | expires on | valido hasta
consent_on: fecha de consentimiento | consentimiento | consent
source: fuente | source | fonte
licence: licencia | licence | license | licenca
""")

#: Folded labels by field and code; suggested as translations to codes if a column holds them.
LABELS = {
    "kind": _read("""
information_orientation_point: pao | pro | pac | ptrig | punto de atencion y orientacion |
    punto de informacion | punto de referenciacion y orientacion | information point |
    posto de informacao
support_space: espacio de apoyo | support space | espaco de apoio
integrated_support_space: espacio de apoyo integral | paib | punto de atencion integral
humanitarian_support_point: pahu | punto de apoyo humanitario | humanitarian service point |
    punto de servicio humanitario
health_reception: cas | centro de atencion sanitaria | centro de salud | health post
shelter: albergue | shelter | abrigo | refugio | alojamiento
temporary_shelter: albergue temporal | temporary shelter | alojamiento temporal | cai
overnight_reception: casa de paso | hogar de paso | pernocta | overnight reception
community_kitchen: comedor | comedor comunitario | community kitchen | cozinha comunitaria
connectivity_point: punto de conectividad | conectividad | connectivity point
child_friendly_space: espacio amigable | espacio para ninos y ninas | child friendly space
mobile_unit: unidad movil | movil | brigada movil | mobile unit | jornada
border_support_team: equipo de frontera | border support team
safe_space: espacio seguro | casa de acogida | casa refugio | safe space
"""),
    "services": _read("""
charging: carga de celulares | carga de telefonos | charging
child_protection: proteccion de la ninez | proteccion infantil | child protection
connectivity: conectividad | internet | wifi | llamadas
drinking_water: agua | agua potable | hidratacion | water | drinking water
family_links: restablecimiento de contacto | contactos familiares | family links
food: alimentacion | alimentos | comida | comidas | food | alimentacao | refrigerio
health: salud | atencion medica | primeros auxilios | health | saude
hygiene: higiene | kits de higiene | hygiene
information: informacion | orientacion | information | informacao
legal_advice: asesoria legal | asistencia legal | orientacion legal | legal advice
non_food_items: kits | nfi | articulos no alimentarios | non food items | abrigo y ropa
overnight: alojamiento | pernocta | albergue | overnight | alojamento
psychosocial_support: apoyo psicosocial | atencion psicosocial | psychosocial support
referral: remision | derivacion | referral | encaminhamento
showers: duchas | showers | chuveiros
toilets: banos | sanitarios | toilets | banheiros
transport_information: informacion de transporte | transporte | transport information
"""),
    "status": _read("""
active: activo | activa | abierto | operativo | en funcionamiento | open | ativo | si
full: lleno | sin cupo | cupo completo | full | lotado
temporarily_closed: cerrado temporalmente | suspendido | temporarily closed | inactivo
closed: cerrado | cerrado definitivamente | closed | fechado | no
"""),
    "access": _read("""
open: abierto | libre | directo | walk in | sin cita | aberto
referral_only: por remision | solo remision | solo con remision | remitido | referral only
"""),
    "fees": _read("""
free: gratis | gratuito | sin costo | free
paid: pago | con costo | paid | pagado
"""),
    "visibility": _read("""
public: publico | publica | public
partners: socios | solo socios | partners | interagencial | parceiros
restricted: restringido | confidencial | reservado | restricted | no publicar
"""),
    "languages": _read("""
es: espanol | castellano | spanish | espanhol | espagnol
en: ingles | english | anglais
pt: portugues | portuguese | portugais
fr: frances | french | francais
ht: creole | criollo haitiano | creole haitiano | kreyol | haitiano | haitian creole |
    crioulo haitiano
ay: aymara | aimara
gn: guarani
qu: quechua | kichwa | quichua
"""),
    "genders": _read("""
women: mujeres | women | mulheres | femenino
men: hombres | men | homens | masculino
"""),
    "coord_precision": _read("""
point: exacta | punto | point | gps
town: municipio | ciudad | centro poblado | aproximada | town
"""),
}
