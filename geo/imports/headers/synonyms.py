"""Common names of a space's fields and codes, in Spanish, English, Portuguese and French.

The names only serve to suggest a mapping, which a person reads before anything is imported.
"""


def read_labels(text: str) -> dict[str, tuple[str, ...]]:
    """Parse lines ``name: word | word`` to words by name; indented lines continue the entry."""
    entries = text.strip("\n").replace("\n ", " ").splitlines()
    found = {}
    for entry in entries:
        name, _, words = entry.partition(":")
        found[name.strip()] = tuple(" ".join(word.split()) for word in words.split("|"))
    return found


#: Folded column headers by field, collected from the region's service matrices, surveys and maps.
HEADERS = read_labels("""
id: id | codigo | code | identificador | clave | uuid
name: como se llama | denominacion | denominacion del espacio | nombre del punto | razon social |
    como se llama el lugar | nombre | nombre del espacio | nombre del lugar |
    nombre del albergue | nombre del sitio | name | space name | nome | nome do espaco | nom |
    espacio | lugar | sitio | titulo
kind: que es | tipo | tipo de espacio | tipo de lugar | type | space type | tipo de espaco |
    categoria |
    type de lieu
organization: de quien es | organizacion | organization | organisation | organizacao | socio |
    entidad | ong |
    institucion | implementador | socio implementador | operador | partner | agencia |
    quien lo lleva | quien lo opera | quien lo maneja | quien administra | a cargo de |
    organizacion operadora | organizacion responsable | entidad operadora | operado por
lat: latitud | latitude | lat | y | coordenada y | coord y
lon: longitud | longitude | lon | lng | long | x | coordenada x | coord x
position: coordenadas | coordinates | ubicacion gps | gps | geopoint | lat lon | lat long |
    georreferencia | coordenadas geograficas | punto gps
coord_precision: precision | precision de la coordenada | exactitud
country: pais | country | pays | iso pais
admin1: entidad federativa | admin 1 name | departamento | estado | provincia | region | admin1 |
    adm1 | state | province |
    department | uf
locality: admin 2 name | comuna | comuna o municipio | parroquia | corregimiento | municipio |
    ciudad |
    localidad | municipality | city | town | municipio ciudad | cidade | canton | distrito |
    commune | ville | admin2 | adm2
timezone: zona horaria | timezone | time zone | fuso horario
status: situacion | status | estado del servicio | estado actual | activo | operativo |
    situacion actual | estado de funcionamiento | esta funcionando | sigue funcionando |
    sigue | siguen | sigue activo | sigue operando |
    sigue abierto | esta abierto | operativo si no | funciona | estatus
needs_referral: hay que ir derivado | hay que ir remitido | llegan remitidos |
    requiere remision | piden remision | se necesita remision | exige remision |
    entra con remision | solo con remision | requiere derivacion previa | requiere carta |
    requiere derivacion | necesita remision | con remision | requiere referencia |
    needs referral | referral required | requer encaminhamento | precisa encaminhamento |
    precisa de encaminhamento | remision | derivacion
access: acceso | tipo de acceso | access | modalidad de acceso | solo remision
referral_points: remitido por | puntos de remision | referral points | referido por
overnight: pernocta | dormir | overnight | alojamiento nocturno | se puede dormir | pernoite
sectors: sector | sectores | sectors | setor | secteur
services: servicios | services | servicios ofrecidos | servicos | servicio | oferta |
    que se da | que se ofrece | lo que dan | o que se oferece |
    que ofrece | servicios disponibles | servicios prestados | servicios brindados |
    que servicios presta | oferta de servicios
eligibility: elegibilidad | eligibility | poblacion objetivo | a quien atiende | criterios |
    criterios de atencion | a quienes atiende | a quien recibe | a quienes reciben | para quien |
    dirigido a | target population | publico alvo | requisitos | poblacion atendida |
    poblacion que atiende | perfil de poblacion | perfil de usuarios
minimum_age: edad minima | minimum age | idade minima
maximum_age: edad maxima | maximum age | idade maxima
genders: genero | generos | sexo | gender | genero atendido
families_only: solo familias | families only | apenas familias
children_alone: ninos solos | nna no acompanados | children alone
cost: costo | cost | precio | tarifa | custo | cout | valor
documents_required: se les pide | que se les pide | que les piden | que se pide |
    que tienen que traer | que deben traer | que deben llevar | que debe traer | que debe llevar |
    que hay que llevar | que llevar | que traer | que hay que traer | documentos requeridos |
    documents required | documentos | que documentos pide | documentos exigidos |
    papeles que exigen | papeles que piden | documentos que piden | papeles |
    documentacion requerida | documentacion
maximum_nights: cuanto se pueden quedar | cuanto se puede quedar | cuanto tiempo se pueden quedar |
    cuanto pueden quedarse | noches maximas | maximum nights | estadia maxima | dias maximo
address: donde queda | donde esta | direccion | address | endereco | adresse | domicilio
landmark: punto de referencia | referencia | landmark | como llegar | ponto de referencia
road: via | carretera | ruta | road | rodovia | route
road_km: kilometro | km | pk | punto kilometrico | km de la via | km de la ruta |
    km de la carretera | km da rodovia | kilometro de la via | kilometro de la ruta | progresiva |
    road km
amenities: comodidades | amenities | instalaciones | facilities
step_free: acceso en silla de ruedas | accesible | wheelchair | step free | rampa
data_shared: datos compartidos | comparte datos | data shared
holidays: festivos | feriados | holidays | dias festivos | abre en festivos
languages: idiomas | languages | lenguas | linguas | langues
public_phones: telefono para la gente | telefono del lugar | telefono de atencion |
    telefono de atencion al publico | telefono institucional | linea publica | telefono |
    telefonos | phone | phones | telefono publico | celular | whatsapp | telefone | telephone |
    linea de atencion | contacto telefonico | fone | fones
public_contact: correo | correo electronico | e correo | correo del lugar | contacto publico |
    public contact | correo institucional | pagina web
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
capacity: cuanta gente cabe | capacidad | capacity | cupos | plazas | camas | capacidade | vagas |
    aforo | cupos totales | capacidad total | capacidad maxima | numero de cupos |
    total de camas | cupo | cupo maximo | cuantas personas caben | numero de plazas
available: cupos disponibles | disponibles | available | vagas disponiveis | vagas livres |
    camas libres
visibility: visibilidad | visibility | nivel de acceso | sensibilidad
confirmed_on:
    ultimo contacto | fecha ultimo contacto | fecha de ultimo contacto | ultimo contato |
    fecha del ultimo contacto | data do ultimo contato | last contact | ultima contacto |
    fecha de verificacion | fecha de confirmacion | verificado | confirmado |
    ultima actualizacion | fecha de actualizacion | ultima verificacion | ultima confirmacion |
    ultima visita | verificado el | confirmado el | actualizado | actualizado el |
    last verified | confirmed on | last update | data de verificacao | fecha
expires_on: vence | vigente hasta | expires on | valido hasta
consent_on: fecha de consentimiento | consentimiento | consent
source: fuente | source | fonte
licence: licencia | licence | license | licenca
""")

#: Folded labels by field and code; suggested as translations to codes if a column holds them.
LABELS = {
    "kind": read_labels("""
information_orientation_point: centro de informacion | oficina de informacion |
    modulo de informacion | pao | pro | pac | ptrig | punto de atencion y orientacion |
    punto de informacion | punto de referenciacion y orientacion | information point |
    posto de informacao | punto informativo | punto de orientacion | informacion | informacoes |
    posto de recepcao e informacao | info y orientacion
support_space: espacio de apoyo | support space | espaco de apoio | legal | asistencia legal |
    orientacion juridica | assessoria juridica | juridico
integrated_support_space: espacio de apoyo integral | paib | punto de atencion integral
humanitarian_support_point: pahu | punto de apoyo humanitario | humanitarian service point |
    punto de servicio humanitario
health_reception: cas | centro de atencion sanitaria | centro de salud | puesto de salud |
    posta | posta medica | clinica | hospital | health post | salud | atencion medica |
    unidad medica | posto de saude | saude | ubs
shelter: albergue | shelter | abrigo | refugio | alojamiento
temporary_shelter: albergue temporal | temporary shelter | alojamiento temporal | cai
overnight_reception: casa de paso | hogar de paso | pernocta | overnight reception |
    casa de passagem
community_kitchen: comedor | comedor comunitario | community kitchen | cozinha comunitaria |
    alimentacion | alimentacao | refeitorio
connectivity_point: punto de conectividad | punto de conexion | punto de wifi |
    punto de internet | conectividad | connectivity point | wifi | wi fi
child_friendly_space: espacio amigable | espacio para ninos y ninas | child friendly space |
    espacio protector | espaco amigavel | espaco ludico
mobile_unit: unidad movil | movil | brigada movil | mobile unit | jornada
border_support_team: equipo de frontera | border support team
safe_space: espacio seguro | casa de acogida | casa refugio | casa abrigo | safe space
"""),
    "services": read_labels("""
charging: carga de celulares | carga de telefonos | charging | recarga de celulares |
    carga de celular | cargar celular
child_protection: proteccion de la ninez | proteccion infantil | child protection
connectivity: conectividad | internet | wifi | llamadas | wi fi | internet gratis |
    computadores | llamadas internacionales
drinking_water: agua | agua potable | punto de hidratacion | agua para beber | hidratacion |
    water | drinking water
family_links: restablecimiento de contacto | contactos familiares | family links
food: alimentacion | alimentos | comida | comidas | food | alimentacao | refrigerio | almuerzo |
    almoco | cafe da manha | janta | marmitas | refeicoes | sopas | cesta basica | lanche |
    almuerzos | desayuno | desayunos | cena | cenas | mercados | comida caliente | merienda
health: salud | atencion medica | primeros auxilios | health | saude | consulta medica |
    vacinacao | clinica geral | pre natal | primeiros socorros | medicina | vacunas | obstetricia |
    tamizaje nutricional | planificacion familiar |
    medicina general | vacunacion | enfermeria | odontologia | control prenatal | medicamentos
hygiene: aseo | higiene | kits de higiene | hygiene | kit de aseo | kits de aseo | kit de higiene |
    kit higienico | articulos de aseo | lavanderia
information: info | informacion | orientacion | information | informacao | orientacion general |
    informacion y orientacion | orientacion e informacion | informacion de tramites
legal_advice: legal | juridico | abogado | abogada | assistencia juridica |
    assessoria juridica | regularizacion |
    asesoria legal | asesoria juridica | orientacion juridica | apoyo legal |
    asistencia legal | orientacion legal | legal advice
non_food_items: kits | ropa | ropero | ropa y calzado | frazadas | cobijas | mantas | nfi |
    articulos no alimentarios | non food items | abrigo y ropa
overnight: alojamiento | pernocta | albergue | overnight | alojamento | hospedaje | dormida |
    pernoite | hospedagem |
    alojamiento temporal | alojamiento nocturno | camas | dormitorio | dormir | pernoctar
psychosocial_support: apoyo psicosocial | atencion psicosocial | psicologia | apoyo psicologico |
    atencion psicologica | acompanamiento psicosocial | psychosocial support | apoyo emocional |
    apoio psicossocial | psicosocial | psicossocial | psicologo | psicologa
gbv_response: vbg | violencia basada en genero | violencia de genero | violencia baseada em genero
referral: remision | derivacion | referral | encaminhamento
showers: duchas | ducha | showers | chuveiros | regaderas | banho | banhos
toilets: banos | bano | servicios sanitarios | sanitarios | toilets | banheiros
transport_information: informacion de transporte | transporte | transport information
"""),
    "sectors": read_labels("""
Child Protection: proteccion de la ninez | ninez | proteccion infantil | protecao da crianca
Education: educacion | educacao
Food Security: seguridad alimentaria | seg alimentaria | seguranca alimentar
GBV: vbg | violencia basada en genero | violencia de genero | violencia baseada em genero
Health: salud | saude
Human Trafficking and Smuggling: trata | trata y trafico | trata de personas
Humanitarian Transportation: transporte humanitario
Integration: integracion | medios de vida | integracao | integracion socioeconomica
NFI: nfi | articulos no alimentarios
Nutrition: nutricion | nutricao
Protection: proteccion | protecao
Shelter: alojamiento | alojamento
WASH: wash | agua saneamiento e higiene | agua y saneamiento
"""),
    "status": read_labels("""
active: em funcionamento | funciona | operacional | operational | em operacao | abertas | aberto |
    ouvert | ouverte | en service |
    aberta | activo | activa | abierta | funcionando | en operacion | operando | vigente | abierto |
    operativo | en funcionamiento | open | ativo | funcional
full: completo | completa | cheio | cheia | sem vagas | lleno | llena | sin cupo | cupo completo |
    full | lotado | lotada | lista de espera | con lista de espera | com lista de espera
temporarily_closed: en pausa | em pausa | pausa | pausada | en receso | em recesso |
    en vacaciones | de vacaciones | em ferias | de ferias | en mantenimiento | em manutencao |
    en reparacion | en arreglo | por abrir | parado | parada | suspensa | suspenso |
    desativado | desativada | desactivado | desactivada |
    fechado temporariamente | temporariamente fechado | paralisado | em reforma |
    cierre temporal por obras | fechado temporario | pausado |
    cerrado temporalmente | cierre temporal | temporalmente cerrado |
    suspendido | en remodelacion | suspendida | temporarily closed | inactivo | inactiva |
    inativo | inativa | no funciona | nao funciona | no esta funcionando | nao esta funcionando |
    inoperativo | inoperativa | inoperante | no operativo | no operativa | inoperacional |
    no operacional | nao operacional | not operational | no operando | nao operando |
    no esta operando | nao esta operando | no esta en funcionamiento |
    nao esta em funcionamento | fuera de servicio | fora de servico | out of service |
    fuera de funcionamiento | fora de funcionamento | sin funcionar | sem funcionar |
    hors service | ne fonctionne pas | ferme temporairement | temporairement ferme
closed: desmantelado | desmantelada | fechado definitivamente | encerrado | cerrado definitivo |
    ya no opera |
    cerrado | ya no funciona | clausurado | cerrado definitivamente | closed | fechado | ferme |
    fermee | ferme definitivement | cerrada | fechada | clausurada | encerrada | terminado |
    terminada | finalizado | finalizada | concluido | concluida | proyecto terminado |
    proyecto finalizado | projeto encerrado
"""),
    "access": read_labels("""
open: puerta abierta | porta aberta | puertas abiertas | portas abertas | ingreso directo |
    livre | demanda espontanea | abierto | libre | directo | walk in | sin cita | aberto |
    sin remision | sin derivacion |
    sem encaminhamento | sin carta de remision | no requiere remision | no requiere derivacion
referral_only: con derivacion | por derivacion | solo con derivacion | con remision |
    encaminhamento | so encaminhamento | so com encaminhamento | por encaminhamento |
    com encaminhamento | referido |
    por remision | solo remision | solo con remision | remitido | referral only
"""),
    "fees": read_labels("""
free: gratis | gratuito | sin costo | free
paid: pago | con costo | paid | pagado
"""),
    "visibility": read_labels("""
public: publico | publica | public
partners: socios | solo socios | partners | interagencial | parceiros
restricted: restringido | confidencial | reservado | restricted | no publicar
"""),
    "documents_required": read_labels("""
identity_document: documento de identidad | cedula | dni | documento | identificacion | carnet |
    cualquier documento | cualquier documento de identidad | algun documento | identity document
passport: pasaporte | passport | passaporte
residence_permit: permiso de residencia | ppt | pep | cpp | permiso temporal | visa |
    cedula de extranjeria | carnet de extranjeria | residence permit
asylum_certificate: certificado de solicitante | salvoconducto | carnet de refugiado
birth_certificate: partida de nacimiento | registro civil | acta de nacimiento |
    birth certificate
registration: registro | rumv | preregistro
referral_letter: encaminhamento | derivacion | carta de derivacion | carta de remision |
    remision | hoja de remision | referral letter
medical_record: historia clinica | formula medica | carnet de vacunas | medical record
"""),
    "languages": read_labels("""
es: es | espanol | castellano | spanish | espanhol | espagnol | esp
en: en | ingles | english | anglais | ing
pt: pt | portugues | portuguese | portugais | port
fr: fr | frances | french | francais | fra
ht: ht | creole | crioulo | criollo haitiano | creole haitiano | kreyol | haitiano |
    haitian creole |
    crioulo haitiano
ay: ay | aymara | aimara
gn: gn | guarani
qu: qu | quechua | kichwa | quichua
"""),
    "genders": read_labels("""
women: mujeres | women | mulheres | femenino
men: hombres | men | homens | masculino
"""),
    "coord_precision": read_labels("""
point: exacta | punto | point | gps
town: municipio | ciudad | centro poblado | aproximada | town
"""),
}
